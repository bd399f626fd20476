// @ts-check
// Recording a complaint: of a conversation on the desk, of a customer, or of somebody who is not known.
import { html, useEffect, useState } from "../vendor/ui.js";
import { attempt, config, refreshHead, stories, tell } from "../frame/state.js";
import { get, newId, post } from "../frame/api.js";
import { Avatar, Dialog, Icon, channelLabel, queueLabel, whileAway } from "../frame/parts.js";
import { dialog } from "../frame/dialogs.js";
import { go } from "../frame/screens.js";
import { heard, labelOf, t } from "../frame/words.js";
import { useWritten } from "../frame/written.js";
import { recorded } from "./hint.js";
import { useKeys } from "../frame/keys.js";
import { called, choices, fetchChoices, lasting } from "./names.js";
import { Somebody } from "./somebody.js";

const WORDS_CHARS_MAX = 20_000;

/** Over the desk, of the conversation that is open there; or of a `customer`. @param {{live: any}} props */
export function RecordDialog({ live }) {
  useEffect(() => { if (!choices.value) void attempt(fetchChoices); }, []);
  const done = (/** @type {any} */ line) => { dialog.close(); recorded.value += 1; if (live.ref) void refreshHead(live.ref); tell(t("complaint.recorded", { n: line.number })); };
  return html`<${Dialog} title=${t("complaint.record")} close=${dialog.close}><div class="complaints-view">${choices.value && html`<${Form} live=${live} cancel=${dialog.close} done=${done} />`}</div><//>`;
}

/** A page of its own: `#/complaints/new`, or `#/complaints/new/<conversation>`. @param {{of: string}} props */
export function Record({ of }) {
  const [live, setLive] = useState(/** @type {any} */ (of ? null : {}));
  const [fault, setFault] = useState("");
  useEffect(() => { if (of) void get(`/conversations/${encodeURIComponent(of)}`).then(setLive, (error) => setFault(heard(error))); }, [of]);
  const back = () => go("complaints");
  useKeys({ Escape: back });
  return html`<button type="button" class="plain back-to" onClick=${back}><${Icon} name="back" /> ${t("complaints.back")}</button><h1>${t("complaint.record")}</h1>
    ${fault && html`<p class="empty" role="alert">${fault}</p>`}${live && html`<div class="card-box record"><${Form} live=${live} cancel=${back} done=${(/** @type {any} */ line) => go("complaints", String(line.number))} /></div>`}`;
}

/** @param {{live: any, cancel: () => void, done: (line: any) => void}} props */
function Form({ live, cancel, done }) {
  const key = `complaint:${live.ref ?? `customer:${live.customer?.id ?? ""}`}`;
  const lightest = choices.value.severities[0]?.name ?? "";
  const [said, put, forget] = useWritten(key, /** @type {any} */ ({ kind: "", severity: lightest, about: "", queue: live.queue ?? "", happened: "", wish: "", mine: true, customer: live.customer ?? null }));
  const [id] = useState(newId);
  const [busy, setBusy] = useState(false);
  const [others, setOthers] = useState(/** @type {any[]} */ ([]));
  const say = (/** @type {string} */ name) => (/** @type {any} */ event) => put({ ...said, [name]: event.target.type === "checkbox" ? event.target.checked : event.target.value });
  useEffect(() => { if (live.ref) void get(`/conversations/${live.ref}/complaints`).then((of) => setOthers(of.complaints.filter((/** @type {any} */ each) => each.due_ms)), () => {}); }, [live.ref]);
  const send = async (/** @type {any} */ event) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    const of = live.ref ? { ref: live.ref, another: others.length > 0 } : { customer: said.customer?.id ?? 0 };
    const body = { command_id: id, kind: said.kind, severity: said.severity, happened: said.happened, wish: said.wish, mine: said.mine, queue: said.queue || null, about: said.about || null, ...of };
    try {
      const made = await post("/complaints", body);
      forget();
      done(made.line);
    } catch (/** @type {any} */ error) {
      tell(heard(error), "crit");
      // Somebody else has recorded it meanwhile: theirs is shown, and whether this is another one is asked.
      if (error.code === "complaint_recorded") setOthers((await get(`/conversations/${live.ref}/complaints`)).complaints);
    }
    setBusy(false);
  };
  const theirs = (stories.value.get(live.ref) ?? []).filter((/** @type {any} */ item) => item.kind === "in" && item.text).map((/** @type {any} */ item) => item.text).join("\n").slice(0, WORDS_CHARS_MAX);
  const severity = choices.value.severities.find((/** @type {any} */ each) => each.name === said.severity);
  const select = (/** @type {string} */ name, /** @type {any} */ list, /** @type {boolean} */ needed) => html`<label><span>${t(`complaint.field.${name}`)}${!needed && html` <span class="meta">${t("complaint.may")}</span>`}</span><select required=${needed} value=${said[name]} onChange=${say(name)}>${name !== "severity" && html`<option value="">${t("complaint.choose")}</option>`}${choices.value[list].map((/** @type {any} */ each) => html`<option key=${each.name} value=${each.name}>${called(list, each.name)}</option>`)}</select></label>`;
  return html`<form class="complaint-step" onSubmit=${send}>
    ${others.map((each) => html`<p class="faster" key=${each.number}><${Icon} name="warn" /> <span class="grow">${t("complaint.there", { n: each.number })}</span><button type="button" class="link" onClick=${() => { dialog.close(); go("complaints", String(each.number)); }}>${t("complaint.open_it")}</button></p>`)}
    ${live.ref ? html`<p class="row"><${Avatar} name=${live.customer?.name || "?"} /><span class="grow"><b>${live.customer?.name || t("customer.new")}</b><br /><span class="meta">${channelLabel(live.channel)} · ${queueLabel(live.queue)}</span></span></p>` : html`<${Somebody} chosen=${said.customer} choose=${(/** @type {any} */ each) => put({ ...said, customer: each })} />`}
    <div class="pair">${select("kind", "kinds", true)}${select("severity", "severities", true)}</div>
    ${severity && html`<p class="meta">${t("complaint.promise", { acknowledge: lasting(severity.acknowledge_ms, severity.hours), answer: lasting(severity.answer_ms, severity.hours) })} ${severity.hours ? t("complaint.promise.hours") : ""}</p>`}
    <div class="pair">${choices.value.about.length > 0 && select("about", "about", false)}
      ${!live.ref && html`<label>${t("complaint.field.queue")}<select required value=${said.queue} onChange=${say("queue")}><option value="">${t("complaint.choose")}</option>${(config.value?.queues ?? []).map((/** @type {any} */ each) => html`<option key=${each.name} value=${each.name}>${labelOf(each.label, each.name)}</option>`)}</select></label>`}</div>
    <label>${t("complaint.field.happened")}<textarea rows="4" required maxlength=${WORDS_CHARS_MAX} value=${said.happened} onInput=${say("happened")}></textarea></label>
    ${theirs && !said.happened && html`<button type="button" class="link" onClick=${() => put({ ...said, happened: theirs })}>${t("complaint.their_words")}</button>`}
    <label><span>${t("complaint.field.wish")} <span class="meta">${t("complaint.may")}</span></span><textarea rows="2" maxlength=${WORDS_CHARS_MAX} value=${said.wish} onInput=${say("wish")}></textarea></label>
    <label class="check"><input type="checkbox" checked=${said.mine} onChange=${say("mine")} /> ${t("complaint.i_care")}</label>
    <div class="row"><span class="grow"></span><button type="button" onClick=${cancel}>${t("cancel")}</button><button type="submit" class="primary" disabled=${busy} ...${whileAway()}>${t(others.length ? "complaint.record.another" : "complaint.record")}</button></div></form>`;
}
