// @ts-check
// Help: articles to find, read and pass on; for supervisors also to write. Which part the address names.
import { html, signal, useEffect, useRef, useState } from "../vendor/ui.js";
import { keepFresh } from "../frame/fresh.js";
import { announce, me } from "../frame/state.js";
import { get } from "../frame/api.js";
import { Icon } from "../frame/parts.js";
import { Late, go, rest } from "../frame/screens.js";
import { ownKey } from "../frame/settings.js";
import { labelOf, language, t } from "../frame/words.js";
import { useKeys } from "../frame/keys.js";
import { Read } from "./read.js";

const TYPED_MS = 200;
const STATES = ["published", "draft", "archived"];
/** All that the last answer said: articles, categories, languages. @type {import("../vendor/ui.js").Signal<any>} */
export const shelf = signal(null);
/** What is looked for, so that going back from an article finds the list again. */
const wanted = signal({ q: "", state: "" });

export const writes = () => me.value?.role !== "agent";
/** An article's title in my language, else in the site's first, else in any. @param {Record<string, string>} titles */
export const titleOf = (titles) => titles[language.value] ?? titles[shelf.value?.languages[0]] ?? Object.values(titles)[0] ?? "";

/** Read the list anew. */
export const fetchShelf = async () => {
  const asked = wanted.value;
  const found = await get(`/articles?${new URLSearchParams({ q: asked.q, ...(asked.state ? { state: asked.state } : {}) })}`);
  if (asked === wanted.value) shelf.value = found;
};

export function Screen() {
  const [part = "", more = ""] = rest.value;
  const number = /^\d+$/.test(part) ? Number(part) : 0;
  if (writes() && (part === "new" || (number && more === "edit"))) return html`<main class="help-view"><${Late} key=${number} load=${() => import("./editor.js")} part="Editor" number=${number} asked=${part === "new" ? more : ""} /></main>`;
  if (number) return html`<main class="help-view"><${Read} key=${number} number=${number} /></main>`;
  if (writes() && part === "misses") return html`<main class="help-view"><${Late} load=${() => import("./editor.js")} part="Misses" /></main>`;
  return html`<main class="help-view"><${List} /></main>`;
}

function List() {
  const [failed, fail] = useState(false);
  const root = useRef(/** @type {any} */ (null));
  const said = useRef(-1);
  const read = () => fetchShelf().then(() => fail(false), () => fail(true));
  useEffect(() => {
    const timer = setTimeout(read, wanted.value.q ? TYPED_MS : 0);
    const end = keepFresh("article", read);
    return () => { clearTimeout(timer); end(); };
  }, [wanted.value]);
  const found = shelf.value;
  useEffect(() => {
    if (found && wanted.value.q && said.current !== found.items.length) announce("status", t("help.found", { n: found.items.length }));
    if (found) said.current = found.items.length;
  }, [found]);
  const walk = (/** @type {number} */ by) => {
    const rows = [...(root.current?.querySelectorAll("a.article") ?? [])];
    const at = rows.indexOf(/** @type {any} */ (document.activeElement));
    rows[Math.min(rows.length - 1, Math.max(0, at + (at < 0 && by < 0 ? 0 : by)))]?.focus();
  };
  useKeys({ [ownKey("next")]: () => walk(1), [ownKey("previous")]: () => walk(-1) });
  const put = (/** @type {any} */ change) => { wanted.value = { ...wanted.value, ...change }; };
  return html`<header class="help-head"><h1 class="grow">${t("view.help")}</h1>
      ${writes() && html`<button type="button" onClick=${() => go("help", "misses")}>${t("help.misses")}</button><button type="button" class="primary" onClick=${() => go("help", "new")}><${Icon} name="plus" /> ${t("help.new")}</button>`}</header>
    <form class="help-find" role="search" onSubmit=${(/** @type {any} */ event) => event.preventDefault()}><input type="search" maxlength="200" value=${wanted.value.q} aria-label=${t("help.search")} placeholder=${t("help.search")} onInput=${(/** @type {any} */ event) => put({ q: event.target.value })} />
      ${writes() && html`<select aria-label=${t("help.state")} value=${wanted.value.state} onChange=${(/** @type {any} */ event) => put({ state: event.target.value })}><option value="">${t("help.any")}</option>${STATES.map((each) => html`<option key=${each} value=${each}>${t(`help.state.${each}`)}</option>`)}</select>`}</form>
    ${found && !found.on && html`<p class="help-off">${t("help.off")}</p>`}
    ${failed && html`<p class="empty" role="alert">${t("help.failed")} <button type="button" onClick=${read}>${t("retry")}</button></p>`}
    ${!found && !failed && html`<div class="skeleton" aria-hidden="true"><i></i><i></i><i></i></div>`}
    ${found && html`<div ref=${root}>${grouped(found).map(([name, label, items]) => html`<section key=${name}>${label && html`<h2>${label}</h2>`}<ul>${items.map((/** @type {any} */ each) => html`<${Row} key=${each.number} each=${each} />`)}</ul></section>`)}</div>`}
    ${found && !found.items.length && html`<p class="empty">${wanted.value.q ? t("help.nothing") : t("help.none")}${writes() && html` <button type="button" onClick=${() => go("help", "new", wanted.value.q)}>${t("help.new")}</button>`}</p>`}`;
}

/** By category where all are shown; what was looked for stands by how well it fits. @param {any} found @returns {[string, string, any[]][]} */
function grouped(found) {
  if (wanted.value.q) return [["found", "", found.items]];
  const known = Object.keys(found.categories);
  const parts = known.map((name) => /** @type {[string, string, any[]]} */ ([name, labelOf(found.categories[name], name), found.items.filter((/** @type {any} */ each) => each.category === name)]));
  return [...parts, /** @type {[string, string, any[]]} */ (["", t("help.other"), found.items.filter((/** @type {any} */ each) => !known.includes(each.category))])].filter(([, , items]) => items.length);
}

/** @param {{each: any}} props */
function Row({ each }) {
  const votes = each.yes + each.no;
  return html`<li><a class="article" href=${`#/help/${each.number}`}>${titleOf(each.titles)}</a><${Marks} line=${each} />
    ${writes() && each.state === "published" && each.audience === "public" && html`<span class="meta number">${t("help.views", { n: each.views })}${votes ? ` · ${t("help.helped", { share: Math.round((100 * each.yes) / votes), n: votes })}` : ""}</span>`}</li>`;
}

/** What one should know of an article before one passes it on. @param {{line: any}} props */
export function Marks({ line }) {
  return html`<span class="marks">${line.state !== "published" && html`<span class="label">${t(`help.state.${line.state}`)}</span>`}
    ${line.audience === "team" && html`<span class="label"><${Icon} name="lock" size=${12} /> ${t("help.team")}</span>`}
    ${line.older.length > 0 && html`<span class="label asked">${t("help.older", { languages: line.older.join(", ") })}</span>`}
    ${line.stale && html`<span class="label asked">${t("help.stale")}</span>`}</span>`;
}
