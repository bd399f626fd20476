// @ts-check
// Segments: what they are called, which one a person is in and since when, and putting them into another.
import { html, signal, useEffect, useState } from "../vendor/ui.js";
import { attempt, tell } from "../frame/state.js";
import { get, newId, post } from "../frame/api.js";
import { Dialog, Icon, fullOf } from "../frame/parts.js";
import { useWritten } from "../frame/written.js";
import { heard, labelOf, t } from "../frame/words.js";
import { mayBe } from "./customers.js";

const WHY_CHARS_MAX = 500;
/** Those of the configuration, with how many are in each. */
export const segments = signal(/** @type {any[]} */ ([]));

/** Read them; a list without them is a list still. */
export const fetchSegments = () => get("/segments").then((found) => { segments.value = found.segments; }, () => {});

/** @param {string} name */
export const segmentLabel = (name) => labelOf(segments.value.find((each) => each.name === name)?.label, name);

/** @param {{name: string}} props */
export const SegmentChip = ({ name }) => html`<span class="chip segment"><${Icon} name="customers" size=${13} /> ${segmentLabel(name)}</span>`;

/** Which segment somebody is in, who put them there, and why. @param {{id: number, changed: () => Promise<void>}} props */
export function SegmentBox({ id, changed }) {
  const [state, put] = useState(/** @type {any} */ (null));
  const [asking, ask] = useState(false);
  const load = () => get(`/customers/${id}/segment`).then(put, () => {});
  useEffect(() => { void load(); if (!segments.value.length) void fetchSegments(); }, [id]);
  if (!state || (!state.segment && !state.placings.length && !segments.value.length)) return null;
  const [latest, ...earlier] = state.placings;
  const may = mayBe("supervisor") && segments.value.length > 0;
  return html`<h3>${t("segment.title")}</h3><div class="segment-box"><p class="row">${state.segment ? html`<${SegmentChip} name=${state.segment} />` : html`<span class="meta">${t("segment.none")}</span>`}
      ${may && html`<button type="button" class="link" onClick=${() => ask(true)}>${t("segment.change")}</button>`}</p>
    ${latest && html`<p class="meta">${how(latest)} · ${fullOf(latest.at)}</p>${latest.why && html`<blockquote>${latest.why}</blockquote>`}`}
    ${earlier.length > 0 && html`<details><summary>${t("segment.earlier", { n: earlier.length })}</summary><ul>${earlier.map((/** @type {any} */ each) => html`<li key=${each.at}>${each.segment ? segmentLabel(each.segment) : t("segment.none")} <span class="meta">${how(each)} · ${fullOf(each.at)}</span>${each.why && html`<blockquote>${each.why}</blockquote>`}</li>`)}</ul></details>`}</div>
    ${asking && html`<${Change} id=${id} was=${state.segment} close=${() => ask(false)} done=${async () => { await load(); await changed(); void fetchSegments(); }} />`}`;
}

/** @param {any} placing */
const how = (placing) => (placing.how === "hand" ? t("segment.by.hand", { name: placing.by?.name ?? "" }) : t(`segment.by.${placing.how}`));

/** @param {{id: number, was: string, close: () => void, done: () => Promise<void>}} props */
function Change({ id, was, close, done }) {
  const [segment, choose] = useState(was);
  const [why, say, forget] = useWritten(`${id}:segment`, "");
  const leave = () => { forget(); close(); };
  const [fault, blame] = useState("");
  const [command] = useState(newId);
  const save = async (/** @type {any} */ event) => {
    event.preventDefault();
    blame("");
    try {
      await post(`/customers/${id}/segment`, { command_id: command, segment, was, why: why.trim() });
    } catch (error) {
      blame(heard(error));
      return void attempt(done);
    }
    leave();
    tell(t("segment.changed"));
    return void attempt(done);
  };
  return html`<${Dialog} title=${t("segment.change.title")} close=${close}><form onSubmit=${save} class="segment-form"><label>${t("segment.title")} <select value=${segment} onChange=${(/** @type {any} */ event) => choose(event.target.value)}><option value="">${t("segment.none")}</option>
      ${segments.value.map((each) => html`<option key=${each.name} value=${each.name}>${segmentLabel(each.name)}</option>`)}</select></label>
    <label>${t("segment.why")} <textarea rows="3" maxlength=${WHY_CHARS_MAX} value=${why} onInput=${(/** @type {any} */ event) => say(event.target.value)}></textarea></label>
    <p class="meta">${t(segment ? "segment.stays" : "segment.by_rules")}</p>
    ${fault && html`<p class="crit" role="alert">${fault}</p>`}
    <div class="row"><span class="grow"></span><button type="button" onClick=${leave}>${t("cancel")}</button><button type="submit" class="primary" disabled=${segment === was || !why.trim()}>${t("segment.save")}</button></div></form><//>`;
}
