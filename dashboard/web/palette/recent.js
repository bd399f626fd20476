// @ts-check
// Which conversations were open last in this browser, for their person only. Numbers and names, no words.
import { effect } from "../vendor/ui.js";
import { chosen, details, me } from "../frame/state.js";

const KEPT_MAX = 12;
const key = () => `patchbay:${me.value?.id}:recent`;

/** @returns {{ref: string, name: string, channel: string}[]} the last first */
export function recent() {
  try {
    return JSON.parse(localStorage.getItem(key()) ?? "[]");
  } catch {
    return [];
  }
}

effect(() => {
  const live = me.value && details.value.get(chosen.value);
  if (!live) return;
  const list = [{ ref: live.ref, name: live.customer.name, channel: live.channel }, ...recent().filter((each) => each.ref !== live.ref)].slice(0, KEPT_MAX);
  try {
    localStorage.setItem(key(), JSON.stringify(list));
  } catch {
    // Without storage nothing was open before.
  }
});
