// @ts-check
// Calendars as pictures of a week, with exceptions, the line of now, and how the queues that keep them stand.
import { html, useEffect, useState } from "../vendor/ui.js";
import { now, queues, serverNow } from "../frame/state.js";
import { get } from "../frame/api.js";
import { Icon, Shape, locale } from "../frame/parts.js";
import { heard, labelOf, t } from "../frame/words.js";

const DAY_MINUTES = 1_440;
const WEEK_MS = 7 * 86_400_000;
const HOURS = [0, 6, 12, 18, 24];

export function Weeks() {
  const [at, setAt] = useState(0);
  const [told, setTold] = useState(/** @type {any} */ (null));
  const [fault, setFault] = useState("");
  // A queue that opens or closes is told by the socket: then the picture is read again.
  const standing = queues.value.map((queue) => `${queue.name}${queue.open}`).join();
  useEffect(() => { get(`/rules/weeks?at_ms=${at}`).then((found) => { setTold(found); setFault(""); }, (error) => setFault(heard(error))); }, [at, standing]);
  const move = (/** @type {number} */ weeks) => setAt(weeks ? (at || serverNow()) + weeks * WEEK_MS : 0);
  return html`<div class="weeks-head"><h2 class="lead">${t("rules.weeks")}</h2><p class="row"><button type="button" class="icon-button edged" aria-label=${t("rules.week.before")} onClick=${() => move(-1)}><${Icon} name="back" /></button>
      <button type="button" disabled=${!at} onClick=${() => move(0)}>${t("rules.week.now")}</button><button type="button" class="icon-button edged turned" aria-label=${t("rules.week.after")} onClick=${() => move(1)}><${Icon} name="back" /></button></p></div>
    ${fault && html`<p class="empty">${fault}</p>`}
    ${told?.weeks.map((/** @type {any} */ week) => html`<${Calendar} key=${week.calendar} week=${week} />`)}`;
}

/** @param {{week: any}} props */
function Calendar({ week }) {
  return html`<section class="week"><header><h3>${week.calendar}</h3><span class="meta">${week.zone}</span></header>
    <div class="days" role="table" aria-label=${t("rules.week.of", { calendar: week.calendar })}>
      <div class="scale" aria-hidden="true"><span></span><span class="hours">${HOURS.map((hour) => html`<i key=${hour} ref=${(/** @type {any} */ element) => { if (element) element.style.left = `${(100 * hour) / 24}%`; }}>${hour}</i>`)}</span></div>
      ${week.days.map((/** @type {any} */ day) => html`<${Day} key=${day.date} day=${day} zone=${week.zone} />`)}</div>
    <ul class="keepers">${week.queues.map((/** @type {any} */ queue) => html`<li key=${queue.name}><${Shape} shape=${queue.open ? "disc" : "ring"} tone=${queue.open ? "ok" : queue.closed_by === "hours" ? "" : "crit"} /> <b>${labelOf(queue.label, queue.name)}</b> <span class="meta">${standsOf(queue, week.zone)}</span></li>`)}
      ${!week.queues.length && html`<li class="meta">${t("rules.week.nobody")}</li>`}</ul></section>`;
}

/** How a queue stands, by its calendar's clock. @param {any} queue @param {string} zone */
function standsOf(queue, zone) {
  const said = (/** @type {number} */ at) => new Intl.DateTimeFormat(locale(), { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone }).format(at);
  if (queue.open) return queue.until_ms ? t("rules.queue.open", { until: said(queue.until_ms) }) : t("rules.queue.open.always");
  const why = t(`rules.queue.${queue.closed_by}`);
  return queue.opens_ms ? `${why} · ${t("rules.queue.opens", { at: said(queue.opens_ms) })}` : why;
}

/** @param {{day: any, zone: string}} props */
function Day({ day, zone }) {
  const spans = day.spans.map((/** @type {number[]} */ span) => span.map(clockOf).join("–"));
  const minute = (now.value - day.start_ms) / 60_000;
  const today = minute >= 0 && minute < DAY_MINUTES;
  const special = !["week", "always", "never"].includes(day.why);
  const name = new Intl.DateTimeFormat(locale(), { weekday: "short", day: "numeric", month: "short", timeZone: zone }).format(day.start_ms + 43_200_000);
  return html`<div class=${`day-row ${special ? "special" : ""} ${today ? "today" : ""}`} role="row"><span role="rowheader">${name}${special && html`<span class="why-so">${t(`rules.day.${day.why}`)}</span>`}</span>
    <span class="bar" role="cell"><span class="unseen">${spans.join(", ") || t("rules.day.closed")}</span>
      ${day.spans.map((/** @type {number[]} */ [from, to], /** @type {number} */ at) => html`<i key=${at} class="span" aria-hidden="true" title=${spans[at]} ref=${(/** @type {any} */ element) => { if (element) { element.style.left = `${(100 * from) / DAY_MINUTES}%`; element.style.width = `${(100 * (to - from)) / DAY_MINUTES}%`; } }}><span>${[from, to].map(briefOf).join("–")}</span></i>`)}
      ${!day.spans.length && html`<span class="shut" aria-hidden="true">${t("rules.day.closed")}</span>`}
      ${today && html`<i class="now-line" aria-hidden="true" ref=${(/** @type {any} */ element) => { if (element) element.style.left = `${(100 * minute) / DAY_MINUTES}%`; }}></i>`}</span></div>`;
}

/** A full hour is said without its minutes. @param {number} minute */
const briefOf = (minute) => (minute % 60 ? clockOf(minute) : String(Math.floor(minute / 60)));
/** @param {number} minute */
const clockOf = (minute) => `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
