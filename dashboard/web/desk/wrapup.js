// @ts-check
// The wrap-up form: what came of it, with a note, within its time. Several may be open at once.
import { html, useEffect, useRef, useState } from "../vendor/ui.js";
import { attempt, config } from "../frame/state.js";
import { newId, post } from "../frame/api.js";
import { Due } from "../frame/parts.js";
import { named, t } from "../frame/words.js";

/** Half-written forms by conversation: each keeps its own. @type {Map<string, {disposition: string, note: string}>} */
const forms = new Map();

/** @param {{live: any}} props */
export function WrapUp({ live }) {
  const kept = forms.get(live.ref) ?? { disposition: "", note: "" };
  const [disposition, choose] = useState(kept.disposition);
  const [note, write] = useState(kept.note);
  const [filter, setFilter] = useState("");
  const first = useRef(/** @type {any} */ (null));
  useEffect(() => { first.current?.focus(); }, []);
  useEffect(() => { forms.set(live.ref, { disposition, note }); }, [disposition, note]);
  const list = config.value.dispositions.filter((/** @type {string} */ name) => named(name).toLowerCase().includes(filter.toLowerCase()));
  const save = async () => {
    if (!disposition) return;
    const done = await attempt(() => post(`/conversations/${live.ref}/wrap-up`, { disposition, note, command_id: newId() }));
    if (done) forms.delete(live.ref);
  };
  const keys = (/** @type {any} */ event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); void save(); }
  };
  return html`<form class="wrap-up" onSubmit=${(/** @type {any} */ event) => { event.preventDefault(); void save(); }} onKeyDown=${keys}>
    <div class="row"><h2>${t("wrap.title")}</h2><span class="grow"></span><${Due} at=${live.due_ms} label=${t("due.wrap")} /></div>
    <label>${t("wrap.outcome")} <input ref=${first} type="search" value=${filter} placeholder=${t("wrap.filter")} onInput=${(/** @type {any} */ event) => setFilter(event.target.value)} /></label>
    <div class="outcomes" role="radiogroup" aria-label=${t("wrap.outcome")}>${list.map((/** @type {string} */ name) => html`<label key=${name} class=${`chip choice ${disposition === name ? "chosen" : ""}`}>
      <input type="radio" name=${`outcome-${live.ref}`} checked=${disposition === name} onChange=${() => choose(name)} /> ${named(name)}</label>`)}
      ${!list.length && html`<p class="empty">${t("wrap.none", { text: filter })}</p>`}</div>
    <label>${t("wrap.note")} <textarea rows="2" value=${note} onInput=${(/** @type {any} */ event) => write(event.target.value)}></textarea></label>
    <div class="row"><span class="grow"></span><button type="submit" class="primary" disabled=${!disposition}>${t("wrap.save")} <kbd class="wide">Ctrl ↵</kbd></button></div>
  </form>`;
}
