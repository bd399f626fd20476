// @ts-check
// Walking the regions of the page by one key. Fetched with the first press.

const PLACES = ".top input, .rail button, .work .card, .offer .primary, .thread, .composer textarea, .wrap-up input, .elsewhere button, .customer button, main:not(.desk) :is(button, input, select, a[href], [tabindex='0'])";
/** The region an element stands in. @param {Element | null} element */
const regionOf = (element) => element?.closest("header, nav, section, aside, .offers, .wrap-up, footer, main") ?? null;

/** Walk the regions of the page: to the first place of the next one. @param {number} by */
export function region(by) {
  const seen = [...document.querySelectorAll(PLACES)].filter((element) => element.getClientRects().length);
  const regions = seen.filter((element, at) => seen.findIndex((other) => regionOf(other) === regionOf(element)) === at);
  // A region may stand within another one: the innermost is where we are.
  const here = regions.findLastIndex((element) => regionOf(element)?.contains(document.activeElement));
  /** @type {any} */ (regions[(here + by + regions.length) % regions.length])?.focus();
}
