// @ts-check
// Puts the screens together, and gives every key its meaning.
import { effect, html, render, signal } from "./vendor/ui.js";
import { agent, announce, begin, chosen, config, details, expired, groups, inSight, link, loaded, look, offers, onChanged, onNews, open, owns, signedIn, work } from "./frame/state.js";
import { Rail, Toast, TopBar, openMenu, presenceLabel } from "./frame/shell.js";
import { Offers, WorkColumn, accept, decline } from "./desk/work.js";
import { Talk, end } from "./desk/talk.js";
import { focusComposer } from "./desk/composer.js";
import { Dialogs, SignIn, dialog } from "./frame/dialogs.js";
import { letter, ownKey, ping, settings } from "./frame/settings.js";
import { Dialog, customerName } from "./frame/parts.js";
import { Late, SCREENS, Shown, go, mine, view, fetchRoom } from "./frame/screens.js";
import { language, learn, t } from "./frame/words.js";

function App() {
  void language.value;
  if (signedIn.value === "asking") return null;
  if (signedIn.value === "no") return html`<main class="sign-page"><${SignIn} /></main>`;
  return html`<div class=${`shell ${chosen.value ? "talking" : ""}`}>
    <${TopBar} /><${Rail} />
    ${view.value === "desk" ? html`<main class="desk"><${WorkColumn} /><${Talk} /><${Late} load=${() => import("./desk/customer.js")} part="CustomerColumn" /></main>` : html`<${Shown} /><${Offers} />`}
    <${Toast} /><${Dialogs} />
    ${expired.value && html`<${Dialog} title=${t("sign.ended")}><${SignIn} /><//>`}
  </div>`;
}

// --- keys -----------------------------------------------------------------------------------------------------

const inOrder = () => { const { reply, customer, wrap, parked } = groups.value; return [...reply, ...customer, ...wrap, ...parked]; };
/** @param {number} by */
function step(by) {
  const list = inOrder();
  if (!list.length) return;
  const at = list.findIndex((each) => each.ref === chosen.value);
  void open(list[(at + by + list.length) % list.length].ref);
}
/** @param {(live: any) => void} act */
const withActive = (act) => { const live = details.value.get(chosen.value); if (live?.state === "active" && owns(live) && link.value === "live") act(live); };

/** What the letters of `ownKey` do on the desk. @type {Record<string, () => void>} */
const HERE = {
  next: () => step(1),
  previous: () => step(-1),
  reply: () => focusComposer("reply"),
  note: () => focusComposer("note"),
  transfer: () => withActive((live) => dialog.open("transfer", live)),
  end: () => withActive(end),
  park: () => withActive((live) => dialog.open("park", live)),
};
/** What they do everywhere. @type {Record<string, () => void>} */
const DEEDS = {
  accept: () => { if (offers.value[0]) void accept(offers.value[0]); },
  decline: () => { if (offers.value[0]) void decline(offers.value[0], ""); },
  presence: () => openMenu.presence(),
  keys: () => dialog.open("keys"),
  search: () => openMenu.search(),
};
let afterG = false;

document.addEventListener("keydown", (event) => {
  if (signedIn.value !== "yes" || event.isComposing) return;
  if ((event.ctrlKey || event.metaKey) && letter(event) === "k") { event.preventDefault(); if (!document.querySelector("dialog[open]")) openMenu.search(); return; }
  if (event.altKey && event.key === "Enter" && offers.value[0]) { event.preventDefault(); if (!event.repeat) void accept(offers.value[0]); return; }
  if (event.key === "F6") { event.preventDefault(); void import("./palette/regions.js").then(({ region }) => region(event.shiftKey ? -1 : 1), () => {}); return; }
  const target = /** @type {Element} */ (event.target);
  if (event.ctrlKey || event.metaKey || event.altKey || target.closest?.("input, textarea, select, dialog") || !settings.value.keys) return;
  const key = letter(event);
  const there = afterG && mine.value.find((name) => SCREENS[name].key === key);
  if (there) { go(there); afterG = false; return; }
  afterG = key === "g";
  const deeds = view.value === "desk" ? { ...HERE, ...DEEDS } : DEEDS;
  const each = deeds.next && inOrder()[Number(key) - 1];
  if (each) { void open(each.ref); return; }
  const deed = Object.keys(deeds).find((name) => ownKey(name) === key);
  if (!deed) return;
  event.preventDefault();
  // A key that is held walks on, and answers one offer.
  if (!event.repeat || deed === "next" || deed === "previous") deeds[deed]();
});

// Only who uses keys loses a place, or has a reader click for them.
for (const way of ["keydown", "click"]) addEventListener(way, (/** @type {any} */ event) => event.detail || import("./frame/focus.js").catch(() => {}));

// --- news -------------------------------------------------------------------------------------------------------

/** @type {Map<string, {name: string, count: number}>} */
const news = new Map();
let newsTimer = 0;
onNews.add((summary) => {
  if (summary.ref === chosen.value && inSight.value) return;
  ping();
  const known = news.get(summary.ref) ?? { name: customerName(summary), count: 0 };
  news.set(summary.ref, { ...known, count: known.count + 1 });
  // Not put off: who is written to all the time would hear nothing.
  newsTimer ||= setTimeout(() => {
    newsTimer = 0;
    announce("status", [...news.values()].map(({ name, count }) => t("news", { name, n: count })).join("; "));
    news.clear();
  }, 3_000);
});

// What was handed to me.
onChanged.add((frame) => { if (frame.ref) void fetchRoom("given", () => import("./given/given.js")).then((room) => room?.given(frame)); });

effect(() => { document.documentElement.lang = language.value; });
let state = "";
effect(() => {
  const { presence = "" } = agent.value ?? {};
  if (state && presence && presence !== state) announce("status", presenceLabel(presence));
  state = presence;
});
// Behind another screen or tab nothing is read.
const hidden = signal(document.hidden);
addEventListener("visibilitychange", () => { hidden.value = document.hidden; });
effect(() => { inSight.value = view.value === "desk" && !hidden.value; });
effect(() => { if (inSight.value && loaded.peek()) void open(chosen.peek()); else look(""); });
// Whoever takes calls in the browser needs them on every screen, and nobody else fetches any of it.
effect(() => { if (agent.value && config.value?.channels.some((/** @type {any} */ each) => each.name === "phone")) queueMicrotask(() => void fetchRoom("call", () => import("./call/call.js")).then((room) => room?.begin())); });
// Only where somebody may leave a desk without a word.
effect(() => { if (agent.value && config.value?.idle) queueMicrotask(() => void fetchRoom("idle", () => import("./idle/idle.js"))); });

const CALM = new URL("./icon.svg", import.meta.url).href;
const BADGED = new URL("./icon-badge.svg", import.meta.url).href;
effect(() => {
  const count = groups.value.reply.length;
  const ringing = offers.value[0];
  document.title = ringing ? `(!) ${ringing.customer.name || ringing.channel} – Patchbay` : count ? `(${count}) Patchbay` : "Patchbay";
  const unread = [...work.value.values()].some((each) => each.unread > 0);
  document.querySelector("link[rel=icon]")?.setAttribute("href", ringing || unread ? BADGED : CALM);
});

void begin();
await learn("frame", "desk");
render(html`<${App} />`, /** @type {Element} */ (document.getElementById("app")));
