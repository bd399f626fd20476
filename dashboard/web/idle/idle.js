// @ts-check
// For who has left the desk without a word: away after a while that nobody touches any tab of it, and back with the first touch.
import { agent, announce, config, groups, link, now, offers, takingPart } from "../frame/state.js";
import { newId, post } from "../frame/api.js";
import { labelOf, t } from "../frame/words.js";
import { clock } from "../frame/parts.js";

// Said so long before, for who reads what is on the screen and touches nothing.
const NOTICE_MS = 30_000;
const LOOK_MS = 1_000;
// A hand on the mouse moves it a hundred times a second; the other tabs need not know each of them.
const TELL_MS = 1_000;
const KEY = "patchbay:idle";
const TOUCHES = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"];

let touched = Date.now();
let told = 0;
let leaving = false;
let waking = false;
const tabs = new BroadcastChannel(KEY);
const notice = document.createElement("p");
notice.className = "idle-notice";
notice.hidden = true;
document.body.append(notice);

/** Whether somebody waits for me: then I am not away, however long I only read. */
const busy = () => {
  const { reply, customer, wrap } = groups.value;
  const live = (/** @type {any} */ each) => config.value.channels.some((/** @type {any} */ channel) => channel.name === each.channel && channel.live);
  return offers.value.length > 0 || wrap.length > 0 || takingPart.value.length > 0 || [...reply, ...customer].some(live);
};

/** @param {string} name */
const labelOfState = (name) => labelOf(config.value.presences.find((/** @type {any} */ each) => each.name === name)?.label, name);

/** In which state I was when nobody touched my desk any more. */
function before() {
  const known = (/** @type {(each: any) => boolean} */ test) => config.value.presences.find(test)?.name;
  return known((each) => each.name === localStorage.getItem(KEY) && each.accepts) ?? known((each) => each.accepts);
}

/** Another tab may have said so first: then it is so, and there is nothing to tell. @param {string} presence */
const say = (presence) => post("/presence", { presence, idle: true, command_id: newId() }).catch(() => null);

async function leave() {
  leaving = true;
  localStorage.setItem(KEY, agent.value.presence);
  await say(config.value.idle.presence);
  // Who was refused is asked again after a while, and not every second.
  touched = Math.max(touched, Date.now() - config.value.idle.after_ms + NOTICE_MS);
  leaving = false;
}

async function wake() {
  waking = true;
  const [presence, since] = [before(), agent.value.since_ms];
  if (await say(presence)) announce("status", t("idle.back", { time: clock(now.value - since), state: labelOfState(presence) }));
  waking = false;
}

/** @param {boolean} shown */
function warn(shown) {
  if (shown === !notice.hidden) return;
  notice.hidden = !shown;
  notice.textContent = shown ? t("idle.soon", { state: labelOfState(config.value.idle.presence) }) : "";
  if (shown) announce("status", notice.textContent);
}

/** Somebody is there, in this tab or in another one. */
function touch() {
  touched = Date.now();
  warn(false);
  if (!waking && agent.value && config.value.idle?.presence === agent.value.presence && link.value === "live") void wake();
}

function look() {
  const { idle } = config.value;
  if (busy()) touched = Date.now();
  const leftMs = idle && agent.value?.accepts && link.value === "live" ? idle.after_ms - (Date.now() - touched) : Infinity;
  warn(leftMs > 0 && leftMs <= NOTICE_MS);
  if (leftMs <= 0 && !leaving) void leave();
}

/** @param {any} event */
function felt(event) {
  // A browser moves a still pointer over what moves below it.
  if (event.type === "pointermove" && !event.movementX && !event.movementY) return;
  if (Date.now() - told >= TELL_MS) {
    told = Date.now();
    tabs.postMessage("touched");
  }
  touch();
}

for (const each of TOUCHES) addEventListener(each, felt, { capture: true, passive: true });
tabs.onmessage = touch;
setInterval(look, LOOK_MS);
