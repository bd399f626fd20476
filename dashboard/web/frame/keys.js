// @ts-check
// Letters of a screen that is fetched when it is first opened. They go before the desk's own letters, and never where somebody types.
import { useEffect, useRef } from "../vendor/ui.js";
import { letter, settings } from "./settings.js";

/** What has letters of its own: fields, menus, dialogs. */
const TYPED = "input, textarea, select, dialog, [role=menu]";
/** Give letters, Enter or Escape a meaning while a part is shown. @param {Record<string, (() => void) | undefined>} deeds */
export function useKeys(deeds) {
  const latest = useRef(deeds);
  latest.current = deeds;
  useEffect(() => {
    let afterG = false;
    const heard = (/** @type {KeyboardEvent} */ event) => {
      const target = /** @type {Element} */ (event.target);
      if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || target.closest?.(TYPED) || document.querySelector("dialog[open], [role=menu]")) return;
      const key = letter(event);
      const deed = latest.current[key];
      // After g a letter names a screen; letters may be switched off, Escape may not.
      const here = deed && !afterG && (key === "Escape" || settings.value.keys);
      afterG = key === "g";
      if (!here) return;
      event.preventDefault();
      event.stopPropagation();
      deed();
    };
    document.addEventListener("keydown", heard, true);
    return () => document.removeEventListener("keydown", heard, true);
  }, []);
}
