// @ts-check
// Small parts that several screens share: due chips, ages, avatars, names.
import { html, useLayoutEffect, useRef } from "./vendor/ui.js";
import { config, link, now } from "./state.js";
import { Icon } from "./icons.js";
import { labelOf, t } from "./words.js";

const SOON_MS = 120_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

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
export const Age = ({ at }) => html`<span class="age">${at ? ago(at) : ""}</span>`;

/** @param {number} at */
export function ago(at) {
  const seconds = Math.max(0, Math.floor((now.value - at) / 1_000));
  const format = new Intl.RelativeTimeFormat(document.documentElement.lang, { style: "narrow", numeric: "auto" });
  if (seconds < 60) return t("time.now");
  if (seconds < 3_600) return format.format(-Math.floor(seconds / 60), "minute");
  if (seconds < 86_400) return format.format(-Math.floor(seconds / 3_600), "hour");
  return dayOf(at);
}

/** @param {number} at */
export const timeOf = (at) => new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hour12: false }).format(at);
/** @param {number} at */
export const dayOf = (at) => new Intl.DateTimeFormat(document.documentElement.lang, { day: "numeric", month: "short", year: "numeric" }).format(at);
/** @param {number} at */
export const fullOf = (at) => new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "full", timeStyle: "short" }).format(at);
/** A moment at the site, with its zone named. @param {number} at */
export const siteTime = (at) => `${new Intl.DateTimeFormat(document.documentElement.lang, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hour12: false, timeZone: config.value?.zone }).format(at)} (${config.value?.zone})`;

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

/** Attributes of a button that needs the server: closed while it is away, and saying why. */
export const whileAway = () => (link.value === "live" ? {} : { disabled: true, title: t("error.offline") });

/**
 * A native dialog: opens modal with the cursor in its first field, gives the focus back, closes by Esc. Without `close`
 * it stays until it is answered.
 * @param {any} props
 */
export function Dialog({ title, close, children }) {
  const element = useRef(/** @type {any} */ (null));
  // Before the next key: what somebody types at once is for the dialog.
  useLayoutEffect(() => {
    const opener = /** @type {any} */ (document.activeElement);
    element.current.showModal();
    element.current.querySelector("header ~ label input, form input")?.focus();
    // Not before it is gone: until then nothing behind it takes the focus. Whoever has gone on to somewhere else keeps it there.
    return () => queueMicrotask(() => { if (document.activeElement === document.body) opener?.focus?.(); });
  }, []);
  // A browser lets a second Esc close what refused the first.
  const closed = close ?? (() => element.current?.showModal());
  return html`<dialog ref=${element} aria-label=${title} onClose=${closed} onCancel=${(/** @type {any} */ event) => !close && event.preventDefault()}
    onClick=${(/** @type {any} */ event) => event.target === element.current && close?.()}>
    <div class="sheet"><header><h2>${title}</h2>
    ${close && html`<button type="button" class="icon-button" aria-label=${t("close")} onClick=${close}><${Icon} name="close" /></button>`}</header>${children}</div></dialog>`;
}
