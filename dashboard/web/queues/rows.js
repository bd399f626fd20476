// @ts-check
// The virtual table of those who wait: only what is seen exists, its nodes are used again, and the row with the focus stays.
import { html, signal, useEffect, useLayoutEffect, useRef } from "../vendor/ui.js";
import { agent, attempt, link, me, now, queues } from "../frame/state.js";
import { newId, post } from "../frame/api.js";
import { freeze, heard, lines, listed, needed, shown, still, thaw, total } from "./line.js";
import { act } from "./orders.js";
import { Due, Icon, Shape, channelLabel, clock, queueLabel, siteTime, timeOf } from "../frame/parts.js";
import { t } from "../frame/words.js";

// On a telephone a row has two lines, as queues.css says.
const narrow = matchMedia("(max-width: 699px)");
const heightOf = () => (narrow.matches ? 64 : 44);
const rowPx = signal(heightOf());
narrow.addEventListener("change", () => { rowPx.value = heightOf(); });
const SPARE_ROWS = 6;
// Between two batches some are on their way; only more than these are a part of the line that is not listed.
const CHANGING_MAX = 50;
const COLUMNS = ["pos", "channel", "customer", "queue", "priority", "needs", "state", "wait", "due", "why", "act"];
const top = signal(0);
const height = signal(600);
/** The row that the arrow keys are on, by its reference. */
const current = signal("");

/** @param {{whole: (n: number) => string, children?: any}} props */
export function Table({ whole, children }) {
  const box = useRef(/** @type {any} */ (null));
  const rows = shown.value;
  useEffect(() => {
    const sized = () => { height.value = box.current?.clientHeight || 600; };
    sized();
    const watcher = new ResizeObserver(sized);
    if (box.current) watcher.observe(box.current);
    return () => watcher.disconnect();
  }, [rows.length > 0]);
  const first = Math.max(0, Math.min(Math.floor(top.value / rowPx.value) - SPARE_ROWS, rows.length - 1));
  const last = Math.min(rows.length, Math.ceil((top.value + height.value) / rowPx.value) + SPARE_ROWS);
  const at = current.value ? rows.findIndex((row) => row.ref === current.value) : -1;
  const pool = Math.max(1, last - first);
  // A row's node is that of its place among those there are: scrolling by one row changes one node.
  const slots = Array.from({ length: Math.max(0, last - first) }, (_, slot) => first + ((slot - (first % pool) + pool) % pool));
  const leave = (/** @type {any} */ event) => { if (!box.current?.contains(event.relatedTarget) && !box.current?.matches(":hover") && !document.querySelector("dialog[open]")) thaw(); };
  return html`<div class=${`table ${link.value === "live" ? "" : "stale"}`}><div class="table-in" role="table" aria-label=${t("view.queues")} aria-rowcount=${Math.max(total.value, rows.length) + 1} aria-colcount=${COLUMNS.length}>
    <div role="row" class="tr th" aria-rowindex="1">${COLUMNS.map((name) => html`<span role="columnheader" key=${name} class=${`of-${name}`}>${name === "channel" ? html`<span class="unseen">${t("column.channel")}</span>` : t(`column.${name}`)}</span>`)}</div>
    ${rows.length > 0 && html`<div class="body" role="rowgroup" ref=${box} onScroll=${() => { top.value = box.current.scrollTop; }} onPointerEnter=${freeze} onPointerLeave=${() => { if (!box.current.contains(document.activeElement) && !document.querySelector("dialog[open]")) thaw(); }}
      onFocusIn=${freeze} onFocusOut=${leave} onKeyDown=${(/** @type {any} */ event) => keyed(event, at, box.current)}>
      <div class="spacer" role="presentation" ref=${(/** @type {any} */ element) => { if (element) element.style.height = `${rows.length * rowPx.value}px`; }}>
        ${slots.map((index, slot) => index !== at && html`<${Row} key=${slot} row=${rows[index]} index=${index} focused=${at < 0 && index === first} />`)}
        ${at >= 0 && html`<${Row} key=${`at${current.value}`} row=${rows[at]} index=${at} focused />`}</div></div>`}</div>
    ${children}</div>
    ${heard.value && total.value - listed.value > CHANGING_MAX && html`<p class="meta of-rest">${t("queues.rest", { n: whole(listed.value), of: whole(total.value) })}</p>`}`;
}

/** @type {Record<string, (at: number, end: number, page: number) => number>} */
const STEPS = {
  ArrowDown: (at) => at + 1,
  ArrowUp: (at) => at - 1,
  PageDown: (at, _, page) => at + page,
  PageUp: (at, _, page) => at - page,
  Home: () => 0,
  End: (_, end) => end,
};

/** @param {any} event @param {number} at @param {any} box */
function keyed(event, at, box) {
  if (event.key === "Escape") { current.value = ""; event.stopPropagation(); /** @type {any} */ (document.activeElement)?.blur(); thaw(); return; }
  const rows = shown.value;
  const step = STEPS[event.key];
  if (event.key === "Enter" && event.target.getAttribute("role") === "row" && rows[at]) { event.preventDefault(); begin(rows[at]); return; }
  if (!step || event.target.closest("select, input")) return;
  event.preventDefault();
  const here = at >= 0 ? at : rows.findIndex((row) => row.ref === event.target.closest("[data-ref]")?.dataset.ref);
  const next = Math.max(0, Math.min(rows.length - 1, step(here, rows.length - 1, Math.floor(height.value / rowPx.value) - 1)));
  current.value = rows[next].ref;
  const y = next * rowPx.value;
  if (y < box.scrollTop) box.scrollTop = y;
  else if (y + rowPx.value > box.scrollTop + box.clientHeight) box.scrollTop = y + rowPx.value - box.clientHeight;
}

/** @param {any} row */
function begin(row) {
  const line = lines.value.get(row.line);
  if (me.value?.role !== "agent") act(row, line);
  else if (line?.pull) void take(row);
}

/** @param {any} row */
const take = (row) => attempt(() => post(`/conversations/${row.ref}/take`, { command_id: newId() }));

/** @param {{row: any, index: number, focused: boolean}} props */
function Row({ row, index, focused }) {
  const element = useRef(/** @type {any} */ (null));
  useLayoutEffect(() => { element.current.style.transform = `translateY(${index * rowPx.value}px)`; }, [index]);
  // The arrow keys have come to this row: the focus comes along.
  useLayoutEffect(() => { if (focused && current.value === row.ref && element.current.closest(".body")?.contains(document.activeElement)) element.current.focus({ preventScroll: true }); else if (focused && current.value === row.ref && document.activeElement === document.body) element.current.focus({ preventScroll: true }); }, []);
  const line = lines.value.get(row.line) ?? { queue: "", channel: "", needs: {}, priority: 0, why: "" };
  const gone = !still(row.ref);
  return html`<div role="row" ref=${element} class=${`tr ${gone ? "gone" : ""}`} data-ref=${row.ref} aria-rowindex=${index + 2} tabindex=${focused ? 0 : -1} onFocus=${(/** @type {any} */ event) => { if (event.target === element.current) current.value = row.ref; }}>
    <span role="cell" class="number of-pos">${index + 1}</span>
    <span role="cell" class="of-channel"><${Icon} name=${line.channel} label=${channelLabel(line.channel)} /></span>
    <span role="cell" class="name of-customer" title=${row.ref}>${row.name || t("customer.new")}</span>
    <span role="cell" class="of-queue">${queueLabel(line.queue)}</span>
    <span role="cell" class=${`of-priority ${line.priority ? "raised" : ""}`}>${t(`priority.${line.priority >= 3 ? "urgent" : line.priority >= 1 ? "high" : "normal"}`)}</span>
    <span role="cell" class="meta of-needs">${Object.entries(line.needs).map(([need, level]) => needed(need, Number(level))).join(", ")}</span>
    <span role="cell" class="of-state">${gone ? t("row.gone") : stateOf(row)}</span>
    <span role="cell" class="number of-wait">${clock(now.value - row.since_ms)}</span>
    <span role="cell" class="of-due">${row.due_ms ? html`<${Due} at=${row.due_ms} label=${t("row.due")} />` : ""}</span>
    <span role="cell" class="meta of-why" title=${whyOf(row, line)}><a href=${`#/why/${encodeURIComponent(row.ref)}`} tabindex=${focused ? 0 : -1} aria-label=${t("row.why", { name: row.name || t("customer.new") })} title=${t("row.why", { name: row.name || t("customer.new") })}><${Icon} name="why" /></a> ${gone ? "" : whyOf(row, line)}</span>
    <span role="cell" class="of-act">${!gone && actionOf(row, line, focused)}</span></div>`;
}

/** @param {any} row */
function stateOf(row) {
  const left = row.until_ms ? clock(Math.max(0, row.until_ms - now.value)) : "";
  if (row.state === "offered") return html`<${Shape} shape="half" tone="info" /> <span class="whom" title=${(row.offered ?? []).join(", ")}>${t("row.offered", { name: (row.offered ?? []).join(", ") })}</span> <span class="number">${left}</span>`;
  if (row.state === "held") return html`<${Shape} shape="square" /> <span class="whom">${t("row.held", { name: (row.offered ?? []).join(", ") })}</span> <span class="number">${left}</span>`;
  if (row.state === "callback") return html`<${Shape} shape="ring" /> ${t("row.callback", { time: timeOf(row.until_ms) })}`;
  return html`<${Shape} shape="disc" /> ${t("row.waiting")}`;
}

/** Why it waits, and what would end that. @param {any} row @param {any} line */
function whyOf(row, line) {
  if (row.state !== "waiting") return "";
  const why = row.resting && line.why === "in_line" ? "resting" : line.why;
  const queue = queues.value.find((each) => each.name === line.queue);
  const ends = why === "queue_closed" && queue?.opens_ms ? t("ends.opens", { at: siteTime(queue.opens_ms) }) : row.next ? t(`ends.${row.next}`, { left: clock(Math.max(0, (row.next_ms ?? 0) - now.value)) }) : "";
  return [why && t(`waits.${why}`), ends].filter(Boolean).join(" · ");
}

/** @param {any} row @param {any} line @param {boolean} focused */
function actionOf(row, line, focused) {
  const away = link.value !== "live";
  const tab = focused ? 0 : -1;
  if (me.value?.role !== "agent") return html`<button type="button" class="small" tabindex=${tab} disabled=${away} title=${away ? t("error.offline") : undefined} aria-label=${t("row.act.on", { name: row.name || t("customer.new") })} onClick=${() => act(row, line)}>${t("row.act")}</button>`;
  if (!line.pull || row.state !== "waiting") return "";
  return html`<button type="button" class="small" tabindex=${tab} disabled=${away || !agent.value} title=${away ? t("error.offline") : agent.value ? undefined : t("row.take.shift")} aria-label=${t("row.take.this", { name: row.name || t("customer.new") })} onClick=${() => take(row)}>${t("row.take")}</button>`;
}
