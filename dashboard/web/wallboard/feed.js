// @ts-check
// Where a wallboard has its figures from: asked for once a second, with their age by the server's clock. Nothing is drawn here.
import { computed, signal } from "../vendor/ui.js";

const EVERY_MS = 1_000;
// A server that does not answer is asked less often, and never given up.
const EVERY_MS_MAX = 5_000;
const ANSWER_MS_MAX = 8_000;
export const DELAYED_MS = 5_000;
export const STALE_MS = 15_000;

export const board = signal(/** @type {any} */ (null));
/** live | dark: the link, or the session, opens no board any more. */
export const door = signal("live");
const ticked = signal(Date.now());
let skewMs = 0;

/** The server's time, once a second. */
export const clockMs = computed(() => ticked.value + skewMs);
/** Milliseconds since the figures were true. */
export const ageMs = computed(() => (board.value ? Math.max(0, clockMs.value - board.value.at_ms) : 0));
/** starting | live | delayed | stale */
export const health = computed(() => {
  if (!board.value?.ready) return "starting";
  return ageMs.value > STALE_MS ? "stale" : ageMs.value > DELAYED_MS ? "delayed" : "live";
});

/** Begin to look, once the door was tried; returns what ends it. @param {Promise<void>} [opened] */
export function look(opened = Promise.resolve()) {
  let running = true;
  let timer = 0;
  let everyMs = EVERY_MS;
  const clock = setInterval(() => { ticked.value = Date.now(); }, 500);
  const ask = async () => {
    const asked = Date.now();
    try {
      const response = await fetch("/api/v1/board", { signal: AbortSignal.timeout(ANSWER_MS_MAX) });
      if (response.ok) {
        const heard = await response.json();
        // The middle of question and answer is when the server's clock said this.
        skewMs = heard.now_ms - (asked + Date.now()) / 2;
        if (running) board.value = heard;
        door.value = "live";
        everyMs = EVERY_MS;
      } else if (response.status === 401) {
        door.value = "dark";
        everyMs = EVERY_MS_MAX;
      } else everyMs = Math.min(2 * everyMs, EVERY_MS_MAX);
    } catch {
      everyMs = Math.min(2 * everyMs, EVERY_MS_MAX);
    }
    ticked.value = Date.now();
    if (running) timer = setTimeout(ask, everyMs);
  };
  void opened.then(() => { if (running) void ask(); });
  return () => { running = false; clearTimeout(timer); clearInterval(clock); };
}
