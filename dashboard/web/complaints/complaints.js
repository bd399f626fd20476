// @ts-check
// Complaints: which part the address names. The list, one case, what nobody has recorded, figures; recording one from elsewhere.
import { html, useEffect, useState } from "../vendor/ui.js";
import { me } from "../frame/state.js";
import { Late, go, rest } from "../frame/screens.js";
import { t } from "../frame/words.js";
import { Case } from "./case.js";
import { List } from "./list.js";
import { choices, fetchChoices } from "./names.js";
import { Record } from "./record.js";
import { Unrecorded, fetchUnrecorded, unrecorded } from "./unrecorded.js";

export { RecordDialog } from "./record.js";
export { Beside, OfPerson } from "./beside.js";

/** Parts of the screen, and who sees them. @type {[string, string, () => any][]} */
const PARTS = [
  ["open", "agent", () => html`<${List} key="open" closed=${false} />`],
  ["closed", "agent", () => html`<${List} key="closed" closed=${true} />`],
  ["unrecorded", "supervisor", () => html`<${Unrecorded} />`],
  ["figures", "supervisor", () => html`<${Late} load=${() => import("./figures.js")} part="Figures" />`],
];

export function Screen() {
  const [failed, fail] = useState(false);
  const read = () => { fail(false); void fetchChoices().catch(() => fail(true)); };
  useEffect(() => { read(); if (me.value?.role !== "agent") void fetchUnrecorded().catch(() => {}); }, []);
  const [part = "open", more = ""] = rest.value;
  const number = /^\d+$/.test(part) ? Number(part) : 0;
  if (!choices.value) return html`<main class="complaints-view" aria-busy=${!failed}>${failed ? html`<p class="empty" role="alert">${t("complaints.failed")} <button type="button" onClick=${read}>${t("retry")}</button></p>` : html`<div class="skeleton" aria-hidden="true"><i></i><i></i><i></i></div>`}</main>`;
  if (number) return html`<main class="complaints-view"><${Case} key=${number} number=${number} /></main>`;
  if (part === "new") return html`<main class="complaints-view"><${Record} of=${more} /></main>`;
  const mine = PARTS.filter(([, role]) => role === "agent" || me.value?.role !== "agent");
  const [name, , shown] = mine.find(([each]) => each === part) ?? PARTS[0];
  return html`<main class="complaints-view"><header class="complaints-head"><h1 class="grow">${t("view.complaints")}</h1>
    <nav class="row" aria-label=${t("complaints.parts")}>${mine.map(([each]) => html`<button type="button" key=${each} aria-current=${each === name ? "page" : undefined} onClick=${() => go("complaints", ...(each === "open" ? [] : [each]))}>${t(`complaints.part.${each}`)}${each === "unrecorded" && unrecorded.value?.length ? html` <b class="badge">${unrecorded.value.length}</b>` : ""}</button>`)}</nav>
    <button type="button" class="primary" onClick=${() => go("complaints", "new")}>${t("complaint.record")}</button></header>${shown()}</main>`;
}
