// @ts-check
// Reads again what the server says has changed; and now and then all the same, for what was said while nobody listened.
import { onChanged } from "./state.js";

const SLOW_MS = 60_000;

/** @param {string} kind complaint, review, followup, article @param {() => any} read @returns {() => void} what ends it */
export function keepFresh(kind, read) {
  const heard = (/** @type {any} */ frame) => { if (frame.kind === kind) void read(); };
  onChanged.add(heard);
  const timer = setInterval(read, SLOW_MS);
  return () => { onChanged.delete(heard); clearInterval(timer); };
}
