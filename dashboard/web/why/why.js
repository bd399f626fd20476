// @ts-check
// Why a conversation went where it went: each decision in words, with the reasons that were journalled with it.
import { html, useEffect, useState } from "../vendor/ui.js";
import { get } from "../frame/api.js";
import { me } from "../frame/state.js";
import { Icon, channelLabel, clock, dayOf, fullOf, queueLabel, siteTime, timeOf } from "../frame/parts.js";
import { go, rest } from "../frame/screens.js";
import { heard, labelOf, language, named, t } from "../frame/words.js";
import { ICONS, TONES } from "./kinds.js";

const PAGE = 100;

export function Screen() {
  const [ref = ""] = rest.value;
  const [typed, type] = useState("");
  return html`<main class="why-page"><header class="page-head"><h1 class="grow">${t("view.why")}${ref && html` <span class="meta">#${ref}</span>`}</h1>
    <form class="row" role="search" onSubmit=${(/** @type {any} */ event) => { event.preventDefault(); if (typed.trim()) go("why", typed.trim().replace(/^#/, "")); }}>
      <input type="search" value=${typed} aria-label=${t("why.number")} placeholder=${t("why.number")} autocomplete="off" onInput=${(/** @type {any} */ event) => type(event.target.value)} />
      ${ref && html`<button type="button" onClick=${() => go("desk", ref)}>${t("why.open")}</button>`}</form></header>
    ${ref ? html`<${Story} of=${ref} key=${ref} />` : html`<p class="empty">${t("why.begin")}</p>`}</main>`;
}

/** @param {{of: string}} props */
function Story({ of }) {
  const [told, setTold] = useState(/** @type {any} */ (null));
  const [fault, setFault] = useState("");
  const load = async () => {
    setFault("");
    try {
      const page = await get(`/conversations/${encodeURIComponent(of)}/why?limit=${PAGE}${told ? `&before=${told.items[0].seq}` : ""}`);
      setTold(told ? { ...page, items: [...page.items, ...told.items] } : page);
    } catch (/** @type {any} */ error) {
      setFault(heard(error));
    }
  };
  useEffect(() => { void load(); }, [of]);
  if (fault) return html`<p class="empty" role="alert">${fault} <button type="button" onClick=${load}>${t("retry")}</button></p>`;
  if (!told) return html`<div class="skeleton" aria-hidden="true"><i></i><i></i><i></i></div>`;
  return html`<div class="why-columns"><ol class="decisions">${told.more && html`<li><button type="button" class="link" onClick=${load}>${t("why.earlier")}</button></li>`}
      ${told.items.map((/** @type {any} */ each, /** @type {number} */ at) => html`<${Decision} key=${each.seq} each=${each} before=${told.items[at - 1]} of=${of} />`)}</ol>
    <aside class="card-box" aria-label=${t("why.facts")}><h2>${t("why.facts")}</h2><p class="meta">${t("why.facts.text")}</p>
      <p><button type="button" class="link" onClick=${() => go("rules", "try", of)}>${t("why.rules")}</button></p>
      <dl>${Object.entries(told.facts).map(([name, value]) => html`<div key=${name}><dt>${named(name)}</dt><dd>${name === "channel" ? channelLabel(String(value)) : String(value)}</dd></div>`)}</dl></aside></div>`;
}

/** One decision: when, what, and for which reasons. @param {{each: any, before: any, of: string}} props */
function Decision({ each, before, of }) {
  const newDay = !before || dayOf(before.at) !== dayOf(each.at);
  const waited = before ? each.at - before.at : 0;
  const why = reasons(each);
  return html`${newDay && html`<li class="day"><span>${dayOf(each.at)}</span></li>`}<li class=${`decision ${TONES[each.kind] ?? ""}`}>
    <span class="mark-of"><${Icon} name=${ICONS[each.kind] ?? "line"} /></span>
    <div class="grow"><p>${sentence(each)}</p>${why && html`<p class="because">${t("why.because", { why })}</p>`}
      ${each.kind === "Routed" && each.version && html`<p class="meta">${t("why.version", { version: each.version })}</p>`}
      ${["Offered", "RangAlso"].includes(each.kind) && me.value?.role !== "agent" && html`<${Others} of=${of} seq=${each.seq} />`}</div>
    <p class="meta when"><time title=${fullOf(each.at)}>${timeOf(each.at)}</time>${waited >= 1_000 ? html`<br />+${clock(waited)}` : ""}</p></li>`;
}

/** Who else could have been asked, and why they were not: worked out when somebody asks. @param {{of: string, seq: number}} props */
function Others({ of, seq }) {
  const [told, setTold] = useState(/** @type {any} */ (null));
  const [fault, setFault] = useState("");
  const ask = async () => {
    setFault("");
    await get(`/conversations/${encodeURIComponent(of)}/passed-over?seq=${seq}`).then(setTold, (error) => setFault(heard(error)));
  };
  const others = told?.items.filter((/** @type {any} */ one) => one.stands !== "asked") ?? [];
  return html`<div role="status">${fault && html`<p class="meta">${fault}</p>`}
    ${told ? html`<p class="because">${others.length ? t("why.others", { n: told.able - 1 }) : t("why.others.none")}${told.unable ? ` · ${t("why.unable", { n: told.unable })}` : ""}</p>
      <ul class="others">${others.map((/** @type {any} */ one) => html`<li key=${one.agent.id}><b>${one.agent.name}</b> <span class="meta">${t(`why.stood.${one.stands}`, { used: one.used, capacity: one.capacity, state: labelOf(one.label, one.presence) })}</span></li>`)}</ul>` : html`<button type="button" class="link" onClick=${ask}>${t("why.others.ask")}</button>`}</div>`;
}

/** What was decided, in words. @param {any} each */
function sentence(each) {
  const values = {
    name: each.agent?.name || t("why.somebody"), to: each.to_agent?.name ?? "", queue: each.queue ? queueLabel(each.queue) : "", rule: each.rule ?? "",
    n: each.among ?? 0, at: each.until_ms ? siteTime(each.until_ms) : "", detail: detailOf(each),
  };
  const variant = each.to_agent ? `story.${each.kind}.agent` : each.until_ms ? `story.${each.kind}.until` : "";
  const plain = t(`story.${each.kind}`, values, named(each.kind));
  return variant ? t(variant, values, plain) : plain;
}

/** @param {any} each */
const detailOf = (each) => (each.detail ?? "").split(/[ ,]+/).filter(Boolean).map((/** @type {string} */ code) => named(code)).join(" · ");

/** The reasons as people say them. @param {any} each */
function reasons(each) {
  const said = (each.why ?? []).map((/** @type {string} */ code) => t(`reason.${code}`, {}, named(code)));
  if (each.kind === "Offered" && each.among > 1) said.push(t("why.among", { n: each.among }));
  return new Intl.ListFormat(language.value, { style: "narrow", type: "conjunction" }).format(said);
}
