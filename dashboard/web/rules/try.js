// @ts-check
// Try a message: what the rules would say of it and why, what would be done, who would be asked. And why a real one went where it did.
import { html, useEffect, useRef, useState } from "../vendor/ui.js";
import { config, serverNow } from "../frame/state.js";
import { get, post } from "../frame/api.js";
import { go, rest } from "../frame/screens.js";
import { channelLabel, siteTime } from "../frame/parts.js";
import { heard, language, t } from "../frame/words.js";
import { mayOrder } from "./book.js";
import { momentOf } from "./moment.js";
import { Outcome } from "./outcome.js";

const SUBJECTS = ["email", "form"];
const CALLS = ["phone"];

/** @param {{page: any}} props */
export function Try({ page }) {
  const [place, ref = ""] = rest.value;
  const real = place === "try" ? ref : "";
  const here = useRef(/** @type {any} */ (null));
  // On a narrow screen it stands below the ways to everything else.
  useEffect(() => { if (place === "try") here.current?.scrollIntoView({ block: "start" }); }, [place, ref]);
  return html`<aside class="rules-try" ref=${here} aria-label=${t("rules.try")}><h2>${real ? t("rules.past") : t("rules.try")}</h2>
    ${real ? html`<${Placed} of=${real} key=${real} />` : html`<${Form} page=${page} />`}</aside>`;
}

/** How a conversation that came was placed. @param {{of: string}} props */
function Placed({ of }) {
  const [told, setTold] = useState(/** @type {any} */ (null));
  const [fault, setFault] = useState("");
  useEffect(() => { get(`/conversations/${encodeURIComponent(of)}/placed`).then(setTold, (error) => setFault(heard(error))); }, [of]);
  return html`<p class="row"><b>#${of}</b> <button type="button" class="link" onClick=${() => go("rules", "try")}>${t("rules.try.other")}</button></p>
    ${fault && html`<p class="fault" role="alert">${fault}</p>`}${told && html`<${Outcome} told=${told} />`}`;
}

/** @param {{page: any}} props */
function Form({ page }) {
  const [ask, change] = useState(/** @type {any} */ ({ channel: config.value?.channels[0]?.name ?? "", language: "", segment: "", text: "", subject: "", at: "", customer: "", attributes: {} }));
  const [told, setTold] = useState(/** @type {any} */ (null));
  const [fault, setFault] = useState("");
  const [busy, setBusy] = useState(false);
  const set = (/** @type {string} */ name) => (/** @type {any} */ event) => change({ ...ask, [name]: event.target.value });
  const send = async (/** @type {any} */ event) => {
    event.preventDefault();
    setBusy(true);
    setFault("");
    try {
      setTold(await post("/rules/try", body(ask)));
    } catch (/** @type {any} */ error) {
      setTold(null);
      setFault(heard(error));
    }
    setBusy(false);
  };
  return html`<form class="trying" onSubmit=${send}>
    <label>${t("rules.channel")} <select value=${ask.channel} onChange=${set("channel")}>${config.value?.channels.map((/** @type {any} */ each) => html`<option key=${each.name} value=${each.name}>${channelLabel(each.name)}</option>`)}</select></label>
    <label>${t("rules.language")} <select value=${ask.language} onChange=${set("language")}><option value="">${t("rules.language.seen")}</option>${config.value?.languages.map((/** @type {string} */ tag) => html`<option key=${tag} value=${tag}>${nameOf(tag)}</option>`)}</select></label>
    ${!CALLS.includes(ask.channel) && html`<label class="whole">${t("rules.text")} <textarea rows="3" maxlength="4000" value=${ask.text} onInput=${set("text")}></textarea></label>`}
    ${SUBJECTS.includes(ask.channel) && html`<label class="whole">${t("rules.subject")} <input value=${ask.subject} maxlength="1000" onInput=${set("subject")} /></label>`}
    <label>${t("rules.segment")} <input value=${ask.segment} list="rules-segments" maxlength="100" autocomplete="off" onInput=${set("segment")} /></label>
    <datalist id="rules-segments">${page.segments.map((/** @type {string} */ each) => html`<option key=${each} value=${each} />`)}</datalist>
    ${Object.entries(page.attributes).map(([name, values]) => html`<${Attribute} key=${name} name=${name} values=${values} value=${ask.attributes[name] ?? ""} set=${(/** @type {string} */ value) => change({ ...ask, attributes: { ...ask.attributes, [name]: value } })} />`)}
    ${mayOrder() && html`<label>${t("rules.customer")} <input value=${ask.customer} inputmode="numeric" pattern="[0-9]*" autocomplete="off" onInput=${set("customer")} /></label>`}
    <label class="whole">${t("rules.time", { zone: config.value?.zone ?? "" })} <input type="datetime-local" value=${ask.at} onInput=${set("at")} /></label>
    <p class="meta whole">${siteTime(ask.at ? momentOf(ask.at, config.value?.zone) : serverNow())}${ask.at ? html` <button type="button" class="link" onClick=${() => change({ ...ask, at: "" })}>${t("rules.now")}</button>` : ""}</p>
    <button type="submit" class="primary whole" disabled=${busy || !ask.channel}>${t("rules.explain")}</button>
    <p class="fault whole" role="alert">${fault}</p></form>
    <div class="outcome-box" aria-live="polite">${told && html`<${Outcome} told=${told} />`}</div>`;
}

/** @param {{name: string, values: any, value: string, set: (value: string) => void}} props */
function Attribute({ name, values, value, set }) {
  const id = `rules-values-${name}`;
  return html`<label><span class="attribute">${name}</span> <input value=${value} list=${id} maxlength="200" autocomplete="off" onInput=${(/** @type {any} */ event) => set(event.target.value)} /></label>
    <datalist id=${id}>${values.map((/** @type {string} */ each) => html`<option key=${each} value=${each} />`)}</datalist>`;
}

/** @param {string} tag */
const nameOf = (tag) => new Intl.DisplayNames([language.value], { type: "language" }).of(tag) ?? tag;

/** What is sent of the form: only what was filled in, and what this channel has. @param {any} ask */
function body(ask) {
  const attributes = Object.fromEntries(Object.entries(ask.attributes).filter(([, value]) => value));
  return {
    channel: ask.channel, language: ask.language, segment: ask.segment.trim(), attributes,
    text: CALLS.includes(ask.channel) ? "" : ask.text,
    subject: SUBJECTS.includes(ask.channel) ? ask.subject : "",
    customer: Number(ask.customer) || 0,
    at_ms: ask.at ? momentOf(ask.at, config.value?.zone) : 0,
  };
}
