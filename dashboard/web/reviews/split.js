// @ts-check
// What customers said, counted apart: by agent, queue or channel. A row chosen is looked at alone.
import { html, useEffect, useState } from "../vendor/ui.js";
import { get } from "../frame/api.js";
import { channelLabel, queueLabel } from "../frame/parts.js";
import { t } from "../frame/words.js";
import { Bar, SCORES, meanOf, share, whole } from "./names.js";

// A mean below three of five is looked at first.
const LOW_MEAN_MAX = 3_000;
const BEST = 5_000;
const NAMES = {
  agent: (/** @type {any} */ line) => line.name || t("reviews.nobody"),
  queue: (/** @type {any} */ line) => queueLabel(line.of),
  channel: (/** @type {any} */ line) => channelLabel(line.of),
};
/** @typedef {keyof typeof NAMES} By */

/** @param {{wanted: Record<string, string>, ways: By[], choose: (name: By, value: string) => void}} props */
export function Split({ wanted, ways, choose }) {
  const [open, setOpen] = useState(false);
  return html`<details class="card-box split" open=${open} onToggle=${(/** @type {any} */ event) => setOpen(event.target.open)}><summary>${t(`reviews.split.${ways.join(".")}`)}</summary>
    ${open && html`<${Tables} wanted=${wanted} ways=${ways} choose=${choose} />`}</details>`;
}

/** @param {{wanted: Record<string, string>, ways: By[], choose: (name: By, value: string) => void}} props */
function Tables({ wanted, ways, choose }) {
  const [by, setBy] = useState(/** @type {By} */ (ways[0]));
  const [state, put] = useState(/** @type {{items: any[] | null, failed: boolean}} */ ({ items: null, failed: false }));
  const address = `/ratings/split?${new URLSearchParams({ ...wanted, by })}`;
  const [again, ask] = useState(0);
  useEffect(() => {
    let current = true;
    const keep = (/** @type {any} */ next) => { if (current) put(next); };
    get(address).then(({ items }) => keep({ items, failed: false }), () => keep({ items: null, failed: true }));
    return () => { current = false; };
  }, [address, again]);
  const { items, failed } = state;
  return html`<div class="reviews-filters" role="group" aria-label=${t("reviews.split.by")}>${ways.map((each) => html`<button type="button" class="chip" key=${each} aria-pressed=${by === each} onClick=${() => setBy(each)}>${t(`reviews.by.${each}`)}</button>`)}</div>
    ${failed && html`<p class="empty" role="alert">${t("reviews.failed")} <button type="button" onClick=${() => ask(again + 1)}>${t("retry")}</button></p>`}
    ${items && !items.length && html`<p class="empty">${t("reviews.split.none")}</p>`}
    ${items && items.length > 0 && html`<div class="scrolled"><table aria-label=${t(`reviews.by.${by}`)}><thead><tr><th scope="col">${t(`reviews.filter.${by}`)}</th>${["mean", "ratings", "rated", "low"].map((each) => html`<th key=${each} scope="col" class="number">${t(`reviews.split.${each}`)}</th>`)}<th scope="col"><span class="unseen">${t("reviews.split.mean")}</span></th></tr></thead>
      <tbody>${items.map((line) => html`<${Row} key=${line.of} line=${line} name=${NAMES[by](line)} choose=${line.of === "0" ? null : () => choose(by, line.of)} />`)}</tbody></table></div>`}`;
}

/** @param {{line: any, name: string, choose: (() => void) | null}} props */
const Row = ({ line, name, choose }) => html`<tr><th scope="row">${choose ? html`<button type="button" class="link" title=${t("reviews.split.alone")} onClick=${choose}>${name}</button>` : name}</th>
  <td class="number"><b>${meanOf(line.mean)}</b>${line.mean < 0 && line.many > 0 ? html` <span class="meta">${t("reviews.split.few")}</span>` : ""}</td><td class="number">${whole(line.many)}</td><td class="number">${share(Math.min(line.many, line.ended), line.ended)}</td>
  <td class="number">${whole(low(line))}</td><td class="of-bar">${line.mean >= 0 && html`<${Bar} part=${line.mean} of=${BEST} tone=${line.mean < LOW_MEAN_MAX ? "late" : ""} />`}</td></tr>`;

/** How many were served badly, 1 or 2. @param {any} line */
const low = (line) => SCORES.filter((score) => score <= 2).reduce((sum, score) => sum + line.counts[score - 1], 0);
