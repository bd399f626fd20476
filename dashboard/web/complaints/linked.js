// @ts-check
// The conversations of a complaint: opening them, saying which one has the answer, and putting another one to it.
import { html, useEffect, useState } from "../vendor/ui.js";
import { get, newId } from "../frame/api.js";
import { Icon, ago, channelLabel, fullOf, queueLabel, whileAway } from "../frame/parts.js";
import { go } from "../frame/screens.js";
import { t } from "../frame/words.js";

const OFFERED_MAX = 30;

/** @param {{one: any, take: (deed: string, body: object) => Promise<boolean>, load: () => Promise<void>}} props */
export function Linked({ one, take }) {
  const [adding, add] = useState(false);
  const act = (/** @type {string} */ deed, /** @type {object} */ body) => take(deed, { command_id: newId(), ...body });
  const may = one.can.includes("link");
  return html`<section class="card-box" aria-label=${t("complaint.linked")}><h2>${t("complaint.linked")}</h2>
    <ul class="linked">${one.linked.map((/** @type {any} */ each, /** @type {number} */ number) => html`<li key=${each.ref || number}>
      ${each.ref ? html`<button type="button" class="plain grow" onClick=${() => go("desk", each.ref)}><span class="channel"><${Icon} name=${each.channel} label=${channelLabel(each.channel)} /></span><span class="grow"><b>${queueLabel(each.queue)}</b><span class="meta" title=${fullOf(each.opened_ms)}>${ago(each.opened_ms)} · ${t(`state.${each.state}`)}${each.role === "answer" ? ` · ${t("complaint.role.answer")}` : ""}</span></span></button>
        ${may && html`<button type="button" class="small" aria-label=${t("complaint.of", { what: t("complaint.is_answer"), name: each.ref })} aria-pressed=${each.role === "answer"} ...${whileAway()} onClick=${() => act("link", { ref: each.ref, role: each.role === "answer" ? "later" : "answer" })}>${t("complaint.is_answer")}</button>`}
        ${one.can.includes("unlink") && html`<button type="button" class="icon-button" aria-label=${t("complaint.unlink", { ref: each.ref })} title=${t("complaint.unlink", { ref: each.ref })} ...${whileAway()} onClick=${() => act("unlink", { ref: each.ref })}><${Icon} name="close" /></button>`}`
        : html`<p class="meta">${t("complaint.hidden")}</p>`}</li>`)}
      ${!one.linked.length && html`<li class="meta">${t("complaint.linked.none")}</li>`}</ul>
    ${may && (adding ? html`<${Add} one=${one} act=${act} done=${() => add(false)} />` : html`<button type="button" class="link" onClick=${() => add(true)}>${t("complaint.link")}</button>`)}</section>`;
}

/** Choose among the conversations of its customer, or name any. @param {{one: any, act: (deed: string, body: object) => Promise<boolean>, done: () => void}} props */
function Add({ one, act, done }) {
  const [theirs, setTheirs] = useState(/** @type {any[]} */ ([]));
  const [ref, setRef] = useState("");
  const id = one.line.customer.id;
  useEffect(() => { if (id) void get(`/customers/${id}`).then((person) => setTheirs(person.conversations), () => {}); }, [id]);
  const linked = new Set(one.linked.map((/** @type {any} */ each) => each.ref));
  const offered = theirs.filter((each) => !linked.has(each.ref)).slice(0, OFFERED_MAX);
  const send = async (/** @type {any} */ event) => { event.preventDefault(); if (await act("link", { ref: ref.trim(), role: "later" })) done(); };
  return html`<form class="complaint-step" onSubmit=${send}>${offered.length > 0 && html`<label>${t("complaint.link.theirs")}<select value=${ref} onChange=${(/** @type {any} */ event) => setRef(event.target.value)}><option value="">${t("complaint.choose")}</option>${offered.map((each) => html`<option key=${each.ref} value=${each.ref}>${`${ago(each.opened_ms)} · ${channelLabel(each.channel)} · ${each.subject || queueLabel(each.queue)}`}</option>`)}</select></label>`}
    <label>${t("complaint.link.ref")}<input required maxlength="40" autocomplete="off" spellcheck=${false} value=${ref} onInput=${(/** @type {any} */ event) => setRef(event.target.value)} /></label>
    <div class="row"><span class="grow"></span><button type="button" onClick=${done}>${t("cancel")}</button><button type="submit" class="primary" ...${whileAway()}>${t("complaint.deed.link")}</button></div></form>`;
}
