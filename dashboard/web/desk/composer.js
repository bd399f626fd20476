// @ts-check
// Where one writes: reply and note, each with its draft; nothing leaves on top of a message that nobody has read.
import { effect, html, signal, useEffect, useLayoutEffect, useRef, useState } from "../vendor/ui.js";
import { announce, chosen, me, owns, say, stories, tell } from "../frame/state.js";
import { fetchRoom } from "../frame/screens.js";
import { settings } from "../frame/settings.js";
import { Attach, attachTo, stagedIn, takeStaged } from "./files.js";
import { Icon, ago, channelLabel, customerName, queueLabel, shortOf } from "../frame/parts.js";
import { t } from "../frame/words.js";
import { UNDO_MS, changeable, draftOf, keepDraft, newest, replace, replacing, send } from "./writing.js";

export const tab = signal("reply");
/** Put a text where one writes. @type {{insert: (text: string) => void}} */
export const composing = { insert: () => {} };

/** Up to which item each conversation has been on the screen long enough to be read. @type {Map<string, number>} */
const looked = new Map();
/** @param {string} ref @param {number} seq */
export const lookedAt = (ref, seq) => { looked.set(ref, Math.max(looked.get(ref) ?? 0, seq)); };

/** What others said since the writing began. @param {string} ref @param {number} began @returns {any[]} */
const since = (ref, began) => (stories.value.get(ref) ?? []).filter((item) => item.seq > began && (item.kind === "in" || (item.kind === "out" && item.agent !== me.value.id)));

/** Where a restored draft was begun. @param {string} ref @param {number} at */
const place = (ref, at) => (stories.value.get(ref) ?? []).filter((item) => item.at <= at).at(-1)?.seq ?? newest(ref);

/** The word before the cursor that asks for a list: a sign at its start. Chinese and Thai have no spaces between words. */
const ASKED = /(?:^|[\s\p{Script=Han}\p{Script=Thai}，。！？、])([/@:])([^\s/@:]*)$/u;
const replies = () => fetchRoom("replies", () => import("../replies/replies.js"));

/** @param {any} area @param {boolean} note */
function askedIn(area, note) {
  const found = ASKED.exec(area.value.slice(0, area.selectionStart));
  if (!found || area.selectionStart !== area.selectionEnd) return null;
  const [, sign, word] = found;
  if ((sign === "@" && !note) || (sign === ":" && !word)) return null;
  return { sign, word, from: area.selectionStart - word.length - 1, to: area.selectionStart };
}

/** @param {{live: any}} props */
export function Composer({ live }) {
  // Whoever may see what is a colleague's leaves them a note; the customer hears its owner.
  const lines = (live.lines ?? []).filter((/** @type {any} */ each) => !each.unwritable);
  const shut = !owns(live) ? t("error.not_yours") : live.lines?.length && !lines.length ? t("reply.unwritable") : "";
  const note = Boolean(shut) || tab.value === "note";
  const key = `${live.ref}:${note ? "note" : "reply"}`;
  const [text, setText] = useState(draftOf(key).text);
  const [line, setLine] = useState(() => (lines[0]?.current ? 0 : lines[0]?.id ?? 0));
  const [began, setBegan] = useState(() => (draftOf(key).text ? place(live.ref, draftOf(key).at) : 0));
  const [held, hold] = useState(false);
  const [asked, ask] = useState(/** @type {any} */ (null));
  const [room, setRoom] = useState(/** @type {any} */ (null));
  const restored = useRef(/** @type {any} */ (draftOf(key)));
  const area = useRef(/** @type {any} */ (null));
  const list = useRef(/** @type {any} */ ({}));
  // Before the next key: what stands in a note is never taken over into a reply.
  useLayoutEffect(() => {
    const draft = draftOf(key);
    if (draft.text === text) return;
    setText(draft.text);
    setBegan(draft.text ? place(live.ref, draft.at) : 0);
    restored.current = draft;
  }, [key, draftOf(key).text]);
  useLayoutEffect(() => { if (area.current) { area.current.style.height = "auto"; area.current.style.height = `${Math.min(area.current.scrollHeight + 2, 220)}px`; } }, [text]);
  const letters = !note && mail(live, line);
  const wanted = asked !== null || text.length >= HINT_CHARS || letters || live.window_ms > 0;
  useEffect(() => { if (wanted && !room) void replies().then(setRoom); }, [wanted]);
  const unseen = began ? since(live.ref, began) : [];
  const write = (/** @type {string} */ value) => {
    if (!text && value) setBegan(newest(live.ref));
    if (!value) { setBegan(0); hold(false); }
    if (restored.current?.there) restored.current = null;
    setText(value);
    keepDraft(key, value);
    if (!note) typed(live.ref);
  };
  /** @param {string} value @param {number} from @param {number} to */
  const put = (value, from, to) => {
    const before = area.current.value;
    const after = before.slice(0, from) + value + before.slice(to);
    // The caret is set at once: whoever types on before the next frame would have it moved behind their back.
    area.current.value = after;
    area.current.setSelectionRange(from + value.length, from + value.length);
    write(after);
    ask(null);
    requestAnimationFrame(() => area.current?.focus());
  };
  composing.insert = (value) => put(value, area.current.selectionStart, area.current.selectionEnd);
  /** A button asks as a typed sign does. @param {string} sign */
  const type = (sign) => { const at = area.current.selectionStart; const gap = at && !/\s$/.test(text.slice(0, at)) ? " " : ""; put(gap + sign, at, area.current.selectionEnd); ask({ sign, word: "", from: at + gap.length, to: at + gap.length + 1 }); };
  const go = (/** @type {string} */ then) => {
    const said = text.trim();
    if (!said && !attached) return;
    if (!note && !held && unseen.some((item) => item.seq > (looked.get(live.ref) ?? 0))) { hold(true); announce("alert", t("unseen.held")); return; }
    const files = note ? [] : takeStaged(live.ref);
    if (!files) { tell(t("files.wait"), "crit"); return; }
    if (letters && !room && draftOf(`${live.ref}:letter`).text) { tell(t("screen.failed"), "crit"); return; }
    const envelope = letters && room ? room.envelopeOf(live) : {};
    if (!envelope) { tell(t("mail.cc.wrong"), "crit"); return; }
    const replaces = note ? replacing(live.ref) : 0;
    if (!send({ ref: live.ref, kind: note ? "note" : "reply", text: said, then, line, files, replaces, ...envelope, undo_ms: letters ? UNDO_MS : 0 })) { tell(t("queue.full"), "crit"); return; }
    if (letters) keepDraft(`${live.ref}:letter`, "");
    if (replaces) replace(live.ref, 0);
    setText("");
    setBegan(0);
    hold(false);
    keepDraft(key, "");
    if (!note) typedOut(live.ref);
    restored.current = null;
    area.current?.focus();
  };
  /** My last note is here again, to be changed; a note that was begun stays as it is. */
  const changeNote = () => {
    const last = changeable(live.ref);
    if (!draftOf(`${live.ref}:note`).text) { replace(live.ref, last.message); keepDraft(`${live.ref}:note`, last.text); }
    focusComposer("note");
  };
  const leaveNote = () => { replace(live.ref, 0); write(""); area.current?.focus(); };
  const keys = (/** @type {any} */ event) => {
    // While an input method composes, Enter chooses a word and never sends.
    if (event.isComposing || event.keyCode === 229) return;
    if (asked && event.key === "Escape") { event.preventDefault(); event.stopPropagation(); ask(null); return; }
    // A list that is still on its way is meant by the next Enter, and not the customer.
    if (asked && (list.current.key ? list.current.key(event) : event.key === "Enter" && !event.shiftKey)) { event.preventDefault(); return; }
    if (event.key === "ArrowUp" && !text && !event.shiftKey && changeable(live.ref)) { event.preventDefault(); changeNote(); return; }
    if (event.key !== "Enter" || event.shiftKey || event.altKey || event.repeat) return;
    const chord = event.ctrlKey || event.metaKey;
    if (settings.value.enter === "ctrl" && !chord) return;
    event.preventDefault();
    go(live.live || note ? "stay" : "park");
  };
  const pasted = (/** @type {any} */ event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length || note) return;
    event.preventDefault();
    void attachTo(live, line, files);
  };
  const attached = !note && stagedIn(live.ref).length > 0;
  const empty = !text.trim() && !attached;
  const enter = html`<kbd class="wide">${settings.value.enter === "ctrl" ? "Ctrl ↵" : "↵"}</kbd>`;
  const hint = !note && room ? room.hintOf(text, live.language) : "";
  const placeholder = note ? t("note.write") : t("reply.write", { name: customerName(live) });
  return html`<footer class=${`composer ${note ? "noting" : ""}`}>
    <div class="tabs" role="tablist" aria-label=${t("composer")}>
      <button type="button" role="tab" id="tab-reply" aria-selected=${!note} disabled=${Boolean(shut)} title=${shut || undefined} onClick=${() => { tab.value = "reply"; }}>${t("reply")}</button>
      <button type="button" role="tab" id="tab-note" aria-selected=${note} onClick=${() => { tab.value = "note"; }}><${Icon} name="lock" size=${13} /> ${t("note")}</button>
      <span class="grow"></span>
      ${note ? html`<span class="meta">${t("note.not.sent")}</span>` : lines.length > 1 ? html`<label class="meta">${t("via")} <select value=${line} onChange=${(/** @type {any} */ event) => setLine(Number(event.target.value))}>
        ${lines.map((/** @type {any} */ each) => html`<option key=${each.id} value=${each.current ? 0 : each.id}>${channelLabel(each.channel)} ${each.current ? "" : each.label}</option>`)}</select></label>`
        : html`<span class="meta">${t("via")} ${channelLabel(lines[0]?.channel ?? live.channel)} · ${queueLabel(live.queue)}</span>`}
    </div>
    ${letters && (room ? html`<${room.Letter} live=${live} to=${lineOf(live, line)?.label ?? ""} key=${`letter-${live.ref}`} />` : html`<p class="letter meta"><b>${t("mail.to")}</b> ${lineOf(live, line)?.label ?? ""}</p>`)}
    ${note && replacing(live.ref) > 0 && html`<p class="meta changing"><${Icon} name="note" size=${13} /> ${t("note.changing")} <button type="button" class="link" onClick=${leaveNote}>${t("note.leave")}</button></p>`}
    ${unseen.length > 0 && html`<p class=${`unseen-news ${held ? "held" : ""}`}><${Icon} name=${held ? "warn" : "bell"} /> <span class="grow"><b>${t("unseen", { n: unseen.length })}</b> <q>${(unseen.at(-1).text || t("no.text")).slice(0, 160)}</q>
      ${held && html`<br />${t("unseen.held")}`}</span></p>`}
    ${hint && html`<p class="hint"><${Icon} name="warn" size=${14} /> ${hint}</p>`}
    ${!note && room && live.window_ms > 0 && html`<p class="hint window"><${Icon} name="clock" size=${14} /> ${room.windowOf(live)}</p>`}
    ${asked && room && html`<${room.Suggest} asked=${asked} live=${live} note=${note} list=${list} pick=${(/** @type {string} */ value) => put(value, asked.from, asked.to)} />`}
    <textarea ref=${area} rows="2" value=${text} maxlength="100000" aria-label=${placeholder} aria-autocomplete=${asked ? "list" : undefined} aria-expanded=${asked ? "true" : undefined} aria-controls=${asked ? "suggestions" : undefined}
      role=${asked ? "combobox" : undefined} aria-activedescendant=${asked ? "suggested" : undefined}
      placeholder=${`${placeholder} — ${t(note ? "write.note.signs" : "write.signs")}`} onInput=${(/** @type {any} */ event) => { write(event.target.value); ask(event.isComposing ? null : askedIn(event.target, note)); }}
      onClick=${() => ask(askedIn(area.current, note))} onBlur=${() => setTimeout(() => { if (document.activeElement !== area.current) ask(null); }, 150)} onPaste=${pasted} onKeyDown=${keys}></textarea>
    <div class="row">${!note && html`<${Attach} live=${live} line=${line} />`}
      <button type="button" class="icon-button" aria-label=${t("replies.saved")} title=${t("replies.saved")} onClick=${() => type("/")}><b>/</b></button>
      ${note ? html`<button type="button" class="icon-button" aria-label=${t("mention")} title=${t("mention")} onClick=${() => type("@")}><b>@</b></button>` : html`<button type="button" class="icon-button" aria-label=${t("emoji")} title=${t("emoji")} onClick=${() => type(":")}><${Icon} name="smile" /></button>`}
      <span class="meta draft">${text && restored.current?.at ? (restored.current.there ? t("draft.there", { ago: ago(restored.current.at) }) : t("draft.from", { time: shortOf(restored.current.at) })) : ""}</span><span class="grow"></span>
      ${note || live.live ? html`<button type="button" class="primary" disabled=${empty} onClick=${() => go("stay")}>${note ? t(replacing(live.ref) ? "note.change" : "note.add") : t("send")} ${enter}</button>`
        : html`<button type="button" disabled=${empty} onClick=${() => go("stay")}>${t("send.stay")}</button>
          <button type="button" disabled=${empty} onClick=${() => go("close")}>${t("send.close")}</button>
          <button type="button" class="primary" disabled=${empty} onClick=${() => go("park")}>${t("send.park")} ${enter}</button>`}</div>
  </footer>`;
}

// Fewer letters than this tell no language.
const HINT_CHARS = 12;

/** @param {any} live @param {number} line */
const lineOf = (live, line) => (live.lines ?? []).find((/** @type {any} */ each) => (line ? each.id === line : each.current)) ?? live.lines?.[0];
/** Whether a line is one of letters, which cannot be taken back. @param {any} live @param {number} line */
const mail = (live, line) => lineOf(live, line)?.letters ?? live.channel === "email";

/** @type {Map<string, {at: number, stop: number}>} */
const typists = new Map();
/** Tell the customer that somebody types, not more often than needed. @param {string} ref */
function typed(ref) {
  const last = typists.get(ref);
  clearTimeout(last?.stop);
  const stop = setTimeout(() => { typists.delete(ref); say({ type: "typing", ref, on: false }); }, 4_000);
  const again = !last || Date.now() - last.at > 2_500;
  typists.set(ref, { at: again ? Date.now() : last.at, stop });
  if (again) say({ type: "typing", ref, on: true });
}

/** What was sent ends the typing: the next word is told anew. @param {string} ref */
function typedOut(ref) {
  clearTimeout(typists.get(ref)?.stop);
  typists.delete(ref);
}

/** Put the cursor where one writes. @param {string} name */
export function focusComposer(name) {
  tab.value = name;
  requestAnimationFrame(() => /** @type {any} */ (document.querySelector(".composer textarea"))?.focus());
}

effect(() => { if (chosen.value) tab.value = "reply"; });
