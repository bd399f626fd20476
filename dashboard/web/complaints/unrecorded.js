// @ts-check
// Conversations that sound like a complaint and belong to none: recorded from here, or said to be none. Nobody's complaint is lost.
import { html, signal, useEffect, useState } from "../vendor/ui.js";
import { attempt } from "../frame/state.js";
import { get, post } from "../frame/api.js";
import { Icon, ago, channelLabel, fullOf, queueLabel, whileAway } from "../frame/parts.js";
import { go } from "../frame/screens.js";
import { named, t } from "../frame/words.js";

/** What was found last, null until it was asked for: how many there are stands beside the way here. */
export const unrecorded = signal(/** @type {any[] | null} */ (null));
export const fetchUnrecorded = async () => { unrecorded.value = await get("/complaints/sounding"); };

/** @param {any} each */
const nameOf = (each) => each.customer.name || t("customer.new");

export function Unrecorded() {
  const [failed, fail] = useState(false);
  const load = () => fetchUnrecorded().then(() => fail(false), () => fail(true));
  useEffect(() => { void load(); }, []);
  const found = unrecorded.value;
  const none = async (/** @type {string} */ ref) => {
    if ((await attempt(async () => { await post(`/conversations/${ref}/complaints/none`); return true; }))) unrecorded.value = (unrecorded.value ?? []).filter((/** @type {any} */ each) => each.ref !== ref);
  };
  return html`<p class="meta">${t("complaints.unrecorded.text")}</p>
    ${failed && html`<p class="empty" role="alert">${t("complaints.failed")} <button type="button" onClick=${load}>${t("retry")}</button></p>`}
    ${!found && !failed && html`<div class="skeleton" aria-hidden="true"><i></i><i></i></div>`}
    ${found && !found.length && html`<p class="empty">${t("complaints.unrecorded.none")}</p>`}
    ${found && found.length > 0 && html`<ul class="unrecorded">${found.map((each) => html`<li key=${each.ref}><span class="channel"><${Icon} name=${each.channel} label=${channelLabel(each.channel)} /></span>
      <button type="button" class="plain grow" onClick=${() => go("desk", each.ref)}><b>${nameOf(each)}</b><span class="meta" title=${fullOf(each.at)}>${ago(each.at)} · ${queueLabel(each.queue)} · ${t(`state.${each.state}`)} · ${named(each.topic)}</span></button>
      <button type="button" aria-label=${t("complaint.of", { what: t("complaints.unrecorded.is_none"), name: nameOf(each) })} ...${whileAway()} onClick=${() => none(each.ref)}>${t("complaints.unrecorded.is_none")}</button>
      <button type="button" class="primary" aria-label=${t("complaint.of", { what: t("complaint.record"), name: nameOf(each) })} ...${whileAway()} onClick=${() => go("complaints", "new", each.ref)}>${t("complaint.record")}</button></li>`)}</ul>`}`;
}
