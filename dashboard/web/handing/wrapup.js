// @ts-check
// The wrap-up form: what came of it, by which reason, with a note, until when to come back, within its time. Several may be open at once.
import { effect, html, useLayoutEffect, useRef, useState } from "../vendor/ui.js";
import { attempt, config, now, refreshHead, work } from "../frame/state.js";
import { newId, post } from "../frame/api.js";
import { Due, whileAway } from "../frame/parts.js";
import { draftOf, keepDraft, replacing } from "../desk/writing.js";
import { heard, named, t } from "../frame/words.js";
import { byHabit, chose } from "./habits.js";
import { Moment, momentText, morning } from "./moments.js";
import { useOnce } from "./once.js";

const DAYS_TO_FOLLOW = 3;
// In these modes time is a limit one works against; in the others it is only a bound that nobody should notice.
const TIMED = new Set(["timed", "fixed"]);

/** @typedef {{outcome: string, reason: string, note: string, follow: number}} Form */
const EMPTY = { outcome: "", reason: "", note: "", follow: 0 };
/** @param {string} ref */
const keyOf = (ref) => `${ref}:wrap`;

/** Half a form is a draft like every other. @param {string} ref @returns {Form} */
function formOf(ref) {
  try {
    return { ...EMPTY, ...JSON.parse(draftOf(keyOf(ref)).text || "{}") };
  } catch {
    return EMPTY;
  }
}

/** A note that was being written when a call ended goes on here, where it stopped. @param {string} ref @returns {boolean} */
function takeNote(ref) {
  const form = formOf(ref);
  const { text } = draftOf(`${ref}:note`);
  if (!text || form.note || replacing(ref)) return false;
  keepDraft(keyOf(ref), JSON.stringify({ ...form, note: text }));
  keepDraft(`${ref}:note`, "");
  return true;
}

/** Conversations whose form was looked at here: if time ends one, its note is still written down. @type {Set<string>} */
const begun = new Set();
effect(() => {
  const mine = work.value;
  for (const ref of [...begun]) {
    const live = mine.get(ref);
    if (live?.state === "wrap_up") continue;
    begun.delete(ref);
    if (!live) void keepNote(ref);
  }
});

/** Time was over before the note was saved: it goes into the story as it is. @param {string} ref */
async function keepNote(ref) {
  const { note } = formOf(ref);
  if (!note.trim()) return;
  await post(`/conversations/${ref}/note`, { text: note.trim(), client_id: newId() }).then(() => keepDraft(keyOf(ref), ""), () => {});
}

/** The queue's words about its wrap-up. @param {any} live */
const rulesOf = (live) => config.value.queues.find((/** @type {any} */ queue) => queue.name === live.queue) ?? {};

/** @param {{live: any}} props */
export function WrapUp({ live }) {
  const rules = rulesOf(live);
  const mode = rules.wrap_up_mode ?? "timed";
  const [goesOn] = useState(() => takeNote(live.ref));
  const [form, setForm] = useState(() => ({ ...formOf(live.ref), ...(live.outcome_kept ? { outcome: live.outcome_kept.split(":")[0], reason: live.outcome_kept.split(":")[1] ?? "" } : {}) }));
  const [filter, setFilter] = useState("");
  const [fault, setFault] = useState("");
  const first = useRef(/** @type {any} */ (null));
  const note = useRef(/** @type {any} */ (null));
  // Before the page is drawn: what is typed at once is not begun in the note and moved to the outcome.
  useLayoutEffect(() => {
    (goesOn ? note : first).current.focus();
    note.current.setSelectionRange(form.note.length, form.note.length);
    begun.add(live.ref);
  }, []);
  const put = (/** @type {Partial<Form>} */ part) => { const next = { ...form, ...part }; setForm(next); setFault(""); keepDraft(keyOf(live.ref), JSON.stringify(next)); };
  const names = rules.outcomes?.length ? rules.outcomes : config.value.dispositions;
  const list = byHabit(names, `outcomes:${live.queue}`, String).filter((name) => named(name).toLowerCase().includes(filter.trim().toLowerCase()));
  const reasons = config.value.outcome_reasons?.[form.outcome] ?? [];
  const ready = Boolean(form.outcome || form.follow || mode === "optional");
  const save = useOnce(async () => {
    if (!ready || form.follow && form.follow <= now.value) { setFault(t(ready ? "error.until_past" : "error.outcome_missing")); return; }
    try {
      const disposition = form.outcome && form.reason ? `${form.outcome}:${form.reason}` : form.outcome;
      begun.delete(live.ref);
      await post(`/conversations/${live.ref}/wrap-up`, { disposition, note: form.note.trim(), ...(form.follow ? { follow_up_ms: form.follow } : {}), command_id: newId() });
      if (form.outcome) chose(`outcomes:${live.queue}`, form.outcome);
      keepDraft(keyOf(live.ref), "");
      if (mode === "fixed") { setForm({ ...form, note: "" }); await refreshHead(live.ref); }
    } catch (/** @type {any} */ error) {
      begun.add(live.ref);
      setFault(heard(error));
    }
  });
  const keys = (/** @type {any} */ event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); void save(); }
    else if (event.key === "Enter" && event.target === first.current && !event.isComposing) { event.preventDefault(); if (list[0]) put({ outcome: list[0], reason: "" }); }
  };
  return html`<form class="wrap-up" data-mode=${mode} onSubmit=${(/** @type {any} */ event) => { event.preventDefault(); void save(); }} onKeyDown=${keys}>
    <div class="row"><h2>${t("wrap.title")}</h2><span class="meta grow">${t(`wrap.mode.${mode}`)}</span>${TIMED.has(mode) && html`<${Due} at=${live.due_ms} label=${t("due.wrap")} />
      <button type="button" ...${whileAway()} disabled=${live.extended || whileAway().disabled} title=${live.extended ? t("error.extended_once") : undefined} onClick=${() => extend(live)}>${t("wrap.more")}</button>`}</div>
    ${live.outcome_kept && html`<p class="ok" role="status">${t("wrap.kept", { outcome: named(live.outcome_kept.split(":")[0]) })}</p>`}
    <label>${t("wrap.outcome")} <input ref=${first} type="search" value=${filter} placeholder=${t("wrap.filter")} autocomplete="off" onInput=${(/** @type {any} */ event) => setFilter(event.target.value)} /></label>
    <${Choice} label=${t("wrap.outcome")} of=${`outcome-${live.ref}`} names=${list} chosen=${form.outcome} pick=${(/** @type {string} */ name) => put({ outcome: name, reason: "" })} />
    ${!list.length && html`<p class="empty">${t("wrap.none", { text: filter })}</p>`}
    ${reasons.length > 0 && html`<h3>${t("wrap.reason")}</h3><${Choice} label=${t("wrap.reason")} of=${`reason-${live.ref}`} names=${reasons} chosen=${form.reason} pick=${(/** @type {string} */ name) => put({ reason: name })} />`}
    <label>${t("wrap.note")} <textarea ref=${note} rows="2" value=${form.note} onInput=${(/** @type {any} */ event) => put({ note: event.target.value })}></textarea></label>
    <label class="check"><input type="checkbox" checked=${form.follow > 0} onChange=${(/** @type {any} */ event) => put({ follow: event.target.checked ? morning(DAYS_TO_FOLLOW) : 0 })} /> ${t("wrap.follow")}${form.follow ? html` <span class="meta">${momentText(form.follow)}</span>` : ""}</label>
    ${form.follow > 0 && html`<${Moment} at=${form.follow} change=${(/** @type {number} */ at) => put({ follow: at })} />`}
    <div class="row"><p class="fault grow" role="alert">${fault}</p><button type="submit" class="primary" ...${whileAway()} disabled=${!ready || whileAway().disabled}>${t(form.follow ? "wrap.save.follow" : mode === "fixed" ? "wrap.keep" : form.outcome || mode !== "optional" ? "wrap.save" : "wrap.skip")} <kbd class="wide">Ctrl ↵</kbd></button></div>
  </form>`;
}

/** @param {any} live */
const extend = (live) => attempt(async () => { await post(`/conversations/${live.ref}/wrap-up/extend`, { command_id: newId() }); await refreshHead(live.ref); });

/** One of several names, as chips. @param {{label: string, of: string, names: string[], chosen: string, pick: (name: string) => void}} props */
const Choice = ({ label, of, names, chosen, pick }) => html`<div class="outcomes" role="radiogroup" aria-label=${label}>${names.map((name) => html`<label key=${name} class=${`chip choice ${chosen === name ? "chosen" : ""}`}>
  <input type="radio" name=${of} checked=${chosen === name} onChange=${() => pick(name)} /> ${named(name)}</label>`)}</div>`;
