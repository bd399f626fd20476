// @ts-check
// A scorecard: each question with its answer and a word beside it, and what it all comes to while it is filled in.
import { html, useState } from "../vendor/ui.js";
import { Icon } from "../frame/parts.js";
import { labelOf, t } from "../frame/words.js";
import { Score } from "./names.js";

/** A question has no sense in this conversation. */
const NOT_ASKED = -1;
const NOTE_CHARS_MAX = 2_000;

/** What answers come to in thousandths, -1 while one is missing: as the server counts it. @param {any} card @param {Record<string, number>} answers */
export function scoreOf(card, answers) {
  const counted = card.questions.filter((/** @type {any} */ each) => answers[each.name] !== NOT_ASKED);
  if (!counted.length || counted.some((/** @type {any} */ each) => answers[each.name] === undefined)) return -1;
  if (counted.some((/** @type {any} */ each) => each.fatal && answers[each.name] === 0)) return 0;
  const reached = counted.reduce((/** @type {number} */ sum, /** @type {any} */ each) => sum + (each.weight * answers[each.name]) / each.points, 0);
  return Math.round((1_000 * reached) / counted.reduce((/** @type {number} */ sum, /** @type {any} */ each) => sum + each.weight, 0));
}
/** How many questions are open. @param {any} card @param {Record<string, number>} answers */
export const openOf = (card, answers) => card.questions.filter((/** @type {any} */ each) => answers[each.name] === undefined).length;
/** The fatal questions that got nothing. @param {any} card @param {Record<string, number>} answers */
const fatalOf = (card, answers) => card.questions.filter((/** @type {any} */ each) => each.fatal && answers[each.name] === 0);

/**
 * The scorecard. Without `change` it is only read.
 * @param {{card: any, answers: Record<string, number>, notes: Record<string, string>, change?: (part: {answers?: Record<string, number>, notes?: Record<string, string>}) => void}} props
 */
export function Card({ card, answers, notes, change }) {
  const fatal = fatalOf(card, answers);
  const open = openOf(card, answers);
  return html`<ol class="questions">${card.questions.map((/** @type {any} */ each) => html`<${Question} key=${each.name} question=${each} given=${answers[each.name]} note=${notes[each.name] ?? ""} change=${change && ((/** @type {any} */ part) => change("note" in part ? { notes: { ...notes, [each.name]: part.note } } : { answers: { ...answers, [each.name]: part.given } }))} />`)}</ol>
    <p class="sum" role="status"><span>${t("review.sum")}</span> <b><${Score} score=${scoreOf(card, answers)} /></b>
      ${fatal.length > 0 ? html`<span class="crit"><${Icon} name="warn" size=${14} /> ${t("review.fatal.hit")}</span>` : open > 0 ? html`<span class="meta">${t("review.to_answer", { n: open })}</span>` : ""}</p>`;
}

/** @param {{question: any, given: number | undefined, note: string, change: any}} props */
function Question({ question, given, note, change }) {
  const [noting, setNoting] = useState(false);
  const text = labelOf(question.text, question.name);
  const values = [...Array(question.points + 1).keys(), NOT_ASKED];
  const word = (/** @type {number} */ value) => (value === NOT_ASKED ? t("review.not_asked") : question.points === 1 ? t(value ? "review.yes" : "review.no") : String(value));
  const about = html`<span class="meta">${t("review.weight", { n: question.weight })}${question.fatal ? html` · <span class="warned"><${Icon} name="warn" size=${13} /> ${t("review.fatal")}</span>` : ""}</span>`;
  if (!change) return html`<li class="question"><p>${text}</p><p class="given"><b class=${question.fatal && given === 0 ? "crit" : ""}>${given === undefined ? "–" : word(given)}${given !== undefined && given >= 0 && question.points > 1 ? ` / ${question.points}` : ""}</b> ${about}</p>${note && html`<blockquote class="words">${note}</blockquote>`}</li>`;
  return html`<li class="question"><fieldset><legend>${text}</legend>${about}<div class="answers">${values.map((value) => html`<label key=${value} class=${given === value ? "chosen" : ""}><input type="radio" name=${question.name} checked=${given === value} onChange=${() => change({ given: value })} /><span>${word(value)}</span></label>`)}</div></fieldset>
    ${noting || note ? html`<label><span class="unseen">${t("review.note.of", { question: text })}</span><textarea rows="2" maxlength=${NOTE_CHARS_MAX} value=${note} placeholder=${t("review.note")} onInput=${(/** @type {any} */ event) => change({ note: event.target.value })}></textarea></label>`
      : html`<button type="button" class="link" aria-label=${t("review.note.of", { question: text })} onClick=${() => setNoting(true)}>${t("review.note")}</button>`}</li>`;
}
