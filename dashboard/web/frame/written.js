// @ts-check
// What was begun in a dialog or a form and not sent: Escape closes it, and discards no text.
import { useState } from "../vendor/ui.js";

// As many texts as somebody may still want; a page that stands open for a week does not grow.
const KEPT_MAX = 99;
/** @type {Map<string, any>} */
const written = new Map();

/**
 * A text that is here again when its dialog is: the text, how it is written, and what forgets it.
 * @template T
 * @param {string} key @param {T} first @returns {[T, (text: T) => void, () => void]}
 */
export function useWritten(key, first) {
  const [text, show] = useState(/** @type {T} */ (written.has(key) ? written.get(key) : first));
  const write = (/** @type {T} */ next) => {
    show(next);
    written.delete(key);
    if (next !== first) written.set(key, next);
    for (const old of written.keys()) if (written.size > KEPT_MAX) written.delete(old);
  };
  return [text, write, () => written.delete(key)];
}
