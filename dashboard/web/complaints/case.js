// @ts-check
// One complaint: where it stands, what comes next, what was said, its conversations and its history.
import { html, useEffect, useRef, useState } from "../vendor/ui.js";
import { keepFresh } from "../frame/fresh.js";
import { announce, me, tell } from "../frame/state.js";
import { get, newId, post } from "../frame/api.js";
import { Dialog, Icon, Menu, Shape, channelLabel, fullOf, queueLabel, siteTime, whileAway } from "../frame/parts.js";
import { go } from "../frame/screens.js";
import { ownKey } from "../frame/settings.js";
import { heard, t } from "../frame/words.js";
import { History } from "./history.js";
import { useKeys } from "../frame/keys.js";
import { Linked } from "./linked.js";
import { order } from "./list.js";
import { DueBy, Severity, called, money, moment, ownerName, whose } from "./names.js";
import { Who } from "./somebody.js";
import { StepForm, asNote, typedFor, wordsOf } from "./steps.js";

const STAGES = ["open", "acknowledged", "examined", "answered", "closed"];
/** Steps that have a place of their own on the page. */
const PLACED = new Set(["note", "link", "unlink", "take"]);
/** @type {Record<string, string>} */
const ICONS = { acknowledge: "check", examine: "search", answer: "chat", close: "check", withdraw: "block", reopen: "transfer", change: "note", assign: "person" };

/** @param {{number: number}} props */
export function Case({ number }) {
  const [one, put] = useState(/** @type {any} */ (null));
  const [fault, setFault] = useState("");
  const [faster, setFaster] = useState(/** @type {any} */ (null));
  const [asked, ask] = useState("");
  const shown = useRef(/** @type {any} */ (null));
  const show = (/** @type {any} */ found) => {
    // An answer that was on its way while a newer one came is old.
    if (shown.current && found.line.version < shown.current.line.version) return;
    shown.current = found;
    put(found);
    setFault("");
  };
  const load = async () => {
    try {
      const before = shown.current;
      const found = await get(`/complaints/${number}`);
      show(found);
      if (!before || found.line.version <= before.line.version) return;
      announce("status", t("complaint.news"));
      // What was being typed for a step that somebody else has taken meanwhile has lost its place.
      const lost = before.next && !found.can.includes(before.next) ? typedFor(number, before.next) : "";
      if (lost) setFaster({ step: found.steps.at(-1), lost });
    } catch (/** @type {any} */ error) {
      setFault(error.code === "not_visible" ? "gone" : "failed");
    }
  };
  useEffect(() => {
    void load();
    return keepFresh("complaint", load);
  }, [number]);
  const walk = (/** @type {number} */ by) => { const next = order.value[order.value.indexOf(number) + by]; if (next && order.value.includes(number)) go("complaints", String(next)); };
  useKeys({ [ownKey("next")]: () => walk(1), [ownKey("previous")]: () => walk(-1), Escape: () => go("complaints"), [ownKey("note")]: () => /** @type {any} */ (document.querySelector(".complaint-note textarea"))?.focus() });
  const busy = useRef(false);
  const take = async (/** @type {string} */ deed, /** @type {object} */ body) => {
    // A second click while the first one is on its way is the same click.
    if (busy.current) return false;
    busy.current = true;
    const taken = await send(deed, body);
    busy.current = false;
    return taken;
  };
  const send = async (/** @type {string} */ deed, /** @type {object} */ body) => {
    try {
      show(await post(`/complaints/${number}/steps`, { deed, version: shown.current.line.version, ...body }));
      setFaster(null);
      announce("status", t(`complaint.did.${deed}`));
      return true;
    } catch (/** @type {any} */ error) {
      if (error.code !== "complaint_changed") tell(heard(error), "crit");
      else {
        await load();
        // Words for a step that cannot be taken any more have lost their place: they are shown, not dropped.
        const lost = shown.current.can.includes(deed) ? "" : wordsOf(body);
        setFaster({ step: shown.current.steps.at(-1), lost });
      }
      return false;
    }
  };
  const back = html`<button type="button" class="plain back-to" onClick=${() => go("complaints")}><${Icon} name="back" /> ${t("complaints.back")}</button>`;
  if (!one) return html`${back}${fault ? html`<p class="empty" role="alert">${t(fault === "gone" ? "complaint.gone" : "complaints.failed")} ${fault === "failed" && html`<button type="button" onClick=${load}>${t("retry")}</button>`}</p>` : html`<div class="skeleton" aria-hidden="true"><i></i><i></i></div>`}`;
  return html`${back}<${Head} one=${one} ask=${ask} />
    ${fault && html`<p class="table-state" role="status"><${Icon} name="warn" /> ${t("complaints.stale")} <button type="button" class="link" onClick=${load}>${t("retry")}</button></p>`}
    ${faster && html`<${Faster} number=${number} step=${faster.step} lost=${faster.lost} close=${() => setFaster(null)} />`}
    <div class="complaint-page"><div class="complaint-main"><${Next} one=${one} take=${take} /><${Said} one=${one} /><${History} one=${one} take=${take} /></div>
      <div class="complaint-side"><${Facts} one=${one} take=${take} /><${Linked} one=${one} take=${take} load=${load} /></div></div>
    ${asked === "who" && html`<${Who} take=${take} close=${() => ask("")} />`}
    ${asked && asked !== "who" && html`<${Dialog} title=${t(`complaint.title.${asked}`)} close=${() => ask("")}><p class="meta">${t(`complaint.about.${asked}`)}</p><${StepForm} one=${one} deed=${asked} take=${take} done=${() => ask("")} /><//>`}`;
}

/** Somebody else was faster: what they did, and where one's own words are. @param {{number: number, step: any, lost: string, close: () => void}} props */
function Faster({ number, step, lost, close }) {
  const who = { name: step.by?.name ?? "Patchbay", what: t(`complaint.did.${step.deed}`) };
  return html`<div class="faster" role="alert"><${Icon} name="warn" /> <div class="grow"><p>${t(lost ? "complaint.faster.lost" : "complaint.faster", who)}</p>${lost && html`<blockquote class="words">${lost}</blockquote><button type="button" class="link" onClick=${() => { asNote(number, lost); close(); }}>${t("complaint.as_note")}</button>`}</div>
    <button type="button" class="icon-button" aria-label=${t("close")} onClick=${close}><${Icon} name="close" /></button></div>`;
}

/** @param {{one: any, ask: (deed: string) => void}} props */
function Head({ one, ask }) {
  const { line } = one;
  const others = one.can.filter((/** @type {string} */ deed) => deed !== one.next && !PLACED.has(deed));
  const at = STAGES.indexOf(line.stage);
  return html`<header class="complaint-head"><div class="grow"><h1>${t("complaint.title", { n: line.number })} <span class="of">${line.customer.id ? html`<button type="button" class="link" onClick=${() => go("customers", String(line.customer.id))}>${whose(line)}</button>` : whose(line)}</span>${!line.customer.id && one.can.includes("change") ? html` <button type="button" class="link" onClick=${() => ask("who")}>${t("complaint.who")}</button>` : ""}</h1>
      <p class="meta">${called("kinds", line.kind)}${line.about && ` · ${called("about", line.about)}`} · ${queueLabel(line.queue)}${line.channel && ` · ${channelLabel(line.channel)}`}${line.reopened > 0 ? ` · ${t("complaint.reopened", { n: line.reopened })}` : ""}</p></div>
      <${Severity} name=${line.severity} /><${DueBy} line=${line} />
      ${others.length > 0 && html`<${Menu} label=${t("complaint.others")} icon="more" items=${others.map((/** @type {string} */ deed) => ({ key: deed, icon: ICONS[deed], text: t(`complaint.deed.${deed}`), off: whileAway(), act: () => ask(deed) }))} />`}</header>
    <ol class="stages" aria-label=${t("complaint.stages")}>${STAGES.map((stage, number) => html`<li key=${stage} class=${number < at ? "done" : number === at ? "here" : ""} aria-current=${number === at ? "step" : undefined}>${number < at || line.stage === "closed" ? html`<${Icon} name="check" size=${14} />` : html`<${Shape} shape=${number === at ? "half" : "ring"} />`} <span>${t(`complaint.stage.${stage}`)}</span></li>`)}</ol>`;
}

/** What comes next, and nothing else to decide about. @param {{one: any, take: (deed: string, body: object) => Promise<boolean>}} props */
function Next({ one, take }) {
  const { line } = one;
  if (one.forgotten) return html`<section class="card-box"><p>${t("complaint.forgotten")}</p></section>`;
  if (line.stage === "closed") return html`<section class="card-box"><h2>${t(`complaint.outcome.${line.outcome}`)}</h2><p>${[called("causes", one.cause), called("remedies", one.remedy), one.amount ? money(one.amount, one.currency) : ""].filter(Boolean).join(" · ")}</p></section>`;
  if (!one.next) return html`<section class="card-box next"><h2>${t(`complaint.next.${line.due}`)}</h2><p>${t("complaint.theirs", { name: ownerName(line.owner) })}</p></section>`;
  return html`<section class="card-box next" aria-label=${t("complaint.next")}><h2>${t(`complaint.next.${one.next}`)}</h2><p class="meta">${t(`complaint.about.${one.next}`)}</p><${StepForm} key=${`${one.next}${line.reopened}`} one=${one} deed=${one.next} take=${take} first=${true} /></section>`;
}

/** What somebody wrote about it. @param {{one: any}} props */
function Said({ one }) {
  const parts = [["happened", one.happened], ["wish", one.wish], ["answer", one.answer]].filter(([, text]) => text);
  if (!parts.length) return null;
  return html`<section class="card-box said-so">${parts.map(([name, text]) => html`<div key=${name}><h2>${t(`complaint.field.${name}`)}</h2><p class="words">${text}</p></div>`)}</section>`;
}

/** @param {{one: any, take: (deed: string, body: object) => Promise<boolean>}} props */
function Facts({ one, take }) {
  const { line } = one;
  const time = (/** @type {number} */ at) => html`<span title=${siteTime(at)}>${moment(at)}</span>`;
  const kept = (/** @type {number} */ by, /** @type {number} */ at) => html`${time(by)}${at > 0 && html` <span class=${at <= by ? "ok" : "crit"} title=${fullOf(at)}><${Icon} name=${at <= by ? "check" : "late"} size=${14} /> ${t(at <= by ? "complaint.kept" : "complaint.missed")}</span>`}`;
  /** @type {[string, any][]} */
  const rows = [
    ["owner", html`${ownerName(line.owner)}${one.can.includes("take") && line.owner?.id !== me.value.id ? html` <button type="button" class="link" ...${whileAway()} onClick=${() => take("take", { command_id: newId() })}>${t("complaint.deed.take")}</button>` : ""}`], ["recorder", html`${one.recorder?.name ?? ""} <span class="meta">${time(line.opened_ms)}</span>`],
    ["acknowledge_by", kept(one.acknowledge_by_ms, one.acknowledged_ms)], ["answer_by", kept(one.answer_by_ms, one.answered_ms)],
    ["cause", called("causes", one.cause)], ["outcome", line.outcome && t(`complaint.outcome.${line.outcome}`)],
    ["remedy", one.remedy && html`${called("remedies", one.remedy)}${one.amount ? ` · ${money(one.amount, one.currency)}` : ""}`],
  ];
  return html`<section class="card-box"><h2>${t("complaint.facts")}</h2><dl>${rows.filter(([, value]) => value).map(([name, value]) => html`<div key=${name}><dt>${t(`complaint.field.${name}`)}</dt><dd>${value}</dd></div>`)}</dl></section>`;
}
