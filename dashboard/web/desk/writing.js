// @ts-check
// What an agent has written and the server does not have yet: drafts, and messages on their way. Kept in this browser.
import { effect, signal } from "../vendor/ui.js";
import { me, onWelcome, serverNow, signedIn, stories } from "../frame/state.js";
import { call, get, newId, post } from "../frame/api.js";
import { heard } from "../frame/words.js";

// More than this is not a pause of the line any more, and somebody should know.
const QUEUED_MAX = 20;
const AGAIN_MS = 2_000;
const SAVE_MS = 1_000;
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

/** Drafts that the server has: they come from another machine. */
const elsewhere = signal(/** @type {Record<string, string>} */ ({}));
/** @type {Map<string, number>} */
const saving = new Map();

/** The draft of a conversation's tab. @param {string} key @returns {{text: string, at: number}} `at` is 0 when unknown */
export function draftOf(key) {
  return kept(`draft:${key}`) ?? { text: elsewhere.value[key] ?? "", at: 0 };
}

async function fetchDrafts() {
  elsewhere.value = await get("/drafts").catch(() => ({}));
}

/** Kept here with each key, on the server a second later. @param {string} key @param {string} text */
export function keepDraft(key, text) {
  keep(`draft:${key}`, text ? { text, at: serverNow() } : null);
  const { [key]: _, ...others } = elsewhere.value;
  elsewhere.value = others;
  clearTimeout(saving.get(key));
  saving.set(key, setTimeout(() => { void call("PUT", `/drafts/${key}`, { text }).catch(() => {}); }, SAVE_MS));
}

// --- messages on their way -------------------------------------------------------------------------------------------

/** Mine that the server has not answered yet, or has refused. */
export const sending = signal(/** @type {any[]} */ ([]));
/** Conversations of which one message is under way. @type {Set<string>} */
const underWay = new Set();

/** Send a reply or a note. False: too many wait already. @param {{ref: string, kind: string, text: string, then: string, line: number, files?: any[]}} message */
export function send(message) {
  if (sending.value.filter((each) => !each.sent).length >= QUEUED_MAX) return false;
  sending.value = [...sending.value, { ...message, client: newId(), failed: "", sent: false }];
  void deliver(message.ref);
  return true;
}

/** @param {string} client */
export const drop = (client) => { sending.value = sending.value.filter((each) => each.client !== client); };

/** @param {string} client @param {object} parts */
const change = (client, parts) => { sending.value = sending.value.map((each) => (each.client === client ? { ...each, ...parts } : each)); };

/** @param {{client: string, ref: string}} each */
export function retry(each) {
  change(each.client, { failed: "" });
  void deliver(each.ref);
}

/** One after another: the customer reads them in the order in which they were written. @param {string} ref */
async function deliver(ref) {
  if (underWay.has(ref)) return;
  underWay.add(ref);
  let next;
  do next = sending.value.find((each) => each.ref === ref && !each.failed && !each.sent);
  while (next && (await settled(next)));
  underWay.delete(ref);
  if (next) setTimeout(() => deliver(ref), AGAIN_MS);
}

/** Whether the server has said yes or no. @param {any} each */
async function settled({ ref, kind, text, client, then, line, files }) {
  const body = kind === "note" ? { text, client_id: client } : { text, client_id: client, then, ...(line ? { line } : {}), ...(files?.length ? { files: files.map((/** @type {any} */ file) => file.id) } : {}) };
  try {
    await post(`/conversations/${ref}/${kind}`, body);
    change(client, { sent: true });
  } catch (/** @type {any} */ error) {
    if (LATER.has(error.status)) return false;
    change(client, { failed: heard(error) });
  }
  return true;
}

const deliverAll = () => new Set(sending.value.map((each) => each.ref)).forEach((ref) => void deliver(ref));
onWelcome.add(deliverAll);

// The item comes by the socket after the answer, sometimes long after; until then the bubble stands in for it.
effect(() => {
  const told = (/** @type {any} */ each) => each.sent && (stories.value.get(each.ref) ?? []).some((item) => item.client === each.client);
  if (sending.value.some(told)) sending.value = sending.value.filter((each) => !told(each));
});

let whose = 0;
effect(() => {
  if (signedIn.value !== "yes" || whose === me.value.id) return;
  whose = me.value.id;
  sending.value = kept("sending") ?? [];
  void fetchDrafts();
  deliverAll();
});
effect(() => {
  const waiting = sending.value.filter((each) => !each.sent);
  if (whose) keep("sending", waiting.length ? waiting : null);
});
