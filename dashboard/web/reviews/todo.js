// @ts-check
// What is to be reviewed: the draw of a week by agent, how far each has come, and the weeks before and after.
import { html, signal, useEffect, useRef, useState } from "../vendor/ui.js";
import { me } from "../frame/state.js";
import { get } from "../frame/api.js";
import { Avatar, Icon, channelLabel, queueLabel } from "../frame/parts.js";
import { go } from "../frame/screens.js";
import { ownKey } from "../frame/settings.js";
import { t } from "../frame/words.js";
import { useKeys } from "../frame/keys.js";
import { Bar, Score, Stage, Stars, dayAt, nameOf, walkRows } from "./names.js";

/** The week that is shown, so that going back from a review finds it again; 0: the last whole one. */
const week = signal(0);
/** What was drawn last, for walking on from within a review. */
export const order = signal(/** @type {string[]} */ ([]));

export function ToDo() {
  const [found, put] = useState(/** @type {any} */ (null));
  const [failed, fail] = useState(false);
  const root = useRef(/** @type {any} */ (null));
  const load = () => get(`/reviews/to-do?week=${week.value}`).then((all) => {
    put(all);
    fail(false);
    order.value = all.agents.flatMap((/** @type {any} */ each) => each.items.map((/** @type {any} */ item) => item.ref));
  }, () => fail(true));
  useEffect(() => { void load(); }, [week.value]);
  useKeys({ [ownKey("next")]: () => walkRows(root, 1), [ownKey("previous")]: () => walkRows(root, -1) });
  if (!found) return failed ? html`<p class="empty" role="alert">${t("reviews.failed")} <button type="button" onClick=${load}>${t("retry")}</button></p>` : html`<div class="skeleton" aria-hidden="true"><i></i><i></i><i></i></div>`;
  return html`<div class="reviews-filters"><button type="button" class="icon-button edged" aria-label=${t("reviews.week.before")} title=${t("reviews.week.before")} onClick=${() => { week.value = found.before; }}><${Icon} name="back" /></button>
      <h2 aria-live="polite">${t("reviews.week", { from: dayAt(found.from_ms), to: dayAt(found.to_ms - 1) })}</h2>
      <button type="button" class="icon-button edged onward" disabled=${!found.after} aria-label=${t("reviews.week.after")} title=${t("reviews.week.after")} onClick=${() => { week.value = found.after; }}><${Icon} name="back" /></button></div>
    <p class="meta">${t(found.over ? "reviews.drawn.over" : "reviews.drawn.now")}</p>
    ${failed && html`<p class="table-state" role="alert"><${Icon} name="warn" /> ${t("reviews.stale")} <button type="button" class="link" onClick=${load}>${t("retry")}</button></p>`}
    ${!found.whole && html`<p class="faster" role="alert">${t("reviews.not_whole")}</p>`}
    ${!found.agents.length && html`<p class="empty">${t("reviews.none.drawn")}</p>`}
    <div class="draws" ref=${root}>${found.agents.map((/** @type {any} */ each) => html`<${DrawnOf} key=${each.agent.id} drawn=${each} />`)}</div>`;
}

/** @param {{drawn: any}} props */
function DrawnOf({ drawn }) {
  const { agent, done, items } = drawn;
  return html`<section class="card-box" aria-label=${agent.name}><header class="drawn-head"><${Avatar} name=${agent.name || "?"} /><h3 class="grow">${agent.name}</h3><span>${t("reviews.progress", { done, n: items.length })}</span><${Bar} part=${done} of=${items.length} /></header>
    <ul>${items.map((/** @type {any} */ each) => html`<li key=${each.ref}><span class="channel"><${Icon} name=${each.channel} label=${channelLabel(each.channel)} /></span>
      <span class="grow"><button type="button" class="link open" onClick=${() => go("reviews", each.ref)}>${nameOf(each.customer)}</button><span class="meta">${queueLabel(each.queue)} · ${dayAt(each.closed_ms)} · ${t(`review.why.${each.why}`)}</span></span>
      ${each.rated > 0 && html`<${Stars} score=${each.rated} />`}
      <span class="drawn-stage"><${Stage} stage=${each.stage} />${each.stage && each.stage !== "draft" ? html` <${Score} score=${each.score} />` : ""}${each.reviewer && each.reviewer.id !== me.value?.id ? html`<span class="meta">${each.reviewer.name}</span>` : ""}</span></li>`)}</ul></section>`;
}
