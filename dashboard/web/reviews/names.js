// @ts-check
// How reviews are said: scores, ratings, why something was drawn, bars. Nothing is asked or sent here.
import { html } from "../vendor/ui.js";
import { config } from "../frame/state.js";
import { Icon, locale } from "../frame/parts.js";
import { language, t } from "../frame/words.js";

const STAR = "M8 1.500l2 4.300 4.700.600-3.500 3.200.900 4.700L8 12l-4.100 2.300.900-4.700L1.300 6.400 6 5.800z";
export const SCORES = [5, 4, 3, 2, 1];
// Below this a customer was served badly.
const BAD_MAX = 2;
const LOW_MAX = 600;

export const whole = (/** @type {number} */ many) => new Intl.NumberFormat(language.value).format(many);
/** @param {number} part @param {number} of */
export const share = (part, of) => (of ? new Intl.NumberFormat(language.value, { style: "percent", maximumFractionDigits: 0 }).format(part / of) : "–");
/** A score in thousandths as a percentage. @param {number} score */
export const percent = (score) => (score < 0 ? "–" : share(score, 1_000));
/** The mean of ratings, which is in thousandths. @param {number} mean */
export const meanOf = (mean) => (mean < 0 ? "–" : new Intl.NumberFormat(language.value, { minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(mean / 1_000));

/** A rating of 1 to 5: as many full stars, and the same in words. @param {{score: number}} props */
export const Stars = ({ score }) => html`<span class=${`stars ${score <= BAD_MAX ? "crit" : ""}`} role="img" aria-label=${t("reviews.score", { n: score })}>
  ${[1, 2, 3, 4, 5].map((each) => html`<svg key=${each} viewBox="0 0 16 16" width="14" height="14" aria-hidden="true" class=${each <= score ? "on" : ""}><path d=${STAR} /></svg>`)}<b aria-hidden="true">${score}</b></span>`;

/** A score with its warning where it is low. @param {{score: number}} props */
export const Score = ({ score }) => html`<span class=${`score ${score >= 0 && score < LOW_MAX ? "crit" : ""}`}>${score >= 0 && score < LOW_MAX && html`<${Icon} name="warn" size=${13} label=${t("reviews.low")} /> `}${percent(score)}</span>`;

/** @param {{part: number, of: number, tone?: string}} props */
export const Bar = ({ part, of, tone = "" }) => html`<span class="bar" aria-hidden="true"><i class=${tone} ref=${(/** @type {any} */ element) => { if (element) element.style.width = `${(100 * Math.max(0, part)) / Math.max(1, of)}%`; }}></i></span>`;

/** A day of the site, from a moment. @param {number} at */
export const dayAt = (at) => new Intl.DateTimeFormat(locale(), { day: "numeric", month: "short", timeZone: config.value?.zone }).format(at);
/** A Monday, from its number yyyymmdd. @param {number} week */
export const weekDay = (week) => new Intl.DateTimeFormat(locale(), { day: "numeric", month: "short", timeZone: "UTC" }).format(Date.UTC(Math.floor(week / 10_000), (Math.floor(week / 100) % 100) - 1, week % 100));
/** @param {any} customer */
export const nameOf = (customer) => customer?.name || t("customer.new");
/** Where a review stands, in word and shape. @param {{stage: string, view?: string}} props */
export const Stage = ({ stage, view = "" }) => html`<span class=${`stage ${stage === "answered" && view === "differ" ? "asked" : ""}`}>${stage === "settled" || (stage === "answered" && view === "agree") ? html`<${Icon} name="check" size=${13} /> ` : ""}${t(`review.stage.${stage || "none"}`)}${view && stage !== "draft" ? html` <span class="meta">${t(`review.view.${view}`)}</span>` : ""}</span>`;

/** Walk the rows of a list by keys. @param {any} root @param {number} by */
export function walkRows(root, by) {
  const rows = [...(root.current?.querySelectorAll(".open") ?? [])];
  rows[Math.min(rows.length - 1, Math.max(0, rows.indexOf(document.activeElement) + by))]?.focus();
}
