// @ts-check
// The parking dialog: until the customer writes, or until a time that is chosen or near.
import { html, useState } from "../vendor/ui.js";
import { attempt, now } from "../frame/state.js";
import { newId, post } from "../frame/api.js";
import { Dialog, whileAway } from "../frame/parts.js";
import { dialog } from "../frame/dialogs.js";
import { t } from "../frame/words.js";
import { Moment, momentText, morning, toMonday } from "./moments.js";
import { useOnce } from "./once.js";

const HOUR_MS = 3_600_000;

/** @param {{live: any}} props */
export function Park({ live }) {
  const [own, setOwn] = useState(false);
  const [at, setAt] = useState(() => morning(1));
  /** @type {[string, number][]} */
  const near = [["park.customer", 0], ["park.hour", now.value + HOUR_MS], ["park.tomorrow", morning(1)], ...(toMonday() > 1 ? /** @type {[string, number][]} */ ([["park.week", morning(toMonday())]]) : [])];
  const go = useOnce(async (/** @type {number} */ until) => { if (await attempt(() => post(`/conversations/${live.ref}/park`, { until_ms: until, command_id: newId() }))) dialog.close(); });
  return html`<${Dialog} title=${t("park.title")} close=${dialog.close}><p>${t("park.text")}</p><div class="stack">
    ${near.map(([key, until]) => html`<button type="button" key=${key} ...${whileAway()} onClick=${() => go(until)}>${t(key)}${until ? html` <span class="meta">${momentText(until)}</span>` : ""}</button>`)}
    <button type="button" aria-expanded=${own} onClick=${() => setOwn(!own)}>${t("park.own")}</button></div>
    ${own && html`<${Moment} at=${at} change=${setAt} />
      <div class="row"><span class="grow meta">${at <= now.value ? t("error.until_past") : momentText(at)}</span><button type="button" class="primary" disabled=${at <= now.value || whileAway().disabled} onClick=${() => go(at)}>${t("park")}</button></div>`}<//>`;
}
