// @ts-check
// What is hinted at where one writes: a text in another language than the customer's, the end of a platform's patience.
import { siteTime } from "../frame/parts.js";
import { t } from "../frame/words.js";
import { otherLanguage } from "./language.js";

/** @param {string} tag */
const languageIn = (tag) => new Intl.DisplayNames([document.documentElement.lang], { type: "language" }).of(tag) ?? tag;

/** A sentence where a text seems to be in another language than the customer's. @param {string} text @param {string} theirs */
export function hintOf(text, theirs) {
  const seems = otherLanguage(text, theirs);
  return seems && t("hint.language", { seems: languageIn(seems), theirs: languageIn(theirs) });
}

/** Until when, and how often, the platform takes answers. @param {any} live */
export const windowOf = ({ window_ms, replies_left }) =>
  Date.now() >= window_ms || !replies_left ? t("window.over") : `${t("window.until", { time: siteTime(window_ms) })}${replies_left > 0 ? ` · ${t("window.left", { n: replies_left })}` : ""}`;
