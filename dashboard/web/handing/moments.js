// @ts-check
// Choosing a day and a time: a month with the reader's own calendar and numbers, Buddhist years where the site counts so.
import { html, useEffect, useRef, useState } from "../vendor/ui.js";
import { now } from "../frame/state.js";
import { Icon, locale } from "../frame/parts.js";
import { t } from "../frame/words.js";

const DAY_MS = 86_400_000;
const WEEKS = 6;

/** @param {Date} day @param {Intl.DateTimeFormatOptions} how */
const said = (day, how) => new Intl.DateTimeFormat(locale(), how).format(day);

/** Midnight of a day, by this machine's clock. @param {number} at */
const midnight = (at) => { const day = new Date(at); day.setHours(0, 0, 0, 0); return day; };
/** @param {Date} day @param {number} by */
const later = (day, by) => { const other = new Date(day); other.setDate(other.getDate() + by); return other; };
/** @param {Date} a @param {Date} b */
const same = (a, b) => a.getTime() === b.getTime();

/** The days that a month's page shows, from the first weekday on. @param {Date} month */
function page(month) {
  const first = new Date(month.getFullYear(), month.getMonth(), 1);
  const weekday = (first.getDay() + 6) % 7;
  return Array.from({ length: WEEKS * 7 }, (_, at) => later(first, at - weekday));
}

/** @param {Date} day @param {string} time */
function moment(day, time) {
  const [hours, minutes] = time.split(":").map(Number);
  const at = new Date(day);
  at.setHours(hours, minutes, 0, 0);
  return at.getTime();
}

/** @type {Record<string, number>} */
const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7, PageUp: -28, PageDown: 28 };

/** A day of a month and a time. @param {{at: number, change: (at: number) => void}} props */
export function Moment({ at, change }) {
  const today = midnight(now.value);
  const chosen = at ? midnight(at) : later(today, 1);
  const [month, turn] = useState(chosen);
  const time = at ? `${String(new Date(at).getHours()).padStart(2, "0")}:${String(new Date(at).getMinutes()).padStart(2, "0")}` : "09:00";
  const grid = useRef(/** @type {any} */ (null));
  const moved = useRef(false);
  useEffect(() => { if (moved.current) grid.current?.querySelector("[tabindex='0']")?.focus(); moved.current = false; }, [at]);
  /** @param {Date} day */
  const pick = (day) => { if (day >= today) { turn(day); change(moment(day, time)); } };
  const keys = (/** @type {any} */ event) => {
    const by = STEPS[event.key];
    if (!by) return;
    event.preventDefault();
    moved.current = true;
    pick(later(chosen, by));
  };
  const weekdays = page(month).slice(0, 7);
  const back = later(new Date(month.getFullYear(), month.getMonth(), 1), -1);
  return html`<div class="moment">
    <div class="row"><button type="button" class="icon-button" aria-label=${t("month.before")} disabled=${back < new Date(today.getFullYear(), today.getMonth(), 1)} onClick=${() => turn(new Date(back.getFullYear(), back.getMonth(), 1))}><${Icon} name="back" /></button>
      <b class="grow month" aria-live="polite">${said(month, { month: "long", year: "numeric" })}</b>
      <button type="button" class="icon-button turned" aria-label=${t("month.after")} onClick=${() => turn(new Date(month.getFullYear(), month.getMonth() + 1, 1))}><${Icon} name="back" /></button></div>
    <div class="month-days" role="group" aria-label=${t("moment.day")} ref=${grid} onKeyDown=${keys}>
      ${weekdays.map((day) => html`<span key=${day.getDay()} class="meta" aria-hidden="true">${said(day, { weekday: "narrow" })}</span>`)}
      ${page(month).map((day) => html`<button type="button" key=${day.getTime()} class=${`day-of-month ${day.getMonth() === month.getMonth() ? "" : "outside"}`} disabled=${day < today} tabindex=${same(day, chosen) ? 0 : -1}
        aria-pressed=${Boolean(at) && same(day, chosen)} aria-label=${said(day, { dateStyle: "full" })} onClick=${() => pick(day)}>${said(day, { day: "numeric" }).replace(/\D/g, "") || day.getDate()}</button>`)}</div>
    <label class="time">${t("moment.time")} <input type="time" step="300" value=${time} onChange=${(/** @type {any} */ event) => event.target.value && change(moment(chosen, event.target.value))} /></label></div>`;
}

/** A moment in words, in this machine's zone. @param {number} at */
export const momentText = (at) => said(new Date(at), { weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/** A morning some days ahead. @param {number} days */
export const morning = (days) => moment(later(midnight(now.value), days), "09:00");
/** Days until the next Monday. */
export const toMonday = () => ((8 - new Date(now.value).getDay()) % 7) || 7;
export { DAY_MS };
