// @ts-check
// Call controls over a conversation by telephone: who is on the line, hold, mute, keys, asking others in, the end; and stepping in.
import { html, useState } from "../vendor/ui.js";
import { attempt, me, now, refreshHead } from "../frame/state.js";
import { newId, post } from "../frame/api.js";
import { Icon, Shape, clock, customerName, whileAway } from "../frame/parts.js";
import { dialog } from "../frame/dialogs.js";
import { t } from "../frame/words.js";
import { hasty, useOnce } from "../handing/once.js";
import { answer, current, follow, mute, phone, press } from "./softphone.js";

/** Take calls in this browser from now on, where the site and this person can. */
export const begin = follow;

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];
const RANKS = ["agent", "supervisor", "admin"];
const ROLES = ["listen", "whisper", "barge"];

/** @param {string} ref @param {string} deed @param {object} [body] */
const command = (ref, deed, body = {}) => attempt(async () => { await post(`/conversations/${ref}/${deed}`, { ...body, command_id: newId() }); await refreshHead(ref); });

/** @param {{live: any}} props */
export function CallBar({ live }) {
  if (live.state !== "active") return null;
  if (live.owner?.id !== me.value.id) return RANKS.indexOf(me.value.role) > 0 ? html`<${StepIn} live=${live} />` : null;
  return html`<${Controls} live=${live} />`;
}

/** @param {{live: any}} props */
function Controls({ live }) {
  const [keypad, showKeypad] = useState(false);
  const call = current.value;
  const open = call?.state === "open";
  const hold = useOnce(() => command(live.ref, "hold", { on: !live.on_hold }));
  const end = useOnce(() => command(live.ref, "close"));
  return html`<section class="call-bar" aria-label=${t("call.title")}>
    <p class="line"><${Shape} shape=${live.on_hold ? "bars" : live.gone ? "ring" : "disc"} tone=${live.on_hold ? "away" : live.gone ? "" : "ok"} /> <b>${lineText(live, call)}</b>
      <span class="timer">${clock(now.value - live.since_ms)}</span> <span class="meta">${t("call.with", { name: customerName(live) })}</span>${live.recorded && html` <span class="meta">${t(live.recorded === "agreed" ? "call.recorded_agreed" : "call.recorded_told")}</span>`}</p>
    <div class="row">
      ${call?.state === "ring" && html`<button type="button" class="primary" onClick=${answer}><${Icon} name="phone" /> ${t("call.answer")}</button>`}
      ${!live.gone && html`<button type="button" aria-pressed=${Boolean(live.on_hold)} ...${whileAway()} onClick=${(/** @type {any} */ event) => hasty(event) || hold()}>${t(live.on_hold ? "call.unhold" : "call.hold")}</button>`}
      ${open && html`<button type="button" aria-pressed=${call.muted} onClick=${() => mute(!call.muted)}>${t(call.muted ? "call.unmute" : "call.mute")}</button>
        <button type="button" aria-expanded=${keypad} onClick=${() => showKeypad(!keypad)}>${t("call.keypad")}</button>`}
      <button type="button" ...${whileAway()} onClick=${() => dialog.open("transfer", { ...live, asks: true })}>${t("call.consult")}</button>
      <button type="button" class="danger" ...${whileAway()} onClick=${end}>${t("call.end")}</button></div>
    ${keypad && open && html`<div class="keypad" role="group" aria-label=${t("call.keypad")}>${KEYS.map((key) => html`<button type="button" key=${key} onClick=${() => press(key)}>${key}</button>`)}</div>`}
    <${Device} /></section>`;
}

/** @param {any} live @param {any} call */
function lineText(live, call) {
  if (live.gone) return t("call.gone");
  if (live.on_hold) return t("call.held");
  if (call?.state === "ring") return t("call.rings");
  return call?.muted ? t("call.muted") : t("call.open");
}

/** What is wrong with the telephone in this browser; nothing where it is well, or where there is none. */
function Device() {
  const { state, code } = phone.value;
  if (state === "failed") return html`<p class="meta crit" role="status"><${Icon} name="late" /> ${t(`phone.${FAULTS[code] ?? "failed"}`)}</p>`;
  if (state === "elsewhere") return html`<p class="meta">${t("phone.elsewhere")}</p>`;
  return null;
}
/** @type {Record<number, string>} */
const FAULTS = { 20101: "token", 20104: "token", 31005: "line", 31402: "microphone" };

/** What somebody who supervises does with a colleague's call. @param {{live: any}} props */
const StepIn = ({ live }) => {
  const mine = (live.participants ?? []).find((/** @type {any} */ each) => each.id === me.value.id);
  const join = useOnce((/** @type {string} */ role) => command(live.ref, "join-as", { role, reason: "supervising" }));
  return html`<section class="call-bar" aria-label=${t("call.step.in")}><p class="line"><${Icon} name="phone" /> <b>${t("call.of", { name: live.owner?.name ?? "" })}</b></p>
    <div class="row">${ROLES.map((role) => html`<button type="button" key=${role} aria-pressed=${mine?.role === role} ...${whileAway()} onClick=${() => join(role)}>${t(`call.${role}`)}</button>`)}</div></section>`;
};
