// @ts-check
// What a double click must not do: answer its own question, or send the same thing twice.
import { useRef } from "../vendor/ui.js";

/** Whether this is the second click of a double one: it was not meant for what stands there only since the first. @param {any} event */
export const hasty = (event) => event.detail > 1;

/**
 * A deed that is not begun again before it is answered.
 * @template {any[]} T
 * @param {(...parts: T) => Promise<any>} act @returns {(...parts: T) => Promise<void>}
 */
export function useOnce(act) {
  const begun = useRef(false);
  return async (...parts) => {
    parts[0]?.preventDefault?.();
    if (begun.current) return;
    begun.current = true;
    try { await act(...parts); } finally { begun.current = false; }
  };
}
