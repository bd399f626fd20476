// @ts-check
// Where the focus goes when what had it has gone. Fetched with the first key, or the first click that no pointer made.

// What takes the focus in place of something that has gone, the best first.
const HOMES = [".thread", ".card[aria-current='true']", ".card", "button.primary:not(:disabled)", ".state", "button:not(:disabled), a[href]"];
/** Where the focus was last, from within outwards. @type {any[]} */
let trail = [];
function follow() {
  trail = [];
  for (let each = /** @type {any} */ (document.activeElement); each && each !== document.body; each = each.parentElement) trail.push(each);
}
follow();
addEventListener("focusin", follow);
/** Whoever works by keyboard never stands nowhere: what has gone gives the focus to what stands nearest. */
export function keepFocus() {
  const [last] = trail;
  if (document.activeElement !== document.body || !last || (last.isConnected && !last.disabled)) return;
  for (const place of trail.filter((each) => each.isConnected)) {
    const home = HOMES.map((selector) => [...place.querySelectorAll(selector)].find((each) => each.getClientRects().length)).find(Boolean);
    if (home) { home.focus({ preventScroll: true }); return; }
  }
}
// After whoever has put something in its place had the time to give it the focus.
let keeping = false;
new MutationObserver(() => {
  if (keeping || document.activeElement !== document.body) return;
  keeping = true;
  setTimeout(() => { keeping = false; keepFocus(); }, 50);
}).observe(document.body, { childList: true, subtree: true, attributeFilter: ["disabled"] });
