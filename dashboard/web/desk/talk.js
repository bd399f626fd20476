// @ts-check
// One conversation: its head and its thread. Where one writes is composer.js.
import { html, useEffect, useLayoutEffect, useRef, useState } from "../vendor/ui.js";
import { attempt, chosen, details, earlier, hasEarlier, link, now, open, owns, shut, stories, typing, work } from "../frame/state.js";
import { newId, post } from "../frame/api.js";
import { stageAgain } from "./files.js";
import { Due, Icon, Menu, channelLabel, copy, customerName, dayOf, fullOf, queueLabel, shortOf, siteTime, timeOf, whileAway } from "../frame/parts.js";
import { named, t } from "../frame/words.js";
import { dialog } from "../frame/dialogs.js";
import { Late, fetchRoom, go } from "../frame/screens.js";
import { Composer, lookedAt } from "./composer.js";
import { draftOf, drop, keepDraft, retry, send, sending, undo } from "./writing.js";

export function Talk() {
  const ref = chosen.value;
  const summary = details.value.get(ref);
  if (!ref) return html`<section class="talk empty-talk"><p class="empty">${t("talk.none")}</p></section>`;
  if (!summary && shut.value.get(ref)) return html`<section class="talk empty-talk"><p class="empty" role="alert"><b>#${ref.slice(0, 40)}</b><br />${shut.value.get(ref)}</p>
    <p class="row"><button type="button" onClick=${() => open("")}>${t("back")}</button> <button type="button" onClick=${() => open(ref)}>${t("retry")}</button></p></section>`;
  if (!summary) return html`<section class="talk" aria-busy="true"><div class="skeleton talk-to-come" aria-hidden="true"><i></i><i></i><i></i><i></i><i></i></div></section>`;
  const live = { ...summary, ...(work.value.get(ref) ?? {}) };
  return html`<section class="talk" aria-label=${customerName(live)} key=${ref}>
    <${Head} live=${live} />
    ${isShared(live) && html`<${Around} live=${live} />`}
    <${Thread} live=${live} />
    ${live.state === "wrap_up" && owns(live) ? html`<${WrapUp} live=${live} key=${`wrap-${ref}`} />` : live.state === "active" ? html`<${Composer} live=${live} key=${`write-${ref}`} />` : html`<${Elsewhere} live=${live} />`}
  </section>`;
}

/** Whether others have to do with it, or a call: then there is something to show over the thread. @param {any} live */
const isShared = (live) => live.channel === "phone" || live.passed_by || live.participants?.length > 0;

const handing = () => fetchRoom("handing", () => import("../handing/handing.js"));

/** What stands over a thread besides its head, and call controls: each fetched for a conversation that has any of it. @param {{live: any}} props */
function Around({ live }) {
  const [shared, sharedCame] = useState(/** @type {any} */ (null));
  const [call, callCame] = useState(/** @type {any} */ (null));
  const phone = live.channel === "phone";
  useEffect(() => { void handing().then(sharedCame); }, []);
  useEffect(() => { if (phone) void fetchRoom("call", () => import("../call/call.js")).then(callCame); }, [phone]);
  return html`${call && html`<${call.CallBar} live=${live} />`}${shared && html`<${shared.Strip} live=${live} />`}`;
}

/** The wrap-up form is of the room of handing, fetched when it is first needed. @param {{live: any}} props */
function WrapUp({ live }) {
  const [room, came] = useState(/** @type {any} */ (null));
  useEffect(() => { void handing().then(came); }, []);
  return room ? html`<${room.WrapUp} live=${live} key=${live.ref} />` : html`<div class="wrap-up" aria-busy="true"></div>`;
}

/** @param {{live: any}} props */
function Head({ live }) {
  const mine = isMine(live);
  const whose = live.owner && !owns(live) ? ` · ${t("handled.by", { name: live.owner.name })}` : "";
  return html`<header class="head">
    <button type="button" class="icon-button back" aria-label=${t("back")} onClick=${() => open("")}><${Icon} name="back" /></button>
    <div class="grow"><h1>${customerName(live)}</h1><p class="meta"><${Icon} name=${live.channel} /> ${channelLabel(live.channel)} · ${queueLabel(live.queue)} <span class="ref">· #${live.ref}</span> · <span title=${fullOf(live.opened_ms)}>${t("started", { time: shortOf(live.opened_ms) })}</span>${whose}</p></div>
    <span class="signs">${live.failed && html`<span class="chip late"><${Icon} name="late" /> ${t("failed.reply")}</span>`}
    ${live.gone && html`<span class="chip">${t("gone")}</span>`}
    ${mine && live.actor === "agent" && !live.stage && html`<span class="due-box"><${Due} at=${live.due_ms} label=${t("due.reply")} /> <span class="wide to-reply">${live.due_ms ? t("to.reply") : ""}</span></span>`}</span>
    ${mine && html`<button type="button" ...${whileAway()} onClick=${() => dialog.open("transfer", live)} aria-label=${t("transfer")}><${Icon} name="transfer" /> <span class="wide">${t("transfer")}</span></button>
      <button type="button" ...${whileAway()} onClick=${() => end(live)} aria-label=${t("end")}><${Icon} name="check" /> <span class="wide">${t("end")}</span></button>`}
    <${Menu} label=${t("more")} icon="more" items=${more(live)} />
  </header>`;
}

/** What is done with a conversation less often. @param {any} live */
const more = (live) => [
  ...(isMine(live) ? [{ key: "park", icon: "clock", text: t("park"), off: whileAway(), act: () => dialog.open("park", live) }] : []),
  ...(isMine(live) && live.live ? [{ key: "ask", icon: "team", text: t("ask.menu"), off: whileAway(), act: () => dialog.open("transfer", { ...live, asks: true }) }] : []),
  { key: "customer", icon: "customers", text: t("customer"), act: () => go("customers", String(live.customer.id)) },
  { key: "why", icon: "why", text: t("why.menu"), act: () => go("why", live.ref) },
  { key: "complaint", icon: "complaints", text: t("complaint.menu"), off: whileAway(), act: () => dialog.open("complaint", live) },
  { key: "export", icon: "file", text: t("export.menu"), off: whileAway(), act: () => dialog.open("export", live) },
  { key: "copy", icon: "copy", text: t("copy.number", { ref: live.ref }), act: () => copy(live.ref) },
  { key: "link", icon: "link", text: t("copy.link"), act: () => copy(`${location.origin}${location.pathname}#/desk/${live.ref}`) },
  { key: "block", icon: "block", text: t("block.menu"), off: whileAway(), act: () => dialog.open("block", live) },
];

/** Whether it is in my hands now. @param {any} live */
const isMine = (live) => live.state === "active" && owns(live);

/** Conversations that are being ended: the second click of a double one ends nothing. @type {Set<string>} */
const ending = new Set();
/** @param {any} live */
export function end(live) {
  if (ending.has(live.ref)) return undefined;
  ending.add(live.ref);
  setTimeout(() => ending.delete(live.ref), 1_000);
  return attempt(() => post(`/conversations/${live.ref}/close`, { command_id: newId() }));
}

/** Why nothing can be written here. @param {any} live */
function placeText(live) {
  if (live.state !== "parked") return t(`state.${live.state}`);
  return live.due_ms ? t("state.parked.long", { at: siteTime(live.due_ms) }) : t("state.parked.open");
}

/** @param {{live: any}} props */
const Elsewhere = ({ live }) => html`<footer class="elsewhere row"><p class="grow">${placeText(live)}</p>
  ${live.state === "parked" && work.value.has(live.ref) && html`<button type="button" ...${whileAway()} onClick=${() => resume(live)}>${t("resume")}</button>`}</footer>`;

/** Bring back what I have parked. @param {any} live */
const resume = (live) => attempt(() => post(`/conversations/${live.ref}/resume`, { command_id: newId() }));

// --- the thread ------------------------------------------------------------------------------------------------

const SAID = new Set(["in", "out", "note", "notice"]);
// Steps that people want to read; the others are in the "why" of the conversation.
const STEPS = new Set(["accepted", "assigned", "declined", "lapsed", "transferred", "parked", "returned", "left", "abandoned", "wrap_up", "closed", "diverted", "deferred", "reminded", "line_held"]);

// Nobody reads a line in less.
const READ_MS = 1_000;

/** @param {{live: any}} props */
function Thread({ live }) {
  const all = stories.value.get(live.ref) ?? [];
  const known = new Set(all.map((item) => item.client).filter(Boolean));
  const mine = sending.value.filter((each) => each.ref === live.ref && !known.has(each.client));
  const replaced = new Set([...all, ...mine.filter((each) => !each.failed)].map((each) => each.replaces).filter(Boolean));
  const items = all.filter((item) => (SAID.has(item.kind) || STEPS.has(item.kind)) && !replaced.has(item.message));
  const box = useRef(/** @type {any} */ (null));
  const [fresh, setFresh] = useState(0);
  const last = items[items.length - 1]?.seq ?? 0;
  const seen = useRef(0);
  const atEnd = useRef(true);
  const below = useRef(0);
  // What comes above pushes nobody away from the line they are reading.
  useLayoutEffect(() => { if (below.current) box.current.scrollTop = box.current.scrollHeight - below.current; below.current = 0; }, [all[0]?.seq]);
  useLayoutEffect(() => {
    if (atEnd.current) box.current.scrollTop = box.current.scrollHeight;
    else if (seen.current && last > seen.current) setFresh(items.filter((item) => item.seq > seen.current && item.kind === "in").length);
    if (atEnd.current) seen.current = last;
  }, [last, mine.length]);
  useEffect(() => {
    // What has been in view for a moment has been read; a hidden page shows nothing.
    const read = () => setTimeout(() => { if (atEnd.current && !document.hidden) lookedAt(live.ref, last); }, READ_MS);
    let timer = read();
    const again = () => { clearTimeout(timer); timer = read(); };
    document.addEventListener("visibilitychange", again);
    return () => { clearTimeout(timer); document.removeEventListener("visibilitychange", again); };
  }, [last, fresh, live.ref]);
  useEffect(() => {
    // The composer grows and shrinks; who reads the end goes on reading the end.
    const sized = new ResizeObserver(() => { if (atEnd.current && box.current) box.current.scrollTop = box.current.scrollHeight; });
    sized.observe(box.current);
    return () => sized.disconnect();
  }, []);
  const scrolled = (/** @type {any} */ { currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
    atEnd.current = scrollHeight - scrollTop - clientHeight < 60;
    if (atEnd.current) { seen.current = last; setFresh(0); }
  };
  return html`<div class="thread-box"><div class="thread" role="log" aria-label=${t("thread")} tabindex="0" ref=${box} onScroll=${scrolled}><ol>
      ${hasEarlier.value.get(live.ref) && html`<li class="step"><button type="button" onClick=${() => { below.current = box.current.scrollHeight - box.current.scrollTop; void earlier(live.ref); }}>${t("earlier")}</button></li>`}
      ${withDays(items).map((item) => html`<${Entry} key=${item.key} item=${item} live=${live} />`)}
      ${mine.map((each) => html`<${Pending} key=${each.client} each=${each} />`)}
      ${typing.value.has(live.ref) && html`<li class="step typing">${t("typing.name", { name: customerName(live) })} <span class="dots" aria-hidden="true"><i></i><i></i><i></i></span></li>`}
    </ol></div>
    ${fresh > 0 && html`<button type="button" class="fresh" onClick=${() => { box.current.scrollTop = box.current.scrollHeight; }}>${t("fresh", { n: fresh })} <${Icon} name="down" /></button>`}</div>`;
}

/** @param {any[]} items */
function withDays(items) {
  /** @type {any[]} */
  const rows = [];
  let day = "";
  for (const item of items) {
    const itsDay = dayOf(item.at);
    if (itsDay !== day) rows.push({ key: `d${itsDay}`, kind: "day", text: itsDay });
    day = itsDay;
    rows.push({ ...item, key: `s${item.seq}` });
  }
  return rows;
}

/** @param {{item: any, live: any}} props */
function Entry({ item, live }) {
  if (item.kind === "day") return html`<li class="day"><span>${item.text}</span></li>`;
  if (!SAID.has(item.kind)) return html`<li class="step">${stepText(item)} <time title=${fullOf(item.at)}>${timeOf(item.at)}</time></li>
    ${item.kind === "transferred" && item.text && html`<${Entry} item=${{ ...item, kind: "note" }} live=${live} />`}`;
  const outside = item.kind === "in" && item.detail === "outside";
  const who = outside ? item.author : item.kind === "in" ? customerName(live) : item.kind === "notice" ? t("notice.by") : item.author;
  return html`<li class=${`said ${item.kind}`}>
    ${item.kind === "note" && html`<p class="label"><${Icon} name="lock" /> ${t("note.only")}</p>`}
    ${item.subject && html`<p class="subject">${item.subject}</p>`}
    ${(item.text || !item.files) && html`<p class="text">${item.text || (item.kind === "notice" ? named(item.notice) : live.live ? channelLabel(live.channel) : t("no.text"))}</p>`}
    ${item.files?.length > 0 && html`<${Late} load=${() => import("./received.js")} part="Files" files=${item.files} live=${live} />`}
    <p class="meta">${who} · <time title=${fullOf(item.at)}>${timeOf(item.at)}</time>${item.replaces ? ` · ${t("note.changed")}` : ""}${item.cc ? html` · <span class="copies">${t("mail.copies", { to: item.cc.join(", ") })}</span>` : ""}${item.kind === "out" && html` · <${Delivery} item=${item} live=${live} />`}</p></li>`;
}

/** @param {{item: any, live: any}} props */
const Delivery = ({ item, live }) => {
  const failed = item.status === "failed";
  return html`<span class=${failed ? "crit" : ""}><${Icon} name=${failed ? "late" : item.status === "queued" ? "clock" : "check"} size=${13} /> ${t(`delivery.${item.status || "queued"}`)}${failed && item.detail ? ` (${named(item.detail)})` : ""}
    ${failed && live.state === "active" && html` <button type="button" class="link" onClick=${() => send({ ref: live.ref, kind: "reply", text: item.text, then: "stay", line: 0, files: item.files, subject: item.subject, cc: item.cc })}>${t("retry")}</button>`}
    ${failed && html` <button type="button" class="link" onClick=${() => copy(item.text)}>${t("copy")}</button>`}</span>`;
};

/** @param {any} item */
function stepText(item) {
  const values = { name: item.author ?? "", detail: item.detail ? named(item.detail) : "", at: item.until_ms ? siteTime(item.until_ms) : "" };
  return t(item.kind === "parked" && !item.until_ms ? "step.parked.customer" : `step.${item.kind}`, values, item.kind);
}

/** @param {{each: any}} props */
const Pending = ({ each }) => html`<li class=${`said ${each.kind === "note" ? "note" : "out"} pending ${each.failed ? "failed" : ""}`}>${each.text && html`<p class="text">${each.text}</p>`}${each.files?.length > 0 && html`<p class="text">${each.files.map((/** @type {any} */ file) => file.name).join(", ")}</p>`}
  <p class="meta">${each.failed ? html`<span class="crit"><${Icon} name="late" size=${13} /> ${t("delivery.failed")} – ${each.failed}</span>
    <button type="button" class="link" onClick=${() => retry(each)}>${t(each.unseen ? "send.anyway" : "retry")}</button>
    <button type="button" class="link" onClick=${() => copy(each.text)}>${t("copy")}</button>
    <button type="button" class="link" onClick=${() => drop(each.client)}>${t("delete")}</button>`
    : each.until > Date.now() && !each.sent ? html`<${Icon} name="clock" size=${13} /> <span aria-live="off">${t("delivery.undo", { n: Math.max(1, Math.ceil((each.until - Date.now() + 0 * now.value) / 1_000)) })}</span> <button type="button" class="link" onClick=${() => takeBack(each)}>${t("undo")}</button>`
    : html`<${Icon} name="clock" size=${13} /> ${t(each.sent ? "delivery.queued" : link.value === "live" ? "delivery.sending" : "delivery.waiting")}`}</p></li>`;

/** What was sent a moment ago is a draft again, with its files. @param {any} each */
function takeBack(each) {
  if (!undo(each)) return;
  const key = `${each.ref}:reply`;
  keepDraft(key, [each.text, draftOf(key).text].filter(Boolean).join("\n\n"));
  stageAgain(each.ref, each.files ?? []);
  if (each.subject || each.cc?.length) keepDraft(`${each.ref}:letter`, JSON.stringify({ subject: each.subject || null, cc: (each.cc ?? []).join(", ") }));
}
