// @ts-check
// Small parts that several screens share: icons, shapes, due chips, ages, avatars, names, the dialog.
import { html, useLayoutEffect, useRef, useState } from "../vendor/ui.js";
import { config, link, now, tell } from "./state.js";
import { labelOf, t } from "./words.js";

const SOON_MS = 120_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
// A click so soon beside a dialog was meant for what lay there before.
const SEEN_MS = 1_000;

/** A long time in words: days and hours, or hours and minutes. @param {number} ms */
function lasting(ms) {
  const said = (/** @type {number} */ count, /** @type {string} */ unit) => new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit, unitDisplay: "narrow" }).format(count);
  if (ms >= DAY_MS) return `${said(Math.floor(ms / DAY_MS), "day")} ${said(Math.floor((ms % DAY_MS) / HOUR_MS), "hour")}`;
  return `${said(Math.floor(ms / HOUR_MS), "hour")} ${said(Math.floor((ms % HOUR_MS) / 60_000), "minute")}`;
}

/** @param {number} ms */
export const clock = (ms) => {
  const seconds = Math.floor(Math.abs(ms) / 1_000);
  const [h, m, s] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h ? `${h}:${String(m).padStart(2, "0")}:${String(s).padStart(2, "0")}` : `${m}:${String(s).padStart(2, "0")}`;
};

/** How long until something is due: plain, soon (triangle), late (octagon). @param {{at: number, label?: string}} props */
export function Due({ at, label = "" }) {
  if (!at) return null;
  const left = at - now.value;
  const level = left < 0 ? "late" : left <= SOON_MS ? "soon" : "";
  if (left > HOUR_MS) return html`<span class="age" title=${label}>${lasting(left)}</span>`;
  return html`<span class=${`chip due ${level}`} title=${label}>
    ${level && html`<${Icon} name=${level === "late" ? "late" : "warn"} size=${14} label=${t(`level.${level}`)} />`}
    ${left < 0 ? `+${clock(left)}` : clock(left)}</span>`;
}

/** Time since. @param {{at: number}} props */
export const Age = ({ at }) => html`<span class="age" title=${at && fullOf(at)}>${at ? ago(at) : ""}</span>`;

/** @param {number} at */
export function ago(at) {
  const seconds = Math.max(0, Math.floor((now.value - at) / 1_000));
  const format = new Intl.RelativeTimeFormat(document.documentElement.lang, { style: "narrow", numeric: "auto" });
  if (seconds < 60) return t("time.now");
  if (seconds < 3_600) return format.format(-Math.floor(seconds / 60), "minute");
  if (seconds < 86_400) return format.format(-Math.floor(seconds / 3_600), "hour");
  return dayOf(at);
}

/** The reader's language, with the site's way of counting years: mixing two is what people complain about. */
export const locale = () => document.documentElement.lang + (config.value?.calendar ? `-u-ca-${config.value.calendar}` : "");

/** @param {number} at */
export const timeOf = (at) => new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(at);
/** @param {number} at */
export const dayOf = (at) => new Intl.DateTimeFormat(locale(), { day: "numeric", month: "short", year: "numeric" }).format(at);
/** As short as it can be told: the time of today, else the day. @param {number} at */
export const shortOf = (at) => (dayOf(at) === dayOf(now.value) ? timeOf : dayOf)(at);
/** @param {number} at */
export const fullOf = (at) => new Intl.DateTimeFormat(locale(), { dateStyle: "full", timeStyle: "short", hourCycle: "h23" }).format(at);
/** A moment at the site, with its zone named. @param {number} at */
export const siteTime = (at) => `${new Intl.DateTimeFormat(locale(), { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: config.value?.zone }).format(at)} (${config.value?.zone})`;

/** @param {string} name */
export const initials = (name) => {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const first = (/** @type {string} */ word) => {
    const segments = "Segmenter" in Intl ? new Intl.Segmenter().segment(word)[Symbol.iterator]().next().value : null;
    return segments?.segment ?? word.slice(0, 1);
  };
  return words.length ? (first(words[0]) + (words.length > 1 ? first(words[words.length - 1]) : "")).toUpperCase() : "?";
};

/** @param {{name: string}} props */
export const Avatar = ({ name }) => html`<span class="avatar" aria-hidden="true">${initials(name)}</span>`;

/** @param {any} summary */
export const customerName = (summary) => summary?.customer?.name || t("customer.new");
/** @param {string} name */
export const queueLabel = (name) => labelOf(config.value?.queues.find((/** @type {any} */ queue) => queue.name === name)?.label, name);
/** @param {string} name */
export const channelLabel = (name) => t(`channel.${name}`, {}, name);

/** Where a browser gives no clipboard, what was to be copied is shown, to be copied by hand. @param {string} text */
export const copy = async (text, said = t("copied"), otherwise = text) => { try { await navigator.clipboard.writeText(text); tell(said); } catch { tell(otherwise); } };

/** Attributes of a button that needs the server: closed while it is away, and saying why. */
export const whileAway = () => (link.value === "live" ? {} : { disabled: true, title: t("error.offline") });

/**
 * A native dialog: opens modal with the cursor in its first field, gives the focus back, closes by Esc. Without `close`
 * it stays until it is answered.
 * @param {any} props
 */
export function Dialog({ title, close, children }) {
  const element = useRef(/** @type {any} */ (null));
  const opened = useRef(0);
  // Before the next key: what somebody types at once is for the dialog.
  useLayoutEffect(() => {
    const opener = /** @type {any} */ (document.activeElement);
    element.current.showModal();
    opened.current = performance.now();
    element.current.querySelector("header ~ * :is(input, select, textarea):not(:disabled)")?.focus();
    // Not before it is gone: until then nothing behind it takes the focus. Whoever has gone on to somewhere else keeps it there.
    return () => queueMicrotask(() => { if (document.activeElement === document.body) opener?.focus?.(); });
  }, []);
  // A browser lets a second Esc close what refused the first.
  const closed = close ?? (() => element.current?.showModal());
  return html`<dialog ref=${element} aria-label=${title} onClose=${closed} onCancel=${(/** @type {any} */ event) => !close && event.preventDefault()}
    onClick=${(/** @type {any} */ event) => event.target === element.current && event.timeStamp - opened.current > SEEN_MS && close?.()}>
    <div class="sheet"><header><h2>${title}</h2>
    ${close && html`<button type="button" class="icon-button" aria-label=${t("close")} onClick=${close}><${Icon} name="close" /></button>`}</header>${children}</div></dialog>`;
}

// --- menus -------------------------------------------------------------------------------------------------------

/** Close a menu by a click elsewhere or Esc. @param {any} root @param {boolean} shown @param {() => void} close */
export function useClosing(root, shown, close) {
  useLayoutEffect(() => {
    if (!shown) return undefined;
    const outside = (/** @type {any} */ event) => { if (!root.current?.contains(event.target)) close(); };
    const escape = (/** @type {any} */ event) => { if (event.key === "Escape") { close(); root.current?.querySelector("[aria-expanded]")?.focus(); } };
    document.addEventListener("pointerdown", outside);
    document.addEventListener("keydown", escape);
    return () => { document.removeEventListener("pointerdown", outside); document.removeEventListener("keydown", escape); };
  }, [shown]);
}

/** An opened menu has the focus before the next key. @param {any} root @param {boolean} shown */
export const useFirst = (root, shown) => useLayoutEffect(() => { if (shown) root.current?.querySelector(".menu button")?.focus(); }, [shown]);

/** Walk a menu by arrows and first letters; its keys are not the desk's. @param {KeyboardEvent} event */
export function walk(event) {
  const items = /** @type {HTMLElement[]} */ ([.../** @type {Element} */ (event.currentTarget).querySelectorAll("button")]);
  const here = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  /** @type {Record<string, number>} */
  const places = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: -1 };
  const begins = (/** @type {HTMLElement} */ item) => event.key.length === 1 && item.innerText.trim().toLowerCase().startsWith(event.key.toLowerCase());
  const next = event.key in places ? items.at(places[event.key] % items.length) : [...items.slice(here + 1), ...items].find(begins);
  if (event.key.length === 1) event.stopPropagation();
  if (!next || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  next.focus();
}

/**
 * A button that opens a menu of buttons. An item is a key, what stands in it, and what it does. The button shows an icon,
 * or what stands between its tags.
 * @param {{label: string, icon?: string, children?: any, items: {key: string, icon?: string, text: any, act: () => void, off?: any}[]}} props
 */
export function Menu({ label, icon = "", children, items }) {
  const [shown, show] = useState(false);
  const root = useRef(/** @type {any} */ (null));
  useClosing(root, shown, () => show(false));
  useFirst(root, shown);
  const pick = (/** @type {() => void} */ act) => { show(false); root.current?.querySelector("button")?.focus(); act(); };
  return html`<div class="more" ref=${root}><button type="button" class=${icon && "icon-button edged"} aria-haspopup="menu" aria-expanded=${shown} aria-label=${icon && label} title=${icon && label} onClick=${() => show(!shown)}>${icon ? html`<${Icon} name=${icon} />` : children}</button>
    ${shown && html`<div class="menu" role="menu" aria-label=${label} onKeyDown=${walk}>${items.map((each) => html`<button type="button" role="menuitem" key=${each.key} ...${each.off} onClick=${() => pick(each.act)}><${Icon} name=${each.icon ?? "line"} /> ${each.text}</button>`)}</div>`}</div>`;
}

// --- icons and shapes ------------------------------------------------------------------------------------------

const PATHS = {
  chat: "M4 5h16a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H11l-5 4v-4H4a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1z",
  email: "M3 6h18v12H3zM3 7l9 6 9-6",
  form: "M6 3h12v18H6zM9 8h6M9 12h6M9 16h3",
  phone: "M6 3h4l1.5 5-2 1.5a11 11 0 0 0 5 5l1.5-2 5 1.5v4a2 2 0 0 1-2 2A16 16 0 0 1 4 5a2 2 0 0 1 2-2z",
  sms: "M4 5h16v11H10l-4 4v-4H4zM8 10.5h.01M12 10.5h.01M16 10.5h.01",
  app: "M7 3h10v18H7zM11 18h2",
  wechat: "M9 4c4 0 6.5 2.3 6.5 5S13 14 9 14l-4 2 .7-3C4 12 2.5 11 2.5 9S5 4 9 4zM16 10c3.5.2 5.5 2 5.5 4.3 0 1.2-.7 2.2-1.7 3l.4 2.2-2.6-1.3c-3.3.4-6-1-6.6-3.2",
  wecom: "M12 4c5 0 8.5 3 8.5 6.5S17 17 12 17l-5 3 .8-3.8C5 15 3.5 13 3.5 10.5S7 4 12 4zM9 10.5h6",
  weibo: "M11 7c-4 1-8 4.5-8 8 0 3 3.5 5 8 5s8-2.5 8-5c0-1.6-1.2-2.4-2.5-2.7M9 15.5h3M15 4a6 6 0 0 1 6 6.5",
  telegram: "M3 11l18-7-4 16-5-4-3 3-1-6zM8 13l9-6-5 9",
  whatsapp: "M12 3a9 9 0 1 1-4.5 16.8L3 21l1.2-4.5A9 9 0 0 1 12 3zM9 8c0 4 3 7 7 7l.5-2-2-1-1 1c-1.5-.6-2-1.1-2.5-2.5l1-1-1-2z",
  line: "M4 5h16v11h-8l-4 4v-4H4zM8 9h8M8 12h5",
  plus: "M5 12h14M12 5v14",
  desk: "M3 5h18v11H3zM9 20h6M12 16v4",
  queues: "M4 6h16M4 12h16M4 18h10",
  customers: "M4 5h16v14H4zM9 9a2 2 0 1 1 0 4 2 2 0 0 1 0-4zM6 16.5c.5-1.5 1.7-2.2 3-2.2s2.5.7 3 2.2M14.5 10H18M14.5 14H17",
  complaints: "M12 3l8 3v6c0 5-3.5 7.5-8 9-4.5-1.5-8-4-8-9V6zM12 8v5M12 16v.5",
  followups: "M5 6h14v14H5zM5 10h14M9 3v4M15 3v4M9 15l2 2 4-4",
  reviews: "M4 4h16v12h-8l-4 4v-4H4zM12 6.5l1.1 2.3 2.4.3-1.8 1.7.5 2.5-2.2-1.2-2.2 1.2.5-2.5L8.5 9.1l2.4-.3z",
  help: "M4 5c3-1 6-.5 8 1 2-1.5 5-2 8-1v14c-3-1-6-.5-8 1-2-1.5-5-2-8-1zM12 6v14",
  why: "M9 9a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1.2-1.5 2.4M12 17.5v.5M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18z",
  wallboard: "M5 20V11M10 20V5M15 20v-8M20 20V8",
  team: "M8 5a3 3 0 1 1 0 6 3 3 0 0 1 0-6zM2 19c0-4 3-6 6-6s6 2 6 6M16 6a3 3 0 1 1 0 6M17 14c3 0 5 2 5 5",
  rules: "M5 5h6M5 12h4M5 19h6M14 8l3 3 4-5M14 17h7",
  search: "M11 4a7 7 0 1 1 0 14 7 7 0 0 1 0-14zM16 16l5 5",
  transfer: "M4 8h14l-3-3M20 16H6l3 3",
  check: "M4 12l5 5L20 6",
  clock: "M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16zM12 8v4l3 2",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  warn: "M12 4l9 16H3zM12 10v4M12 17v.5",
  late: "M8 3h8l5 5v8l-5 5H8l-5-5V8zM12 8v5M12 16v.5",
  close: "M6 6l12 12M18 6L6 18",
  more: "M4 12a1 1 0 1 0 2 0 1 1 0 1 0-2 0M11 12a1 1 0 1 0 2 0 1 1 0 1 0-2 0M18 12a1 1 0 1 0 2 0 1 1 0 1 0-2 0",
  down: "M6 9l6 6 6-6",
  back: "M15 6l-6 6 6 6",
  person: "M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM4 20c1-4 4-6 8-6s7 2 8 6",
  note: "M5 4h14v12l-4 4H5zM15 20v-4h4",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
  copy: "M9 9h11v11H9zM15 9V4H4v11h5",
  link: "M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-5.7-5.7l-1.2 1.2M14 10a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 5.7 5.7l1.2-1.2",
  block: "M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18zM5.7 5.7l12.6 12.6",
  clip: "M19 11l-7.5 7.5a4.5 4.5 0 0 1-6.4-6.4L13 4.2a3 3 0 0 1 4.3 4.3l-7.8 7.7a1.5 1.5 0 0 1-2.1-2.1L14 7.5",
  smile: "M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18zM8.5 14.5a4.5 4.5 0 0 0 7 0M9 9.5h.01M15 9.5h.01",
  sliders: "M4 8h10M18 8h2M4 16h2M10 16h10M16 6v4M8 14v4",
  bell: "M6 16V11a6 6 0 0 1 12 0v5l2 2H4zM10 21h4",
};

/** @param {{name: string, size?: number, label?: string}} props */
export function Icon({ name, size = 16, label = "" }) {
  const path = PATHS[/** @type {keyof typeof PATHS} */ (name)] ?? PATHS.plus;
  return html`<svg class="icon" viewBox="0 0 24 24" width=${size} height=${size} role=${label ? "img" : undefined}
    aria-label=${label || undefined} aria-hidden=${label ? undefined : "true"}><path d=${path} /></svg>`;
}

const SHAPES = {
  disc: "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2z",
  half: "M8 2a6 6 0 0 1 0 12z",
  "half-disc": "M8 2a6 6 0 0 1 0 12z",
  square: "M3 3h10v10H3z",
  bars: "M4 3h3v10H4zM9 3h3v10H9z",
  diamond: "M8 1l7 7-7 7-7-7z",
  triangle: "M8 2l7 12H1z",
  ring: "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2z",
};
const OPEN = new Set(["ring", "square"]);

/** A presence as a shape. @param {{shape: string, tone?: string}} props */
export function Shape({ shape, tone = "" }) {
  const path = SHAPES[/** @type {keyof typeof SHAPES} */ (shape)] ?? SHAPES.disc;
  return html`<svg class=${`shape ${OPEN.has(shape) ? "open" : ""} ${tone}`} viewBox="0 0 16 16" width="12" height="12" aria-hidden="true">
    ${shape.startsWith("half") && html`<path class="outline" d=${SHAPES.ring} />`}<path d=${path} /></svg>`;
}
