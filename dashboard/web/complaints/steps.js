// @ts-check
// A step of a complaint as a form: what is asked for, what was typed and not sent yet, and sending it once.
import { html, signal, useEffect, useState } from "../vendor/ui.js";
import { config } from "../frame/state.js";
import { get, newId } from "../frame/api.js";
import { queueLabel, whileAway } from "../frame/parts.js";
import { t } from "../frame/words.js";
import { called, choices, money, smallest, typed } from "./names.js";

/** What each step asks for, in this order; the first of `MUST` are refused when they are missing. @type {Record<string, string[]>} */
const FIELDS = {
  acknowledge: ["words"],
  examine: ["cause", "words"],
  answer: ["answer", "outcome", "cause", "remedy", "amount"],
  close: ["outcome", "cause", "remedy", "amount", "words"],
  withdraw: ["cause", "words"],
  reopen: ["words"],
  change: ["kind", "severity", "about", "queue", "happened", "wish"],
  assign: ["owner", "words"],
  take: ["words"],
  note: ["words"],
};
/** @type {Record<string, string[]>} */
const MUST = { answer: ["answer"], close: ["outcome", "cause"], withdraw: ["cause"], reopen: ["words"], change: ["kind", "severity", "queue", "happened"], assign: ["owner"], note: ["words"] };
const WORDS_CHARS_MAX = 20_000;

/** What was typed and not sent, by complaint and step: it stays while somebody looks elsewhere. */
const drafts = signal(/** @type {Map<string, Record<string, string>>} */ (new Map()));

/** The words that were typed for a step and not sent. @param {number} number @param {string} deed */
export const typedFor = (number, deed) => wordsOf(drafts.value.get(`${number}.${deed}`) ?? {});
/** What a step says in words. @param {Record<string, any>} said */
export const wordsOf = (said) => ["answer", "words"].map((name) => said[name] ?? "").filter(Boolean).join("\n\n");

/** Put words that have no place any more where a note is written. @param {number} number @param {string} words */
export function asNote(number, words) {
  const key = `${number}.note`;
  const there = drafts.value.get(key)?.words ?? "";
  drafts.value = new Map(drafts.value).set(key, { words: there ? `${there}\n\n${words}` : words });
}

/** @param {any} one @returns {Record<string, string>} */
const stands = (one) => ({
  words: "", answer: one.answer, outcome: one.line.outcome, cause: one.cause, remedy: one.remedy, amount: typed(one.amount, one.currency),
  kind: one.line.kind, severity: one.line.severity, about: one.line.about, queue: one.line.queue, happened: one.happened, wish: one.wish, owner: one.line.owner ? String(one.line.owner.id) : "",
});
/** Whether an amount is said with a remedy. @param {string} remedy */
const paid = (remedy) => choices.value?.remedies.find((/** @type {any} */ each) => each.name === remedy)?.amount ?? false;
/** A linked conversation with the answer is as good as a word about it. @param {any} one @param {string} deed @param {string} name */
const must = (one, deed, name) => (MUST[deed] ?? []).includes(name) && !(name === "answer" && one.linked.some((/** @type {any} */ each) => each.role === "answer"));

/** What a form says that the case does not say yet. @param {any} one @param {string} deed @param {Record<string, string>} said @returns {Record<string, any>} */
function told(one, deed, said) {
  const before = stands(one);
  const changed = FIELDS[deed].filter((name) => said[name] !== before[name]);
  /** @type {Record<string, any>} */
  const body = Object.fromEntries(changed.map((name) => [name, said[name]]));
  if ("owner" in body) body.owner = Number(body.owner);
  if (FIELDS[deed].includes("amount")) body.amount = paid(said.remedy) ? smallest(said.amount || "0", one.currency) ?? 0 : 0;
  return body;
}

/**
 * `take(deed, body)` sends; it answers whether it was done.
 * @param {{one: any, deed: string, take: (deed: string, body: object) => Promise<boolean>, done?: () => void, first?: boolean}} props
 */
export function StepForm({ one, deed, take, done = () => {}, first = false }) {
  const key = `${one.line.number}.${deed}`;
  const said = { ...stands(one), ...drafts.value.get(key) };
  const [id, renew] = useState(newId);
  const [busy, setBusy] = useState(false);
  const say = (/** @type {string} */ name, /** @type {string} */ value) => { drafts.value = new Map(drafts.value).set(key, { ...drafts.value.get(key), [name]: value }); };
  const send = async (/** @type {any} */ event) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    const taken = await take(deed, { command_id: id, ...told(one, deed, said) });
    setBusy(false);
    if (!taken) return;
    drafts.value = new Map([...drafts.value].filter(([other]) => other !== key));
    renew(newId());
    done();
  };
  const nothing = deed === "change" && !Object.keys(told(one, deed, said)).length;
  return html`<form class="complaint-step" onSubmit=${send} onKeyDown=${(/** @type {any} */ event) => { if ((event.ctrlKey || event.metaKey) && event.key === "Enter" && !event.isComposing) { event.preventDefault(); event.currentTarget.requestSubmit(); } }}>
    ${FIELDS[deed].filter((name) => name !== "amount" || paid(said.remedy)).map((name) => html`<${Field} key=${name} name=${name} deed=${deed} one=${one} value=${said[name]} say=${(/** @type {string} */ value) => say(name, value)} needed=${must(one, deed, name)} />`)}
    <div class="row"><span class="grow meta">${deed === "answer" && !must(one, deed, "answer") ? t("complaint.answer.linked") : ""}</span>${first ? "" : html`<button type="button" onClick=${done}>${t("cancel")}</button>`}
      <button type="submit" class=${deed === "note" ? "" : "primary"} disabled=${busy || nothing} ...${whileAway()}>${t(`complaint.deed.${deed}`)}</button></div></form>`;
}

/** The names one may choose for a field. @param {string} name @returns {[string, string][] | null} */
function options(name) {
  const of = (/** @type {"kinds"} */ list) => choices.value[list].map((/** @type {any} */ each) => [each.name, called(list, each.name)]);
  /** @type {Record<string, () => any>} */
  const all = {
    cause: () => of(/** @type {any} */ ("causes")), remedy: () => of(/** @type {any} */ ("remedies")), about: () => of(/** @type {any} */ ("about")),
    kind: () => of("kinds"), severity: () => of(/** @type {any} */ ("severities")),
    outcome: () => choices.value.outcomes.filter((/** @type {string} */ each) => each !== "withdrawn").map((/** @type {string} */ each) => [each, t(`complaint.outcome.${each}`)]),
    queue: () => (config.value?.queues ?? []).map((/** @type {any} */ each) => [each.name, queueLabel(each.name)]),
  };
  return all[name]?.() ?? null;
}

/** @param {{name: string, deed: string, one: any, value: string, say: (value: string) => void, needed: boolean}} props */
function Field({ name, deed, one, value, say, needed }) {
  const label = name === "words" ? t(`complaint.words.${deed}`, {}, t("complaint.words")) : t(`complaint.field.${name}`);
  const shown = html`<span>${label}${!needed && html` <span class="meta">${t("complaint.may")}</span>`}</span>`;
  const heard = (/** @type {any} */ event) => say(event.target.value);
  if (name === "owner") return html`<label>${label}<${Owners} one=${one} value=${value} say=${say} /></label>`;
  if (name === "amount") return html`<label>${shown}<input inputmode="decimal" autocomplete="off" value=${value} onInput=${heard} pattern="[0-9\\s]{1,15}([.,][0-9]+)?" placeholder=${money(0, one.currency)} /></label>`;
  const list = options(name);
  if (!list) return html`<label>${shown}<textarea rows=${name === "words" ? 2 : 4} maxlength=${WORDS_CHARS_MAX} required=${needed} value=${value} onInput=${heard}></textarea></label>`;
  const gone = value && !list.some(([each]) => each === value);
  return html`<label>${shown}<select required=${needed} value=${value} onChange=${heard}><option value="">${t("complaint.choose")}</option>${gone && html`<option value=${value}>${value}</option>`}${list.map(([each, text]) => html`<option key=${each} value=${each}>${text}</option>`)}</select></label>`;
}

/** Colleagues who may care for it. @param {{one: any, value: string, say: (value: string) => void}} props */
function Owners({ one, value, say }) {
  const [people, setPeople] = useState(/** @type {any[]} */ ([]));
  useEffect(() => { void get(`/complaints/${one.line.number}/colleagues`).then(setPeople, () => {}); }, [one.line.number]);
  return html`<select required value=${people.length ? value : ""} onChange=${(/** @type {any} */ event) => say(event.target.value)}><option value="">${t("complaint.choose")}</option>${people.map((each) => html`<option key=${each.id} value=${String(each.id)}>${each.name}</option>`)}</select>`;
}
