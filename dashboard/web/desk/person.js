// @ts-check
// What is known of a person, as every screen shows it: how to reach them and how sure that is, language, their own time, facts, tags.
import { html, useState } from "../vendor/ui.js";
import { attempt, now } from "../frame/state.js";
import { post } from "../frame/api.js";
import { Icon } from "../frame/parts.js";
import { language, named, t } from "../frame/words.js";

// Attributes that have a place of their own, or are the router's.
const APART = new Set(["tags", "zone", "timezone", "named_agent"]);
const TAG_CHARS_MAX = 40;

/** @param {{person: any, live?: any}} props */
export const Facts = ({ person, live = null }) => html`<h3>${t("customer.contact")}</h3>
  <dl>${person.identities.map((/** @type {any} */ each) => html`<div key=${each.kind + each.value}><dt>${t(`identity.${each.kind}`, {}, named(each.kind))}</dt>
    <dd>${each.value} ${each.verified ? html`<span class="ok"><${Icon} name="check" size=${13} /> ${t("verified")}</span>` : html`<span class="meta">${t("unverified")}</span>`}</dd></div>`)}</dl>
  ${!person.identities.length && html`<p class="empty">${t("customer.nothing")}</p>`}
  <h3>${t("customer.about")}</h3>
  <dl><div><dt>${t("language")}</dt><dd>${languageName(person.language || live?.language)}</dd></div>
    ${localTime(person) && html`<div><dt>${t("customer.time")}</dt><dd>${localTime(person)}</dd></div>`}
    ${Object.entries(person.attributes).filter(([key]) => !APART.has(key)).map(([key, value]) => html`<div key=${key}><dt>${named(key)}</dt><dd>${String(value)}</dd></div>`)}
    ${live && html`<div><dt>${t("rule")}</dt><dd>${live.rule || "–"}</dd></div>`}</dl>`;

/** What time it is for them; nothing where their zone was never said. @param {any} person */
function localTime(person) {
  const timeZone = person.attributes.zone ?? person.attributes.timezone;
  if (!timeZone) return "";
  try {
    return `${new Intl.DateTimeFormat(language.value, { weekday: "short", hour: "2-digit", minute: "2-digit", hour12: false, timeZone }).format(now.value)} (${timeZone})`;
  } catch {
    return "";
  }
}

/** @param {string} tag */
function languageName(tag) {
  try {
    return new Intl.DisplayNames([language.value], { type: "language" }).of(tag) ?? tag;
  } catch {
    return tag || "–";
  }
}

/** Short words that colleagues put on a person. @param {{person: any, changed: () => Promise<void>}} props */
export function Tags({ person, changed }) {
  const [text, type] = useState("");
  const tags = (person.attributes.tags ?? "").split(/\s+/).filter(Boolean);
  const put = (/** @type {object} */ change) => attempt(async () => { await post(`/customers/${person.id}/tags`, change); await changed(); });
  const add = (/** @type {any} */ event) => {
    event.preventDefault();
    const tag = text.trim().replace(/[\s,:]+/g, "-").slice(0, TAG_CHARS_MAX);
    type("");
    if (tag) void put({ add: [tag] });
  };
  return html`<h3>${t("tags.title")}</h3><div class="tags">${tags.map((/** @type {string} */ tag) => html`<span class="chip" key=${tag}>${tag}
      <button type="button" class="icon-button" aria-label=${t("tags.remove", { tag })} onClick=${() => put({ remove: [tag] })}><${Icon} name="close" size=${13} /></button></span>`)}
    <form class="tag-form" onSubmit=${add}><input value=${text} maxlength=${TAG_CHARS_MAX} aria-label=${t("tags.add")} placeholder=${t("tags.add")} autocomplete="off" onInput=${(/** @type {any} */ event) => type(event.target.value)} /></form></div>`;
}
