// @ts-check
// One follow-up: what was promised, when it is due, whose it is, and what may be done about it.
import { html, useEffect, useRef, useState } from "../vendor/ui.js";
import { keepFresh } from "../frame/fresh.js";
import { me, open, tell, work } from "../frame/state.js";
import { get, newId, post } from "../frame/api.js";
import { Icon, channelLabel, queueLabel, siteTime, whileAway } from "../frame/parts.js";
import { go } from "../frame/screens.js";
import { heard, t } from "../frame/words.js";
import { FORMS } from "./forms.js";
import { Kind, Owner, When, moment, whose } from "./rows.js";

/** @type {Record<string, string>} */
const ICONS = { move: "clock", hand: "transfer", done: "check" };

/** @param {{of: string, back: () => void, changed: () => void}} props */
export function One({ of, back, changed }) {
  const [one, put] = useState(/** @type {any} */ (null));
  const [fault, setFault] = useState("");
  // A form is about the promise as its writer saw it, whatever is read meanwhile: who was faster is not undone.
  const [asked, form] = useState(/** @type {{deed: string, one: any} | null} */ (null));
  const [faster, setFaster] = useState(false);
  const panel = useRef(/** @type {any} */ (null));
  const ask = (/** @type {string} */ deed) => form(deed ? { deed, one } : null);
  const load = async () => {
    try {
      put(await get(`/followups/${encodeURIComponent(of)}`));
      setFault("");
    } catch (/** @type {any} */ error) {
      setFault(error.code === "followup_over" || error.code === "not_visible" ? error.code : "failed");
    }
  };
  useEffect(() => {
    panel.current?.focus();
    void load();
    return keepFresh("followup", () => setTimeout(load, 700));
  }, []);
  // What I did at another tab, or what came back, is heard at the desk.
  const mine = work.value.get(of);
  useEffect(() => { if (one) { const timer = setTimeout(load, 700); return () => clearTimeout(timer); } return undefined; }, [mine?.state, mine?.due_ms]);
  const sending = useRef(false);
  const act = async (/** @type {string} */ deed, /** @type {object} */ body) => {
    if (sending.current) return false;
    sending.current = true;
    try {
      await post(`/followups/${encodeURIComponent(of)}/${deed}`, { command_id: newId(), ...body });
    } catch (/** @type {any} */ error) {
      if (error.code === "followup_changed") { ask(""); setFaster(true); await load(); } else tell(heard(error), "crit");
      return false;
    } finally {
      sending.current = false;
    }
    ask("");
    setFaster(false);
    changed();
    tell(t(`followup.did.${deed}`));
    if (deed === "take") { void open(of); go("desk", of); } else if (deed === "done") back(); else setTimeout(load, 700);
    return true;
  };
  const body = !one || fault === "followup_over" ? html`<p class="empty" role=${fault ? "alert" : undefined}>${fault ? html`${t(fault === "followup_over" ? "followup.over" : fault === "not_visible" ? "followup.gone" : "followups.failed")} ${fault === "failed" ? html`<button type="button" onClick=${load}>${t("retry")}</button>` : fault === "followup_over" ? html`<button type="button" class="link" onClick=${() => go("desk", of)}>${t("followup.open")}</button>` : ""}` : html`<span class="skeleton" aria-hidden="true"><i></i><i></i></span>`}</p>`
    : html`<${Told} one=${one} faster=${faster} ask=${ask} act=${act} />`;
  const Form = asked ? FORMS[asked.deed] : null;
  return html`<section class="followup-one" tabindex="-1" ref=${panel} aria-label=${one ? t("followup.of", { name: whose(one.line) }) : t("followup.some")}>
    <button type="button" class="plain back-to" onClick=${back}><${Icon} name="back" /> ${t("followups.back")}</button>${body}
    ${Form && html`<${Form} one=${asked?.one} act=${act} close=${() => ask("")} />`}</section>`;
}

/** @param {{one: any, faster: boolean, ask: (deed: string) => void, act: (deed: string, body: object) => Promise<boolean>}} props */
function Told({ one, faster, ask, act }) {
  const { line } = one;
  const own = line.owner?.id === me.value?.id;
  const take = () => (own ? act("take", {}) : ask("take"));
  const others = line.can.filter((/** @type {string} */ deed) => deed !== "take");
  return html`<header><h2>${line.customer.id ? html`<button type="button" class="link" onClick=${() => go("customers", String(line.customer.id))}>${whose(line)}</button>` : whose(line)}</h2>
      <p class="meta"><${Icon} name=${line.channel} size=${14} label=${channelLabel(line.channel)} /> ${queueLabel(line.queue)}</p></header>
    ${faster && html`<p class="faster" role="alert"><${Icon} name="warn" /> ${t("error.followup_changed")}</p>`}
    <p class="due-line"><${When} line=${line} whole=${true} /> <${Kind} kind=${line.kind} /></p>
    ${line.state !== "parked" && html`<p class="stands ${line.group}"><${Icon} name="warn" size=${14} /> ${t(`followup.back.${line.state}`, { at: moment(line.back_ms || line.due_ms) })}</p>`}
    ${one.note ? html`<blockquote class="note-box"><p class="meta"><${Icon} name="lock" size=${14} label=${t("followup.inside")} /> ${one.noted_by?.name ?? ""} <time title=${siteTime(one.noted_ms)}>${moment(one.noted_ms)}</time></p><p class="words">${one.note}</p></blockquote>` : html`<p class="meta">${t("followup.no_note.long")}</p>`}
    <dl><div><dt>${t("followups.column.due")}</dt><dd>${siteTime(line.due_ms)}</dd></div><div><dt>${t("followups.column.owner")}</dt><dd><${Owner} line=${line} /></dd></div><div><dt>${t("followup.since")}</dt><dd title=${siteTime(line.set_ms)}>${moment(line.set_ms)}</dd></div></dl>
    <div class="deeds">${line.can.includes("take") && html`<button type="button" class="primary" ...${whileAway()} onClick=${take}>${t("followup.take")}</button>`}
      ${others.map((/** @type {string} */ deed) => html`<button type="button" key=${deed} ...${whileAway()} onClick=${() => ask(deed)}><${Icon} name=${ICONS[deed]} /> ${t(`followup.deed.${deed}`)}</button>`)}
      <button type="button" class="link" onClick=${() => { void open(line.ref); go("desk", line.ref); }}>${t("followup.open")}</button></div>
    ${!line.can.length && html`<p class="meta">${t("followup.theirs")}</p>`}`;
}
