// @ts-check
// The frame around every screen: mark, search, connection, capacity, presence, account, rail.
import { html, signal, useEffect, useLayoutEffect, useRef, useState } from "../vendor/ui.js";
import { agent, attempt, banner, config, groups, link, me, newVersion, now, open, refresh, startShift, toast, work } from "./state.js";
import { SCREENS, fetchRoom, go, mine, view } from "./screens.js";
import { dialog } from "./dialogs.js";
import { call, get, post } from "./api.js";
import { Avatar, Icon, Menu, Shape, clock, customerName, useClosing, useFirst, walk } from "./parts.js";
import { allow, blocked } from "./settings.js";
import { LANGUAGES, labelOf, language, setLanguage, t } from "./words.js";

export const openMenu = { presence: () => {}, search: () => {} };

export function TopBar() {
  return html`<header class="top">
    <span class="mark" aria-hidden="true"><${Icon} name="transfer" size=${20} /></span>
    <${Search} />
    <span class="grow"></span>
    <${Connection} />
    ${blocked.value && agent.value && html`<button type="button" class="chip warn" aria-label=${t("sound.blocked")} onClick=${allow}><${Icon} name="bell" /> <span class="wide">${t("sound.blocked")}</span></button>`}
    ${agent.value && html`<${Capacity} />`}
    ${agent.value ? html`<${Presence} />` : html`<button type="button" class="primary" onClick=${begin}>${t("shift.start")}</button>`}
    <${Account} />
  </header>
  ${banner.value && view.value !== "rules" && html`<p class="banner" role="status">${t("banner.settings")} ${banner.value} <button type="button" onClick=${() => go("rules")}>${t("view.rules")}</button></p>`}
  ${newVersion.value && html`<p class="banner">${t("banner.version")} <button type="button" onClick=${() => location.reload()}>${t("reload")}</button></p>`}
  ${link.value === "offline" && html`<p class="banner" role="status">${t("link.offline.long")}</p>`}`;
}

/** Begin the shift: a click may ring and ask for messages of the system. */
export function begin() {
  allow();
  if ("Notification" in window && Notification.permission === "default") void Notification.requestPermission();
  void startShift();
}

const Connection = () => html`<span class=${`connection ${link.value}`} title=${t(`link.${link.value}`)}>
  <${Shape} shape=${link.value === "live" ? "disc" : link.value === "connecting" ? "half" : "ring"} /> <span class="wide">${t(`link.${link.value}`)}</span></span>`;

function Capacity() {
  const [shown, show] = useState(false);
  const { used, capacity, parts } = agent.value;
  const parked = groups.value.parked;
  const loadOf = (/** @type {any} */ each) => config.value.channels.find((/** @type {any} */ channel) => channel.name === each.channel)?.load ?? 0;
  const segment = (/** @type {string} */ key, /** @type {number} */ load, /** @type {string} */ kind) => html`<i key=${key} class=${kind} ref=${(/** @type {any} */ element) => { if (element) element.style.width = `${(100 * load) / Math.max(1, capacity)}%`; }}></i>`;
  const root = useRef(/** @type {any} */ (null));
  useClosing(root, shown, () => show(false));
  const row = (/** @type {string} */ ref, /** @type {any} */ load) => html`<li key=${ref}><button type="button" onClick=${() => { show(false); void open(ref); go("desk"); }}>
    ${customerName(work.value.get(ref))} <span>${load}</span></button></li>`;
  const said = t("capacity.said", { used, all: capacity, n: parts.length });
  return html`<div class="capacity" ref=${root}>
    <button type="button" class="plain" title=${said} aria-expanded=${shown} onClick=${() => show(!shown)}>
      <span class="wide">${t("capacity")}</span>
      <span class="meter" role="meter" aria-label=${t("capacity")} aria-valuemin="0" aria-valuemax=${capacity} aria-valuenow=${used} aria-valuetext=${said}>
        ${parts.map((/** @type {any} */ part) => segment(part.ref, part.load, ""))}${parked.map((each) => segment(each.ref, loadOf(each), "hollow"))}</span>
      <b>${used}/${capacity}</b></button>
    ${shown && html`<div class="menu"><ul>
      ${parts.map((/** @type {any} */ part) => row(part.ref, part.load))}
      ${!parts.length && html`<li class="empty">${t("capacity.empty")}</li>`}
      ${parked.length > 0 && html`<li class="empty">${t("capacity.parked", { n: parked.length })}</li>`}${parked.map((each) => row(each.ref, ""))}</ul></div>`}
  </div>`;
}

const SYSTEM_SHAPES = { not_responding: "triangle", offline: "ring" };

const presenceOf = (/** @type {string} */ name) => config.value.presences.find((/** @type {any} */ each) => each.name === name);
/** @param {string} name */
export const presenceLabel = (name) => labelOf(presenceOf(name)?.label, t(`presence.${name}`, {}, name));

function Presence() {
  const [shown, show] = useState(false);
  const root = useRef(/** @type {any} */ (null));
  openMenu.presence = () => show(true);
  useClosing(root, shown, () => show(false));
  useFirst(root, shown);
  const pick = (/** @type {() => void} */ act) => { show(false); root.current?.querySelector("button")?.focus(); act(); };
  const { presence, since_ms, winding, parts, used, capacity } = agent.value;
  const chosen = config.value.presences.filter((/** @type {any} */ each) => !each.idle);
  const away = chosen.filter((/** @type {any} */ each) => !each.accepts);
  const known = presenceOf(presence);
  // What nobody picks.
  const held = known?.accepts && (parts.length && parts.every((/** @type {any} */ each) => each.state === "wrap_up") ? t("group.wrap") : used >= capacity && t("full"));
  const shape = known?.shape ?? SYSTEM_SHAPES[/** @type {"offline"} */ (presence)] ?? "ring";
  const tone = known?.accepts ? "ok" : presence === "not_responding" ? "crit" : "away";
  return html`<div class="presence" ref=${root}>
    <button type="button" class="state" aria-haspopup="menu" aria-expanded=${shown} onClick=${() => show(!shown)}>
      <${Shape} shape=${shape} tone=${tone} /> <b>${presenceLabel(presence)}</b>
      ${held && html`<span class="winding">· ${held}</span>`}${winding && html`<span class="winding">→ ${presenceLabel(winding)}</span>`}
      <span class="timer">${clock(now.value - since_ms)}</span> <${Icon} name="down" /></button>
    ${shown && html`<div class="menu" role="menu" onKeyDown=${walk}>
      ${chosen.map((/** @type {any} */ each) => html`<button type="button" role="menuitem" key=${each.name} aria-current=${each.name === presence}
        onClick=${() => pick(() => choose(each.name))}><${Shape} shape=${each.shape} tone=${each.accepts ? "ok" : "away"} /> ${labelOf(each.label, each.name)}</button>`)}
      ${parts.length > 0 && away.length > 0 && html`<div role="group" aria-label=${t("state.after")}><hr /><p class="after" aria-hidden="true">${t("state.after")}</p>${away.map((/** @type {any} */ each) => html`<button type="button" role="menuitem" key=${each.name} aria-current=${each.name === winding}
        aria-label=${t("state.after.name", { name: labelOf(each.label, each.name) })} onClick=${() => pick(() => choose(each.name, "after_current"))}><${Shape} shape=${each.shape} tone="away" /> ${labelOf(each.label, each.name)}</button>`)}</div>`}
      <hr /><button type="button" role="menuitem" onClick=${() => pick(endShift)}><${Shape} shape="ring" /> ${t("shift.end")}</button></div>`}
  </div>`;
}

/** One click; shown at once, taken back with a sentence when the server refuses. @param {string} name @param {string} [when] or `after_current` */
export async function choose(name, when = "now") {
  allow();
  const before = agent.value;
  agent.value = when === "now" ? { ...before, presence: name, since_ms: now.value, winding: "" } : { ...before, winding: name };
  const done = await attempt(() => post("/presence", { presence: name, when }));
  if (!done) agent.value = before;
}

const endShift = () => attempt(async () => { await call("DELETE", "/shift", {}); agent.value = null; await refresh(); });

function Account() {
  const [shown, show] = useState(false);
  const root = useRef(/** @type {any} */ (null));
  useClosing(root, shown, () => show(false));
  const out = async () => {
    await attempt(() => call("DELETE", "/session", {}));
    location.reload();
  };
  return html`<div class="account" ref=${root}>
    <button type="button" class="plain round" aria-haspopup="menu" aria-expanded=${shown} onClick=${() => show(!shown)}><${Avatar} name=${me.value.name} /><span class="unseen">${t("account.of", { name: me.value.name })}</span></button>
    ${shown && html`<div class="menu right">
      <p class="who"><b>${me.value.name}</b><br />${t(`role.${me.value.role}`)}</p>
      <label>${t("language")} <select value=${language.value} onChange=${(/** @type {any} */ event) => setLanguage(event.target.value)}>
        ${LANGUAGES.map(([tag, name]) => html`<option key=${tag} value=${tag}>${name}</option>`)}</select></label>
      <button type="button" onClick=${() => { show(false); dialog.open("settings"); }}><${Icon} name="sliders" /> ${t("settings")}</button>
      <button type="button" onClick=${() => { show(false); dialog.open("keys"); }}><kbd>?</kbd> ${t("keys.title")}</button>
      <hr /><button type="button" onClick=${out}>${t("sign.out")}</button></div>`}
  </div>`;
}

const palette = () => fetchRoom("palette", () => import("../palette/palette.js"));

function Search() {
  const [shown, show] = useState(false);
  const [text, setText] = useState("");
  const [room, setRoom] = useState(/** @type {any} */ (null));
  const root = useRef(/** @type {any} */ (null));
  // Whoever comes by a key goes back to where they were.
  const from = useRef(/** @type {any} */ (null));
  const back = () => { show(false); root.current?.querySelector("input")?.blur(); from.current?.focus(); };
  openMenu.search = () => { if (!root.current?.contains(document.activeElement)) from.current = document.activeElement; show(true); root.current?.querySelector("input")?.focus(); };
  useClosing(root, shown, () => show(false));
  // Enter may come before the list does.
  const entered = useRef(false);
  const first = () => { entered.current = !room; root.current.querySelector(".menu button")?.click(); };
  useEffect(() => { if (shown && !room) void palette().then(setRoom); }, [shown]);
  useEffect(() => { if (entered.current) first(); }, [room]);
  const done = (/** @type {() => void} */ act) => { setText(""); back(); act(); };
  return html`<div class="search" ref=${root} role="search" onKeyDown=${(/** @type {any} */ event) => event.key === "Escape" && back()}>
    <${Icon} name="search" /><input type="search" value=${text} placeholder=${t("search")} aria-label=${t("search")}
      onFocus=${() => show(true)} onInput=${(/** @type {any} */ event) => { setText(event.target.value); show(true); }}
      onKeyDown=${(/** @type {any} */ event) => { if (event.isComposing) return;
        if (event.key === "Enter") first();
        if (event.key === "ArrowDown") { event.preventDefault(); root.current.querySelector(".menu button")?.focus(); } }} />
    <kbd class="wide">Ctrl K</kbd>
    ${shown && room && html`<div class="menu left" onKeyDown=${walk}><${room.Results} text=${text} done=${done} /></div>`}
  </div>`;
}

// --- the rail -----------------------------------------------------------------------------------------------------

// Screens whose late things are counted beside their name, and how often; who supervises counts everybody's.
const COUNTED = ["followups", "complaints"];
const COUNT_EVERY_MS = 60_000;
const late = signal(/** @type {Record<string, number>} */ ({}));

export async function countLate() {
  if (document.hidden || link.value !== "live") return;
  const whose = me.value.role === "agent" ? "mine_late" : "late";
  const asked = COUNTED.filter((name) => mine.value.includes(name));
  const counts = await Promise.all(asked.map((name) => get(`/${name}/count`).catch(() => ({}))));
  late.value = Object.fromEntries(asked.map((name, at) => [name, counts[at][whose] ?? 0]));
}

// What one screen takes in the rail, down a wide page and across a narrow one.
const DOWN_PX = 58;
const ACROSS_PX = 60;

export function Rail() {
  const nav = useRef(/** @type {any} */ (null));
  const [places, fit] = useState(0);
  useLayoutEffect(() => {
    const look = () => { const { clientWidth, clientHeight } = nav.current; fit(Math.floor(clientWidth > clientHeight ? clientWidth / ACROSS_PX : (clientHeight - 16) / DOWN_PX)); };
    const watch = new ResizeObserver(look);
    watch.observe(nav.current);
    look();
    return () => watch.disconnect();
  }, []);
  useEffect(() => {
    void countLate();
    const timer = setInterval(countLate, COUNT_EVERY_MS);
    document.addEventListener("visibilitychange", countLate);
    return () => { clearInterval(timer); document.removeEventListener("visibilitychange", countLate); };
  }, [link.value, view.value]);
  const all = mine.value.filter((name) => !SCREENS[name].apart);
  const shown = all.slice(0, all.length > places ? Math.max(1, places - 1) : all.length);
  // Where one is stands in the rail, whatever else must go.
  if (all.includes(view.value) && !shown.includes(view.value)) shown.splice(-1, 1, view.value);
  const behind = all.filter((name) => !shown.includes(name));
  return html`<nav class="rail" ref=${nav} aria-label=${t("views")}>${shown.map((name) => html`<${View} key=${name} name=${name} />`)}
    ${behind.length > 0 && html`<${MoreViews} names=${behind} />`}</nav>`;
}

/** @param {string} name */
const counted = (name) => (name === "desk" ? groups.value.reply.length : late.value[name] ?? 0);
/** @param {{count: number}} props */
const Count = ({ count }) => count > 0 && html`<b class="badge">${count}</b>`;

/** @param {{name: string}} props */
const View = ({ name }) => html`<button type="button" aria-current=${view.value === name ? "page" : undefined} onClick=${() => go(name)}>
  <${Icon} name=${name} size=${20} /><span>${t(`view.${name}`)}</span><${Count} count=${counted(name)} /></button>`;

/** What did not fit. @param {{names: string[]}} props */
const MoreViews = ({ names }) => html`<${Menu} label=${t("views")} items=${names.map((name) => ({ key: name, icon: name, text: html`<span class="grow">${t(`view.${name}`)}</span><${Count} count=${counted(name)} />`, act: () => go(name) }))}>
  <${Icon} name="more" size=${20} /><span>${t("more")}</span><${Count} count=${names.reduce((sum, name) => sum + counted(name), 0)} /><//>`;

export const Toast = () => toast.value && html`<p class=${`toast ${toast.value.tone}`}>${toast.value.text}
  <button type="button" class="icon-button" aria-label=${t("close")} onClick=${() => { toast.value = null; }}><${Icon} name="close" /></button></p>`;
