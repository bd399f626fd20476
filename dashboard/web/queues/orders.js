// @ts-check
// A supervisor steps in, always with a reason: assign, move, raise, take over, stop the ringing, end; close a queue, open it again.
import { html, signal, useEffect, useState } from "../vendor/ui.js";
import { attempt, now, queues, tell } from "../frame/state.js";
import { get, newId, post } from "../frame/api.js";
import { Dialog, Shape, queueLabel } from "../frame/parts.js";
import { labelOf, t } from "../frame/words.js";
import { useOnce } from "../handing/once.js";

const REASONS = ["long_wait", "promised", "wrong_queue", "expertise", "emergency"];
const ENDING_REASONS = ["settled", "duplicate", "spam", "test", "emergency"];
const CLOSING_REASONS = ["overload", "outage", "training", "emergency"];
const HOUR_MS = 3_600_000;
const CLOSE_FOR_MS = [HOUR_MS / 2, HOUR_MS, 2 * HOUR_MS, 4 * HOUR_MS];
const PRIORITIES = [0, 1, 3, 5];
/** What may be ordered of whom, by state. @type {Record<string, string[]>} */
const DEEDS = { waiting: ["assign", "move", "priority", "take-over", "end"], held: ["assign", "move", "take-over", "end"], offered: ["withdraw", "move", "priority", "take-over", "end"], callback: ["move", "take-over", "end"] };

const subject = signal(/** @type {{row: any, line: any} | null} */ (null));
const queue = signal("");
/** @param {any} row @param {any} line */
export const act = (row, line) => { subject.value = { row, line }; };
/** @param {string} name */
export const closing = (name) => { queue.value = name; };

export const Orders = () => html`${subject.value && html`<${Deed} ...${subject.value} />`}${queue.value && html`<${Closing} name=${queue.value} />`}`;

/** @param {{reasons: string[], value: string, choose: (reason: string) => void}} props */
const Reason = ({ reasons, value, choose }) => html`<label>${t("order.reason")} <select value=${value} onChange=${(/** @type {any} */ event) => choose(event.target.value)}>${reasons.map((name) => html`<option key=${name} value=${name}>${t(`order.why.${name}`)}</option>`)}</select></label>`;

/** @param {{row: any, line: any}} props */
function Deed({ row, line }) {
  const deeds = DEEDS[row.state] ?? [];
  const [deed, choose] = useState(deeds[0]);
  const reasons = deed === "end" ? ENDING_REASONS : REASONS;
  const [said, because] = useState("");
  const reason = reasons.includes(said) ? said : reasons[0];
  const [agents, setAgents] = useState(/** @type {any[]} */ ([]));
  const [to, setTo] = useState("");
  useEffect(() => { void attempt(() => get(`/conversations/${row.ref}/targets`)).then((targets) => setAgents(targets?.agents ?? [])); }, []);
  const close = () => { subject.value = null; };
  const options = { assign: agents.map((each) => [String(each.id), each.name]), move: queues.value.filter((each) => each.name !== line.queue).map((each) => [each.name, labelOf(each.label, each.name)]), priority: PRIORITIES.filter((each) => each !== line.priority).map((each) => [String(each), t(`priority.${each >= 3 ? "urgent" : each >= 1 ? "high" : "normal"}`) + (each ? ` (${each})` : "")]) }[deed];
  const chosen = options?.some(([value]) => value === to) ? to : options?.[0]?.[0] ?? "";
  const go = useOnce(async () => {
    const more = { assign: { to_agent: Number(chosen), forced: true }, move: { queue: chosen }, priority: { priority: Number(chosen) } }[deed] ?? {};
    if (await attempt(() => post(`/conversations/${row.ref}/${deed}`, { ...more, reason, command_id: newId() }))) { close(); tell(t("order.done")); }
  });
  return html`<${Dialog} title=${t("order.title", { name: row.name || t("customer.new") })} close=${close}><form onSubmit=${go}>
    <p class="meta">${queueLabel(line.queue)} · ${row.ref} · <a href=${`#/why/${encodeURIComponent(row.ref)}`} onClick=${close}>${t("order.story")}</a></p>
    <div class="deeds" role="radiogroup" aria-label=${t("order.what")}>${deeds.map((name) => html`<label key=${name}><input type="radio" name="deed" checked=${deed === name} onChange=${() => choose(name)} /> ${t(`deed.${name}`)}</label>`)}</div>
    ${options && (options.length ? html`<label>${t(`order.to.${deed}`)} <select value=${chosen} onChange=${(/** @type {any} */ event) => setTo(event.target.value)}>${options.map(([value, text]) => html`<option key=${value} value=${value}>${text}</option>`)}</select></label>` : html`<p class="empty">${t("order.nobody")}</p>`)}
    ${deed === "end" && html`<p class="meta">${t("order.end.text")}</p>`}
    <${Reason} reasons=${reasons} value=${reason} choose=${because} />
    <div class="row"><span class="grow"></span><button type="button" onClick=${close}>${t("cancel")}</button><button type="submit" class=${deed === "end" ? "danger" : "primary"} disabled=${Boolean(options && !chosen)}>${t(`deed.${deed}`)}</button></div></form><//>`;
}

/** @param {{name: string}} props */
function Closing({ name }) {
  const open = queues.value.find((each) => each.name === name)?.open;
  const [ms, last] = useState(CLOSE_FOR_MS[1]);
  const [reason, because] = useState(CLOSING_REASONS[0]);
  const close = () => { queue.value = ""; };
  const go = useOnce(async () => {
    const until = open ? now.value + ms : 0;
    if (await attempt(() => post(`/queues/${name}/closure`, { until_ms: Math.round(until), reason, command_id: newId() }))) close();
  });
  const hours = (/** @type {number} */ each) => new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit: "minute", unitDisplay: "long" }).format(each / 60_000);
  return html`<${Dialog} title=${t(open ? "closing.title" : "closing.lift", { queue: queueLabel(name) })} close=${close}><form onSubmit=${go}>
    <p><${Shape} shape="ring" /> ${t(open ? "closing.text" : "closing.lift.text")}</p>
    ${open && html`<label>${t("closing.for")} <select value=${String(ms)} onChange=${(/** @type {any} */ event) => last(Number(event.target.value))}>${CLOSE_FOR_MS.map((each) => html`<option key=${each} value=${String(each)}>${hours(each)}</option>`)}</select></label>`}
    <${Reason} reasons=${CLOSING_REASONS} value=${reason} choose=${because} />
    <div class="row"><span class="grow"></span><button type="button" onClick=${close}>${t("cancel")}</button><button type="submit" class="primary">${t(open ? "queues.close" : "queues.reopen")}</button></div></form><//>`;
}
