// @ts-check
// What was done about a complaint, by whom and when, in words; and writing a note for colleagues.
import { html } from "../vendor/ui.js";
import { Icon, fullOf, queueLabel } from "../frame/parts.js";
import { t } from "../frame/words.js";
import { called, money, moment } from "./names.js";
import { StepForm } from "./steps.js";

/** What a change of a field is called, where its value is a name. @type {Record<string, (value: string, one: any) => string>} */
const VALUES = {
  kind: (value) => called("kinds", value),
  severity: (value) => called("severities", value),
  about: (value) => called("about", value),
  cause: (value) => called("causes", value),
  remedy: (value) => called("remedies", value),
  queue: (value) => queueLabel(value),
  stage: (value) => t(`complaint.stage.${value}`),
  outcome: (value) => (value ? t(`complaint.outcome.${value}`) : ""),
  owner: (value, one) => (value === "0" ? t("complaint.owner.none") : one.people[value] ?? value),
  amount: (value, one) => (value === "0" ? "" : money(Number(value), one.currency)),
  customer: (value) => (value === "0" ? t("complaint.nobody") : t("complaint.customer.number", { n: value })),
};
const WRITTEN = new Set(["happened", "wish", "answer"]);

/** @param {{one: any, take: (deed: string, body: object) => Promise<boolean>}} props */
export function History({ one, take }) {
  return html`<section class="card-box"><h2>${t("complaint.history")}</h2><ol class="complaint-history">${one.steps.map((/** @type {any} */ step) => html`<${Step} key=${step.number} step=${step} one=${one} />`)}</ol>
    ${one.can.includes("note") && html`<div class="complaint-note"><${StepForm} one=${one} deed="note" take=${take} first=${true} /></div>`}</section>`;
}

/** @param {{step: any, one: any}} props */
function Step({ step, one }) {
  const said = (/** @type {string} */ name, /** @type {string} */ value) => VALUES[name]?.(value, one) ?? value;
  // The step itself says what became of the stage.
  const changes = Object.entries(step.changes).filter(([name]) => name !== "stage" && !WRITTEN.has(name));
  const written = Object.keys(step.changes).filter((name) => WRITTEN.has(name));
  return html`<li class=${step.deed === "note" ? "noted" : ""}><p><b>${step.by?.name ?? "Patchbay"}</b> ${t(`complaint.did.${step.deed}`)} <time class="meta" datetime=${new Date(step.at).toISOString()} title=${fullOf(step.at)}>${moment(step.at)}</time></p>
    ${changes.map(([name, [from, to]]) => html`<p class="meta" key=${name}>${t(`complaint.field.${name}`)}: ${said(name, from) && html`<s>${said(name, from)}</s> <span aria-hidden="true">→</span> `}<b>${said(name, to) || "–"}</b></p>`)}
    ${written.map((name) => html`<p class="meta" key=${name}>${t("complaint.rewritten", { what: t(`complaint.field.${name}`) })}</p>`)}
    ${step.words && html`<blockquote class="words">${step.deed === "note" && html`<${Icon} name="lock" size=${14} label=${t("complaint.inside")} /> `}${step.words}</blockquote>`}</li>`;
}
