// @ts-check
// Follow-ups: what was promised for a time, in groups by when it is due; mine, my team's, all. j, k and Enter walk them, Esc goes back.
import { html, useEffect, useRef, useState } from "../vendor/ui.js";
import { keepFresh } from "../frame/fresh.js";
import { announce, link, work } from "../frame/state.js";
import { get } from "../frame/api.js";
import { Icon } from "../frame/parts.js";
import { go, rest } from "../frame/screens.js";
import { ownKey } from "../frame/settings.js";
import { t } from "../frame/words.js";
import { useKeys } from "../frame/keys.js";
import { One } from "./one.js";
import { Group } from "./rows.js";

// The list is a view of what was decided: it has read on after so long.
const AFTER_MS = 700;
const PAGE = 50;
// Whoever has paged on so far works through a list, and reads it anew when it is opened again.
const AGAIN_MAX = 200;
const SCOPES = ["mine", "team", "all"];
const KINDS = ["follow_up", "snoozed", "call_back", "window"];
const GROUPS = ["late", "today", "tomorrow", "week", "later"];

/** What the list is, read while it is shown. @param {string} scope @param {string} kind */
function useList(scope, kind) {
  const [state, put] = useState(/** @type {{of: string, items: any[] | null, next: string, team: string, late: number, failed: boolean}} */ ({ of: "", items: null, next: "", team: "", late: -1, failed: false }));
  const latest = useRef(state);
  const wanted = `${scope} ${kind}`;
  const asked = useRef(wanted);
  asked.current = wanted;
  const show = (/** @type {any} */ next) => { latest.current = next; put(next); };
  const address = (/** @type {number} */ limit, /** @type {string} */ after) => `/followups?${new URLSearchParams({ scope, kind, limit: String(limit), after })}`;
  const read = async () => {
    const many = latest.current.of === wanted ? latest.current.items?.length ?? 0 : 0;
    if (many > AGAIN_MAX) return;
    try {
      const [page, count] = await Promise.all([get(address(Math.max(PAGE, many), "")), get("/followups/count")]);
      if (asked.current === wanted) show({ of: wanted, items: page.items, next: page.next, team: page.team, late: scope === "mine" ? count.mine_late : count.late, failed: false });
    } catch {
      if (asked.current === wanted) show({ ...latest.current, failed: true });
    }
  };
  const more = async () => {
    const { items, next } = latest.current;
    const page = await get(address(PAGE, next)).catch(() => null);
    if (asked.current !== wanted) return;
    if (page) show({ ...latest.current, items: [...(items ?? []), ...page.items], next: page.next });
    else show({ ...latest.current, failed: true });
  };
  // What becomes of my own is heard at the desk; the rest is looked at now and then.
  const mine = [...work.value.values()].map((each) => `${each.ref}${each.state}${each.due_ms}`).sort().join();
  useEffect(() => {
    const timer = setTimeout(read, latest.current.of === wanted ? AFTER_MS : 0);
    const end = keepFresh("followup", () => setTimeout(read, AFTER_MS));
    return () => { clearTimeout(timer); end(); };
  }, [wanted, mine]);
  const current = state.of === wanted ? state : { ...state, items: null };
  return { ...current, read, more, soon: () => setTimeout(read, AFTER_MS) };
}

export function Screen() {
  const [first = "", second = ""] = rest.value;
  const scope = SCOPES.includes(first) ? first : "mine";
  const ref = SCOPES.includes(first) ? second : first;
  const [kind, setKind] = useState("");
  const list = useList(scope, kind);
  const root = useRef(/** @type {any} */ (null));
  const known = useRef(-1);
  const place = (/** @type {string} */ name, /** @type {string} */ one = "") => go("followups", ...(name === "mine" && !one ? [] : [name]), ...(one ? [one] : []));
  useEffect(() => {
    // Only news are said, and only those that are worse.
    if (known.current >= 0 && list.late > known.current) announce("status", t("followups.late", { n: list.late }));
    if (list.late >= 0) known.current = list.late;
  }, [list.late]);
  useEffect(() => { known.current = -1; }, [scope]);
  const walk = (/** @type {number} */ by) => {
    const rows = [...(root.current?.querySelectorAll("tbody .open") ?? [])];
    rows[Math.min(rows.length - 1, Math.max(0, rows.indexOf(document.activeElement) + by))]?.focus();
  };
  const back = () => {
    if (!ref) return;
    place(scope);
    setTimeout(() => root.current?.querySelector(`[data-ref="${CSS.escape(ref)}"] .open`)?.focus());
  };
  useKeys({ [ownKey("next")]: () => walk(1), [ownKey("previous")]: () => walk(-1), Escape: back });
  return html`<main class=${`followups-view ${ref ? "has-one" : ""}`} ref=${root}>
    <section class="followups-list" aria-label=${t("view.followups")}><header class="followups-head"><h1 class="grow">${t("view.followups")}</h1>
      ${list.late > 0 && html`<span class="chip late"><${Icon} name="late" size=${14} /> ${t("followups.late", { n: list.late })}</span>`}</header>
      <${Filters} scope=${scope} kind=${kind} team=${list.team} choose=${(/** @type {string} */ name) => place(name)} setKind=${setKind} />
      <p class="table-state" role="status">${list.items && (list.failed || link.value !== "live") ? html`<${Icon} name="warn" /> ${t("followups.stale")} <button type="button" class="link" onClick=${list.read}>${t("retry")}</button>` : ""}</p>
      <${Groups} list=${list} scope=${scope} kind=${kind} chosen=${ref} open=${(/** @type {string} */ one) => place(scope, one)} clear=${() => setKind("")} all=${() => place("all")} /></section>
    ${ref && html`<${One} key=${ref} of=${ref} back=${back} changed=${list.soon} />`}</main>`;
}

/** @param {{scope: string, kind: string, team: string, choose: (scope: string) => void, setKind: (kind: string) => void}} props */
function Filters({ scope, kind, team, choose, setKind }) {
  return html`<div class="followups-filters" role="group" aria-label=${t("followups.filters")}>
    ${SCOPES.filter((name) => name !== "team" || team || scope === "team").map((name) => html`<button type="button" class="chip" key=${name} aria-pressed=${scope === name} onClick=${() => choose(name)}>${t(`followups.scope.${name}`)}</button>`)}
    <label><span class="unseen">${t("followups.column.kind")}</span><select class=${kind ? "chosen" : ""} value=${kind} onChange=${(/** @type {any} */ event) => setKind(event.target.value)}><option value="">${t("followups.any")}</option>${KINDS.map((name) => html`<option key=${name} value=${name}>${t(`followup.kind.${name}`)}</option>`)}</select></label></div>`;
}

/** @param {{list: any, scope: string, kind: string, chosen: string, open: (ref: string) => void, clear: () => void, all: () => void}} props */
function Groups({ list, scope, kind, chosen, open, clear, all }) {
  if (!list.items) return list.failed ? html`<p class="empty" role="alert">${t("followups.failed")} <button type="button" onClick=${list.read}>${t("retry")}</button></p>` : html`<div class="skeleton" aria-hidden="true"><i></i><i></i><i></i></div>`;
  if (!list.items.length && !list.next) return html`<p class="empty">${kind ? html`${t("followups.nothing")} <button type="button" class="link" onClick=${clear}>${t("followups.clear")}</button>` : html`${t(`followups.none.${scope}`)} ${scope !== "all" && html`<button type="button" class="link" onClick=${all}>${t("followups.see_all")}</button>`}`}</p>`;
  const groups = GROUPS.map((name) => [name, list.items.filter((/** @type {any} */ each) => each.group === name)]).filter(([, rows]) => rows.length);
  const last = groups.at(-1)?.[0];
  return html`<div class="followups-table"><table aria-label=${t("view.followups")}><thead><tr>${["due", "customer", "kind", "note", "queue", ...(scope === "mine" ? [] : ["owner"])].map((name) => html`<th key=${name} scope="col" class=${`of-${name}`}>${t(`followups.column.${name}`)}</th>`)}</tr></thead>
    ${groups.map(([name, rows]) => html`<${Group} key=${name} name=${name} rows=${rows} whole=${!list.next || name !== last} owners=${scope !== "mine"} chosen=${chosen} open=${open} />`)}</table></div>
    ${list.next && html`<button type="button" class="more-rows" onClick=${list.more}>${t("followups.more")}</button>`}`;
}
