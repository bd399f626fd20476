// @ts-check
// What language a text looks like: by its script, and by the small words of six languages. It says nothing rather than guess.

/** @type {[string, RegExp][]} */
const SCRIPTS = [["th", /\p{Script=Thai}/gu], ["ja", /[\p{Script=Hiragana}\p{Script=Katakana}]/gu], ["ko", /\p{Script=Hangul}/gu], ["zh", /\p{Script=Han}/gu], ["ru", /\p{Script=Cyrillic}/gu], ["ar", /\p{Script=Arabic}/gu]];
/** Words that nearly every text has, and that other languages of the list have not. @type {Record<string, string>} */
const SMALL = {
  en: "the and you your with for have this that is are not will please thank we our it from can of",
  de: "der die das und ist nicht sie ich wir mit für ihre ihnen bitte danke ein eine haben wird auf dass",
  fr: "le les et vous votre est nous pas pour avec dans une des merci avez que sur cette je il",
  es: "el los las y usted su es nosotros por para con una gracias tiene que en esta muy lo como",
};
const WORDS = Object.entries(SMALL).map(([tag, words]) => /** @type {[string, Set<string>]} */ ([tag, new Set(words.split(" "))]));
// A tenth of the letters in another script is a name or a product; half is a text.
const SHARE = 0.4;
// Two small words may be chance, three are a sentence.
const SMALL_MIN = 3;

/** The language of a text, empty when it does not show. @param {string} text */
export function looksLike(text) {
  const letters = text.match(/\p{L}/gu)?.length ?? 0;
  if (letters < 6) return "";
  const script = SCRIPTS.find(([, letter]) => (text.match(letter)?.length ?? 0) > SHARE * letters);
  if (script) return script[0];
  const words = text.toLowerCase().match(/\p{L}+/gu) ?? [];
  const counted = WORDS.map(([tag, small]) => ({ tag, n: words.filter((word) => small.has(word)).length })).sort((a, b) => b.n - a.n);
  return counted[0].n >= SMALL_MIN && counted[0].n > 2 * counted[1].n ? counted[0].tag : "";
}

/** The language a text looks like when that is not the customer's. @param {string} text @param {string} theirs */
export function otherLanguage(text, theirs) {
  if (!theirs) return "";
  const seems = looksLike(text);
  return seems && seems !== theirs.slice(0, 2).toLowerCase() ? seems : "";
}
