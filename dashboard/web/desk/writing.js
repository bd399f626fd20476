// @ts-check
// What an agent has written and the server does not have yet: drafts, and messages on their way. Kept in this browser.
import { effect, signal } from "../vendor/ui.js";
import { link, me, onWelcome, serverNow, signedIn, stories } from "../frame/state.js";
import { call, get, lastWord, newId, post } from "../frame/api.js";
import { heard } from "../frame/words.js";

// More than this is not a pause of the line any more, and somebody should know.
const QUEUED_MAX = 20;
const AGAIN_MS = 2_000;
const SAVE_MS = 1_000;
// A mail cannot be taken back once it has left.
export const UNDO_MS = 5_000;
// No answer, session over, too many at once, nobody to decide: it will do later what it cannot do now.
const LATER = new Set([0, 401, 429, 503]);

/** Names begin with the person: two who share a machine do not read each other's drafts. @param {string} rest */
const keyOf = (rest) => `patchbay:${me.value?.id}:${rest}`;

/** @param {string} rest @param {any} value `null` forgets */
function keep(rest, value) {
  try {
    if (value === null) localStorage.removeItem(keyOf(rest));
    else localStorage.setItem(keyOf(rest), JSON.stringify(value));
  } catch {
    // Without storage the server's copy of a draft remains.
  }
}

/** @param {string} rest */
function kept(rest) {
  try {
    return JSON.parse(localStorage.getItem(keyOf(rest)) ?? "null");
  } catch {
    return null;
  }
}

// --- drafts --------------------------------------------------------------------------------------------------------

/** Drafts that the server has: they come from another machine, or were kept here. */
const elsewhere = signal(/** @type {Record<string, {text: string, at: number}>} */ ({}));
/** Texts that the server does not have yet, by draft. @type {Map<string, string>} */
const unsaved = new Map();
/** @type {Map<string, number>} */
const soon = new Map();
/** @type {Set<string>} */
const saving = new Set();

/** The draft of a conversation's tab. @param {string} key @returns {{text: string, at: number, there?: boolean}} `at` is 0 for none; `there`: from another machine */
export function draftOf(key) {
  const here = kept(`draft:${key}`);
  const there = elsewhere.value[key];
  // What was saved slowly may be younger by the clock than what was typed after it.
  const newer = there && (!here || (there.at > here.at && !here.text.startsWith(there.text)));
  return newer ? { ...there, there: true } : here ?? { text: "", at: 0 };
}

async function fetchDrafts() {
  elsewhere.value = await get("/drafts/dated").catch(() => ({}));
}

// The server's own bound: until then a note is its writer's to change.
const NOTE_CHANGE_MS_MAX = 600_000;

/** The message of the note that a draft is to take the place of, 0 for none. @param {string} ref @returns {number} */
export const replacing = (ref) => kept(`replaces:${ref}`) ?? 0;
/** @param {string} ref @param {number} message */
export const replace = (ref, message) => keep(`replaces:${ref}`, message || null);

/** My last note of a conversation, while it may be changed. @param {string} ref */
export function changeable(ref) {
  const last = (stories.value.get(ref) ?? []).filter((item) => item.kind === "note" && item.agent === me.value.id).at(-1);
  return last && serverNow() - last.at < NOTE_CHANGE_MS_MAX ? last : null;
}

/** Kept here with each key, on the server each second. @param {string} key @param {string} text */
export function keepDraft(key, text) {
  keep(`draft:${key}`, text ? { text, at: serverNow() } : null);
  const { [key]: _, ...others } = elsewhere.value;
  elsewhere.value = others;
  unsaved.set(key, text);
  saveSoon(key, SAVE_MS);
}

/** @param {string} key @param {number} wait_ms */
function saveSoon(key, wait_ms) {
  if (!soon.has(key)) soon.set(key, setTimeout(() => { soon.delete(key); void save(key); }, wait_ms));
}

/** One write of a draft after another: a slow one never overtakes what was typed after it. @param {string} key */
async function save(key) {
  const text = unsaved.get(key);
  if (text === undefined || saving.has(key)) return;
  saving.add(key);
  unsaved.delete(key);
  const refused = await call("PUT", `/drafts/${key}`, { text }).then(() => 200, (error) => error.status);
  saving.delete(key);
  if (LATER.has(refused) && !unsaved.has(key)) unsaved.set(key, text);
  if (unsaved.has(key) && link.value === "live") saveSoon(key, AGAIN_MS);
}
onWelcome.add(() => unsaved.forEach((_, key) => saveSoon(key, 0)));

// --- messages on their way -------------------------------------------------------------------------------------------

/** Mine that the server has not answered yet, or has refused. */
export const sending = signal(/** @type {any[]} */ ([]));
/** Conversations of which one message is under way. @type {Set<string>} */
const underWay = new Set();

/** The newest item of a conversation that this page has. @param {string} ref */
export const newest = (ref) => (stories.value.get(ref) ?? []).at(-1)?.seq ?? 0;

/**
 * Send a reply or a note. False: too many wait already.
 * @param {{ref: string, kind: string, text: string, then: string, line: number, files?: any[], undo_ms?: number, subject?: string, cc?: string[], replaces?: number}} message
 */
export function send(message) {
  if (sending.value.filter((each) => !each.sent).length >= QUEUED_MAX) return false;
  const { undo_ms = 0, ...said } = message;
  const entry = { ...said, client: newId(), seen: newest(message.ref), failed: "", sent: false, at: Date.now(), until: undo_ms ? Date.now() + undo_ms : 0 };
  sending.value = [...sending.value, entry];
  keep(`sending:${entry.client}`, entry);
  void deliver(message.ref);
  return true;
}

/** @param {string} client */
export function drop(client) {
  keep(`sending:${client}`, null);
  sending.value = sending.value.filter((each) => each.client !== client);
}

/** Take a message back that has not left. @param {any} each @returns {boolean} false: it has gone */
export function undo(each) {
  const waits = sending.value.some((other) => other.client === each.client && other.until > Date.now());
  if (waits) drop(each.client);
  return waits;
}

/** @param {string} client @param {object} parts */
const change = (client, parts) => { sending.value = sending.value.map((each) => (each.client === client ? { ...each, ...parts } : each)); };

/** Once more; whoever asks for it has what is on the screen now before their eyes. @param {{client: string, ref: string}} each */
export function retry(each) {
  change(each.client, { failed: "", seen: newest(each.ref) });
  void deliver(each.ref);
}

/** One after another: the customer reads them in the order in which they were written. @param {string} ref */
async function deliver(ref) {
  if (underWay.has(ref)) return;
  underWay.add(ref);
  let next;
  do next = sending.value.find((each) => each.ref === ref && !each.failed && !each.sent);
  while (next && next.until <= Date.now() && (await settled(next)));
  underWay.delete(ref);
  if (next) setTimeout(() => deliver(ref), next.until > Date.now() ? next.until - Date.now() : AGAIN_MS);
}

/** @param {any} each @returns {[string, any]} its address and body */
function letter({ ref, kind, text, client, then, line, files, seen, subject, cc, replaces }) {
  const more = kind === "note" ? { replaces } : { then, seen, line, subject, cc: cc?.length && cc, files: files?.length && files.map((/** @type {any} */ file) => file.id) };
  const body = { text, client_id: client, ...Object.fromEntries(Object.entries(more).filter(([, value]) => value)) };
  return [`/conversations/${ref}/${kind}`, body];
}

/** Whether the server has said yes or no. @param {any} each */
async function settled(each) {
  try {
    await post(...letter(each));
    keep(`sending:${each.client}`, null);
    change(each.client, { sent: true });
  } catch (/** @type {any} */ error) {
    if (LATER.has(error.status)) return false;
    change(each.client, { failed: heard(error), unseen: error.code === "unseen" });
    // What came after it was written after it: it must not overtake.
    if (error.code === "unseen") sending.value.filter((other) => other.ref === each.ref && !other.sent && !other.failed && other.kind === "reply").forEach((other) => change(other.client, { failed: heard(error), unseen: true }));
  }
  return true;
}

const deliverAll = () => new Set(sending.value.map((each) => each.ref)).forEach((ref) => void deliver(ref));
onWelcome.add(deliverAll);

// A page that goes away cannot be asked to undo any more: what waited for that leaves with it.
addEventListener("pagehide", () => sending.value.filter((each) => each.until > Date.now()).forEach((each) => lastWord(...letter(each))));

// The item comes by the socket after the answer, sometimes long after; until then the bubble stands in for it.
effect(() => {
  const told = (/** @type {any} */ each) => (stories.value.get(each.ref) ?? []).some((item) => item.client === each.client);
  if (sending.value.some(told)) sending.value.filter(told).forEach((each) => drop(each.client));
});

// Another tab has sent or deleted what this one has taken over.
addEventListener("storage", (event) => {
  const client = event.key?.split(":sending:")[1];
  if (client && event.newValue === null) sending.value = sending.value.filter((each) => each.client !== client || each.sent);
});

let whose = 0;
effect(() => {
  if (signedIn.value !== "yes" || whose === me.value.id) return;
  whose = me.value.id;
  sending.value = left();
  void fetchDrafts();
  deliverAll();
});

/** What an earlier page of mine has not sent, in the order in which it was written. */
function left() {
  const names = Array.from({ length: localStorage.length }, (_, at) => localStorage.key(at) ?? "").filter((name) => name.startsWith(keyOf("sending:")));
  return names.map((name) => kept(name.slice(keyOf("").length))).filter(Boolean).sort((a, b) => a.seen - b.seen || a.at - b.at);
}
