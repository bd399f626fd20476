// @ts-check
// The customer column: who this is, their journey across channels, and who else they may be; what is known of a person, as every screen shows it.
import { html, signal, useEffect, useState } from "../vendor/ui.js";
import { attempt, chosen, details, now, open } from "../frame/state.js";
import { get, post } from "../frame/api.js";
import { Avatar, Icon, ago, channelLabel, dayOf, fullOf, queueLabel } from "../frame/parts.js";
import { dialog } from "../frame/dialogs.js";
import { Late, fetchRoom, go } from "../frame/screens.js";
import { language, named, t } from "../frame/words.js";

const people = signal(/** @type {Map<number, any>} */ (new Map()));
/** Who could not be read; 0 for nobody. */
const failed = signal(0);
const JOURNEY_SHOWN = 6;
const showAll = signal(false);

/** @param {number} id */
async function fetchCustomer(id) {
  try {
    people.value = new Map(people.value).set(id, await get(`/customers/${id}`));
    failed.value = 0;
  } catch {
    failed.value = id;
  }
}

export function CustomerColumn() {
  const live = details.value.get(chosen.value);
  const id = live?.customer.id;
  useEffect(() => { showAll.value = false; if (id) void fetchCustomer(id); }, [id, live?.state]);
  if (!live) return html`<aside class="customer" aria-label=${t("customer")}></aside>`;
  const person = people.value.get(id);
  const name = person?.name || live.customer.name || t("customer.new");
  return html`<aside class="customer" aria-label=${t("customer")}>
    <div class="person"><${Avatar} name=${name} /><div><h2>${name}</h2><p class="meta">${person ? t("customer.since", { at: dayOf(person.since_ms) }) : ""}${person?.segment ? ` · ${named(person.segment)}` : ""}</p>${person && html`<div class="row"><button type="button" class="link" onClick=${() => go("customers", String(id))}>${t("customer.page")}</button>
      ${!person.name && person.person === person.id && html`<button type="button" class="link" onClick=${() => dialog.open("link", { ...live, linked: () => fetchCustomer(id) })}>${t("customer.link")}</button>`}</div>`}</div></div>
    ${!person && failed.value === id && html`<p class="empty" role="alert">${t("customer.failed")} <button type="button" onClick=${() => fetchCustomer(id)}>${t("retry")}</button></p>`}
    ${person && html`${live.complains && html`<${Late} key=${live.ref} load=${() => import("../complaints/hint.js")} part="Hint" live=${live} />`}<${Facts} person=${person} live=${live} /><${Tags} person=${person} changed=${() => fetchCustomer(id)} /><${SamePerson} person=${person} changed=${() => fetchCustomer(id)} /><${Journey} person=${person} live=${live} />`}
  </aside>`;
}

/** @param {{person: any, live: any}} props */
function Journey({ person, live }) {
  const all = person.conversations;
  const shown = showAll.value ? all : all.slice(0, JOURNEY_SHOWN);
  return html`<h3>${t("journey")}</h3><ol class="journey">${shown.map((/** @type {any} */ each) => html`<li key=${each.ref} class=${each.ref === live.ref ? "here" : ""}>
    <span class="channel"><${Icon} name=${each.channel} label=${channelLabel(each.channel)} /></span>
    <button type="button" class="plain" onClick=${() => open(each.ref)}>${each.subject || each.last?.text?.slice(0, 60) || queueLabel(each.queue)}</button>
    <p class="meta" title=${fullOf(each.opened_ms)}>${ago(each.opened_ms)} · ${t(`state.${each.state}`)}</p></li>`)}</ol>
    ${all.length > JOURNEY_SHOWN && !showAll.value && html`<button type="button" class="link" onClick=${() => { showAll.value = true; }}>${t("journey.all", { n: all.length })}</button>`}`;
}

// --- one person under several numbers ---------------------------------------------------------------------

/** @typedef {{likely: any[], merges: any[]}} Known */
const known = signal(/** @type {Map<number, Known>} */ (new Map()));

/** @param {number} id */
async function look(id) {
  const [likely, merges] = await Promise.all([get(`/customers/${id}/likely`), get(`/customers/${id}/merges`)]).catch(() => [[], []]);
  known.value = new Map(known.value).set(id, { likely, merges });
}

/** Who else they may be is seldom known: how it is shown is fetched when it is. @param {{person: any, changed: () => Promise<void>}} props */
function SamePerson({ person, changed }) {
  const id = person.id;
  const [room, came] = useState(/** @type {any} */ (null));
  useEffect(() => { void look(id); }, [id, person.person]);
  const { likely, merges } = known.value.get(id) ?? { likely: [], merges: [] };
  const standing = merges.filter((each) => !each.undone_ms);
  const any = likely.length + standing.length > 0;
  useEffect(() => { if (any) void fetchRoom("same", () => import("../same/same.js")).then(came); }, [any]);
  /** @param {() => Promise<any>} act */
  const after = (act) => attempt(async () => { await act(); await changed(); await look(id); });
  return any && room && html`<${room.SamePerson} id=${id} likely=${likely} standing=${standing} after=${after} />`;
}

// --- what is known of a person: how to reach them and how sure that is, language, their own time, facts, tags -----

// Attributes that have a place of their own, or are the router's.
const APART = new Set(["tags", "zone", "timezone", "named_agent"]);

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
    return `${new Intl.DateTimeFormat(language.value, { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone }).format(now.value)} (${timeZone})`;
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
  const [asked, ask] = useState(false);
  const tags = (person.attributes.tags ?? "").split(/\s+/).filter(Boolean);
  const put = (/** @type {object} */ change) => attempt(async () => { await post(`/customers/${person.id}/tags`, change); await changed(); });
  return html`<h3>${t("tags.title")}</h3><div class="tags">${tags.map((/** @type {string} */ tag) => html`<span class="chip" key=${tag}>${tag}
      <button type="button" class="icon-button" aria-label=${t("tags.remove", { tag })} onClick=${() => put({ remove: [tag] })}><${Icon} name="close" size=${13} /></button></span>`)}
    ${asked ? html`<${Late} load=${() => import("./tagging.js")} part="Tagging" put=${put} done=${() => ask(false)} />` : html`<button type="button" onClick=${() => ask(true)}>+ ${t("tags.add")}</button>`}</div>`;
}
