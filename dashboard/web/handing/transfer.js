// @ts-check
// The transfer dialog: to whom, now or asked first, with a note for the next person and a sentence for the customer.
import { html, useEffect, useMemo, useRef, useState } from "../vendor/ui.js";
import { attempt, config, me, stories } from "../frame/state.js";
import { get, newId, post } from "../frame/api.js";
import { Dialog, Icon, Shape, whileAway } from "../frame/parts.js";
import { dialog } from "../frame/dialogs.js";
import { useWritten } from "../frame/written.js";
import { t } from "../frame/words.js";
import { chose } from "./habits.js";
import { handed } from "./strip.js";
import { rowsOf } from "./targets.js";

/** @typedef {import("./targets.js").Row} Row */
// One letter after another is one search.
const NONE = /** @type {Row | null} */ (null);
// Somebody is on the line and can be told that a colleague is asked.
const canAsk = (/** @type {any} */ live) => live.live;

/** My notes in this conversation, for whoever is next. @param {any} live */
function myNotes(live) {
  const all = stories.value.get(live.ref) ?? [];
  const replaced = new Set(all.map((item) => item.replaces).filter(Boolean));
  return all.filter((item) => item.kind === "note" && item.agent === me.value.id && !replaced.has(item.message)).map((item) => item.text).join("\n");
}

/** The sentence for the customer in their own language, which may be none of the reader's. @param {any} live @param {Row} row */
async function sentenceFor(live, row) {
  const tag = ["en", "zh", "th"].includes(live.language) ? live.language : config.value.languages[0];
  const words = await fetch(new URL(`../words/handing.${tag}.json`, import.meta.url)).then((answer) => answer.json(), () => ({}));
  const to = row.label?.[tag] ?? row.label?.en;
  return (to ? words["told.to"] : words["told.somebody"])?.replace("{to}", to ?? "") ?? "";
}

const UNTOLD = { text: "", own: false };

/** @param {{live: any}} props */
export function Transfer({ live }) {
  const [found, setFound] = useState(/** @type {any} */ (null));
  const [text, setText] = useState("");
  const [wanted, choose] = useState(NONE);
  const [ask, setAsk] = useState(Boolean(live.asks));
  const [note, setNote, noteSent] = useWritten(`${live.ref}:transfer`, myNotes(live));
  const [tell, setTell] = useState(live.live && live.channel !== "phone");
  const [told, setTold, toldSent] = useWritten(`${live.ref}:told`, UNTOLD);
  const leave = () => { noteSent(); toldSent(); dialog.close(); };
  const [busy, setBusy] = useState(false);
  const form = useRef(/** @type {any} */ (null));
  useEffect(() => { void attempt(async () => {
    const [targets, outside] = await Promise.all([get(`/conversations/${live.ref}/targets`), get(`/conversations/${live.ref}/contacts`).catch(() => ({ contacts: [] }))]);
    setFound({ targets, contacts: outside.contacts });
  }); }, []);
  const groups = useMemo(() => (found ? rowsOf(found.targets, found.contacts, text) : []), [found, text]);
  const row = wanted && groups.some(([, rows]) => rows.some((each) => each.key === wanted.key)) ? wanted : null;
  useEffect(() => { if (row && !told.own) void sentenceFor(live, row).then((said) => setTold({ text: said, own: false })); }, [row?.key]);
  const asks = ask && canAsk(live) && (!row || row.ask);
  const lacks = Boolean(row?.noted && !note.trim() && !asks);
  const go = async (/** @type {any} */ event) => {
    event?.preventDefault();
    if (!row || lacks || busy) return;
    setBusy(true);
    const done = await attempt(() => hand(live, row, { asks, note: note.trim(), told: tell && !asks ? told.text.trim() : "" }));
    setBusy(false);
    if (done) leave();
  };
  const keys = (/** @type {any} */ event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void go(event); };
  /** From the search into the list: the first that can be chosen. @param {any} event */
  const down = (event) => {
    if (event.isComposing || (event.key !== "ArrowDown" && event.key !== "Enter") || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const first = form.current.querySelector("input[type=radio]:not(:disabled)");
    first?.focus();
    first?.click();
  };
  return html`<${Dialog} title=${t("transfer")} close=${dialog.close}><form ref=${form} class="handing" onSubmit=${go} onKeyDown=${keys}>
    <label>${t("transfer.to")} <input type="search" value=${text} placeholder=${t("transfer.find")} autocomplete="off" onKeyDown=${down} onInput=${(/** @type {any} */ event) => setText(event.target.value)} /></label>
    <div class="targets" role="radiogroup" aria-label=${t("transfer.to")}>
      ${!found && html`<div class="skeleton" aria-hidden="true"><i></i><i></i></div>`}
      ${groups.map(([kind, rows]) => html`<section key=${kind} aria-label=${t(`target.kind.${kind}`)}><h3>${t(`target.kind.${kind}`)}</h3>${rows.map((each) => html`<${Target} key=${each.key} row=${each} chosen=${row?.key === each.key} choose=${choose} />`)}</section>`)}
      ${found && !groups.length && html`<p class="empty">${text ? t("target.unfound", { text }) : t("target.none")}</p>`}
    </div>
    ${canAsk(live) && html`<fieldset class="kinds"><legend>${t("transfer.kind")}</legend>
      ${[[false, "transfer.now"], [true, "transfer.ask"]].map(([value, key]) => html`<label key=${key} class=${`chip choice ${asks === value ? "chosen" : ""}`}><input type="radio" name="kind" checked=${asks === value}
        disabled=${Boolean(value && row && !row.ask)} onChange=${() => setAsk(Boolean(value))} /> ${t(String(key))}</label>`)}
      <span class="meta">${t(asks ? "transfer.ask.text" : "transfer.now.text")}</span></fieldset>`}
    ${!asks && html`<label>${t("transfer.note")}${row?.noted && html` <span class="meta">${t("transfer.note.required")}</span>`}
      <textarea rows="3" value=${note} aria-required=${Boolean(row?.noted)} aria-invalid=${lacks} onInput=${(/** @type {any} */ event) => setNote(event.target.value)}></textarea></label>
      ${live.channel !== "phone" && html`<label class="check"><input type="checkbox" checked=${tell} onChange=${(/** @type {any} */ event) => setTell(event.target.checked)} /> ${t("transfer.tell")}</label>
        ${tell && html`<textarea class="told" rows="2" aria-label=${t("transfer.tell")} lang=${live.language} value=${told.text} onInput=${(/** @type {any} */ event) => setTold({ text: event.target.value, own: true })}></textarea>`}`}`}
    <div class="row"><span class="grow meta">${lacks ? t("error.note_missing") : ""}</span><button type="button" onClick=${leave}>${t("cancel")}</button>
      <button type="submit" class="primary" ...${whileAway()} disabled=${!row || lacks || busy || whileAway().disabled}>${t(asks ? "transfer.ask" : "transfer.now")}</button></div>
  </form><//>`;
}

const ICONS = { queue: "queues", skill: "check", agent: "person", contact: "line" };

/** @param {{row: Row, chosen: boolean, choose: (row: Row) => void}} props */
const Target = ({ row, chosen, choose }) => html`<label class=${`target ${row.blocked ? "blocked" : ""} ${chosen ? "chosen" : ""}`}>
  <input type="radio" name="target" disabled=${Boolean(row.blocked)} checked=${chosen} onChange=${() => choose(row)} />
  ${row.shape ? html`<${Shape} shape=${row.shape} tone=${row.tone} />` : html`<${Icon} name=${ICONS[/** @type {"queue"} */ (row.kind)]} />`}
  <span class="grow">${row.name}${row.noted && html` <${Icon} name="note" size=${13} label=${t("transfer.note.required")} />`}</span> <span class="meta">${row.blocked || row.side}</span></label>`;

/**
 * Tell the customer, then hand on. What the customer was told stays said when the rest is refused; so it comes first only where it can be sent.
 * @param {any} live @param {Row} row @param {{asks: boolean, note: string, told: string}} said
 */
async function hand(live, row, { asks, note, told }) {
  const at = `/conversations/${live.ref}`;
  const command = { command_id: newId() };
  if (told) await post(`${at}/reply`, { text: told, client_id: newId(), then: "stay" });
  if (row.kind === "contact") await post(`${at}/outside`, { ...row.target, role: asks ? "consult" : "transfer", ...(note ? { note } : {}), ...command });
  else if (asks) await post(`${at}/consult`, { ...row.target, ...command });
  else await post(`${at}/transfer`, { ...row.target, note, ...command });
  chose("targets", row.key);
  if (!asks) handed.set(live.ref, row.name);
  return true;
}
