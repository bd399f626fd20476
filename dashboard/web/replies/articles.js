// @ts-check
// Articles of the help page as an answer: found by title or by words, and their link in the conversation's language.
import { signal } from "../vendor/ui.js";
import { config } from "../frame/state.js";
import { get } from "../frame/api.js";
import { go } from "../frame/screens.js";
import { language } from "../frame/words.js";
import { composing } from "../desk/composer.js";
import { draftOf, keepDraft } from "../desk/writing.js";

// Somebody publishes one now and then, and nobody looks for it within the minute.
const FRESH_MS = 60_000;

const published = signal(/** @type {any[]} */ ([]));
let readAt = -Infinity;

/** Read what is published, unless that was done a moment ago. */
export async function fetchArticles() {
  if (performance.now() - readAt < FRESH_MS) return;
  readAt = performance.now();
  const found = await get("/articles?state=published").catch(() => { readAt = -Infinity; return null; });
  if (found) published.value = found.items;
}

/** What is published and says these words, the fittest first. @param {string} words @returns {Promise<any[]>} */
export const searchArticles = async (words) => (await get(`/articles?${new URLSearchParams({ q: words, state: "published" })}`).catch(() => null))?.items ?? [];

/** In which of its languages an article is for somebody. @param {any} article @param {string | undefined} theirs */
const tagFor = (article, theirs) => [theirs, theirs?.slice(0, 2), config.value?.languages[0], ...Object.keys(article.titles)].find((tag) => tag && tag in article.titles) ?? "";

/** An article's title as its readers see it: in the conversation's language, else in mine. @param {any} article @param {any} [live] */
export const titleFor = (article, live) => article.titles[tagFor(article, live ? live.language : language.value)] ?? "";

/** What a customer gets: its title, and where it stands. @param {any} article @param {any} live */
export const linkText = (article, live) => `${titleFor(article, live)}\n${article.url}?lang=${tagFor(article, live.language)}`;

/** Whether everybody may read it, so that it can be sent. @param {any} article */
export const sendable = (article) => Boolean(article.url);

/** What is called so and can be sent: of this conversation's queue first, then what is of none. @param {string} word @param {any} live */
export function called(word, live) {
  const near = (/** @type {any} */ each) => (each.queues.includes(live.queue) ? 0 : each.queues.length ? 2 : 1);
  return published.value.filter((each) => sendable(each) && [each.slug, ...Object.values(each.titles)].join(" ").toLowerCase().includes(word)).sort((one, other) => near(one) - near(other));
}

/** Into what is being written to somebody, wherever on the desk that was begun. @param {string} text @param {any} live */
export function putInto(text, live) {
  if (document.querySelector(".composer textarea")) { composing.insert(text); return; }
  const before = draftOf(`${live.ref}:reply`).text;
  keepDraft(`${live.ref}:reply`, before ? `${before.trimEnd()}\n\n${text}` : text);
  go("desk", live.ref);
}
