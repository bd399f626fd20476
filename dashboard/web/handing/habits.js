// @ts-check
// What this person has chosen most often in this browser, so that it can stand first. Counts only, no names of customers.
import { me } from "../frame/state.js";

// Older habits fade: beyond this all counts are halved, and what was chosen once long ago is forgotten.
const COUNT_MAX = 200;

/** @param {string} of */
const keyOf = (of) => `patchbay:${me.value?.id}:habit:${of}`;

/** How often each was chosen. @param {string} of @returns {Record<string, number>} */
export function habits(of) {
  try {
    return JSON.parse(localStorage.getItem(keyOf(of)) ?? "{}");
  } catch {
    return {};
  }
}

/** Count a choice. @param {string} of @param {string} name */
export function chose(of, name) {
  let counts = { ...habits(of), [name]: (habits(of)[name] ?? 0) + 1 };
  if (counts[name] > COUNT_MAX) counts = Object.fromEntries(Object.entries(counts).map(([key, count]) => [key, count >> 1]).filter(([, count]) => count));
  try {
    localStorage.setItem(keyOf(of), JSON.stringify(counts));
  } catch {
    // Without storage everything keeps the order of the configuration.
  }
}

/** Sort by habit, else as it came. @template T @param {T[]} list @param {string} of @param {(each: T) => string} name */
export function byHabit(list, of, name) {
  const counts = habits(of);
  return list.map((each, at) => ({ each, at })).sort((a, b) => (counts[name(b.each)] ?? 0) - (counts[name(a.each)] ?? 0) || a.at - b.at).map(({ each }) => each);
}
