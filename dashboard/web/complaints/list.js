// @ts-check
// The list of complaints: by what is due next, the late ones first; or the closed ones, the newest first. j, k and Enter walk it.
import { html, signal, useEffect, useRef, useState } from "../vendor/ui.js";
import { keepFresh } from "../frame/fresh.js";
import { announce, config, link, now } from "../frame/state.js";
import { get } from "../frame/api.js";
import { Icon, channelLabel, queueLabel } from "../frame/parts.js";
import { go } from "../frame/screens.js";
import { ownKey } from "../frame/settings.js";
import { t } from "../frame/words.js";
import { useKeys } from "../frame/keys.js";
import { DueBy, Severity, called, choices, ownerName, whose } from "./names.js";

const PAGE = 50;
// Whoever has paged on so far works through a list, and reads it anew when it is opened again.
const AGAIN_MAX = 200;
const OPEN_STAGES = ["open", "acknowledged", "examined", "answered"];
const COLUMNS = ["due", "number", "customer", "kind", "severity", "stage", "queue", "owner"];
const NOTHING = { stage: "", severity: "", kind: "", queue: "", owner: "" };

/** What is looked for, so that going back from a case finds the list again. */
const wanted = signal({ ...NOTHING });
/** The numbers that were shown last, for walking on from within a case. */
export const order = signal(/** @type {number[]} */ ([]));

/** @param {boolean} closed @param {number} limit @param {string} after */
const address = (closed, limit, after) => `/complaints?${new URLSearchParams({ ...wanted.value, stage: closed ? "" : wanted.value.stage, closed: String(closed), limit: String(limit), after })}`;

/** The list, read while it is shown. @param {boolean} closed */
function useList(closed) {
  const [state, put] = useState(/** @type {{items: any[] | null, next: string, count: any, failed: boolean}} */ ({ items: null, next: "", count: null, failed: false }));
  const latest = useRef(state);
  latest.current = state;
  const read = async () => {
    const many = latest.current.items?.length ?? 0;
    if (many > AGAIN_MAX) return;
    const asked = address(closed, Math.max(PAGE, many), "");
    try {
      const [page, count] = await Promise.all([get(asked), get("/complaints/count")]);
      if (asked === address(closed, Math.max(PAGE, many), "")) put({ items: page.items, next: page.next, count, failed: false });
    } catch {
      put({ ...latest.current, failed: true });
    }
  };
  const more = async () => {
    const { items, next } = latest.current;
    const page = await get(address(closed, PAGE, next)).catch(() => null);
    if (page) put({ ...latest.current, items: [...(items ?? []), ...page.items], next: page.next });
    else put({ ...latest.current, failed: true });
  };
  useEffect(() => {
    latest.current = { ...latest.current, items: null };
    void read();
    return keepFresh("complaint", read);
  }, [closed, wanted.value]);
  return { ...state, read, more };
}

/** @param {{closed: boolean}} props */
export function List({ closed }) {
  const { items, next, count, failed, read, more } = useList(closed);
  const root = useRef(/** @type {any} */ (null));
  const known = useRef(-1);
  if (items) order.value = items.map((each) => each.number);
  useEffect(() => {
    // Only news are said: how many are late, and only when it was another number before.
    if (count && known.current >= 0 && count.late !== known.current) announce("status", t("complaints.late", { n: count.late }));
    if (count) known.current = count.late;
  }, [count?.late]);
  const walk = (/** @type {number} */ by) => {
    const rows = [...root.current.querySelectorAll("tbody .open")];
    rows[Math.min(rows.length - 1, Math.max(0, rows.indexOf(document.activeElement) + by))]?.focus();
  };
  useKeys({ [ownKey("next")]: () => walk(1), [ownKey("previous")]: () => walk(-1) });
  const filtered = Object.values(wanted.value).some(Boolean);
  return html`<${Filters} closed=${closed} count=${count} />
    <p class="table-state" role="status">${failed || link.value !== "live" ? html`<${Icon} name="warn" /> ${t("complaints.stale")} <button type="button" class="link" onClick=${read}>${t("retry")}</button>` : ""}</p>
    ${!items && !failed && html`<div class="skeleton" aria-hidden="true"><i></i><i></i><i></i></div>`}
    ${items && items.length > 0 && html`<div class="complaints-list" ref=${root}><table aria-label=${t(closed ? "complaints.part.closed" : "complaints.part.open")}><thead><tr>${COLUMNS.map((name) => html`<th key=${name} scope="col" class=${`of-${name}`}>${t(`complaints.column.${name}`)}</th>`)}</tr></thead>
      <tbody>${items.map((line) => html`<${Line} key=${line.number} line=${line} />`)}</tbody></table></div>`}
    ${items && !items.length && html`<p class="empty">${filtered ? html`${t("complaints.nothing")} <button type="button" class="link" onClick=${() => { wanted.value = { ...NOTHING }; }}>${t("complaints.clear")}</button>` : t(closed ? "complaints.none.closed" : "complaints.none.open")}</p>`}
    ${next && html`<button type="button" onClick=${more}>${t("complaints.more")}</button>`}`;
}

/** @param {{closed: boolean, count: any}} props */
function Filters({ closed, count }) {
  const pick = (/** @type {string} */ name) => (/** @type {any} */ event) => { wanted.value = { ...wanted.value, [name]: event.target.value }; };
  const select = (/** @type {string} */ name, /** @type {[string, string][]} */ options) => html`<label key=${name}><span class="unseen">${t(`complaints.column.${name}`)}</span><select class=${wanted.value[/** @type {"kind"} */ (name)] ? "chosen" : ""} value=${wanted.value[/** @type {"kind"} */ (name)]} onChange=${pick(name)}><option value="">${t(`complaints.any.${name}`)}</option>${options.map(([value, text]) => html`<option key=${value} value=${value}>${text}</option>`)}</select></label>`;
  const named = (/** @type {"kinds" | "severities"} */ list) => choices.value[list].map((/** @type {any} */ each) => [each.name, called(list, each.name)]);
  const chip = (/** @type {string} */ owner, /** @type {any} */ text) => html`<button type="button" class="chip" key=${owner} aria-pressed=${wanted.value.owner === owner} onClick=${() => { wanted.value = { ...wanted.value, owner }; }}>${text}</button>`;
  return html`<div class="complaints-filters" role="group" aria-label=${t("complaints.filters")}>
    ${chip("", html`${t("complaints.all")} ${!closed && count && html`<b>${count.open}</b>`}`)}${chip("me", html`${t("complaints.mine")} ${!closed && count && html`<b>${count.mine}</b>`}`)}${chip("nobody", t("complaints.nobodys"))}
    ${!closed && select("stage", OPEN_STAGES.map((stage) => [stage, t(`complaint.stage.${stage}`)]))}
    ${select("severity", named("severities"))}${select("kind", named("kinds"))}
    ${select("queue", (config.value?.queues ?? []).map((/** @type {any} */ each) => [each.name, queueLabel(each.name)]))}
    ${!closed && count && count.late > 0 && html`<span class="chip late"><${Icon} name="late" size=${14} /> ${t("complaints.late", { n: count.late })}</span>`}</div>`;
}

/** @param {{line: any}} props */
function Line({ line }) {
  const late = line.due_ms && line.due_ms < now.value;
  return html`<tr class=${late ? "line late" : "line"} onClick=${() => go("complaints", String(line.number))}>
    <td class="of-due"><${DueBy} line=${line} /></td>
    <td class="of-number number">${line.number}</td>
    <th scope="row" class="of-customer"><button type="button" class="link open" onClick=${(/** @type {any} */ event) => { event.stopPropagation(); go("complaints", String(line.number)); }}><span class="unseen">${t("complaint.title", { n: line.number })} </span>${whose(line)}</button></th>
    <td class="of-kind">${called("kinds", line.kind)}${line.about && html` <span class="meta">${called("about", line.about)}</span>`}</td>
    <td class="of-severity"><${Severity} name=${line.severity} /></td>
    <td class="of-stage">${t(`complaint.stage.${line.stage}`)}${line.outcome && html` <span class="meta">${t(`complaint.outcome.${line.outcome}`)}</span>`}${line.reopened > 0 && html` <span class="meta">${t("complaint.reopened", { n: line.reopened })}</span>`}</td>
    <td class="of-queue">${line.channel && html`<${Icon} name=${line.channel} label=${channelLabel(line.channel)} size=${14} /> `}${queueLabel(line.queue)}</td>
    <td class=${`of-owner ${line.owner ? "" : "asked"}`}>${ownerName(line.owner)}</td></tr>`;
}
