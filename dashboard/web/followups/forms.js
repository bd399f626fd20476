// @ts-check
// The forms of follow-ups: another time, another colleague, an outcome; and why, of whoever is not its owner.
import { html, useEffect, useState } from "../vendor/ui.js";
import { config, me, now } from "../frame/state.js";
import { get } from "../frame/api.js";
import { Dialog, siteTime, whileAway } from "../frame/parts.js";
import { fetchRoom } from "../frame/screens.js";
import { useWritten } from "../frame/written.js";
import { heard, named, t } from "../frame/words.js";

const HOUR_MS = 3_600_000;
const REASONS = ["customer_asked", "owner_away", "expertise", "priorities", "settled"];

/** @typedef {{one: any, act: (deed: string, body: object) => Promise<boolean>, close: () => void}} Props */

/** Its owner says no reason. @param {any} line */
const isOwn = (line) => line.owner?.id === me.value?.id;

/** @param {{line: any, value: string, choose: (reason: string) => void}} props */
const Reason = ({ line, value, choose }) => (isOwn(line) ? null : html`<label>${t("followup.reason")} <select value=${value} onChange=${(/** @type {any} */ event) => choose(event.target.value)}>${REASONS.map((name) => html`<option key=${name} value=${name}>${t(`followup.why.${name}`)}</option>`)}</select></label>`);

/** @param {{value: string, write: (text: string) => void, label: string}} props */
const Note = ({ value, write, label }) => html`<label>${label} <textarea rows="2" value=${value} onInput=${(/** @type {any} */ event) => write(event.target.value)}></textarea></label>`;

/** What is sent with each deed. @param {any} line @param {string} reason @param {string} note */
const said = (line, reason, note) => ({ due_ms: line.due_ms, ...(isOwn(line) ? {} : { reason }), ...(note.trim() ? { note: note.trim() } : {}) });

/** The days of parking with their words and style, fetched when they are first asked for. */
function useDays() {
  const [days, come] = useState(/** @type {any} */ (null));
  useEffect(() => { void Promise.all([import("../handing/moments.js"), fetchRoom("handing", () => import("../handing/handing.js"))]).then(([module, room]) => room && come(module), () => {}); }, []);
  return days;
}

/** A form sends once at a time. @param {() => Promise<boolean>} send @param {() => boolean} ready @param {() => void} [sent] */
function useSending(send, ready, sent = () => {}) {
  const [busy, set] = useState(false);
  const submit = async (/** @type {any} */ event) => {
    event.preventDefault();
    if (busy || !ready()) return;
    set(true);
    if (await send()) sent();
    set(false);
  };
  return { busy, submit, keys: (/** @type {any} */ event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void submit(event); } };
}

/** @param {Props} props */
function Move({ one, act, close }) {
  const { line } = one;
  const days = useDays();
  const [own, setOwn] = useState(false);
  const [at, setAt] = useState(0);
  const [note, write, sent] = useWritten(`${line.ref}:move`, "");
  const [reason, because] = useState(REASONS[0]);
  const { busy, submit, keys } = useSending(() => act("move", { ...said(line, reason, note), until_ms: at }), () => at > now.value, sent);
  if (!days) return html`<${Dialog} title=${t("followup.title.move")} close=${close}><div class="skeleton" aria-hidden="true"><i></i><i></i></div><//>`;
  const { Moment, morning, toMonday } = days;
  /** @type {[string, number][]} */
  const near = [["hour", Math.ceil((now.value + HOUR_MS) / 300_000) * 300_000], ["tomorrow", morning(1)], ...(toMonday() > 1 ? /** @type {[string, number][]} */ ([["monday", morning(toMonday())]]) : [])];
  return html`<${Dialog} title=${t("followup.title.move")} close=${close}><form class="followup-form" onSubmit=${submit} onKeyDown=${keys}>
    <div class="times" role="group" aria-label=${t("followup.new_time")}>${near.map(([name, time]) => html`<button type="button" class="choice-line" key=${name} aria-pressed=${at === time && !own} onClick=${() => { setOwn(false); setAt(time); }}>${t(`followup.time.${name}`)} <span class="meta">${siteTime(time)}</span></button>`)}
      <button type="button" class="choice-line" aria-expanded=${own} onClick=${() => { setOwn(!own); if (!own && at <= now.value) setAt(morning(1)); }}>${t("followup.time.own")}</button></div>
    ${own && html`<${Moment} at=${at} change=${setAt} />`}
    <${Note} label=${t("followup.note.move")} value=${note} write=${write} /><${Reason} line=${line} value=${reason} choose=${because} />
    <div class="row"><p class="grow meta" role="status">${at ? (at <= now.value ? t("followup.past") : siteTime(at)) : ""}</p><button type="submit" class="primary" ...${whileAway()} disabled=${busy || at <= now.value || whileAway().disabled}>${t("followup.move")}</button></div></form><//>`;
}

/** @param {Props} props */
function Hand({ one, act, close }) {
  const { line } = one;
  const [colleagues, know] = useState(/** @type {any[] | null} */ (null));
  const [fault, fail] = useState("");
  const read = () => { fail(""); void get(`/followups/${encodeURIComponent(line.ref)}/colleagues`).then(know, (error) => fail(heard(error))); };
  useEffect(read, []);
  const [to, setTo] = useState("");
  const [note, write, sent] = useWritten(`${line.ref}:hand`, "");
  const [reason, because] = useState(REASONS[1]);
  const { busy, submit, keys } = useSending(() => act("hand", { ...said(line, reason, note), reason, to_agent: Number(to) }), () => Boolean(to), sent);
  return html`<${Dialog} title=${t("followup.title.hand")} close=${close}><form class="followup-form" onSubmit=${submit} onKeyDown=${keys}><p class="meta">${t("followup.hand.text", { at: siteTime(line.due_ms) })}</p>
    <label>${t("followup.colleague")} <select value=${to} required onChange=${(/** @type {any} */ event) => setTo(event.target.value)}><option value="">${t("followup.choose")}</option>${(colleagues ?? []).map((/** @type {any} */ each) => html`<option key=${each.id} value=${String(each.id)}>${each.name}${each.here ? "" : ` – ${t("followup.there.away")}`}</option>`)}</select></label>
    ${fault && html`<p class="crit" role="alert">${fault} <button type="button" class="link" onClick=${read}>${t("retry")}</button></p>`}${colleagues && !colleagues.length && html`<p class="meta">${t("followup.nobody_able")}</p>`}
    ${line.state === "parked" && html`<${Note} label=${t("followup.note.hand")} value=${note} write=${write} />`}
    <label>${t("followup.reason")} <select value=${reason} onChange=${(/** @type {any} */ event) => because(event.target.value)}>${REASONS.map((name) => html`<option key=${name} value=${name}>${t(`followup.why.${name}`)}</option>`)}</select></label>
    <div class="row"><span class="grow"></span><button type="submit" class="primary" ...${whileAway()} disabled=${busy || !to || whileAway().disabled}>${t("followup.deed.hand")}</button></div></form><//>`;
}

/** @param {Props} props */
function Done({ one, act, close }) {
  const { line } = one;
  const [outcome, setOutcome] = useState("");
  const [why, setWhy] = useState("");
  const [note, write, sent] = useWritten(`${line.ref}:done`, "");
  const [reason, because] = useState("settled");
  const reasons = config.value?.outcome_reasons?.[outcome] ?? [];
  const disposition = outcome && why ? `${outcome}:${why}` : outcome;
  const { busy, submit, keys } = useSending(() => act("done", { ...said(line, reason, note), disposition }), () => Boolean(outcome) || !one.outcome_required, sent);
  const choice = (/** @type {string} */ label, /** @type {string} */ of, /** @type {string[]} */ names, /** @type {string} */ chosen, /** @type {(name: string) => void} */ pick) => html`<fieldset><legend>${label}</legend><div class="outcomes">${names.map((name) => html`<label key=${name} class=${`chip choice ${chosen === name ? "chosen" : ""}`}><input type="radio" name=${of} checked=${chosen === name} onChange=${() => pick(name)} /> ${named(name)}</label>`)}</div></fieldset>`;
  return html`<${Dialog} title=${t("followup.title.done")} close=${close}><form class="followup-form" onSubmit=${submit} onKeyDown=${keys}><p class="meta">${t("followup.done.text")}</p>
    ${one.outcomes.length > 0 && choice(t("followup.outcome"), "followup-outcome", one.outcomes, outcome, (name) => { setOutcome(name); setWhy(""); })}
    ${reasons.length > 0 && choice(t("followup.outcome.reason"), "followup-reason", reasons, why, setWhy)}
    <${Note} label=${t("followup.note.done")} value=${note} write=${write} /><${Reason} line=${line} value=${reason} choose=${because} />
    <div class="row"><span class="grow"></span><button type="submit" class="primary" ...${whileAway()} disabled=${busy || (one.outcome_required && !outcome) || whileAway().disabled}>${t("followup.deed.done")}</button></div></form><//>`;
}

/** Taking up somebody else's: only why is asked. @param {Props} props */
function Take({ one, act, close }) {
  const [reason, because] = useState(REASONS[0]);
  const { busy, submit } = useSending(() => act("take", { reason }), () => true);
  return html`<${Dialog} title=${t("followup.title.take")} close=${close}><form class="followup-form" onSubmit=${submit}><p class="meta">${t("followup.take.text")}</p><${Reason} line=${one.line} value=${reason} choose=${because} />
    <div class="row"><span class="grow"></span><button type="submit" class="primary" ...${whileAway()} disabled=${busy || whileAway().disabled}>${t("followup.take")}</button></div></form><//>`;
}

/** @type {Record<string, (props: Props) => any>} */
export const FORMS = { move: Move, hand: Hand, done: Done, take: Take };
