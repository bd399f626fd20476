// @ts-check
// Who a customer may be besides: the suggestions, with what speaks for them, and what was made one, with the way back.
import { html } from "../vendor/ui.js";
import { call, post } from "../frame/api.js";
import { fullOf } from "../frame/parts.js";
import { t } from "../frame/words.js";

/**
 * `after` does something and reads everything anew.
 * @param {{id: number, likely: any[], standing: any[], after: (act: () => Promise<any>) => void}} props
 */
export const SamePerson = ({ id, likely, standing, after }) => html`${likely.length > 0 && html`<h3>${t("person.likely")}</h3><ul class="same">${likely.map((each) => html`<li key=${each.id}>
    <p>${each.name || t("customer.new")} <span class="meta">${each.evidence.map((/** @type {string} */ code) => t(`evidence.${code}`)).join(" · ")}</span></p>
    <button type="button" onClick=${() => after(() => post(`/customers/${id}/merges`, { other: each.id }))}>${t("person.merge")}</button>
    <button type="button" class="plain" onClick=${() => after(() => post(`/customers/${id}/apart`, { other: each.id }))}>${t("person.apart")}</button></li>`)}</ul>`}
  ${standing.length > 0 && html`<h3>${t("person.merged")}</h3><ul class="same">${standing.map((each) => html`<li key=${each.id}>
    <p>${each.by ? t("person.merged.by", { name: each.by.name }) : t("person.merged.proved")} <span class="meta">${fullOf(each.at)}</span></p>
    <button type="button" class="plain" onClick=${() => after(() => call("DELETE", `/customers/${id}/merges/${each.id}`, {}))}>${t("person.unmerge")}</button></li>`)}</ul>`}`;
