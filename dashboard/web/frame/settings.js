// @ts-check
// What one person prefers in this browser: looks, keys, sound; and the ring they hear by it. Nothing here reaches the server.
import { effect, signal } from "../vendor/ui.js";
import { announce, offers } from "./state.js";
import { t } from "./words.js";

const KEY = "patchbay:settings";
/** `keys`: single letters do something; `own`: letters that were moved, by what they do; `enter`: what sends. */
const USUAL = { theme: "system", keys: true, own: /** @type {Record<string, string>} */ ({}), enter: "enter", tone: true, notes: true };

/** The letter of each deed outside text fields; digits and g are places. */
export const USUAL_KEYS = { next: "j", previous: "k", reply: "r", note: "n", accept: "a", decline: "d", transfer: "t", end: "e", park: "p", presence: "S", keys: "?", search: "/" };

const read = () => {
  try {
    return { ...USUAL, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
  } catch {
    return USUAL;
  }
};
const preferred = signal(read());

export const settings = {
  /** @returns {typeof USUAL} */
  get value() { return preferred.value; },
  /** @param {string} name @param {any} value */
  set(name, value) { preferred.value = { ...preferred.value, [name]: value }; },
};

/** The letter of a deed, wherever its person has moved it. @param {string} name */
export const ownKey = (name) => preferred.value.own[name] ?? /** @type {Record<string, string>} */ (USUAL_KEYS)[name];

/** By place where a layout has no Latin letters, digits always; Shift makes capitals, CapsLock none. @param {KeyboardEvent} event */
export function letter({ key, code, shiftKey }) {
  const place = code === "Slash" ? "/?"[Number(shiftKey)] : /^(?:Key|Digit)(.)$/.exec(code)?.[1];
  const sign = (place && ((/\d/.test(place) && !shiftKey) || !/^[\x20-\x7e]$/.test(key)) && place) || key;
  return sign.length > 1 ? sign : shiftKey ? sign.toUpperCase() : sign.toLowerCase();
}

// Another tab of the same person follows.
addEventListener("storage", (event) => { if (event.key === KEY) preferred.value = read(); });

effect(() => {
  const { theme } = preferred.value;
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem(KEY, JSON.stringify(preferred.value));
  } catch {
    // Without storage the choice lasts until the tab is closed.
  }
});

// --- the ring: synthesised, repeated until handled, by one tab only. Browsers allow it after a gesture ------------

export const blocked = signal(false);
/** @type {AudioContext | null} */
let audio = null;
const leader = signal(false);
let ringing = 0;
/** @type {Set<number>} */
const told = new Set();

/** Call in a gesture: from then on sound is allowed. */
export function allow() {
  audio ??= new AudioContext();
  void audio.resume().then(() => { blocked.value = audio?.state !== "running"; });
}

// One tab of all rings; when it closes, the next takes the lock.
void navigator.locks?.request("patchbay-ring", () => { leader.value = true; return new Promise(() => {}); });

// Any click or key is a gesture: a reloaded desk need not start its shift anew to be heard.
for (const gesture of ["pointerdown", "keydown"]) addEventListener(gesture, () => { if (audio?.state !== "running") allow(); }, { capture: true });

/** @param {number} from @param {number} hertz @param {number} seconds */
function tone(from, hertz, seconds) {
  if (!audio) return;
  const oscillator = audio.createOscillator();
  const volume = audio.createGain();
  oscillator.frequency.value = hertz;
  volume.gain.setValueAtTime(0, audio.currentTime + from);
  volume.gain.linearRampToValueAtTime(0.12, audio.currentTime + from + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + from + seconds);
  oscillator.connect(volume).connect(audio.destination);
  oscillator.start(audio.currentTime + from);
  oscillator.stop(audio.currentTime + from + seconds);
}

function ring() {
  if (!audio || audio.state !== "running") { blocked.value = true; return; }
  blocked.value = false;
  tone(0, 660, 0.35);
  tone(0.18, 880, 0.4);
}

/** The ring once, to hear whether it is heard. */
export const ringOnce = () => { if (audio) void audio.resume().then(ring); };

/** One short sound for a message. */
export function ping() {
  if (settings.value.tone && leader.value && audio?.state === "running") tone(0, 740, 0.18);
}

effect(() => {
  const list = offers.value;
  clearInterval(ringing);
  for (const offer of list) {
    if (told.has(offer.offer)) continue;
    told.add(offer.offer);
    announce("alert", t("offer.alert", { name: offer.customer.name || t("customer.new"), channel: t(`channel.${offer.channel}`) }));
    if (document.hidden && leader.value && settings.value.notes) void import("../given/notify.js").then(({ notify }) => notify(offer), () => {});
  }
  if (!list.length || !leader.value) return;
  ring();
  ringing = setInterval(ring, 2_500);
});
