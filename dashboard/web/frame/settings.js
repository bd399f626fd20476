// @ts-check
// What one person prefers in this browser: looks, keys, sound. Nothing here reaches the server.
import { effect, signal } from "../vendor/ui.js";

const KEY = "patchbay:settings";
/** `keys`: single letters do something; `own`: letters that were moved, by what they do; `enter`: what sends. */
const USUAL = { theme: "system", keys: true, own: /** @type {Record<string, string>} */ ({}), enter: "enter", tone: true, notes: true };

/** The letter of each deed outside text fields; digits and g are places. */
export const USUAL_KEYS = { next: "j", previous: "k", reply: "r", note: "n", accept: "a", decline: "d", transfer: "t", end: "e", park: "p", presence: "S", keys: "?", search: "/" };

const read = () => {
  try {
    return { ...USUAL, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
  } catch {
    return USUAL;
  }
};
const preferred = signal(read());

export const settings = {
  /** @returns {typeof USUAL} */
  get value() { return preferred.value; },
  /** @param {string} name @param {any} value */
  set(name, value) { preferred.value = { ...preferred.value, [name]: value }; },
};

/** The letter of a deed, wherever its person has moved it. @param {string} name */
export const ownKey = (name) => preferred.value.own[name] ?? /** @type {Record<string, string>} */ (USUAL_KEYS)[name];

// Another tab of the same person follows.
addEventListener("storage", (event) => { if (event.key === KEY) preferred.value = read(); });

effect(() => {
  const { theme } = preferred.value;
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem(KEY, JSON.stringify(preferred.value));
  } catch {
    // Without storage the choice lasts until the tab is closed.
  }
});
