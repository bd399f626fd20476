// @ts-check
// What the rules' screens share: the page as it was read last, reading it again, names and small parts of theirs.
import { html, signal } from "../vendor/ui.js";
import { me } from "../frame/state.js";
import { get } from "../frame/api.js";
import { go } from "../frame/screens.js";
import { Icon } from "../frame/parts.js";
import { heard, labelOf, t } from "../frame/words.js";

export const book = signal(/** @type {any} */ (null));
export const fault = signal("");

let reading = false;
/** Read the page; what was read stays where it cannot be. */
export async function read() {
  if (reading) return;
  reading = true;
  try {
    book.value = await get("/rules");
    fault.value = "";
  } catch (/** @type {any} */ error) {
    fault.value = heard(error);
  }
  reading = false;
}

/** Whether I may change what runs. */
export const mayOrder = () => me.value?.role === "supervisor" || me.value?.role === "admin";
/** A version as people say it. @param {string} content */
export const short = (content) => content.slice(0, 7);

/** What somebody must be able to do. @param {{kind: string, name: string, level: number}} need */
export const needOf = (need) => (need.kind === "skill" ? `${need.name} ≥ ${need.level}` : need.kind === "language" ? need.name : need.name);

/** A condition as code, its parts joined by words. @param {{joined: string, parts: string[]}} props */
export function When({ joined, parts }) {
  if (!parts.length) return html`<span class="when">${t("rules.always")}</span>`;
  const word = joined === "||" ? t("rules.or") : t("rules.and");
  return html`<span class="when">${t("rules.when")} ${parts.map((part, at) => html`${at > 0 && html` <span class="joined">${word}</span> `}<code key=${at}>${part}</code>`)}</span>`;
}

/** A queue's name as a target. @param {{label: any, name: string}} props */
export const Target = ({ label, name }) => html`<b class="target">${labelOf(label, name)}</b>`;

/** One problem of a file: place, sentence, the line itself with a mark, what to write. @param {{each: any, brief?: boolean}} props */
export function Problem({ each, brief = false }) {
  const at = Math.max(0, each.column - 1);
  const word = /^[\w.-]+/.exec(each.source.slice(at))?.[0] ?? each.source.slice(at, at + 1);
  return html`<div class="problem"><p><button type="button" class="link" onClick=${() => go("rules", each.file, `:${each.line}`)}>${t("rules.place", { file: each.file, line: each.line, column: each.column })}</button>
      <span>${each.message}</span>${each.hint && html` <span class="hinted">– ${each.hint}</span>`}</p>
    ${!brief && each.source && html`<pre>${each.source.slice(0, at)}<mark>${word}</mark>${each.source.slice(at + word.length)}</pre>`}</div>`;
}

/** A sign with a word: colour is never alone. @param {{tone: string, children?: any}} props */
export const Sign = ({ tone, children }) => html`<span class=${`sign ${tone}`}><${Icon} name=${{ ok: "check", warn: "warn", crit: "late", plain: "clock" }[tone] ?? "clock"} /> ${children}</span>`;
