// @ts-check
// Reviews: which part the address names. What customers said, what is to be reviewed, reviews, figures, one review.
import { html, signal, useEffect } from "../vendor/ui.js";
import { keepFresh } from "../frame/fresh.js";
import { me } from "../frame/state.js";
import { get } from "../frame/api.js";
import { Late, go, rest } from "../frame/screens.js";
import { t } from "../frame/words.js";
import { Said } from "./said.js";

/** What waits for me, null until it is read. */
export const count = signal(/** @type {any} */ (null));
export const fetchCount = () => get("/reviews/count").then((found) => { count.value = found; }, () => {});

/** Parts of the screen, who sees them, and what of it waits. The first is what opens. @type {[string, string, string, () => any][]} */
const PARTS = [
  ["said", "agent", "unseen", () => html`<${Said} />`],
  ["to-do", "supervisor", "drafts", () => html`<${Late} load=${() => import("./todo.js")} part="ToDo" />`],
  ["written", "supervisor", "to_settle", () => html`<${Late} key="written" load=${() => import("./written.js")} part="Written" mine=${false} />`],
  ["mine", "agent", "to_answer", () => html`<${Late} key="mine" load=${() => import("./written.js")} part="Written" mine=${true} />`],
  ["figures", "supervisor", "", () => html`<${Late} load=${() => import("./figures.js")} part="Figures" />`],
];

export function Screen() {
  useEffect(() => {
    void fetchCount();
    return keepFresh("review", fetchCount);
  }, []);
  const supervises = me.value?.role !== "agent";
  const mine = PARTS.filter(([, role]) => role === "agent" || supervises);
  const first = supervises ? "said" : "mine";
  const [part = first] = rest.value;
  const shown = mine.find(([each]) => each === part);
  if (!shown && !PARTS.some(([each]) => each === part)) return html`<main class="reviews-view"><${Late} key=${part} load=${() => import("./review.js")} part="Review" reference=${part} /></main>`;
  const [name, , , view] = shown ?? mine[0];
  const waits = (/** @type {string} */ what) => what && count.value?.[what] > 0 && html` <b class="waits">${count.value[what]}</b>`;
  return html`<main class="reviews-view"><header class="reviews-head"><h1 class="grow">${t("view.reviews")}</h1>
    <nav class="row" aria-label=${t("reviews.parts")}>${mine.map(([each, , what]) => html`<button type="button" key=${each} aria-current=${each === name ? "page" : undefined} onClick=${() => go("reviews", ...(each === first ? [] : [each]))}>${t(`reviews.part.${each}`)}${waits(what)}</button>`)}</nav></header>${view()}</main>`;
}
