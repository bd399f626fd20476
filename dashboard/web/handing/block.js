// @ts-check
// Blocking whoever writes: why, and for how long; those who supervise may do it for good. What stands already is shown, and taken back.
import { html, useEffect, useState } from "../vendor/ui.js";
import { attempt, me, serverNow, tell } from "../frame/state.js";
import { call, get, newId, post } from "../frame/api.js";
import { Dialog, customerName, siteTime, whileAway } from "../frame/parts.js";
import { dialog } from "../frame/dialogs.js";
import { named, t } from "../frame/words.js";
import { useOnce } from "./once.js";

const HOUR_MS = 3_600_000;
const REASONS = ["spam", "abusive", "threat", "mistaken"];
/** For how long, and who may say so: 0 is for good. @type {[string, number, string][]} */
const SPANS = [["hour", HOUR_MS, "agent"], ["day", 24 * HOUR_MS, "agent"], ["week", 7 * 24 * HOUR_MS, "supervisor"], ["good", 0, "supervisor"]];
// A minute less than what is allowed: clocks of browsers are not ours.
const MARGIN_MS = 60_000;

/** @param {number} until */
const untilText = (until) => (until ? t("block.until", { at: siteTime(until) }) : t("block.for.good"));

/** @param {{live: any}} props */
export function Block({ live }) {
  const [stands, setStands] = useState(/** @type {any} */ (null));
  const [reason, choose] = useState(REASONS[0]);
  const [span, setSpan] = useState(24 * HOUR_MS);
  const at = `/conversations/${live.ref}/block`;
  useEffect(() => { void attempt(() => get(at)).then((found) => (found ? setStands(found) : dialog.close())); }, []);
  const spans = SPANS.filter(([, , role]) => role === "agent" || me.value.role !== "agent");
  const block = useOnce(async () => {
    const until_ms = span ? Math.round(serverNow()) + span - MARGIN_MS : 0;
    const made = await attempt(() => post(at, { reason, until_ms, command_id: newId() }));
    if (made) { tell(untilText(made.until_ms)); dialog.close(); }
  });
  const lift = async () => {
    if (await attempt(async () => { await call("DELETE", at, {}); return true; })) { tell(t("block.lifted")); dialog.close(); }
  };
  if (!stands) return null;
  return html`<${Dialog} title=${t("block.title", { name: customerName(live) })} close=${dialog.close}><form class="handing" onSubmit=${block}>
    ${stands.stands && html`<p class="crit" role="status"><b>${untilText(stands.until_ms)}</b> ${stands.by ? t("block.by", { name: stands.by.name, why: named(stands.reason) }) : ""}</p>`}
    <p>${t("block.text")}</p>
    <fieldset class="kinds"><legend>${t("block.why")}</legend>${REASONS.map((each) => html`<label key=${each} class=${`chip choice ${reason === each ? "chosen" : ""}`}><input type="radio" name="reason" checked=${reason === each} onChange=${() => choose(each)} /> ${named(each)}</label>`)}</fieldset>
    <fieldset class="kinds"><legend>${t("block.long")}</legend>${spans.map(([name, ms]) => html`<label key=${name} class=${`chip choice ${span === ms ? "chosen" : ""}`}><input type="radio" name="span" checked=${span === ms} onChange=${() => setSpan(ms)} /> ${t(`block.span.${name}`)}</label>`)}</fieldset>
    <div class="row"><span class="grow"></span>${stands.mine && html`<button type="button" ...${whileAway()} onClick=${lift}>${t("block.lift")}</button>`}
      <button type="button" onClick=${dialog.close}>${t("cancel")}</button><button type="submit" class="danger" ...${whileAway()}>${t("block.do")}</button></div></form><//>`;
}
