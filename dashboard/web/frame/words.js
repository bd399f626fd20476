// @ts-check
// Says things in the reader's language. The sentences are in words/<room>.<language>.json; a room's are read when it is opened.
import { batch, signal } from "../vendor/ui.js";

export const LANGUAGES = [["en", "English"], ["zh", "中文"], ["th", "ไทย"]];

const KEY = "patchbay:language";
const first = () => {
  const wanted = [localStorage.getItem(KEY) ?? "", ...navigator.languages].map((tag) => tag.slice(0, 2).toLowerCase());
  return wanted.find((tag) => LANGUAGES.some(([known]) => known === tag)) ?? "en";
};
export const language = signal(first());
const catalogue = signal(/** @type {Record<string, string>} */ ({}));
/** @type {Set<string>} */
const rooms = new Set();

/** @param {string} room @param {string} tag @returns {Promise<Record<string, string>>} */
async function read(room, tag) {
  const response = await fetch(new URL(`../words/${room}.${tag}.json`, import.meta.url));
  if (!response.ok) throw new Error(`the words of ${room} are missing`);
  return response.json();
}

/** Read the words of rooms that are about to be shown. @param {string[]} wanted */
export async function learn(...wanted) {
  const fresh = wanted.filter((room) => !rooms.has(room));
  const parts = await Promise.all(fresh.map((room) => read(room, language.value)));
  fresh.forEach((room) => rooms.add(room));
  if (fresh.length) catalogue.value = Object.assign({}, catalogue.value, ...parts);
}

/** Change the language of everything that is open. @param {string} tag */
export async function setLanguage(tag) {
  const parts = await Promise.all([...rooms].map((room) => read(room, tag)));
  localStorage.setItem(KEY, tag);
  batch(() => {
    catalogue.value = Object.assign({}, ...parts);
    language.value = tag;
  });
}

/**
 * Say something. A key may have forms by number: `key.one`, `key.other` (Intl.PluralRules by `n`). `otherwise` is for
 * names that a configuration makes.
 * @param {string} key @param {Record<string, any>} [values] @param {string} [otherwise]
 */
export function t(key, values = {}, otherwise = undefined) {
  const text = catalogue.value[key] ?? plural(key, values.n) ?? otherwise ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

/** @param {string} key @param {any} n */
const plural = (key, n) => (typeof n === "number" ? catalogue.value[`${key}.${new Intl.PluralRules(language.value).select(n)}`] ?? catalogue.value[`${key}.other`] : undefined);

/** A configured name (an outcome, a reason, a code) in words. @param {string} name */
export const named = (name) => catalogue.value[`named.${name}`] ?? spaced(name);
/** @param {string} name */
const spaced = (name) => (name.charAt(0).toUpperCase() + name.slice(1)).replace(/[-_]/g, " ");

/** A label of the configuration in the reader's language. @param {Record<string, string> | undefined} label @param {string} otherwise */
export const labelOf = (label, otherwise) => label?.[language.value] ?? label?.en ?? spaced(otherwise);

/** A refusal in words: ours by its code, else the server's sentence. @param {any} error */
export const heard = (error) => catalogue.value[`error.${error.code}`] ?? (error.message || t("error.broken"));
