// @ts-check
// The agent's telephone in the browser: one device in one tab, by the provider's own library, which the server names. No elements here.
import { effect, signal } from "../vendor/ui.js";
import { agent, me } from "../frame/state.js";
import { post } from "../frame/api.js";
import { whenClicked } from "./gesture.js";

// So long before a token ends the library asks for the next one.
const REFRESH_MS = 60_000;
// A sleeping machine wakes with a token that is over; then it begins anew.
const TOKEN_OVER = 20104;
const AGAIN_MS = 5_000;

/** none: no softphone here; elsewhere: another tab has it. @type {any} */
export const phone = signal(/** @type {{state: "none" | "starting" | "ready" | "elsewhere" | "failed", code: number}} */ ({ state: "none", code: 0 }));
/** The call in hand: `ring` until it was taken. `muted` as the library says it. @type {any} */
export const current = signal(/** @type {{state: "ring" | "open", muted: boolean, since: number} | null} */ (null));

/** @type {any} */
let device = null;
/** @type {any} */
let call = null;
let begun = false;

/** Follow shifts from now on: registered while one lasts. */
export function follow() {
  if (begun) return;
  begun = true;
  effect(() => {
    const there = Boolean(agent.value);
    // What follows changes what is shown, and must not be a part of looking.
    queueMicrotask(() => {
      if (there && !device && phone.value.state === "none") void start();
      if (!there && device) stop();
    });
  });
}

async function start() {
  phone.value = { state: "starting", code: 0 };
  // One tab of a person takes calls; the others wait for it to close.
  const lock = `patchbay:${me.value.id}:softphone`;
  if (!navigator.locks) return void register();
  void navigator.locks.request(lock, { ifAvailable: true }, async (held) => {
    if (held) { await register(); return new Promise(() => {}); }
    phone.value = { state: "elsewhere", code: 0 };
    return navigator.locks.request(lock, async () => { await register(); return new Promise(() => {}); });
  });
}

async function register() {
  try {
    const key = await post("/softphone");
    const { Device } = await import(key.sdk);
    device = new Device(key.token, { tokenRefreshMs: REFRESH_MS });
    device.on("tokenWillExpire", () => void renew());
    device.on("registered", () => { phone.value = { state: "ready", code: 0 }; });
    device.on("unregistered", () => { if (device) phone.value = { state: "failed", code: 0 }; });
    device.on("error", (/** @type {any} */ error) => { phone.value = { state: "failed", code: error.code ?? 0 }; if (error.code === TOKEN_OVER) setTimeout(() => void renew(true), AGAIN_MS); });
    device.on("incoming", ring);
    await device.register();
  } catch (/** @type {any} */ error) {
    // Without a softphone on this site nothing is shown of one.
    phone.value = error.code === "no_softphone" ? { state: "none", code: -1 } : { state: "failed", code: Number(error.code) || 0 };
  }
}

/** @param {boolean} [again] */
async function renew(again = false) {
  try {
    device?.updateToken((await post("/softphone")).token);
    if (again) await device?.register();
  } catch (/** @type {any} */ error) {
    phone.value = { state: "failed", code: Number(error.code) || 0 };
  }
}

function stop() {
  device?.destroy();
  device = null;
  current.value = null;
  phone.value = { state: "none", code: 0 };
}

/** Whoever calls was accepted at the desk before it rings here: it is taken at once, if this page may play sound. @param {any} ringing */
function ring(ringing) {
  call = ringing;
  current.value = { state: "ring", muted: false, since: Date.now() };
  const over = () => { if (call === ringing) { call = null; current.value = null; } };
  ringing.on("accept", () => { current.value = { state: "open", muted: ringing.isMuted(), since: Date.now() }; });
  ringing.on("mute", (/** @type {boolean} */ on) => { if (current.value) current.value = { ...current.value, muted: on }; });
  for (const name of ["disconnect", "cancel", "reject"]) ringing.on(name, over);
  whenClicked(() => { if (call === ringing && current.value?.state === "ring") ringing.accept(); });
}

export const answer = () => call?.accept();
/** @param {boolean} on */
export const mute = (on) => call?.mute(on);
/** @param {string} key */
export const press = (key) => call?.sendDigits(key);
