// @ts-check
// What waits, in the router's own order. Only the visible rows exist; the order rests while somebody points at it.
import { effect, html, signal, useEffect, useRef } from "../vendor/ui.js";
import { now, queues, serverNow } from "../frame/state.js";
import { view } from "../frame/screens.js";
import { get } from "../frame/api.js";
import { Icon, Shape, channelLabel, clock, customerName, queueLabel, siteTime } from "../frame/parts.js";
import { labelOf, t } from "../frame/words.js";

const ROW_PX = 44;
const SPARE_ROWS = 6;
const PAGE = 200;
const ROWS_MAX = 2_000;
// A line moves this often to the eye; each time all its pages are read.
const READ_AGAIN_MS = 400;
const rows = signal(/** @type {any[]} */ ([]));
const total = signal(0);
const readAt = signal(0);
const fault = signal(false);
const picked = signal("");
const frozen = signal(false);
const pending = signal(/** @type {any[] | null} */ (null));
const top = signal(0);
const height = signal(600);

async function read() {
  try {
    /** @type {any[]} */
    let all = [];
    let page;
    do {
      const after = all.length ? `&after=${all[all.length - 1].position_in_line}` : "";
      page = await get(`/waiting?limit=${PAGE}${picked.value ? `&queue=${picked.value}` : ""}${after}`);
      all = all.concat(page.items);
    } while (page.items.length === PAGE && all.length < ROWS_MAX);
    total.value = page.total;
    readAt.value = serverNow();
    fault.value = false;
    if (frozen.value) pending.value = all;
    else rows.value = all;
  } catch {
    fault.value = true;
  }
}

let timer = 0;
let asked = false;
/** Read soon; not put off by what comes meanwhile, since a busy floor changes more often than that. */
function readSoon() {
  asked = true;
  timer ||= setTimeout(async () => {
    asked = false;
    await read();
    timer = 0;
    if (asked) readSoon();
  }, READ_AGAIN_MS);
}
effect(() => {
  // Something changed in a queue, another queue was picked, or the screen was opened.
  void [queues.value, picked.value];
  if (view.value === "queues") readSoon();
});

const freeze = () => { frozen.value = true; };
function thaw() {
  frozen.value = false;
  if (pending.value) rows.value = pending.value;
  pending.value = null;
}

/** @param {any[]} before @param {any[]} after */
const changes = (before, after) => after.filter((row, at) => before[at]?.ref !== row.ref || before[at]?.state !== row.state).length + Math.max(0, before.length - after.length);

export function Screen() {
  const box = useRef(/** @type {any} */ (null));
  useEffect(() => {
    const sized = () => { height.value = box.current?.clientHeight ?? 600; };
    sized();
    addEventListener("resize", sized);
    return () => removeEventListener("resize", sized);
  }, [rows.value.length > 0]);
  const first = Math.max(0, Math.floor(top.value / ROW_PX) - SPARE_ROWS);
  const last = Math.min(rows.value.length, Math.ceil((top.value + height.value) / ROW_PX) + SPARE_ROWS);
  const moved = pending.value ? changes(rows.value, pending.value) : 0;
  return html`<main class="queues-view" onKeyDown=${(/** @type {any} */ event) => event.key === "Escape" && thaw()}>
    <h1>${t("view.queues")}</h1>
    <div class="queue-chips"><button type="button" class="chip" aria-pressed=${picked.value === ""} onClick=${() => { picked.value = ""; }}>${t("queues.all")} <b>${queues.value.reduce((sum, queue) => sum + queue.waiting, 0)}</b></button>
      ${queues.value.map((queue) => html`<button type="button" class="chip" key=${queue.name} aria-pressed=${picked.value === queue.name} onClick=${() => { picked.value = queue.name; }}>
        <${Shape} shape=${queue.open ? "disc" : "ring"} tone=${queue.open ? "ok" : ""} /> ${labelOf(queue.label, queue.name)} <b>${queue.waiting}</b>
        <span class="meta">${queue.open ? t("queue.staffed", { free: queue.free, staffed: queue.staffed }) : queue.opens_ms ? t("queue.opens", { at: siteTime(queue.opens_ms) }) : t("queue.closed")}</span></button>`)}</div>
    <p class="table-state" role="status">${fault.value ? t("queues.stale", { time: readAt.value ? clock(now.value - readAt.value) : "–" }) : moved ? html`${t("queues.paused", { n: moved })} <button type="button" class="link" onClick=${thaw}>${t("queues.resume")}</button>` : ""}</p>
    <div class=${`table ${fault.value ? "stale" : ""}`} role="table" aria-label=${t("view.queues")} aria-rowcount=${total.value + 1}>
      <div role="row" class="tr th" aria-rowindex="1">${["pos", "channel", "customer", "queue", "state", "wait", "why"].map((name) => html`<span role="columnheader" key=${name}>${t(`column.${name}`)}</span>`)}</div>
      ${rows.value.length > 0 && html`<div class="body" role="rowgroup" tabindex="0" ref=${box} onScroll=${() => { top.value = box.current.scrollTop; }} onPointerEnter=${freeze} onPointerLeave=${thaw} onFocusIn=${freeze} onFocusOut=${thaw}>
        <div class="spacer" ref=${(/** @type {any} */ element) => { if (element) element.style.height = `${rows.value.length * ROW_PX}px`; }}>
          ${rows.value.slice(first, last).map((row, at) => html`<${Row} key=${row.ref} row=${row} index=${first + at} />`)}</div></div>`}
    </div>
    ${!rows.value.length && html`<p class="empty">${t("queues.none")}</p>`}
  </main>`;
}

/** @param {{row: any, index: number}} props */
const Row = ({ row, index }) => html`<div role="row" class="tr" aria-rowindex=${index + 2} ref=${(/** @type {any} */ element) => { if (element) element.style.transform = `translateY(${index * ROW_PX}px)`; }}>
  <span role="cell">${row.position_in_line}</span><span role="cell"><${Icon} name=${row.channel} label=${channelLabel(row.channel)} /> <span class="wide">${channelLabel(row.channel)}</span></span>
  <span role="cell" class="name">${customerName(row)}</span><span role="cell">${queueLabel(row.queue)}</span><span role="cell">${t(`state.${row.state}`)}</span>
  <span role="cell" class="number">${clock(now.value - row.opened_ms)}</span><span role="cell" class="meta">${row.why.map((/** @type {string} */ code) => t(`waits.${code}`, {}, code)).join(" · ")}</span></div>`;
