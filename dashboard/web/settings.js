// @ts-check
// What one person prefers in this browser: theme, shortcuts. Nothing here is needed to work.
import { effect, signal } from "./vendor/ui.js";

const KEY = "patchbay:settings";
const read = () => {
  try {
    return { theme: "system", keys: true, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
  } catch {
    return { theme: "system", keys: true };
  }
};
const kept = signal(read());

export const settings = {
  get value() { return kept.value; },
  /** @param {string} name @param {any} value */
  set(name, value) { kept.value = { ...kept.value, [name]: value }; },
};

effect(() => {
  const { theme } = kept.value;
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem(KEY, JSON.stringify(kept.value));
  } catch {
    // Without storage the choice lasts until the tab is closed.
  }
});
