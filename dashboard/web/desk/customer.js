// @ts-check
// The customer column: who this is, their journey across channels, and who else they may be.
import { html, signal, useEffect } from "../vendor/ui.js";
import { attempt, chosen, details, open } from "../frame/state.js";
import { call, get, post } from "../frame/api.js";
import { Avatar, Icon, ago, channelLabel, dayOf, fullOf, queueLabel } from "../frame/parts.js";
import { dialog } from "../frame/dialogs.js";
import { Late, go } from "../frame/screens.js";
import { named, t } from "../frame/words.js";
import { Facts, Tags } from "./person.js";

const people = signal(/** @type {Map<number, any>} */ (new Map()));
/** Who could not be read; 0 for nobody. */
const failed = signal(0);
const JOURNEY_SHOWN = 6;
const showAll = signal(false);

/** @param {number} id */
async function fetchCustomer(id) {
  try {
    people.value = new Map(people.value).set(id, await get(`/customers/${id}`));
    failed.value = 0;
  } catch {
    failed.value = id;
  }
}

export function CustomerColumn() {
  const live = details.value.get(chosen.value);
  const id = live?.customer.id;
  useEffect(() => { showAll.value = false; if (id) void fetchCustomer(id); }, [id, live?.state]);
  if (!live) return html`<aside class="customer" aria-label=${t("customer")}></aside>`;
  const person = people.value.get(id);
  const name = person?.name || live.customer.name || t("customer.new");
  return html`<aside class="customer" aria-label=${t("customer")}>
    <div class="person"><${Avatar} name=${name} /><div><h2>${name}</h2><p class="meta">${person ? t("customer.since", { at: dayOf(person.since_ms) }) : ""}${person?.segment ? ` · ${named(person.segment)}` : ""}</p></div></div>
    ${!person && failed.value === id && html`<p class="empty" role="alert">${t("customer.failed")} <button type="button" onClick=${() => fetchCustomer(id)}>${t("retry")}</button></p>`}
    ${person && html`<div class="row"><button type="button" class="link" onClick=${() => go("customers", String(id))}>${t("customer.page")}</button>
      ${!person.name && person.person === person.id && html`<button type="button" class="link" onClick=${() => dialog.open("link", { ...live, linked: () => fetchCustomer(id) })}>${t("customer.link")}</button>`}</div>
      ${live.complains && html`<${Late} key=${live.ref} load=${() => import("../complaints/hint.js")} part="Hint" live=${live} />`}<${Facts} person=${person} live=${live} /><${Tags} person=${person} changed=${() => fetchCustomer(id)} /><${SamePerson} person=${person} changed=${() => fetchCustomer(id)} /><${Journey} person=${person} live=${live} />`}
  </aside>`;
}

/** @param {{person: any, live: any}} props */
function Journey({ person, live }) {
  const all = person.conversations;
  const shown = showAll.value ? all : all.slice(0, JOURNEY_SHOWN);
  return html`<h3>${t("journey")}</h3><ol class="journey">${shown.map((/** @type {any} */ each) => html`<li key=${each.ref} class=${each.ref === live.ref ? "here" : ""}>
    <span class="channel"><${Icon} name=${each.channel} label=${channelLabel(each.channel)} /></span>
    <button type="button" class="plain" onClick=${() => open(each.ref)}>${each.subject || each.last?.text?.slice(0, 60) || queueLabel(each.queue)}</button>
    <p class="meta" title=${fullOf(each.opened_ms)}>${ago(each.opened_ms)} · ${t(`state.${each.state}`)}</p></li>`)}</ol>
    ${all.length > JOURNEY_SHOWN && !showAll.value && html`<button type="button" class="link" onClick=${() => { showAll.value = true; }}>${t("journey.all", { n: all.length })}</button>`}`;
}

// --- one person under several numbers ---------------------------------------------------------------------

/** @typedef {{likely: any[], merges: any[]}} Known */
const known = signal(/** @type {Map<number, Known>} */ (new Map()));

/** @param {number} id */
async function look(id) {
  const [likely, merges] = await Promise.all([get(`/customers/${id}/likely`), get(`/customers/${id}/merges`)]).catch(() => [[], []]);
  known.value = new Map(known.value).set(id, { likely, merges });
}

/** @param {{person: any, changed: () => Promise<void>}} props */
function SamePerson({ person, changed }) {
  const id = person.id;
  useEffect(() => { void look(id); }, [id, person.person]);
  /** @param {() => Promise<any>} act */
  const after = (act) => attempt(async () => { await act(); await changed(); await look(id); });
  const { likely, merges } = known.value.get(id) ?? { likely: [], merges: [] };
  const standing = merges.filter((each) => !each.undone_ms);
  return html`${likely.length > 0 && html`<h3>${t("person.likely")}</h3><ul class="same">${likely.map((each) => html`<li key=${each.id}>
      <p>${each.name || t("customer.new")} <span class="meta">${each.evidence.map((/** @type {string} */ code) => t(`evidence.${code}`)).join(" · ")}</span></p>
      <button type="button" onClick=${() => after(() => post(`/customers/${id}/merges`, { other: each.id }))}>${t("person.merge")}</button>
      <button type="button" class="plain" onClick=${() => after(() => post(`/customers/${id}/apart`, { other: each.id }))}>${t("person.apart")}</button></li>`)}</ul>`}
    ${standing.length > 0 && html`<h3>${t("person.merged")}</h3><ul class="same">${standing.map((each) => html`<li key=${each.id}>
      <p>${each.by ? t("person.merged.by", { name: each.by.name }) : t("person.merged.proved")} <span class="meta">${fullOf(each.at)}</span></p>
      <button type="button" class="plain" onClick=${() => after(() => call("DELETE", `/customers/${id}/merges/${each.id}`, {}))}>${t("person.unmerge")}</button></li>`)}</ul>`}`;
}
