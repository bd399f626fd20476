// @ts-check
// Who waits, in the router's own order: fed by the socket, kept sorted by insertion. Nothing is drawn here.
import { batch, computed, effect, signal } from "../vendor/ui.js";
import { link, onFrame, onWelcome, say, serverNow } from "../frame/state.js";
import { view } from "../frame/screens.js";
import { language } from "../frame/words.js";

// Lines of different slopes cross while nothing happens: all are sorted anew so often.
const SORT_MS = 1_000;

/** @typedef {{ref: string, nth: number, line: number, state: string, name: string, since_ms: number, key_ms: number, waited_ms: number, at: number, due_ms?: number, offered?: string[], until_ms?: number, resting?: boolean, next?: string, next_ms?: number, score: number}} Row */

/** The queue on the screen, "" for all. */
export const picked = signal("");
/** What is looked for: a name, a number, a skill. */
export const wanted = signal("");
export const lines = signal(/** @type {Map<number, any>} */ (new Map()));
export const total = signal(0);
export const heard = signal(false);
/** How many are known here: of a very long line the front, in the router's order. */
export const listed = signal(0);
/** When the line to the server was last live, 0 while it is. */
export const deadSince = signal(0);
/** When somebody was last seen to leave the lines. */
export const lastLeft = signal(0);
/** Rises with everything that may have moved. */
const moved = signal(0);
const frozenOrder = signal(/** @type {Row[] | null} */ (null));
export const frozen = computed(() => frozenOrder.value !== null);
/** @type {Set<string>} */
let pendingRefs = new Set();
export const pending = signal(0);

/** @type {Map<string, Row>} */
let rows = new Map();
/** @type {Row[]} */
let order = [];
let sortedAt = 0;
let lastN = -1;

/** The router's own measure of a row at the time of the last sorting. @param {Row} row @param {Map<number, any>} known */
function scoreOf(row, known) {
  const line = known.get(row.line);
  if (!line) return 0;
  const waited = row.waited_ms + (line.runs ? Math.max(0, sortedAt - row.at) : 0);
  // Whoever is to be called at a time stands behind all who wait now.
  return row.state === "callback" ? -Infinity : line.base + Math.floor((line.gain * waited) / line.per_ms);
}

/** @param {Row} a @param {Row} b */
function before(a, b) {
  if (a.score !== b.score) return b.score - a.score;
  if (a.score === -Infinity && a.until_ms !== b.until_ms) return (a.until_ms ?? 0) - (b.until_ms ?? 0);
  return a.key_ms - b.key_ms || a.nth - b.nth;
}

/** The place of a row, or where it would stand. @param {Row} row */
function placeOf(row) {
  let low = 0;
  let high = order.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (before(order[middle], row) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** @param {string} ref */
function takeOut(ref) {
  const known = rows.get(ref);
  if (!known) return -1;
  const at = placeOf(known);
  if (order[at] !== known) return -1;
  order.splice(at, 1);
  return at;
}

/** @param {Row} told */
function putIn(told) {
  const was = takeOut(told.ref);
  const row = { ...told, score: scoreOf(told, lines.value) };
  const at = placeOf(row);
  order.splice(at, 0, row);
  rows.set(row.ref, row);
  if (was !== at) note(row.ref);
}

/** Something moved that does not move on the screen yet. @param {string} ref */
function note(ref) {
  if (frozenOrder.value) pendingRefs.add(ref);
}

/** Rows stay the same objects, and nearly in order already: a row that has not moved is not drawn anew. */
function sortAnew() {
  sortedAt = serverNow();
  const was = frozenOrder.value ? order.slice() : order;
  const known = lines.value;
  for (const row of order) row.score = scoreOf(row, known);
  order.sort(before);
  if (frozenOrder.value) order.forEach((row, at) => { if (was[at]?.ref !== row.ref) note(row.ref); });
}

/** @param {any} frame */
function apply(frame) {
  if (frame.queue !== undefined && frame.queue !== picked.value && picked.value) return;
  // A batch was missed: look again from the beginning.
  if (!frame.first && (lastN < 0 || (frame.n !== lastN && frame.n !== lastN + 1))) { watch(); return; }
  lastN = frame.n;
  batch(() => {
    if (frame.first) { rows = new Map(); order = []; lines.value = new Map(); sortedAt = serverNow(); }
    if (frame.lines?.length) lines.value = new Map([...lines.value, ...frame.lines.map((/** @type {any} */ line) => [line.line, line])]);
    for (const ref of frame.gone ?? []) {
      if (takeOut(ref) >= 0) { note(ref); lastLeft.value = serverNow(); }
      rows.delete(ref);
    }
    for (const row of frame.rows ?? []) putIn(row);
    if (frame.first) (frozenOrder.value ?? []).forEach((row, at) => { if (order[at]?.ref !== row.ref) note(row.ref); });
    total.value = frame.total;
    listed.value = rows.size;
    heard.value = heard.value || !frame.more;
    pending.value = pendingRefs.size;
    moved.value += 1;
  });
}

function watch() {
  lastN = -1;
  say({ type: "watch", queue: picked.value });
}

onFrame.set("waiting", apply);
onWelcome.add(() => { if (view.value === "queues") watch(); });
effect(() => {
  void picked.value;
  if (view.value === "queues") { heard.value = false; watch(); } else if (lastN >= 0) { lastN = -1; say({ type: "watch", queue: null }); }
});
effect(() => {
  if (link.value === "live") deadSince.value = 0;
  else if (!deadSince.value) deadSince.value = serverNow();
});
setInterval(() => { if (view.value === "queues" && order.length && !document.hidden) { sortAnew(); moved.value += 1; pending.value = pendingRefs.size; } }, SORT_MS);

/** The order rests: whoever points at a row acts on that row. */
export function freeze() {
  if (!frozenOrder.value) frozenOrder.value = order.slice();
}
export function thaw() {
  batch(() => { pendingRefs = new Set(); pending.value = 0; frozenOrder.value = null; moved.value += 1; });
}

// Made once for a language: to make one costs more than all that a row draws.
const languages = computed(() => new Intl.DisplayNames(language.value, { type: "language", fallback: "code" }));

/** A skill with its level, or a language. @param {string} need @param {number} level */
export function needed(need, level) {
  const [kind, name] = need.split(":");
  if (kind === "language") return languages.value.of(name) ?? name;
  return level > 1 ? `${name} ${level}` : name;
}

/** @param {Row} row @param {string} text */
function matches(row, text) {
  const line = lines.value.get(row.line);
  return row.name.toLowerCase().includes(text) || row.ref.toLowerCase().includes(text) || Object.keys(line?.needs ?? {}).some((need) => `${need.slice(need.indexOf(":") + 1)} ${needed(need, 1)}`.toLowerCase().includes(text));
}

/** What is shown, in order. A row that has gone while the order rests keeps its place until it goes on. @type {{value: Row[]}} */
export const shown = computed(() => {
  void moved.value;
  const text = wanted.value.trim().toLowerCase();
  const all = frozenOrder.value ? frozenOrder.value.map((row) => rows.get(row.ref) ?? row) : order.slice();
  return text ? all.filter((row) => matches(row, text)) : all;
});
/** In how many queues those who are shown wait. @type {{value: number}} */
export const queuesShown = computed(() => {
  const known = lines.value;
  return new Set(shown.value.map((row) => known.get(row.line)?.queue)).size;
});
/** Whether somebody still waits. @param {string} ref */
export const still = (ref) => rows.has(ref);
