// @ts-check
// How the wallboard says numbers: percentages that never round up to a target, waits, times of the site. Nothing is drawn here.
import { board } from "./feed.js";
import { language } from "../frame/words.js";
import { clock } from "../frame/parts.js";

export const NONE = "–";

/** A share in percent, rounded down: 79.96 % is not 80.0 %. @param {number} count @param {number} of @param {number} [digits] */
export function percent(count, of, digits = 0) {
  const scale = 10 ** digits;
  const value = Math.floor((100 * scale * count) / of) / scale;
  return new Intl.NumberFormat(language.value, { style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value / 100);
}

/** @param {number} value */
export const whole = (value) => new Intl.NumberFormat(language.value).format(value);

/** @param {Intl.DateTimeFormatOptions} options */
const shown = (options) => new Intl.DateTimeFormat(language.value, { timeZone: board.value?.zone, hourCycle: "h23", ...options });

/** A time of day at the site. @param {number} at */
export const timeAt = (at) => shown({ hour: "2-digit", minute: "2-digit" }).format(at);
/** With seconds. @param {number} at */
export const secondAt = (at) => shown({ hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(at);
/** A weekday and time at the site. @param {number} at */
export const dayAt = (at) => shown({ weekday: "short", hour: "2-digit", minute: "2-digit" }).format(at);
/** A weekday at the site. @param {number} at */
export const weekdayAt = (at) => shown({ weekday: "short" }).format(at);
/** The short name of the site's zone. @param {number} at */
export const zoneAt = (at) => shown({ timeZoneName: "short" }).formatToParts(at).find((part) => part.type === "timeZoneName")?.value ?? "";

/** A wait as a clock: 0:41, 1:02:03. @param {number} ms */
export const wait = (ms) => clock(Math.max(0, ms));

/** How much of a scale of 100 something fills. @param {number} count @param {number} of */
export const fill = (count, of) => Math.max(0, Math.min(100, of ? (100 * count) / of : 0));
