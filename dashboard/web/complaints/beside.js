// @ts-check
// What stands beside a conversation, or on a person's page: their complaints, and that this sounds like one nobody has recorded.
import { html, useEffect } from "../vendor/ui.js";
import { attempt } from "../frame/state.js";
import { post } from "../frame/api.js";
import { Icon, whileAway } from "../frame/parts.js";
import { dialog } from "../frame/dialogs.js";
import { go } from "../frame/screens.js";
import { t } from "../frame/words.js";
import { DueBy, called, choices, fetchChoices } from "./names.js";

/** @param {{live: any, of: any, again: () => void}} props */
export function Beside({ live, of, again }) {
  const none = () => attempt(async () => { await post(`/conversations/${live.ref}/complaints/none`); again(); });
  return html`<section class="complaints-view" aria-label=${t("view.complaints")}>${of.sounds && html`<div class="sounds" role="status"><p><${Icon} name="warn" /> <b>${t("complaint.sounds")}</b></p>
      <div class="row"><button type="button" class="primary" ...${whileAway()} onClick=${() => dialog.open("complaint", live)}>${t("complaint.record")}</button><button type="button" ...${whileAway()} onClick=${none}>${t("complaints.unrecorded.is_none")}</button></div></div>`}
    <${Lines} lines=${of.complaints} /></section>`;
}

/** The complaints of a person, for their page. @param {{lines: any[]}} props */
export const OfPerson = ({ lines }) => html`<section class="complaints-view card-box" aria-label=${t("view.complaints")}><${Lines} lines=${lines} /></section>`;

/** @param {{lines: any[]}} props */
function Lines({ lines }) {
  useEffect(() => { if (!choices.value && lines.length) void fetchChoices().catch(() => {}); }, [lines.length]);
  if (!lines.length) return null;
  return html`<h3>${t("view.complaints")}</h3><ul class="of-somebody">${lines.map((each) => html`<li key=${each.number}><button type="button" class="link" onClick=${() => go("complaints", String(each.number))}>${t("complaint.title", { n: each.number })}</button> <span class="meta">${choices.value ? called("kinds", each.kind) : ""} · ${t(`complaint.stage.${each.stage}`)}</span> <${DueBy} line=${each} /></li>`)}</ul>`;
}
