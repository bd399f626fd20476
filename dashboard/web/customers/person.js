// @ts-check
// One person's page: what is known and how, what they have had with us, who they are one with, what may be done about them.
import { html, useEffect, useState } from "../vendor/ui.js";
import { attempt, tell } from "../frame/state.js";
import { call, get, post } from "../frame/api.js";
import { Avatar, Dialog, Icon, ago, channelLabel, dayOf, fullOf, queueLabel } from "../frame/parts.js";
import { dialog } from "../frame/dialogs.js";
import { Late, go } from "../frame/screens.js";
import { language, t } from "../frame/words.js";
import { Facts, Tags } from "../desk/customer.js";
import { useKeys } from "../frame/keys.js";
import { useOnce } from "../handing/once.js";
import { backToList } from "./archive.js";
import { SegmentBox } from "./segments.js";
import { mayBe } from "./customers.js";

const SHOWN = 20;

/** @param {{id: number}} props */
export function Person({ id }) {
  const [person, setPerson] = useState(/** @type {any} */ (null));
  const [missing, setMissing] = useState(false);
  const [all, showAll] = useState(false);
  const load = async () => { const found = await get(`/customers/${id}`).catch(() => null); setPerson(found); setMissing(!found); };
  useEffect(() => { void load(); }, [id]);
  useKeys({ Escape: backToList });
  const back = html`<button type="button" class="plain" onClick=${backToList}><${Icon} name="back" /> ${t("customers.back")}</button>`;
  if (missing) return html`${back}<p class="empty">${t("customers.gone")}</p>`;
  if (!person) return html`${back}<div class="skeleton" aria-hidden="true"><i></i><i></i></div>`;
  const name = person.name || person.identities[0]?.value || t("customer.new");
  const list = all ? person.conversations : person.conversations.slice(0, SHOWN);
  return html`${back}<header class="page-head"><${Avatar} name=${name} /><div class="grow"><h1>${name}</h1><p class="meta">${t("customer.since", { at: dayOf(person.since_ms) })} · ${t("customers.number", { n: person.person })}</p></div>
      <${Deeds} person=${person} /></header>
    <div class="person-page"><section class="card-box"><${Facts} person=${person} /><${Tags} person=${person} changed=${load} /><${SegmentBox} id=${id} changed=${load} /></section>
      <section class="card-box" aria-label=${t("journey")}><h2>${t("journey")} <span class="meta">${person.conversations.length}</span></h2>
        <ol class="journey-list">${list.map((/** @type {any} */ each) => html`<li key=${each.ref}><span class="channel"><${Icon} name=${each.channel} label=${channelLabel(each.channel)} /></span>
          <button type="button" class="plain grow" onClick=${() => go("desk", each.ref)}><b>${each.subject || each.last?.text?.slice(0, 80) || queueLabel(each.queue)}</b>
          <span class="meta" title=${fullOf(each.opened_ms)}>${ago(each.opened_ms)} · ${queueLabel(each.queue)} · ${t(`state.${each.state}`)}${each.owner ? ` · ${each.owner.name}` : ""}</span></button>
          <button type="button" class="plain" onClick=${() => go("why", each.ref)}>${t("why.link")}</button></li>`)}</ol>
        ${!list.length && html`<p class="empty">${t("customers.silent")}</p>`}
        ${person.conversations.length > list.length && html`<button type="button" class="link" onClick=${() => showAll(true)}>${t("journey.all", { n: person.conversations.length })}</button>`}</section>
      <${Late} key=${id} load=${() => import("../complaints/hint.js")} part="OfCustomer" id=${id} />
      <${Merges} id=${id} changed=${load} /></div>`;
}

/** What those who supervise, and those who administer, may do. @param {{person: any}} props */
function Deeds({ person }) {
  const [asking, ask] = useState("");
  const block = useOnce(() => attempt(async () => { await post("/senders", { customer: person.id, mark: "blocked", reason: "blocked-at-desk", until_ms: 0 }); tell(t("blocked.done")); }));
  const hand = useOnce(() => attempt(async () => {
    const told = await get(`/customers/${person.id}/export`);
    const url = URL.createObjectURL(new Blob([JSON.stringify(told, null, 1)], { type: "application/json" }));
    Object.assign(document.createElement("a"), { href: url, download: `customer-${person.person}.json` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }));
  return html`<div class="row deeds"><button type="button" onClick=${() => dialog.open("complaint", { customer: { id: person.id, name: person.name } })}>${t("complaint.menu")}</button>${mayBe("supervisor") && html`<button type="button" onClick=${block}>${t("customers.block")}</button>`}
    ${mayBe("admin") && html`<button type="button" onClick=${hand}>${t("customers.export")}</button><button type="button" class="danger" onClick=${() => ask("erase")}>${t("customers.erase")}</button>`}</div>
    ${asking === "erase" && html`<${Erase} person=${person} close=${() => ask("")} />`}`;
}

/** Erasing is for good: the number is typed before it is done. @param {{person: any, close: () => void}} props */
function Erase({ person, close }) {
  const [typed, type] = useState("");
  const erase = useOnce(async () => {
    const done = await attempt(() => post(`/customers/${person.id}/erase`));
    if (!done) return;
    tell(t("erase.done", { n: done.messages }));
    go("customers");
  });
  return html`<${Dialog} title=${t("erase.title")} close=${close}><p>${t("erase.text")}</p><p class="meta">${t("erase.stays")}</p>
    <label>${t("erase.type", { n: person.person })} <input inputmode="numeric" autocomplete="off" value=${typed} onInput=${(/** @type {any} */ event) => type(event.target.value)} /></label>
    <div class="row"><span class="grow"></span><button type="button" onClick=${close}>${t("cancel")}</button><button type="button" class="danger" disabled=${typed.trim() !== String(person.person)} onClick=${erase}>${t("customers.erase")}</button></div><//>`;
}

/** Who made this person one, and taking it back. @param {{id: number, changed: () => Promise<void>}} props */
function Merges({ id, changed }) {
  const [merges, setMerges] = useState(/** @type {any[]} */ ([]));
  const load = () => get(`/customers/${id}/merges`).then(setMerges, () => {});
  useEffect(() => { void load(); }, [id]);
  const undo = useOnce((/** @type {any} */ each) => attempt(async () => { await call("DELETE", `/customers/${id}/merges/${each.id}`, {}); await changed(); await load(); }));
  if (!merges.length) return null;
  return html`<section class="card-box" aria-label=${t("merges.title")}><h2>${t("merges.title")}</h2><ul class="merges" lang=${language.value}>${merges.map((each) => html`<li key=${each.id}>
    <p class="grow">${t("merges.pair", { one: each.one, other: each.other })} · ${each.by ? t("merges.by", { name: each.by.name }) : t("merges.proved")} <span class="meta">${fullOf(each.at)}</span>
      ${each.undone_ms > 0 && html`<br /><span class="meta">${t("merges.undone", { name: each.undone_by?.name ?? "", at: fullOf(each.undone_ms) })}</span>`}</p>
    ${!each.undone_ms && html`<button type="button" onClick=${() => undo(each)}>${t("merges.undo")}</button>`}</li>`)}</ul></section>`;
}
