// @ts-check
// Puts the screens together, and gives every key its meaning.
import { effect, html, render } from "./vendor/ui.js";
import { agent, announce, begin, chosen, config, details, expired, groups, link, offers, onChanged, onNews, open, owns, signedIn } from "./frame/state.js";
import { Rail, Toast, TopBar, openMenu } from "./frame/shell.js";
import { Offers, WorkColumn, accept, decline } from "./desk/work.js";
import { Talk, end } from "./desk/talk.js";
import { focusComposer } from "./desk/composer.js";
import { Dialogs, SignIn, dialog } from "./frame/dialogs.js";
import { ownKey, ping, settings } from "./frame/settings.js";
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

/** The letter of a key, by place where the layout has no Latin letters. @param {KeyboardEvent} event */
const letter = (event) => (/^[\x20-\x7e]$/.test(event.key) ? event.key : event.code.startsWith("Key") ? event.code.slice(3).toLowerCase() : event.code.startsWith("Digit") ? event.code.slice(5) : event.key);

const inOrder = () => { const { reply, customer, wrap, parked } = groups.value; return [...reply, ...customer, ...wrap, ...parked]; };
/** @param {number} by */
function step(by) {
  const list = inOrder();
  if (!list.length) return;
  const at = list.findIndex((each) => each.ref === chosen.value);
  void open(list[(at + by + list.length) % list.length].ref);
}
const active = () => { const live = details.value.get(chosen.value); return live?.state === "active" && owns(live) && link.value === "live" ? live : null; };

/** What the letters do; which letter, says `ownKey`. @type {Record<string, () => void>} */
const DEEDS = {
  next: () => step(1),
  previous: () => step(-1),
  reply: () => focusComposer("reply"),
  note: () => focusComposer("note"),
  accept: () => { if (offers.value[0]) void accept(offers.value[0]); },
  decline: () => { if (offers.value[0]) void decline(offers.value[0], ""); },
  transfer: () => { const live = active(); if (live) dialog.open("transfer", live); },
  end: () => { const live = active(); if (live) void end(live); },
  park: () => { const live = active(); if (live) dialog.open("park", live); },
  presence: () => openMenu.presence(),
  keys: () => dialog.open("keys"),
  search: () => openMenu.search(),
};
let afterG = false;

document.addEventListener("keydown", (event) => {
  if (signedIn.value !== "yes" || event.isComposing) return;
  if ((event.ctrlKey || event.metaKey) && letter(event).toLowerCase() === "k") { event.preventDefault(); openMenu.search(); return; }
  if (event.altKey && event.key === "Enter" && offers.value[0]) { event.preventDefault(); void accept(offers.value[0]); return; }
  if (event.key === "F6") { event.preventDefault(); void import("./palette/regions.js").then(({ region }) => region(event.shiftKey ? -1 : 1), () => {}); return; }
  const target = /** @type {Element} */ (event.target);
  if (event.ctrlKey || event.metaKey || event.altKey || target.closest?.("input, textarea, select, dialog") || !settings.value.keys) return;
  const key = letter(event);
  const there = afterG && mine.value.find((name) => SCREENS[name].key === key);
  if (there) { go(there); afterG = false; return; }
  afterG = key === "g";
  if (/^[1-9]$/.test(key)) { const each = inOrder()[Number(key) - 1]; if (each) void open(each.ref); return; }
  const deed = Object.keys(DEEDS).find((name) => ownKey(name) === key);
  if (deed) { event.preventDefault(); DEEDS[deed](); }
});

// What takes the focus in place of something that has gone, the best first.
const HOMES = [".thread", ".card[aria-current='true']", ".card", "button.primary:not(:disabled)", ".state", "button:not(:disabled), a[href]"];
/** Where the focus was last, from within outwards. @type {any[]} */
let trail = [];
addEventListener("focusin", (event) => {
  trail = [];
  for (let each = /** @type {any} */ (event.target); each && each !== document.body; each = each.parentElement) trail.push(each);
});
/** Whoever works by keyboard never stands nowhere: what has gone gives the focus to what stands nearest. */
function keepFocus() {
  const [last] = trail;
  if (document.activeElement !== document.body || !last || (last.isConnected && !last.disabled)) return;
  for (const place of trail.filter((each) => each.isConnected)) {
    const home = HOMES.map((selector) => [...place.querySelectorAll(selector)].find((each) => each.getClientRects().length)).find(Boolean);
    if (home) { home.focus({ preventScroll: true }); return; }
  }
}
// After whoever has put something in its place had the time to give it the focus.
let keeping = false;
new MutationObserver(() => {
  if (keeping || document.activeElement !== document.body) return;
  keeping = true;
  setTimeout(() => { keeping = false; keepFocus(); }, 50);
}).observe(document.body, { childList: true, subtree: true, attributeFilter: ["disabled"] });

// --- news -------------------------------------------------------------------------------------------------------

/** @type {Map<string, {name: string, count: number}>} */
const news = new Map();
let newsTimer = 0;
onNews.add((summary) => {
  if (summary.ref === chosen.value && !document.hidden) return;
  ping();
  const known = news.get(summary.ref) ?? { name: customerName(summary), count: 0 };
  news.set(summary.ref, { ...known, count: known.count + 1 });
  clearTimeout(newsTimer);
  newsTimer = setTimeout(() => {
    announce("status", [...news.values()].map(({ name, count }) => t("news", { name, n: count })).join("; "));
    news.clear();
  }, 3_000);
});

// What was handed to me.
onChanged.add((frame) => { if (frame.ref) void fetchRoom("given", () => import("./given/given.js")).then((room) => room?.given(frame)); });

effect(() => { document.documentElement.lang = language.value; });
// Whoever takes calls in the browser needs them on every screen, and nobody else fetches any of it.
effect(() => { if (agent.value && config.value?.channels.some((/** @type {any} */ each) => each.name === "phone")) queueMicrotask(() => void fetchRoom("call", () => import("./call/call.js")).then((room) => room?.begin())); });
// Only where somebody may leave a desk without a word.
effect(() => { if (agent.value && config.value?.idle) queueMicrotask(() => void fetchRoom("idle", () => import("./idle/idle.js"))); });
void begin();
await learn("frame", "desk");
render(html`<${App} />`, /** @type {Element} */ (document.getElementById("app")));
