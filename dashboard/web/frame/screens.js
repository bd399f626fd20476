// @ts-check
// Which screens there are, where each stands in the address, and how a screen that is not the desk is fetched when it is first opened.
import { computed, effect, html, signal, useEffect, useState } from "../vendor/ui.js";
import { chosen, me, open } from "./state.js";
import { learn, t } from "./words.js";

/**
 * A screen's module exports `Screen`, is the file `<name>/<name>.js`, and has its words in words/<name>.<language>.json and its style in
 * <name>/<name>.css. `role` is the least that sees it in the rail; `key` is its letter after `g`;
 * one that is `apart` is reached from elsewhere and stands in no rail.
 * @typedef {{load?: () => Promise<any>, role?: string, key: string, apart?: boolean}} Entry
 * @type {Record<string, Entry>}
 */
export const SCREENS = {
  desk: { key: "d" },
  queues: { key: "q", load: () => import("../queues/queues.js") },
  wallboard: { key: "w", load: () => import("../wallboard/wallboard.js") },
  team: { key: "t", role: "supervisor", load: () => import("../team/team.js") },
  customers: { key: "c", load: () => import("../customers/customers.js") },
  complaints: { key: "o", load: () => import("../complaints/complaints.js") },
  followups: { key: "f", load: () => import("../followups/followups.js") },
  reviews: { key: "v", load: () => import("../reviews/reviews.js") },
  help: { key: "h", load: () => import("../help/help.js") },
  rules: { key: "r", load: () => import("../rules/rules.js") },
  why: { key: "y", apart: true, load: () => import("../why/why.js") },
};
const RANKS = ["agent", "supervisor", "admin"];

/** The screens this person may open, in the order of the rail. */
export const mine = computed(() => Object.entries(SCREENS).filter(([, { role = "agent" }]) => RANKS.indexOf(me.value?.role) >= RANKS.indexOf(role)).map(([name]) => name));

const address = signal(location.hash);
/** A piece of an address that somebody has typed may be none. @param {string} piece */
const decoded = (piece) => { try { return decodeURIComponent(piece); } catch { return piece; } };
const parts = computed(() => address.value.replace(/^#\/?/, "").split("/").filter(Boolean).map(decoded));

/** The screen that is shown. */
export const view = computed(() => (mine.value.includes(parts.value[0]) ? parts.value[0] : "desk"));
/** What stands behind the screen's name in the address: `#/rules/routing.yaml/order-help` is ["routing.yaml", "order-help"]. */
export const rest = computed(() => parts.value.slice(1));

/** Open a screen, or a place in it. Going back returns; the desk is as it was left. @param {string} name @param {string[]} where */
export function go(name, ...where) {
  const place = name === "desk" && !where.length && chosen.peek() ? [chosen.peek()] : where;
  location.hash = `#/${[name, ...place].map(encodeURIComponent).join("/")}`;
  address.value = location.hash;
  follow();
}

// --- the conversation on the desk has an address ----------------------------------------------------------------

/** Show the conversation that the address names, none where it names none. */
function follow() {
  const [ref = ""] = rest.peek();
  if (view.peek() === "desk" && ref !== chosen.peek()) void open(ref);
}
addEventListener("hashchange", () => { address.value = location.hash; follow(); });

// What a link names is read with the desk itself.
if (parts.peek()[0] === "desk") chosen.value = rest.peek()[0] ?? "";
effect(() => {
  const ref = chosen.value;
  if (me.peek() && view.peek() === "desk" && ref !== (rest.peek()[0] ?? "")) go("desk", ...(ref ? [ref] : []));
});

const ready = signal(/** @type {Record<string, any>} */ ({}));
const faults = signal(/** @type {Record<string, boolean>} */ ({}));

/** A room that has been fetched, nothing before. @param {string} name */
export const roomOf = (name) => ready.value[name];

/** @param {string} href */
const styled = (href) => new Promise((done, failed) => {
  const element = Object.assign(document.createElement("link"), { rel: "stylesheet", href, onload: done, onerror: failed });
  document.head.append(element);
});

/**
 * Fetch a room: its module, words and style. The same once.
 * @param {string} name @param {() => Promise<any>} load
 */
export async function fetchRoom(name, load) {
  if (ready.value[name]) return ready.value[name];
  faults.value = { ...faults.value, [name]: false };
  try {
    const [module] = await Promise.all([load(), learn(name), styled(new URL(`../${name}/${name}.css`, import.meta.url).href)]);
    ready.value = { ...ready.value, [name]: module };
    return module;
  } catch {
    faults.value = { ...faults.value, [name]: true };
    return null;
  }
}

/**
 * A part of a screen that is fetched when it is first shown, without words or style of its own.
 * @param {any} props `load` fetches its module, `part` is its name in it; the rest is for it
 */
export function Late({ load, part, ...props }) {
  const [module, came] = useState(/** @type {any} */ (null));
  useEffect(() => { void load().then(came, () => came({})); }, []);
  if (!module) return null;
  return module[part] ? html`<${module[part]} ...${props} />` : html`<p class="empty">${t("screen.failed")}</p>`;
}

/** The screen the address names, once it is there. */
export function Shown() {
  const name = view.value;
  const load = /** @type {() => Promise<any>} */ (SCREENS[name].load);
  useEffect(() => { void fetchRoom(name, load); }, [name]);
  if (ready.value[name]) return html`<${ready.value[name].Screen} key=${name} />`;
  return html`<main class="fetching" aria-busy=${!faults.value[name]}>${faults.value[name] && html`<p class="empty">${t("screen.failed")}
    <button type="button" onClick=${() => fetchRoom(name, load)}>${t("retry")}</button></p>`}</main>`;
}
