// @ts-check
// A conversation to read beside its review: what was said, the newest at the end. Nothing can be written here.
import { html, useEffect, useRef, useState } from "../vendor/ui.js";
import { get } from "../frame/api.js";
import { Icon, dayOf, fullOf, timeOf } from "../frame/parts.js";
import { named, t } from "../frame/words.js";
import { Files } from "../desk/received.js";

const PAGE = 200;
const SAID = new Set(["in", "out", "note", "notice"]);
const STEPS = new Set(["accepted", "transferred", "closed", "rated"]);

/** @param {{reference: string, customer: string}} props */
export function Thread({ reference, customer }) {
  const [found, put] = useState(/** @type {any} */ (null));
  const [failed, fail] = useState(false);
  const first = useRef(0);
  const load = async () => {
    try {
      const page = await get(`/conversations/${reference}/story?limit=${PAGE}&before=${first.current}`);
      first.current = page.items[0]?.seq ?? first.current;
      put((/** @type {any} */ before) => ({ more: page.more, items: [...page.items, ...(before?.items ?? [])] }));
      fail(false);
    } catch {
      fail(true);
    }
  };
  useEffect(() => { void load(); }, [reference]);
  const items = (found?.items ?? []).filter((/** @type {any} */ each) => SAID.has(each.kind) || STEPS.has(each.kind));
  return html`<section class="card-box read" aria-label=${t("thread")} tabindex="0">
    ${failed && html`<p class="empty" role="alert">${t("reviews.failed")} <button type="button" onClick=${load}>${t("retry")}</button></p>`}
    ${!found && !failed && html`<div class="skeleton" aria-hidden="true"><i></i><i></i><i></i></div>`}
    ${found?.more && html`<button type="button" onClick=${load}>${t("earlier")}</button>`}
    <ol>${items.map((/** @type {any} */ item, /** @type {number} */ at) => html`${(!at || dayOf(items[at - 1].at) !== dayOf(item.at)) && html`<li class="day" key=${`d${item.seq}`}>${dayOf(item.at)}</li>`}<${Entry} key=${item.seq} item=${item} customer=${customer} reference=${reference} />`)}</ol></section>`;
}

/** @param {{item: any, customer: string, reference: string}} props */
function Entry({ item, customer, reference }) {
  if (!SAID.has(item.kind)) return html`<li class="step">${t(`step.${item.kind}`, { name: item.author ?? "", detail: item.detail ? named(item.detail) : "" })} <time title=${fullOf(item.at)}>${timeOf(item.at)}</time></li>`;
  const who = item.kind === "notice" ? t("notice.by") : item.kind === "in" && item.detail !== "outside" ? customer : item.author;
  return html`<li class=${`entry ${item.kind}`}>${item.kind === "note" && html`<p class="meta"><${Icon} name="lock" size=${13} /> ${t("note.only")}</p>`}${item.subject && html`<p><b>${item.subject}</b></p>`}
    <p class="words">${item.text || (item.kind === "notice" ? named(item.notice) : "")}</p>${item.files?.length > 0 && html`<${Files} files=${item.files} live=${{ ref: reference }} />`}
    <p class="meta">${who} · <time title=${fullOf(item.at)}>${timeOf(item.at)}</time></p></li>`;
}
