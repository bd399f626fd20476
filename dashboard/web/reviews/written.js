// @ts-check
// Reviews as a list: all of them for supervisors, or those of my own work that were handed to me.
import { html, signal, useEffect, useRef, useState } from "../vendor/ui.js";
import { me } from "../frame/state.js";
import { get } from "../frame/api.js";
import { Icon, ago, channelLabel, fullOf, queueLabel } from "../frame/parts.js";
import { go } from "../frame/screens.js";
import { ownKey } from "../frame/settings.js";
import { t } from "../frame/words.js";
import { useKeys } from "../frame/keys.js";
import { Score, Stage, walkRows } from "./names.js";

const PAGE = 50;
const STAGES = ["draft", "handed", "answered", "settled"];
/** The stage that is looked for, empty for any. */
const stage = signal("");

/** @param {{mine: boolean}} props */
export function Written({ mine }) {
  const [found, put] = useState(/** @type {any} */ (null));
  const [failed, fail] = useState(false);
  const root = useRef(/** @type {any} */ (null));
  const address = (/** @type {string} */ after) => `/reviews?${new URLSearchParams({ agent: mine ? String(me.value.id) : "0", stage: mine ? "" : stage.value, limit: String(PAGE), after })}`;
  const load = () => get(address("")).then((page) => { put(page); fail(false); }, () => fail(true));
  const more = () => get(address(found.next)).then((page) => { put({ ...page, items: [...found.items, ...page.items] }); fail(false); }, () => fail(true));
  useEffect(() => { put(null); void load(); }, [mine, stage.value]);
  useKeys({ [ownKey("next")]: () => walkRows(root, 1), [ownKey("previous")]: () => walkRows(root, -1) });
  const chip = (/** @type {string} */ value) => html`<button type="button" class="chip" key=${value} aria-pressed=${stage.value === value} onClick=${() => { stage.value = value; }}>${t(value ? `review.stage.${value}` : "reviews.all")}</button>`;
  return html`${!mine && html`<div class="reviews-filters" role="group" aria-label=${t("reviews.filters")}>${["", ...STAGES].map(chip)}</div>`}
    ${failed && html`<p class="table-state" role="alert"><${Icon} name="warn" /> ${t("reviews.failed")} <button type="button" class="link" onClick=${load}>${t("retry")}</button></p>`}
    ${!found && !failed && html`<div class="skeleton" aria-hidden="true"><i></i><i></i></div>`}
    ${found && !found.items.length && html`<p class="empty">${t(mine ? "reviews.none.mine" : stage.value ? "reviews.none.stage" : "reviews.none.written")}</p>`}
    ${found?.items.length > 0 && html`<ul class="written" aria-label=${t(mine ? "reviews.part.mine" : "reviews.part.written")} ref=${root}>${found.items.map((/** @type {any} */ line) => html`<li key=${line.ref} class=${mine && line.stage === "handed" ? "unread" : ""}>
      <span class="channel"><${Icon} name=${line.channel} label=${channelLabel(line.channel)} /></span>
      <span class="grow"><button type="button" class="link open" onClick=${() => go("reviews", line.ref)}>${mine ? t("review.of_mine", { ref: line.ref }) : line.agent?.name ?? ""}</button><span class="meta">${queueLabel(line.queue)} · ${t("review.by", { name: line.reviewer?.name ?? "" })} · <time title=${fullOf(line.handed_ms || line.begun_ms)}>${ago(line.handed_ms || line.begun_ms)}</time></span></span>
      <${Stage} stage=${line.stage} view=${line.view} /><b><${Score} score=${line.score} /></b></li>`)}</ul>`}
    ${found?.next && html`<button type="button" class="more-rows" onClick=${more}>${t("reviews.more")}</button>`}`;
}
