// @ts-check
// The archive: everybody who was here, filtered, in order of last contact or name. Its filters are its address. j, k and Enter walk it.
import { html, useEffect, useRef, useState } from "../vendor/ui.js";
import { announce, config, me } from "../frame/state.js";
import { get } from "../frame/api.js";
import { Avatar, Icon, ago, channelLabel, fullOf, queueLabel } from "../frame/parts.js";
import { go, rest } from "../frame/screens.js";
import { ownKey } from "../frame/settings.js";
import { language, t } from "../frame/words.js";
import { useKeys } from "../frame/keys.js";
import { SegmentChip, fetchSegments, segmentLabel, segments } from "./segments.js";

const SEARCH_AFTER_MS = 250;
const PAGE = 50;
// The server looks at so many rows and answers; so often we ask it to go on before the reader is asked.
const ROUNDS_MAX = 5;
const NAMES = ["text", "segment", "last", "channel", "language", "tag", "open", "order"];
// Who comes back from a page finds the list as it was; what is older is read anew.
const KEPT_MS = 60_000;
const LAST = ["today", "7", "30", "90", "longer"];

/** The list that was shown last, and who was opened from it. */
let kept = { query: "", items: /** @type {any[]} */ ([]), next: "", at: 0 };
let opened = 0;

/** Go back to the list as it was filtered. */
export const backToList = () => go("customers", ...(kept.query ? ["list", kept.query] : []));

/** What the address asks for. @returns {Record<string, string>} */
function wantedNow() {
  const [part, query = ""] = rest.value;
  const given = part === "list" ? new URLSearchParams(query) : new URLSearchParams();
  return Object.fromEntries(NAMES.flatMap((name) => (given.get(name) ? [[name, String(given.get(name))]] : [])));
}

/** Show other customers; the list that was there is not kept in the history for every letter. @param {Record<string, string>} wanted */
function want(wanted) {
  const query = new URLSearchParams(Object.entries(wanted).filter(([, value]) => value)).toString();
  location.replace(`#/customers${query ? `/list/${encodeURIComponent(query)}` : ""}`);
}

/** @param {string} tag */
const languageName = (tag) => new Intl.DisplayNames([language.value], { type: "language", fallback: "code" }).of(tag) ?? tag;

/** Pages of those who fit; what comes for an older question is dropped. @param {Record<string, string>} wanted */
function usePages(wanted) {
  const [state, put] = useState(/** @type {{items: any[] | null, next: string, busy: boolean, failed: boolean}} */ ({ items: null, next: "", busy: true, failed: false }));
  const query = new URLSearchParams(wanted).toString();
  const old = kept.query === query && Date.now() - kept.at < KEPT_MS ? kept : null;
  const asked = useRef("");
  const read = async (/** @type {any[]} */ before, /** @type {string} */ after) => {
    asked.current = query;
    put({ items: before.length ? before : null, next: after, busy: true, failed: false });
    const items = [...before];
    let next = after;
    try {
      for (let round = 0; round < ROUNDS_MAX; round += 1) {
        const page = await get(`/customers?${new URLSearchParams({ ...wanted, after: next, limit: String(PAGE) })}`);
        if (asked.current !== query) return;
        const known = new Set(items.map((each) => each.id));
        items.push(...page.items.filter((/** @type {any} */ each) => !known.has(each.id)));
        next = page.next;
        if (!next || items.length >= before.length + PAGE) break;
      }
      kept = { query, items, next, at: Date.now() };
      put({ items, next, busy: false, failed: false });
      if (!before.length) announce("status", t("archive.found", { n: items.length }));
    } catch {
      if (asked.current === query) put({ items: items.length ? items : null, next, busy: false, failed: true });
    }
  };
  useEffect(() => {
    if (old) put({ items: old.items, next: old.next, busy: false, failed: false });
    else void read([], "");
    return () => { asked.current = ""; };
  }, [query]);
  return { ...state, again: () => read([], ""), more: () => read(state.items ?? [], state.next) };
}

export function Archive() {
  const wanted = wantedNow();
  const { items, next, busy, failed, again, more } = usePages(wanted);
  const root = useRef(/** @type {any} */ (null));
  useEffect(() => { void fetchSegments(); }, []);
  useEffect(() => {
    if (!items || !opened) return;
    /** @type {any} */ (root.current?.querySelector(`[data-id="${opened}"]`))?.focus();
    opened = 0;
  }, [items]);
  const walk = (/** @type {number} */ by) => {
    const rows = [...(root.current?.querySelectorAll("tbody .open") ?? [])];
    rows[Math.min(rows.length - 1, Math.max(0, rows.indexOf(document.activeElement) + by))]?.focus();
  };
  useKeys({ [ownKey("next")]: () => walk(1), [ownKey("previous")]: () => walk(-1) });
  const filtered = Object.keys(wanted).some((name) => name !== "order");
  return html`<${Search} wanted=${wanted} /><${Filters} wanted=${wanted} />
    ${failed && html`<p class="table-state" role="alert"><${Icon} name="warn" /> ${t("archive.failed")} <button type="button" class="link" onClick=${again}>${t("retry")}</button></p>`}
    ${!items && !failed && html`<div class="skeleton" aria-hidden="true"><i></i><i></i><i></i></div>`}
    ${items && items.length > 0 && html`<div class="archive" ref=${root} aria-busy=${busy}><table aria-label=${t("view.customers")}><thead><tr>
      <${Ordered} wanted=${wanted} by="name" /><th scope="col" class="of-segment">${t("archive.column.segment")}</th><th scope="col" class="of-channels">${t("archive.column.channels")}</th>
      <${Ordered} wanted=${wanted} by="last" /><th scope="col" class="of-counted">${t("archive.column.counted")}</th><th scope="col" class="of-rating">${t("archive.column.rating")}</th></tr></thead>
      <tbody>${items.map((line) => html`<${Line} key=${line.id} line=${line} />`)}</tbody></table></div>`}
    ${items && !items.length && !next && html`<p class="empty">${filtered ? html`${t("archive.nothing")} <button type="button" class="link" onClick=${() => want({})}>${t("archive.clear")}</button>` : t("archive.none")}</p>`}
    ${items && next && html`<p class="go-on">${!items.length && html`<span class="meta">${t("archive.further")}</span> `}<button type="button" disabled=${busy} onClick=${more}>${t(items.length ? "archive.more" : "archive.look")}</button></p>`}`;
}

/** A heading that orders the list. @param {{wanted: Record<string, string>, by: string}} props */
function Ordered({ wanted, by }) {
  const here = (wanted.order || "last") === by;
  // What was looked for by words has an order of its own: what fits best.
  if (wanted.text) return html`<th scope="col" class=${`of-${by}`}>${t(`archive.column.${by}`)}</th>`;
  return html`<th scope="col" class=${`of-${by}`} aria-sort=${here ? (by === "name" ? "ascending" : "descending") : "none"}><button type="button" class="plain" onClick=${() => want({ ...wanted, order: by === "last" ? "" : by })}>${t(`archive.column.${by}`)}${here && html` <span class=${`sorted by-${by}`} aria-hidden="true"></span>`}</button></th>`;
}

/** @param {{wanted: Record<string, string>}} props */
function Search({ wanted }) {
  const [typed, type] = useState(wanted.text ?? "");
  const latest = useRef(wanted);
  latest.current = wanted;
  useEffect(() => {
    const timer = setTimeout(() => { if (typed.trim() !== (latest.current.text ?? "")) want({ ...latest.current, text: typed.trim().slice(0, 100) }); }, SEARCH_AFTER_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  useEffect(() => { if (!wanted.text) type(""); }, [!wanted.text]);
  const first = () => /** @type {any} */ (document.querySelector(".archive .open"))?.focus();
  return html`<div class="archive-search"><label class="grow"><span class="unseen">${t("customers.search")}</span><input type="search" value=${typed} placeholder=${t("customers.search.by")} autocomplete="off" maxlength="100" onInput=${(/** @type {any} */ event) => type(event.target.value)}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => { if (event.key === "ArrowDown" && !event.isComposing) { event.preventDefault(); first(); } }} /></label>
    ${me.value?.role !== "agent" && html`<a class="take-away" href=${`/api/v1/customers/table?${new URLSearchParams(wanted)}`} title=${t("archive.table.most")} download>${t("archive.table")}</a>`}</div>`;
}

/** @param {{wanted: Record<string, string>}} props */
function Filters({ wanted }) {
  const pick = (/** @type {string} */ name) => (/** @type {any} */ event) => want({ ...wanted, [name]: event.target.value });
  const select = (/** @type {string} */ name, /** @type {[string, string][]} */ options) => html`<label key=${name}><span class="unseen">${t(`archive.filter.${name}`)}</span><select class=${wanted[name] ? "chosen" : ""} value=${wanted[name] ?? ""} onChange=${pick(name)}><option value="">${t(`archive.any.${name}`)}</option>${options.map(([value, text]) => html`<option key=${value} value=${value}>${text}</option>`)}</select></label>`;
  const chip = (/** @type {string} */ segment, /** @type {any} */ text) => html`<button type="button" class="chip" key=${segment} aria-pressed=${(wanted.segment ?? "") === segment} onClick=${() => want({ ...wanted, segment })}>${text}</button>`;
  const { channels = [], languages = [] } = config.value ?? {};
  return html`<div class="archive-filters" role="group" aria-label=${t("archive.filters")}>
    ${segments.value.length > 0 && html`${chip("", t("archive.everybody"))}${segments.value.map((each) => chip(each.name, html`${segmentLabel(each.name)} <b>${each.count >= each.most ? t("archive.many", { n: each.most }) : each.count}</b>`))}`}
    ${select("last", LAST.map((name) => [name, t(`archive.last.${name}`)]))}
    ${select("open", ["yes", "no"].map((name) => [name, t(`archive.open.${name}`)]))}
    ${select("channel", channels.map((/** @type {any} */ each) => [each.name, channelLabel(each.name)]))}
    ${select("language", languages.map((/** @type {string} */ tag) => [tag, languageName(tag)]))}
    <form onSubmit=${(/** @type {any} */ event) => { event.preventDefault(); want({ ...wanted, tag: event.target.elements.tag.value.trim() }); }}><label><span class="unseen">${t("archive.filter.tag")}</span><input name="tag" class=${wanted.tag ? "chosen" : ""} value=${wanted.tag ?? ""} placeholder=${t("archive.any.tag")} maxlength="40" autocomplete="off" onChange=${(/** @type {any} */ event) => want({ ...wanted, tag: event.target.value.trim() })} /></label></form></div>`;
}

/** @param {{line: any}} props */
function Line({ line }) {
  const { last } = line;
  const open = () => { opened = line.id; go("customers", String(line.id)); };
  return html`<tr onClick=${open}><th scope="row" class="of-name"><span class="row"><${Avatar} name=${line.name || "?"} /><span><button type="button" class="link open" data-id=${line.id} onClick=${(/** @type {any} */ event) => { event.stopPropagation(); open(); }}>${line.name || line.known_by || t("customer.new")}</button>
      <span class="meta">${t("customers.number", { n: line.id })}${line.segment && html` <span class="narrow"><${SegmentChip} name=${line.segment} /></span>`}${line.tags.map((/** @type {string} */ tag) => html` <span class="tag" key=${tag}>${tag}</span>`)}</span></span></span></th>
    <td class="of-segment">${line.segment && html`<${SegmentChip} name=${line.segment} />`}</td>
    <td class="of-channels">${line.channels.map((/** @type {string} */ name) => html`<${Icon} key=${name} name=${name} label=${channelLabel(name)} /> `)}</td>
    <td class="of-last">${last ? html`<span title=${fullOf(last.at)}>${ago(last.at)}</span> <span class="meta">${queueLabel(last.queue)} · ${t(`state.${last.state}`)}</span>` : html`<span class="meta">${t("archive.never")}</span>`}</td>
    <td class="of-counted number">${line.more ? t("archive.many", { n: line.counted }) : line.counted}${line.open > 0 && html` <span class="chip">${t("archive.opened", { n: line.open })}</span>`}</td>
    <td class="of-rating number">${line.rating > 0 && html`<span aria-label=${t("archive.rated", { n: line.rating })} role="img"><span class="star" aria-hidden="true">★</span> ${line.rating}</span>`}</td></tr>`;
}
