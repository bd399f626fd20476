// @ts-check
// Whose complaint it is: found while it is typed; and said later of a case whose customer was not known.
import { html, useEffect, useState } from "../vendor/ui.js";
import { get, newId } from "../frame/api.js";
import { Avatar, Dialog, whileAway } from "../frame/parts.js";
import { t } from "../frame/words.js";

const SEARCH_AFTER_MS = 150;
const FOUND_MAX = 6;

/** Whose complaint it is, found while it is typed; nobody, where they are not known. @param {{chosen: any, choose: (each: any) => void}} props */
export function Somebody({ chosen, choose }) {
  const [text, type] = useState("");
  const [found, setFound] = useState(/** @type {any[]} */ ([]));
  const words = text.trim();
  useEffect(() => {
    if (!words) { setFound([]); return undefined; }
    let dropped = false;
    const timer = setTimeout(() => void get(`/find?messages=false&text=${encodeURIComponent(words.slice(0, 100))}`).then((all) => { if (!dropped) setFound(all.customers.slice(0, FOUND_MAX)); }, () => {}), SEARCH_AFTER_MS);
    return () => { dropped = true; clearTimeout(timer); };
  }, [words]);
  if (chosen) return html`<p class="row"><${Avatar} name=${chosen.name || "?"} /> <b class="grow">${chosen.name || t("customer.new")}</b><button type="button" class="link" onClick=${() => choose(null)}>${t("complaint.somebody_else")}</button></p>`;
  return html`<div class="somebody"><label><span>${t("complaint.field.customer")} <span class="meta">${t("complaint.may")}</span></span><input type="search" autocomplete="off" value=${text} placeholder=${t("complaint.find")} onInput=${(/** @type {any} */ event) => type(event.target.value)} /></label>
    <ul>${found.map((each) => html`<li key=${each.id}><button type="button" class="plain" onClick=${() => { type(""); choose(each); }}><${Avatar} name=${each.name || "?"} /> ${each.name || t("customer.new")} <span class="meta">${t("complaint.customer.number", { n: each.id })}</span></button></li>`)}</ul></div>`;
}

/** Say whose a case is. @param {{take: (deed: string, body: object) => Promise<boolean>, close: () => void}} props */
export function Who({ take, close }) {
  const [chosen, choose] = useState(/** @type {any} */ (null));
  const [id] = useState(newId);
  const send = async (/** @type {any} */ event) => { event.preventDefault(); if (await take("change", { command_id: id, customer: chosen.id })) close(); };
  return html`<${Dialog} title=${t("complaint.who")} close=${close}><form class="complaint-step" onSubmit=${send}><${Somebody} chosen=${chosen} choose=${choose} />
    <div class="row"><span class="grow"></span><button type="button" onClick=${close}>${t("cancel")}</button><button type="submit" class="primary" disabled=${!chosen} ...${whileAway()}>${t("complaint.who.this")}</button></div></form><//>`;
}
