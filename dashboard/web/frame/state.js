// @ts-check
// Everything the screens show, as signals; and the socket that feeds them, one flush per animation frame.
import { batch, computed, signal } from "../vendor/ui.js";
import { call, get, post, useToken, onEnded } from "./api.js";
import { heard, t } from "./words.js";

export const me = signal(/** @type {any} */ (null));
export const signedIn = signal("asking"); // asking | no | yes
export const expired = signal(false);
export const config = signal(/** @type {any} */ (null));
export const agent = signal(/** @type {any} */ (null));
export const work = signal(/** @type {Map<string, any>} */ (new Map()));
/** Conversations of colleagues in which I take part, or am asked to. */
export const takingPart = signal(/** @type {any[]} */ ([]));
/** Notes that name me and that I have not looked at, by conversation. */
export const mentions = signal(/** @type {Map<string, any>} */ (new Map()));
export const offers = signal(/** @type {any[]} */ ([]));
export const queues = signal(/** @type {any[]} */ ([]));
export const chosen = signal("");
/** Conversations that could not be opened, and why, in words. */
export const shut = signal(/** @type {Map<string, string>} */ (new Map()));
export const stories = signal(/** @type {Map<string, any[]>} */ (new Map()));
/** Whether a story has earlier items than these. */
export const hasEarlier = signal(/** @type {Map<string, boolean>} */ (new Map()));
export const details = signal(/** @type {Map<string, any>} */ (new Map()));
export const typing = signal(/** @type {Set<string>} */ (new Set()));
export const link = signal("connecting"); // live | connecting | offline
export const banner = signal("");
export const newVersion = signal(false);
export const toast = signal(/** @type {{text: string, tone: string} | null} */ (null));
export const now = signal(Date.now());
export const loaded = signal(false);

let skewMs = 0;
/** @returns {number} the server's time */
export const serverNow = () => Date.now() + skewMs;
setInterval(() => { now.value = serverNow(); }, 1_000);
/** @param {number} ms the server's time, just heard */
function setClock(ms) {
  skewMs = ms - Date.now();
  now.value = serverNow();
}

export const version = document.querySelector("meta[name=patchbay-version]")?.getAttribute("content") ?? "";

/** Cards by who must act next. */
export const groups = computed(() => {
  const all = [...work.value.values()];
  const by = (/** @type {(each: any) => boolean} */ test) => all.filter(test).sort((a, b) => (a.due_ms || Infinity) - (b.due_ms || Infinity));
  return {
    reply: by((each) => each.state === "active" && each.actor !== "customer" && each.stage !== "left"),
    customer: by((each) => each.state === "active" && each.actor === "customer"),
    wrap: by((each) => each.state === "wrap_up" || each.stage === "left"),
    parked: by((each) => each.state === "parked"),
  };
});

let toastTimer = 0;
/** Show and say something. @param {string} text @param {string} [tone] */
export function tell(text, tone = "plain") {
  toast.value = { text, tone };
  announce("status", text);
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { toast.value = null; }, 6_000);
}

const SAID_MS = 20;
const unsaid = /** @type {Record<string, string>} */ ({});
/** Say something once to people who listen. @param {"status" | "alert"} region @param {string} text */
export function announce(region, text) {
  const element = document.getElementById(region);
  if (!element) return;
  element.textContent = "";
  // Two at once are said together.
  if (unsaid[region]) { unsaid[region] += `; ${text}`; return; }
  unsaid[region] = text;
  setTimeout(() => { element.textContent = unsaid[region]; unsaid[region] = ""; }, SAID_MS);
}

/** Do something that may be refused; the refusal is said in place of an answer. @param {() => Promise<any>} act */
export async function attempt(act) {
  try {
    return await act();
  } catch (/** @type {any} */ error) {
    tell(heard(error), "crit");
    return undefined;
  }
}

// --- beginning --------------------------------------------------------------------------------------------

export async function begin() {
  onEnded(() => { if (signedIn.value === "yes") expired.value = true; });
  // Asked together: none of the answers is needed to ask for the others.
  const asked = [get("/config"), get("/desk")];
  for (const each of asked) each.catch(() => {});
  try {
    await enter(await get("/me"), asked);
  } catch (/** @type {any} */ error) {
    if (error.status === 401) signedIn.value = "no";
    else setTimeout(begin, 2_000);
  }
}

/** @param {{me: any, csrf: string}} session @param {Promise<any>[]} [asked] configuration and desk, where they were asked for already */
export async function enter(session, asked = [get("/config"), get("/desk")]) {
  for (const each of asked) each.catch(() => {});
  useToken(session.csrf, session.me.id);
  // Somebody else at this machine begins with an empty desk.
  if (me.value && me.value.id !== session.me.id) { location.reload(); return; }
  me.value = session.me;
  config.value = await asked[0];
  signedIn.value = "yes";
  expired.value = false;
  if (!socket || socket.readyState > WebSocket.OPEN) connect();
  tabs?.postMessage("signed in");
  await refresh(asked[1]);
}

// Who signs in again in one tab has signed in again in all of them.
const tabs = "BroadcastChannel" in window ? new BroadcastChannel("patchbay") : null;
if (tabs) tabs.onmessage = async () => { if (expired.value) await get("/me").then((session) => enter(session), () => {}); };

/** Read the whole desk anew. @param {Promise<any>} [asked] */
export async function refresh(asked = get("/desk")) {
  const desk = await asked;
  setClock(desk.now_ms);
  batch(() => {
    agent.value = desk.me;
    work.value = new Map(desk.work.map((/** @type {any} */ each) => [each.ref, each]));
    offers.value = desk.offers;
    queues.value = desk.queues;
    takingPart.value = desk.taking_part ?? [];
    loaded.value = true;
    // What the socket told while the answer was on its way is newer than the answer.
    recent.filter((frame) => frame.type === "desk" && frame.seq > desk.position).forEach(applyDesk);
  });
  if (chosen.value) void open(chosen.value);
}

/** Ask who has named me in a note while I was away. */
async function fetchMentions() {
  const found = await get("/mentions").catch(() => null);
  if (found) mentions.value = new Map(found.map((/** @type {any} */ each) => [each.ref, each]));
}

/** What names me has been looked at. @param {string} ref */
function lookedAtMention(ref) {
  if (!mentions.value.has(ref)) return;
  mentions.value = new Map([...mentions.value].filter(([other]) => other !== ref));
  void call("DELETE", `/mentions/${ref}`, {}).catch(() => {});
}

/** Read it until it is read: without it the screen would stay wrong. */
async function refreshSurely() {
  try {
    await refresh();
  } catch {
    if (link.value === "live") setTimeout(refreshSurely, 2_000);
  }
}

export const startShift = () => attempt(async () => { await post("/shift", {}); await refresh(); });

// --- one conversation ---------------------------------------------------------------------------------------

// No reference is longer; what somebody has typed into the address may be.
const REF_CHARS_MAX = 40;

/** Whether the desk is what one looks at. */
export const inSight = signal(true);
/** Tell the server what is on the screen. @param {string} ref */
export const look = (ref) => say({ type: "look", ref: (inSight.peek() && ref.slice(0, REF_CHARS_MAX)) || null });

/** Whether I own a conversation. @param {any} live */
export const owns = (live) => live.owner?.id === me.value.id;

/** Show a conversation. @param {string} ref */
export async function open(ref) {
  chosen.value = ref;
  look(ref);
  if (!ref) return;
  const [mark, known] = [heardCount, stories.peek().get(ref) ?? []];
  const [conversation, story] = await Promise.all([
    get(`/conversations/${encodeURIComponent(ref)}`),
    get(`/conversations/${encodeURIComponent(ref)}/story?limit=50`),
  ]).catch((error) => { put(shut, ref, heard(error)); return [null, null]; });
  if (!conversation) return;
  if (shut.value.has(ref)) put(shut, ref, "");
  lookedAtMention(ref);
  batch(() => {
    put(details, ref, conversation);
    const meanwhile = recent.filter((frame) => frame.type === "story" && frame.ref === ref && frame.nth > mark);
    // Earlier pages stay where nothing is missing before this one.
    const first = story.items[0]?.seq;
    const before = known.at(-1)?.seq >= first ? known.filter((item) => item.seq < first) : [];
    put(stories, ref, merged([...before, ...story.items], meanwhile.flatMap((frame) => frame.items)));
    if (!before.length) put(hasEarlier, ref, story.more);
  });
}

/** Read a conversation's head anew. @param {string} ref */
export async function refreshHead(ref) {
  const conversation = await get(`/conversations/${ref}`).catch(() => null);
  if (conversation) put(details, ref, conversation);
}

/** Earlier items. @param {string} ref */
export async function earlier(ref) {
  const known = stories.value.get(ref) ?? [];
  const before = known[0]?.seq ?? 0;
  const page = await attempt(() => get(`/conversations/${ref}/story?before=${before}&limit=50`));
  if (!page) return;
  put(stories, ref, merged(stories.value.get(ref) ?? [], page.items));
  put(hasEarlier, ref, page.more);
}

// Whoever goes back further reads anew: a page that stands open for a week does not grow.
const KEPT_MAX = 99;
/** @param {any} target @param {string} key @param {any} value */
function put(target, key, value) {
  const copy = new Map(target.value);
  copy.set(key, value);
  for (const old of copy.keys()) if (copy.size > KEPT_MAX && old !== chosen.value) copy.delete(old);
  target.value = copy;
}

/** An item with a known number replaces the earlier one. @param {any[]} known @param {any[]} fresh */
function merged(known, fresh) {
  const bySeq = new Map(known.map((item) => [item.seq, item]));
  for (const item of fresh) bySeq.set(item.seq, item);
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq);
}

// --- the socket -----------------------------------------------------------------------------------------------

/** @type {WebSocket | null} */
let socket = null;
let lastSeq = 0;
let againMs = 500;
/** @type {any[]} */
let buffer = [];
let flushing = false;
let lastHeard = 0;
/** When the line was lost, 0 while it is live. */
let lostAt = 0;
/** The frames of the last moments: an answer to a request may be older than they are. @type {any[]} */
const recent = [];
const RECENT_MAX = 200;
let heardCount = 0;

/** @param {object} frame */
export function say(frame) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
}

function connect() {
  socket = new WebSocket(new URL("/ws", location.href.replace(/^http/, "ws")));
  socket.onopen = () => { say({ type: "hello", last_seq: lastSeq }); };
  socket.onmessage = (event) => {
    lastHeard = Date.now();
    buffer.push(JSON.parse(event.data));
    if (flushing) return;
    flushing = true;
    // A hidden tab has no animation frames; it applies what came once a second.
    if (document.hidden) setTimeout(flush, 200);
    else requestAnimationFrame(flush);
  };
  socket.onclose = (event) => closed(event.code);
}

/** @param {number} code */
function closed(code) {
  socket = null;
  if (signedIn.value !== "yes") return;
  if (code === 4401) { expired.value = true; return; }
  // Failed attempts end here too; the words are about the line that was lost, and change once.
  const lost = lostAt ||= Date.now();
  setTimeout(() => { if (lost === lostAt && link.value === "live") link.value = "connecting"; }, 1_500);
  setTimeout(() => { if (lost === lostAt) link.value = "offline"; }, 15_000);
  // Full jitter: many desks do not come back at the same instant.
  setTimeout(connect, 100 + Math.random() * againMs);
  againMs = Math.min(2 * againMs, 15_000);
}

setInterval(() => {
  if (!socket || socket.readyState !== WebSocket.OPEN) return;
  if (Date.now() - lastHeard > 20_000) socket.close();
  else if (Date.now() - lastHeard > 12_000) say({ type: "ping" });
}, 3_000);
addEventListener("online", () => { againMs = 500; if (signedIn.value === "yes" && !socket) connect(); });

function flush() {
  flushing = false;
  const frames = buffer;
  buffer = [];
  batch(() => frames.forEach(apply));
}

/** @type {Record<string, (frame: any) => void>} */
const WAYS = {
  welcome(frame) {
    againMs = 500;
    lostAt = 0;
    link.value = "live";
    setClock(frame.now_ms);
    newVersion.value = Boolean(frame.version && version && frame.version !== version);
    if (frame.resync) void refreshSurely();
    else if (chosen.value) look(chosen.value);
    void fetchMentions();
    for (const each of onWelcome) each();
  },
  desk: applyDesk,
  story(frame) {
    put(stories, frame.ref, merged(stories.value.get(frame.ref) ?? [], frame.items));
    if (frame.items.some((/** @type {any} */ item) => item.cut)) void open(frame.ref);
    if (frame.items.some((/** @type {any} */ item) => item.kind === "in")) setTyping(frame.ref, false);
    if (frame.items.some((/** @type {any} */ item) => !["in", "out", "note", "notice"].includes(item.kind))) void refreshHead(frame.ref);
  },
  mention(frame) {
    if (frame.ref === chosen.value && inSight.value) { lookedAtMention(frame.ref); return; }
    mentions.value = new Map(mentions.value).set(frame.ref, { ref: frame.ref, by: { name: frame.by }, at: serverNow() });
    announce("status", t("mention.by", { name: frame.by }));
  },
  typing(frame) { setTyping(frame.ref, frame.on); },
  changed(frame) { for (const each of onChanged) each(frame); },
  banner(frame) { if (frame.kind === "settings") banner.value = frame.text ?? ""; else newVersion.value = true; },
  pong(frame) { setClock(frame.now_ms); },
};

/** @type {Set<() => void>} */
export const onWelcome = new Set();
/** @type {Set<(frame: any) => void>} */
export const onChanged = new Set();

/** Frames of other rooms, which are no part of the desk: who hears them. @type {Map<string, (frame: any) => void>} */
export const onFrame = new Map();

/** @param {any} frame */
function apply(frame) {
  const room = onFrame.get(frame.type);
  if (room) { room(frame); return; }
  recent.push({ ...frame, nth: ++heardCount });
  if (recent.length > RECENT_MAX) recent.shift();
  // A welcome to a resumed line stands before what was missed: only a whole new reading takes its place.
  if (frame.seq && (frame.type !== "welcome" || frame.resync)) lastSeq = Math.max(lastSeq, frame.seq);
  WAYS[frame.type]?.(frame);
}

/** @param {any} frame */
function applyDesk(frame) {
  if (frame.me !== undefined) agent.value = frame.me;
  if (frame.gone || frame.work) {
    const next = new Map(work.value);
    for (const ref of frame.gone ?? []) next.delete(ref);
    for (const each of frame.work ?? []) {
      newsOf(next.get(each.ref), each);
      next.set(each.ref, each);
    }
    work.value = next;
    const refs = [...(frame.gone ?? []), ...(frame.work ?? []).map((/** @type {any} */ each) => each.ref)];
    if (refs.includes(chosen.value)) void refreshHead(chosen.value);
  }
  if (frame.withdrawn || frame.offers) {
    const gone = new Map((frame.withdrawn ?? []).map((/** @type {any} */ each) => [each.offer, each]));
    const fresh = frame.offers ?? [];
    for (const each of fresh) rung.add(each.ref);
    for (const each of offers.value) if (gone.get(each.offer)?.why === "taken") onTaken.forEach((hear) => hear(each));
    const kept = offers.value.filter((each) => !gone.has(each.offer) && !fresh.some((/** @type {any} */ other) => other.offer === each.offer));
    offers.value = [...kept, ...fresh];
  }
  if (frame.taking_part) takingPart.value = frame.taking_part;
  if (frame.queues) {
    const byName = new Map(queues.value.map((queue) => [queue.name, queue]));
    for (const queue of frame.queues) byName.set(queue.name, queue);
    queues.value = [...byName.values()];
  }
}

/** Called with an offer that a colleague has taken while it rang here. @type {Set<(offer: any) => void>} */
export const onTaken = new Set();
/** @type {Set<(summary: any) => void>} */
export const onNews = new Set();

/** @type {Set<string>} */
const rung = new Set();

/** A customer has said something new; or is mine now, and it never rang here. @param {any} before @param {any} after */
function newsOf(before, after) {
  if (before ? after.unread > before.unread : after.actor === "agent" && after.state === "active" && !rung.has(after.ref)) for (const each of onNews) each(after);
}

/** @param {string} ref @param {boolean} on */
function setTyping(ref, on) {
  if (typing.value.has(ref) === on) return;
  const next = new Set(typing.value);
  if (on) next.add(ref);
  else next.delete(ref);
  typing.value = next;
}
