// @ts-check
// Customers: which part the address names: the archive, one person, senders that are blocked; and linking a visitor to somebody who is known.
import { html, signal, useEffect, useState } from "../vendor/ui.js";
import { attempt, me } from "../frame/state.js";
import { call, get, post } from "../frame/api.js";
import { Avatar, Dialog, Icon, dayOf, fullOf } from "../frame/parts.js";
import { dialog } from "../frame/dialogs.js";
import { go, rest } from "../frame/screens.js";
import { named, t } from "../frame/words.js";
import { Archive } from "./archive.js";
import { Person } from "./person.js";

const SEARCH_AFTER_MS = 150;
const RANKS = ["agent", "supervisor", "admin"];
/** @param {string} role */
export const mayBe = (role) => RANKS.indexOf(me.value?.role) >= RANKS.indexOf(role);

/** What was looked for last, so that going back from a page finds the list again. */
const wanted = signal("");

/**
 * Search while it is typed; what is older than the text is dropped.
 * @param {string} text @returns {{found: any, busy: boolean}}
 */
function useSearch(text) {
  const [state, put] = useState(/** @type {{of: string, found: any}} */ ({ of: "", found: null }));
  const words = text.trim();
  useEffect(() => {
    if (!words) { put({ of: "", found: null }); return undefined; }
    let dropped = false;
    const timer = setTimeout(() => void attempt(() => get(`/find?messages=false&text=${encodeURIComponent(words.slice(0, 100))}`)).then((found) => { if (!dropped) put({ of: words, found: found ?? { customers: [] } }); }), SEARCH_AFTER_MS);
    return () => { dropped = true; clearTimeout(timer); };
  }, [words]);
  return { found: state.found, busy: state.of !== words };
}

export function Screen() {
  const [part] = rest.value;
  if (part === "blocked") return html`<main class="customers"><${Tabs} /><${Blocked} /></main>`;
  if (part && part !== "list") return html`<main class="customers"><${Person} id=${Number(part)} key=${part} /></main>`;
  return html`<main class="customers"><${Tabs} /><${Archive} /></main>`;
}

function Tabs() {
  const blocked = rest.value[0] === "blocked";
  return html`<header class="page-head"><h1 class="grow">${t("view.customers")}</h1>${mayBe("supervisor") && html`<nav class="row" aria-label=${t("customers.parts")}>
    <button type="button" aria-current=${blocked ? undefined : "page"} onClick=${() => go("customers")}>${t("customers.find")}</button>
    <button type="button" aria-current=${blocked ? "page" : undefined} onClick=${() => go("customers", "blocked")}>${t("customers.blocked")}</button></nav>`}</header>`;
}

/** A search and what it finds. @param {{choose: (each: any) => void, but?: number}} props */
function Find({ choose, but = 0 }) {
  const text = wanted.value;
  const { found, busy } = useSearch(text);
  const list = (found?.customers ?? []).filter((/** @type {any} */ each) => each.id !== but);
  return html`<section class="find"><label>${t("customers.search")} <input type="search" value=${text} placeholder=${t("customers.search.by")} autocomplete="off" onInput=${(/** @type {any} */ event) => { wanted.value = event.target.value; }} /></label>
    <ul class="people" aria-busy=${busy}>${list.map((/** @type {any} */ each) => html`<li key=${each.id}><button type="button" class="person-row" onClick=${() => choose(each)}>
      <${Avatar} name=${each.name || "?"} /><span class="grow"><b>${each.name || t("customer.new")}</b></span><span class="meta">${t("customers.number", { n: each.id })}</span></button></li>`)}</ul>
    ${!text.trim() && html`<p class="empty">${t("customers.begin")}</p>`}
    ${text.trim() && !busy && !list.length && html`<p class="empty">${t("customers.none", { text: text.trim() })}</p>`}
    ${found?.more && html`<p class="meta">${t("customers.more")}</p>`}</section>`;
}

/** Link the visitor of a conversation to somebody who is known: a merge, and can be taken back like one. @param {{live: any}} props */
export function LinkDialog({ live }) {
  const [chosen, choose] = useState(/** @type {any} */ (null));
  const link = async () => { if (await attempt(() => post(`/customers/${live.customer.id}/merges`, { other: chosen.id }))) { live.linked?.(); dialog.close(); } };
  return html`<${Dialog} title=${t("link.title")} close=${dialog.close}><p>${t("link.text")}</p>
    ${chosen ? html`<p class="row"><${Avatar} name=${chosen.name || "?"} /> <b class="grow">${chosen.name || t("customer.new")}</b><button type="button" class="link" onClick=${() => choose(null)}>${t("link.other")}</button></p>`
      : html`<${Find} choose=${choose} but=${live.customer.id} />`}
    <div class="row"><span class="grow"></span><button type="button" onClick=${dialog.close}>${t("cancel")}</button><button type="button" class="primary" disabled=${!chosen} onClick=${link}>${t("link.go")}</button></div><//>`;
}

/** Senders who are blocked or only test, and who may write again at a click. */
function Blocked() {
  const [marks, setMarks] = useState(/** @type {any[] | null} */ (null));
  const load = () => attempt(async () => { setMarks(await get("/senders?limit=200")); });
  useEffect(() => { void load(); }, []);
  const lift = (/** @type {any} */ each) => attempt(async () => { await call("DELETE", `/senders/${each.id}`, {}); await load(); });
  if (!marks) return html`<div class="skeleton" aria-hidden="true"><i></i><i></i></div>`;
  if (!marks.length) return html`<p class="empty">${t("blocked.none")}</p>`;
  return html`<table class="list"><thead><tr>${["sender", "mark", "reason", "since", "until"].map((key) => html`<th key=${key} scope="col">${t(`blocked.${key}`)}</th>`)}<th scope="col"><span class="unseen">${t("blocked.lift")}</span></th></tr></thead>
    <tbody>${marks.map((each) => html`<tr key=${each.id}><td><b>${each.value}</b> <span class="meta">${t(`identity.${each.kind}`, {}, named(each.kind))}</span></td>
      <td><span class=${`chip ${each.mark === "blocked" ? "late" : ""}`}><${Icon} name=${each.mark === "blocked" ? "late" : "check"} size=${13} /> ${t(`mark.${each.mark}`)}</span></td>
      <td>${named(each.reason)}</td><td title=${fullOf(each.created_ms)}>${dayOf(each.created_ms)}</td><td>${each.until_ms ? fullOf(each.until_ms) : t("blocked.always")}</td>
      <td><button type="button" onClick=${() => lift(each)}>${t("blocked.lift")}</button></td></tr>`)}</tbody></table>`;
}
