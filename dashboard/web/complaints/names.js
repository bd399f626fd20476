// @ts-check
// How complaints are said: the site's names for their kinds, what is due until when, severities, money. Nothing is shown or sent by itself.
import { html, signal } from "../vendor/ui.js";
import { config, now } from "../frame/state.js";
import { get } from "../frame/api.js";
import { Icon, dayOf, fullOf, locale, siteTime } from "../frame/parts.js";
import { labelOf, language, t } from "../frame/words.js";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
// Less than half a working day: whoever begins now is still in time.
const SOON_MS = 4 * HOUR_MS;

/** What the site calls its complaints, null until it is read. */
export const choices = signal(/** @type {any} */ (null));
/** Read the names anew: a configuration changes while a screen is open. */
export async function fetchChoices() { choices.value = await get("/complaints/choices"); }

/** @param {"kinds" | "about" | "severities" | "causes" | "remedies"} list @param {string} name */
export const called = (list, name) => (name ? labelOf(choices.value?.[list].find((/** @type {any} */ each) => each.name === name)?.label, name) : "");
/** @param {any} person */
export const ownerName = (person) => person?.name || t("complaint.owner.none");
/** @param {any} line */
export const whose = (line) => line.customer.name || (line.customer.id ? t("customer.new") : t("complaint.nobody"));

/** A time in its two greatest units; of opening hours, a day is no unit. @param {number} ms @param {string} [hours] */
export function lasting(ms, hours = "") {
  const said = (/** @type {number} */ count, /** @type {string} */ unit) => new Intl.NumberFormat(language.value, { style: "unit", unit, unitDisplay: "narrow" }).format(count);
  const two = (/** @type {number} */ many, /** @type {string} */ unit, /** @type {number} */ rest, /** @type {string} */ smaller) => (rest ? `${said(many, unit)} ${said(rest, smaller)}` : said(many, unit));
  if (ms >= DAY_MS && !hours) return two(Math.floor(ms / DAY_MS), "day", Math.floor((ms % DAY_MS) / HOUR_MS), "hour");
  if (ms >= HOUR_MS) return two(Math.floor(ms / HOUR_MS), "hour", Math.floor((ms % HOUR_MS) / MINUTE_MS), "minute");
  return said(Math.max(1, Math.floor(ms / MINUTE_MS)), "minute");
}

/** A moment by the site's clock, as short as it can be told. @param {number} at */
export const moment = (at) => new Intl.DateTimeFormat(locale(), { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: config.value?.zone }).format(at);

/** What is due next and until when: plain, soon (triangle), late (octagon). @param {{line: any}} props */
export function DueBy({ line }) {
  if (!line.due_ms) return html`<span class="meta" title=${fullOf(line.closed_ms)}>${t("complaint.closed.at", { at: dayOf(line.closed_ms) })}</span>`;
  const left = line.due_ms - now.value;
  const level = left < 0 ? "late" : left < SOON_MS ? "soon" : "by";
  const time = level === "by" ? moment(line.due_ms) : lasting(Math.abs(left));
  const text = t(`complaint.until.${level}`, { what: t(`complaint.due.${line.due}`), time });
  if (level === "by") return html`<span class="until" title=${siteTime(line.due_ms)}>${text}</span>`;
  return html`<span class=${`chip ${level}`} title=${siteTime(line.due_ms)}><${Icon} name=${level === "late" ? "late" : "warn"} size=${14} /> ${text}</span>`;
}

/** How severe: a word, and as many full bars. @param {{name: string}} props */
export function Severity({ name }) {
  const all = choices.value?.severities ?? [];
  const at = all.findIndex((/** @type {any} */ each) => each.name === name);
  return html`<span class="severity"><svg viewBox=${`0 0 ${all.length * 5} 12`} width=${all.length * 5} height="12" aria-hidden="true">${all.map((/** @type {any} */ each, /** @type {number} */ number) => html`<rect key=${each.name} class=${number <= at ? "on" : ""} x=${number * 5 + 0.5} width="3" y=${8 - (8 / all.length) * number} height=${4 + (8 / all.length) * number - 0.5} />`)}</svg> ${called("severities", name)}</span>`;
}

// --- money --------------------------------------------------------------------------------------------------------

/** @param {string} currency */
const decimals = (currency) => { try { return new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2; } catch { return 2; } };
/** @param {number} amount in the smallest unit @param {string} currency */
export const money = (amount, currency) => { try { return new Intl.NumberFormat(language.value, { style: "currency", currency }).format(amount / 10 ** decimals(currency)); } catch { return `${amount / 100} ${currency}`; } };
/** What somebody has typed in the smallest unit, null where it is no amount. @param {string} text @param {string} currency */
export function smallest(text, currency) {
  const plain = text.trim().replace(/\s/g, "").replace(",", ".");
  if (!/^\d{1,12}(\.\d+)?$/.test(plain)) return null;
  return Math.round(Number(plain) * 10 ** decimals(currency));
}
/** @param {number} amount @param {string} currency */
export const typed = (amount, currency) => (amount ? (amount / 10 ** decimals(currency)).toFixed(decimals(currency)) : "");
