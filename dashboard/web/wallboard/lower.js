// @ts-check
// The lower half of the wallboard: the day's chart by the half hour, and what needs attention, in sentences.
import { html, useMemo } from "../vendor/ui.js";
import { clockMs } from "./feed.js";
import { NONE, timeAt, wait, whole } from "./figures.js";
import { Icon } from "../frame/parts.js";
import { labelOf, t } from "../frame/words.js";

const HALF_MS = 1_800_000;
// As many bars as are still told apart from five metres; a longer day shows its end.
const BARS_MAX = 24;
const BARS_MIN = 8;
const MARKS_MAX = 8;

/** Every half hour from the first that counted until now. @param {any} now @param {number} at */
function halves(now, at) {
  if (!now?.halves.length) return [];
  const known = new Map(now.halves.map((/** @type {any} */ half) => [half.from_ms, half]));
  const last = now.day.from_ms + Math.floor((at - now.day.from_ms) / HALF_MS) * HALF_MS;
  const first = Math.max(now.day.from_ms, Math.min(now.halves[0].from_ms, last - (BARS_MIN - 1) * HALF_MS), last - (BARS_MAX - 1) * HALF_MS);
  const found = [];
  for (let from = first; from <= last; from += HALF_MS) found.push({ from, offered: 0, in_time: 0, ...known.get(from), running: from === last });
  return found;
}

/** @param {{now: any}} props */
export function Chart({ now }) {
  const bars = halves(now, clockMs.value);
  const most = Math.max(1, ...bars.map((bar) => bar.offered));
  const step = Math.max(1, Math.ceil(bars.length / MARKS_MAX));
  const height = (/** @type {number} */ count) => (/** @type {any} */ element) => { if (element) element.style.height = `${(100 * count) / most}%`; };
  const told = useMemo(() => bars.map((bar) => t("board.bar", { time: timeAt(bar.from), n: bar.offered, in_time: bar.in_time })).join("; "), [now]);
  return html`<h2>${t("board.chart")} <span class="wall-meta">${t("board.chart.per")}</span></h2>
    ${bars.length ? html`<div class="chart" role="img" aria-label=${told}>${bars.map((bar, at) => html`<span key=${bar.from} class=${bar.running ? "running" : ""}>
      <i class="all" ref=${height(bar.offered)}></i><i class="kept" ref=${height(bar.in_time)}></i><em>${at % step === 0 ? timeAt(bar.from) : ""}</em></span>`)}</div>
    <p class="legend"><i class="kept"></i>${now.target_ms ? t("board.kept.in", { time: now.target_ms / 1_000 }) : t("board.kept")} <i class="all"></i>${t("board.rest")}</p>` : html`<p class="wall-none">${now ? t("board.none.chart") : NONE}</p>`}`;
}

/** @param {{now: any}} props */
export function Needs({ now }) {
  return html`<h2>${t("board.needs")}</h2>
    ${now?.needs.length ? html`<ul class="needs">${now.needs.map((/** @type {any} */ need) => html`<li key=${need.code + need.queue + need.agent} class=${need.severe}><${Icon} name=${need.severe === "crit" ? "late" : "warn"} label=${t(`severe.${need.severe}`)} />
      <div><b>${t(`need.${need.code}`, words(now, need))}</b><p>${t(`need.${need.code}.more`, words(now, need))}</p></div></li>`)}</ul>` : html`<p class="wall-none">${now ? html`<${Icon} name="check" /> ${t("board.none.needs")}` : NONE}</p>`}`;
}

/** @param {any} now @param {any} need */
function words(now, need) {
  const queue = now.queues.find((/** @type {any} */ each) => each.name === need.queue);
  return {
    queue: queue ? labelOf(queue.label, queue.name) : "",
    n: need.count,
    count: whole(need.count),
    staffed: whole(need.staffed),
    agent: need.agent,
    time: need.since_ms ? timeAt(need.since_ms) : NONE,
    wait: need.since_ms ? wait(clockMs.value - need.since_ms) : NONE,
    hours: whole(Math.max(1, Math.round((clockMs.value - need.since_ms) / 3_600_000))),
    target: queue?.level?.target_percent ?? "",
  };
}
