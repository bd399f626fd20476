// @ts-check
// The rows of follow-ups: when, whom, why, what was promised, whose. Nothing is fetched or sent here.
import { html } from "../vendor/ui.js";
import { config, now } from "../frame/state.js";
import { Icon, channelLabel, locale, queueLabel, siteTime } from "../frame/parts.js";
import { language, t } from "../frame/words.js";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** @type {Record<string, string>} */
const ICONS = { follow_up: "followups", snoozed: "clock", call_back: "phone", window: "warn" };
/** How a moment is told in each group: its heading says the rest. @type {Record<string, Intl.DateTimeFormatOptions>} */
const TOLD = { today: {}, tomorrow: {}, week: { weekday: "short" }, later: { day: "numeric", month: "short" } };
/** A whole moment by the site's clock. @param {number} at @param {Intl.DateTimeFormatOptions} [how] */
export const moment = (at, how = { weekday: "short", day: "numeric", month: "short" }) => new Intl.DateTimeFormat(locale(), { ...how, hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: config.value?.zone }).format(at);

/** @param {number} count @param {string} unit */
const said = (count, unit) => new Intl.NumberFormat(language.value, { style: "unit", unit, unitDisplay: "narrow" }).format(count);
/** A time that has passed, in one or two units. @param {number} ms */
function lasting(ms) {
  if (ms >= DAY_MS) return `${said(Math.floor(ms / DAY_MS), "day")} ${said(Math.floor((ms % DAY_MS) / HOUR_MS), "hour")}`;
  if (ms >= HOUR_MS) return `${said(Math.floor(ms / HOUR_MS), "hour")} ${said(Math.floor((ms % HOUR_MS) / MINUTE_MS), "minute")}`;
  return said(Math.max(1, Math.floor(ms / MINUTE_MS)), "minute");
}

/** When it is due, by the site's clock; what is late says how late. @param {{line: any, whole?: boolean}} props */
export function When({ line, whole = false }) {
  const over = now.value - line.due_ms;
  if (line.group === "late" || over > 0) return html`<span class="chip late" title=${siteTime(line.due_ms)}><${Icon} name="late" size=${14} /> ${t("followup.late", { time: lasting(Math.max(over, MINUTE_MS)) })}</span>`;
  return html`<time class="when" datetime=${new Date(line.due_ms).toISOString()} title=${siteTime(line.due_ms)}>${moment(line.due_ms, whole ? undefined : TOLD[line.group])}</time>`;
}

/** @param {{kind: string}} props */
export const Kind = ({ kind }) => html`<span class="kind"><${Icon} name=${ICONS[kind]} /> ${t(`followup.kind.${kind}`)}</span>`;

/** Whose it is, and whether they are there to keep it. @param {{line: any}} props */
export function Owner({ line }) {
  if (!line.owner) return html`<span class="meta">${t("followup.nobodys")}</span>`;
  const name = line.owner.name || t("followup.unknown");
  if (line.there === "here") return html`<span>${name}</span>`;
  return html`<span>${name} <span class=${line.there === "gone" ? "there crit" : "there meta"}>${line.there === "gone" && html`<${Icon} name="warn" size=${14} /> `}${t(`followup.there.${line.there}`)}</span></span>`;
}

/** @param {any} line */
export const whose = (line) => line.customer.name || t("customer.new");

/** @param {{name: string, rows: any[], whole: boolean, owners: boolean, chosen: string, open: (ref: string) => void}} props */
export const Group = ({ name, rows, whole, owners, chosen, open }) => html`<tbody class=${`group ${name}`}><tr class="group-head"><th scope="rowgroup" colspan=${owners ? 6 : 5}>${t(`followups.group.${name}`)}${whole && html` <span class="meta">${rows.length}</span>`}</th></tr>
  ${rows.map((line) => html`<${Row} key=${line.ref} line=${line} owners=${owners} chosen=${chosen === line.ref} open=${open} />`)}</tbody>`;

/** @param {{line: any, owners: boolean, chosen: boolean, open: (ref: string) => void}} props */
function Row({ line, owners, chosen, open }) {
  return html`<tr class=${`line ${chosen ? "chosen" : ""}`} data-ref=${line.ref} onClick=${() => open(line.ref)}>
    <td class="of-due"><${When} line=${line} /></td>
    <th scope="row" class="of-customer"><button type="button" class="link open" aria-current=${chosen ? "true" : undefined} onClick=${(/** @type {any} */ event) => { event.stopPropagation(); open(line.ref); }}>${whose(line)}</button></th>
    <td class="of-kind"><${Kind} kind=${line.kind} /></td>
    <td class="of-note">${line.note ? html`<span class="promise" title=${line.note}>${line.note}</span>` : html`<span class="meta">${t("followup.no_note")}</span>`}</td>
    <td class="of-queue"><${Icon} name=${line.channel} label=${channelLabel(line.channel)} size=${14} /> ${queueLabel(line.queue)}</td>
    ${owners && html`<td class="of-owner"><${Owner} line=${line} /></td>`}</tr>`;
}
