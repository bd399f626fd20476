// @ts-check
// One review: the conversation beside its scorecard. The draft is kept while it is written; the agent answers once.
import { html, signal, useEffect, useRef, useState } from "../vendor/ui.js";
import { keepFresh } from "../frame/fresh.js";
import { me, tell } from "../frame/state.js";
import { get, newId, post } from "../frame/api.js";
import { Dialog, Icon, channelLabel, queueLabel, siteTime, whileAway } from "../frame/parts.js";
import { go } from "../frame/screens.js";
import { ownKey } from "../frame/settings.js";
import { useWritten } from "../frame/written.js";
import { heard, t } from "../frame/words.js";
import { useKeys } from "../frame/keys.js";
import { Card, openOf } from "./card.js";
import { Stage, Stars, nameOf } from "./names.js";
import { fetchCount } from "./reviews.js";
import { Thread } from "./thread.js";
import { order } from "./todo.js";

const KEPT_AFTER_MS = 800;
const SAID_CHARS_MAX = 10_000;
/** What is written and not yet kept, by reference: opening something else meanwhile loses nothing. */
const unkept = signal(/** @type {Map<string, any>} */ (new Map()));
/** @param {string} ref @param {any} draft */
const hold = (ref, draft) => { const next = new Map(unkept.value); if (draft) next.set(ref, draft); else next.delete(ref); unkept.value = next; };

/** @param {string} reference */
function useReview(reference) {
  const [one, put] = useState(/** @type {any} */ (null));
  const [fault, setFault] = useState("");
  const [faster, setFaster] = useState("");
  const shown = useRef(/** @type {any} */ (null));
  const turn = useRef(Promise.resolve(true));
  const show = (/** @type {any} */ found) => { shown.current = found; put(found); setFault(""); };
  const load = async () => {
    try {
      const found = await get(`/conversations/${reference}/review`);
      // While something of ours is on its way, what comes is older than the screen.
      if (!unkept.value.has(reference) || !shown.current) show(found);
    } catch (/** @type {any} */ error) {
      setFault(error.code === "not_visible" ? "gone" : "failed");
    }
  };
  const once = async (/** @type {string} */ deed, /** @type {object} */ said) => {
    try {
      show(await post(`/conversations/${reference}/review`, { deed, version: shown.current?.line?.version ?? 0, command_id: newId(), ...said }));
      void fetchCount();
      return true;
    } catch (/** @type {any} */ error) {
      if (["review_changed", "review_begun", "review_forgotten", "review_stage"].includes(error.code)) {
        hold(reference, null);
        await load();
        setFaster(shown.current?.editor?.name ?? shown.current?.line?.reviewer?.name ?? "");
      }
      tell(heard(error), "crit");
      return false;
    }
  };
  // One after the other: each is written over the version that the one before has made.
  const act = (/** @type {string} */ deed, /** @type {any} */ said = {}) => { turn.current = turn.current.then(() => once(deed, typeof said === "function" ? said() : said)); return turn.current; };
  useEffect(() => {
    void load();
    return keepFresh("review", load);
  }, [reference]);
  return { one, fault, faster, setFaster, load, act };
}

/** @param {{reference: string}} props */
export function Review({ reference }) {
  const { one, fault, faster, setFaster, load, act } = useReview(reference);
  const walk = (/** @type {number} */ by) => { const next = order.value[order.value.indexOf(reference) + by]; if (next && order.value.includes(reference)) go("reviews", next); };
  const leave = () => go("reviews", ...(me.value?.role === "agent" ? [] : order.value.includes(reference) ? ["to-do"] : ["written"]));
  useKeys({ Escape: leave, [ownKey("next")]: () => walk(1), [ownKey("previous")]: () => walk(-1) });
  const back = html`<button type="button" class="link back-to" onClick=${leave}><${Icon} name="back" /> ${t("reviews.back")}</button>`;
  if (!one) return html`${back}${fault ? html`<p class="empty" role="alert">${t(fault === "gone" ? "review.gone" : "reviews.failed")} ${fault !== "gone" && html`<button type="button" onClick=${load}>${t("retry")}</button>`}</p>` : html`<div class="skeleton" aria-hidden="true"><i></i><i></i><i></i></div>`}`;
  return html`${back}<header class="review-head"><div class="grow"><h1>${t("review.title", { name: one.agent?.name ?? "" })}</h1>
      <p class="meta"><${Icon} name=${one.channel} label=${channelLabel(one.channel)} size=${14} /> ${nameOf(one.customer)} · ${queueLabel(one.queue)} · ${siteTime(one.closed_ms)}${one.line?.why ? ` · ${t(`review.why.${one.line.why}`)}` : ""}</p></div>
      ${one.line && html`<${Stage} stage=${one.line.stage} view=${one.line.view} />`}<button type="button" onClick=${() => go("desk", reference)}>${t("review.conversation")}</button></header>
    ${fault && html`<p class="table-state" role="status"><${Icon} name="warn" /> ${t("reviews.stale")} <button type="button" class="link" onClick=${load}>${t("retry")}</button></p>`}
    ${faster && html`<p class="faster" role="alert"><${Icon} name="warn" /> <span class="grow">${t("review.faster", { name: faster })}</span><button type="button" class="icon-button" aria-label=${t("close")} onClick=${() => setFaster("")}><${Icon} name="close" /></button></p>`}
    <div class="review-page"><div class="review-thread">${one.rating && html`<section class="card-box rated"><${Stars} score=${one.rating.score} />${one.rating.words && html`<blockquote class="words">${one.rating.words}</blockquote>`}</section>`}
        <${Thread} reference=${reference} customer=${nameOf(one.customer)} /></div>
      <div class="review-card"><${Sheet} one=${one} act=${act} key=${one.line?.stage ?? ""} /></div></div>`;
}

/** What stands beside the conversation: to begin, to write, or to read and answer. @param {{one: any, act: (deed: string, said?: any) => Promise<boolean>}} props */
function Sheet({ one, act }) {
  if (!one.line) return html`<section class="card-box"><h2>${labelName(one.card)}</h2>${one.can.includes("begin") ? html`<p class="meta">${t("review.begin.text", { n: one.card.questions.length })}</p><button type="button" class="primary" ...${whileAway()} onClick=${() => act("begin")}>${t("review.begin")}</button>` : html`<p class="meta">${t("review.not_yours")}</p>`}</section>`;
  if (one.forgotten) return html`<section class="card-box"><${Card} card=${one.card} answers=${one.answers} notes=${{}} /><p class="meta">${t("review.forgotten")}</p></section>`;
  if (one.can.includes("save")) return html`<${Writing} one=${one} act=${act} />`;
  return html`<section class="card-box"><h2>${labelName(one.card)}</h2><p class="meta">${t("review.by", { name: one.line.reviewer?.name ?? "" })}</p><${Card} card=${one.card} answers=${one.answers} notes=${one.notes} />
      ${one.said && html`<h3>${t("review.said")}</h3><p class="words">${one.said}</p>`}
      ${one.can.includes("take") && html`<button type="button" ...${whileAway()} onClick=${() => act("take")}>${t("review.take")}</button>`}
      ${one.can.includes("take_back") && html`<button type="button" ...${whileAway()} onClick=${() => act("take_back")}>${t("review.take_back")}</button>`}</section>
    ${one.line.view && html`<section class="card-box"><h3>${t("review.answer.of", { name: one.agent?.name ?? "" })}</h3><p><b>${t(`review.view.${one.line.view}`)}</b></p>${one.answer && html`<p class="words">${one.answer}</p>`}</section>`}
    ${one.line.stage === "settled" && html`<section class="card-box"><h3>${t("review.settled.by", { name: one.settler?.name ?? "" })}</h3>${one.settled && html`<p class="words">${one.settled}</p>`}</section>`}
    ${one.can.includes("answer") && html`<${Answer} one=${one} act=${act} />`}${one.can.includes("settle") && html`<${Settle} one=${one} act=${act} />`}`;
}

/** @param {any} card */
const labelName = (card) => card.label[document.documentElement.lang] ?? card.label.en ?? card.name;

/** The draft: each pause keeps it. @param {{one: any, act: (deed: string, said?: any) => Promise<boolean>}} props */
function Writing({ one, act }) {
  const [asked, ask] = useState("");
  const timer = useRef(/** @type {any} */ (0));
  const kept = { answers: one.answers, notes: one.notes, said: one.said };
  const draft = unkept.value.get(one.ref) ?? kept;
  const keep = async () => {
    clearTimeout(timer.current);
    const sent = unkept.value.get(one.ref);
    if (sent && (await act("save", sent)) && unkept.value.get(one.ref) === sent) hold(one.ref, null);
  };
  const change = (/** @type {any} */ part) => {
    hold(one.ref, { ...(unkept.value.get(one.ref) ?? kept), ...part });
    clearTimeout(timer.current);
    timer.current = setTimeout(keep, KEPT_AFTER_MS);
  };
  useEffect(() => () => { clearTimeout(timer.current); void keep(); }, []);
  const open = openOf(one.card, draft.answers);
  const hand = async () => { clearTimeout(timer.current); if (await act("hand", draft)) { hold(one.ref, null); tell(t("review.handed", { name: one.agent?.name ?? "" }), "good"); } };
  const drop = async () => { clearTimeout(timer.current); hold(one.ref, null); ask(""); await act("drop"); };
  return html`<section class="card-box"><h2>${labelName(one.card)}</h2><${Card} card=${one.card} answers=${draft.answers} notes=${draft.notes} change=${change} />
    <label class="said-to">${t("review.said")}<textarea rows="4" maxlength=${SAID_CHARS_MAX} value=${draft.said} onInput=${(/** @type {any} */ event) => change({ said: event.target.value })}></textarea></label>
    <p class="meta kept" role="status">${t(unkept.value.has(one.ref) ? "review.keeping" : "review.kept")}</p>
    <div class="row"><button type="button" class="link" onClick=${() => ask("drop")}>${t("review.drop")}</button><span class="grow"></span>
      <button type="button" class="primary" disabled=${open > 0} title=${open > 0 ? t("review.to_answer", { n: open }) : undefined} ...${whileAway()} onClick=${hand}>${t("review.hand", { name: one.agent?.name ?? "" })}</button></div></section>
    ${asked && html`<${Dialog} title=${t("review.drop")} close=${() => ask("")}><p>${t("review.drop.text")}</p><div class="row"><span class="grow"></span><button type="button" onClick=${() => ask("")}>${t("cancel")}</button><button type="button" class="primary" ...${whileAway()} onClick=${drop}>${t("review.drop")}</button></div><//>`}`;
}

/** What the agent thinks of it, once. @param {{one: any, act: (deed: string, said?: any) => Promise<boolean>}} props */
function Answer({ one, act }) {
  const [view, setView] = useState("");
  const [words, setWords, sent] = useWritten(`${one.ref}:answer`, "");
  const send = async (/** @type {any} */ event) => { event.preventDefault(); if (await act("answer", { view, words })) sent(); };
  return html`<form class="card-box" onSubmit=${send}><fieldset><legend>${t("review.answer")}</legend><div class="answers">${["agree", "differ"].map((each) => html`<label key=${each} class=${view === each ? "chosen" : ""}><input type="radio" name="view" required checked=${view === each} onChange=${() => setView(each)} /><span>${t(`review.view.${each}`)}</span></label>`)}</div></fieldset>
    <label class="said-to">${t(view === "differ" ? "review.words.differ" : "review.words")}<textarea rows="3" maxlength=${SAID_CHARS_MAX} required=${view === "differ"} value=${words} onInput=${(/** @type {any} */ event) => setWords(event.target.value)}></textarea></label>
    <p class="meta">${t("review.answer.once")}</p><div class="row"><span class="grow"></span><button type="submit" class="primary" ...${whileAway()}>${t("review.answer.send")}</button></div></form>`;
}

/** The last word, and other points where the agent was right. @param {{one: any, act: (deed: string, said?: any) => Promise<boolean>}} props */
function Settle({ one, act }) {
  const [words, setWords, sent] = useWritten(`${one.ref}:settle`, "");
  const [answers, setAnswers] = useState(/** @type {Record<string, number> | null} */ (null));
  const send = async (/** @type {any} */ event) => { event.preventDefault(); if (await act("settle", { words, ...(answers ? { answers } : {}) })) sent(); };
  return html`<form class="card-box" onSubmit=${send}><h3>${t("review.settle")}</h3>
    ${answers ? html`<${Card} card=${one.card} answers=${answers} notes=${one.notes} change=${(/** @type {any} */ part) => part.answers && setAnswers(part.answers)} />` : html`<button type="button" class="link" onClick=${() => setAnswers({ ...one.answers })}>${t("review.settle.change")}</button>`}
    <label class="said-to">${t("review.settle.words")}<textarea rows="3" maxlength=${SAID_CHARS_MAX} value=${words} onInput=${(/** @type {any} */ event) => setWords(event.target.value)}></textarea></label>
    <div class="row"><span class="grow"></span><button type="submit" class="primary" ...${whileAway()}>${t("review.settle.send")}</button></div></form>`;
}
