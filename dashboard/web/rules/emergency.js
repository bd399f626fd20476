// @ts-check
// One order for the whole site: everything is closed now, customers are told why, and it ends by itself.
import { html, useEffect, useState } from "../vendor/ui.js";
import { attempt, serverNow, tell } from "../frame/state.js";
import { get, newId, post } from "../frame/api.js";
import { Icon, siteTime, whileAway } from "../frame/parts.js";
import { heard, labelOf, named, t } from "../frame/words.js";
import { Sign, mayOrder, read } from "./book.js";
import { hasty } from "../handing/once.js";

const HOUR_MS = 3_600_000;
const HOURS = [0.5, 1, 2, 4, 8, 24];
const REASONS = ["evacuation", "outage", "weather", "staff", "drill"];
const EVERY_MS = 5_000;

/** @param {{page: any}} props */
export function Emergency({ page }) {
  const [stands, setStands] = useState(/** @type {any} */ (null));
  const [fault, setFault] = useState("");
  const look = () => get("/emergency").then((found) => { setStands(found); setFault(""); }, (error) => setFault(heard(error)));
  useEffect(() => {
    void look();
    const timer = setInterval(look, EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  const order = async (/** @type {any} */ body, /** @type {string} */ done) => {
    if (await attempt(() => post("/emergency", { ...body, command_id: newId() }))) { tell(done); await look(); void read(); }
  };
  const on = stands && stands.until_ms > serverNow();
  return html`<h2 class="lead">${t("rules.emergency")}</h2>
    ${fault && html`<p class="empty">${fault}</p>`}
    ${stands && (on ? html`<div class="health crit" role="status"><${Icon} name="late" size=${20} label=${t("rules.problem")} /><div><p><b>${t("rules.emergency.on", { until: siteTime(stands.until_ms) })}</b></p><p>${t("rules.emergency.told", { notice: stands.notice })}</p>
      <blockquote>${labelOf(page.texts[stands.notice], stands.notice)}</blockquote>
      ${mayOrder() && html`<p><button type="button" ...${whileAway()} onClick=${() => order({ until_ms: 0, reason: "over" }, t("rules.emergency.lifted"))}>${t("rules.emergency.lift")}</button></p>`}</div></div>` : html`<p class="empty"><${Sign} tone="ok">${t("rules.emergency.off")}<//></p>`)}
    ${stands && !on && (mayOrder() ? html`<${Order} page=${page} order=${order} />` : html`<p class="empty">${t("rules.emergency.who")}</p>`)}`;
}

/** @param {{page: any, order: (body: any, done: string) => Promise<void>}} props */
function Order({ page, order }) {
  const names = Object.keys(page.texts);
  const [notice, setNotice] = useState(names.includes("closed-now") ? "closed-now" : names[0] ?? "");
  const [hours, setHours] = useState(1);
  const [reason, setReason] = useState(REASONS[0]);
  const [sure, setSure] = useState(false);
  const until = serverNow() + hours * HOUR_MS;
  const send = (/** @type {any} */ event) => {
    event.preventDefault();
    if (!sure) { setSure(true); return; }
    setSure(false);
    void order({ until_ms: Math.round(until), notice, reason }, t("rules.emergency.done"));
  };
  return html`<form class="emergency" onSubmit=${send}><p>${t("rules.emergency.text")}</p>
    <label>${t("rules.emergency.for")} <select value=${String(hours)} onChange=${(/** @type {any} */ event) => setHours(Number(event.target.value))}>${HOURS.map((each) => html`<option key=${each} value=${String(each)}>${siteTime(serverNow() + each * HOUR_MS)}</option>`)}</select></label>
    <label>${t("rules.emergency.notice")} <select value=${notice} onChange=${(/** @type {any} */ event) => setNotice(event.target.value)}>${names.map((name) => html`<option key=${name} value=${name}>${named(name)}</option>`)}</select></label>
    <blockquote>${labelOf(page.texts[notice], notice)}</blockquote>
    <label>${t("rules.reason")} <select value=${reason} onChange=${(/** @type {any} */ event) => setReason(event.target.value)}>${REASONS.map((each) => html`<option key=${each} value=${each}>${t(`rules.emergency.why.${each}`)}</option>`)}</select></label>
    <p class="row"><button type="submit" class="danger" ...${whileAway()} onClick=${(/** @type {any} */ event) => sure && hasty(event) && event.preventDefault()}>${sure ? t("rules.emergency.sure", { until: siteTime(until) }) : t("rules.emergency.order")}</button>${sure && html`<button type="button" onClick=${() => setSure(false)}>${t("rules.emergency.not")}</button>`}</p></form>`;
}
