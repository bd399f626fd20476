// @ts-check
// Complaints counted: by week, in time, what came of them, and causes by queue. The server counts; bars are tables first.
import { html, useEffect, useState } from "../vendor/ui.js";
import { config } from "../frame/state.js";
import { get } from "../frame/api.js";
import { locale, queueLabel } from "../frame/parts.js";
import { language, t } from "../frame/words.js";
import { called, lasting } from "./names.js";

const SPANS = [4, 12, 26, 52];
const CAUSES_SHOWN = 12;

/** @param {number} part @param {number} of */
const share = (part, of) => (of ? new Intl.NumberFormat(language.value, { style: "percent", maximumFractionDigits: 1 }).format(Math.floor((1_000 * part) / of) / 1_000) : "–");
/** @param {number} at */
const day = (at) => new Intl.DateTimeFormat(locale(), { day: "numeric", month: "short", timeZone: config.value?.zone }).format(at);
const whole = (/** @type {number} */ count) => new Intl.NumberFormat(language.value).format(count);
/** @param {{part: number, of: number, tone?: string}} props */
const Bar = ({ part, of, tone = "" }) => html`<span class="bar" aria-hidden="true"><i class=${tone} ref=${(/** @type {any} */ element) => { if (element) element.style.width = `${(100 * part) / Math.max(1, of)}%`; }}></i></span>`;

export function Figures() {
  const [weeks, setWeeks] = useState(12);
  const [found, put] = useState(/** @type {any} */ (null));
  const [failed, fail] = useState(false);
  const load = () => get(`/complaints/figures?weeks=${weeks}`).then((all) => { put(all); fail(false); }, () => fail(true));
  useEffect(() => { void load(); }, [weeks]);
  return html`<div class="complaints-filters"><label>${t("complaints.figure.span")} <select value=${String(weeks)} onChange=${(/** @type {any} */ event) => setWeeks(Number(event.target.value))}>${SPANS.map((each) => html`<option key=${each} value=${String(each)}>${t("complaints.figure.weeks", { n: each })}</option>`)}</select></label>
      <a class="take-away" href=${`/api/v1/complaints/export?weeks=${weeks}`} download>${t("complaints.figure.export")}</a></div>
    ${failed && html`<p class="empty" role="alert">${t("complaints.failed")} <button type="button" onClick=${load}>${t("retry")}</button></p>`}
    ${!found && !failed && html`<div class="skeleton" aria-hidden="true"><i></i><i></i></div>`}
    ${found && html`<${Counted} found=${found} />`}`;
}

/** @param {{found: any}} props */
function Counted({ found }) {
  const last = found.weeks.at(-1);
  /** @type {[string, string, string][]} */
  const tiles = [
    ["open", whole(last?.open ?? 0), last?.late ? t("complaints.figure.unanswered", { n: last.late }) : ""], ["opened", whole(found.opened), ""], ["closed", whole(found.closed), ""],
    ["in_time", share(found.in_time, found.answered), t("complaints.figure.of_answered", { n: found.answered })], ["median", found.answered ? lasting(found.median_answer_ms) : "–", ""],
  ];
  return html`${!found.whole && html`<p class="faster" role="alert">${t("complaints.figure.not_whole")}</p>`}
    <dl class="tiles">${tiles.map(([name, value, more]) => html`<div key=${name}><dt>${t(`complaints.figure.${name}`)}</dt><dd>${value}${more && html` <span class="meta">${more}</span>`}</dd></div>`)}</dl>
    <div class="complaints-figures"><${Weeks} weeks=${found.weeks} /><${Outcomes} outcomes=${found.outcomes} closed=${found.closed} /><${Causes} causes=${found.causes} closed=${found.closed} /></div>`;
}

/** @param {{weeks: any[]}} props */
function Weeks({ weeks }) {
  const most = Math.max(1, ...weeks.map((each) => Math.max(each.opened, each.closed, each.open)));
  return html`<section class="card-box"><h2>${t("complaints.figure.by_week")}</h2><div class="complaints-list" role="region" tabindex="0" aria-label=${t("complaints.figure.by_week")}><table aria-label=${t("complaints.figure.by_week")}><thead><tr>${["week", "opened", "closed", "open", "late"].map((name) => html`<th key=${name} scope="col">${t(`complaints.figure.${name}`)}</th>`)}<th scope="col" class="of-bar"><span class="unseen">${t("complaints.figure.open")}</span></th></tr></thead>
    <tbody>${[...weeks].reverse().map((each) => html`<tr key=${each.from_ms}><th scope="row">${day(each.from_ms)}</th><td class="number">${whole(each.opened)}</td><td class="number">${whole(each.closed)}</td><td class="number">${whole(each.open)}</td><td class=${`number ${each.late ? "crit" : ""}`}>${whole(each.late)}</td><td class="of-bar"><${Bar} part=${each.open} of=${most} tone=${each.late ? "late" : ""} /></td></tr>`)}</tbody></table></div></section>`;
}

/** @param {{outcomes: Record<string, number>, closed: number}} props */
function Outcomes({ outcomes, closed }) {
  return html`<section class="card-box"><h2>${t("complaints.figure.outcomes")}</h2>${closed ? html`<ul class="shares">${Object.entries(outcomes).map(([name, count]) => html`<li key=${name}><span>${t(`complaint.outcome.${name}`)}</span><${Bar} part=${count} of=${closed} /><span class="number">${whole(count)} <span class="meta">${share(count, closed)}</span></span></li>`)}</ul>` : html`<p class="meta">${t("complaints.figure.none")}</p>`}</section>`;
}

/** Causes down, queues across; what one sees first is where most of one cause comes from. @param {{causes: any[], closed: number}} props */
function Causes({ causes, closed }) {
  const queues = [...new Set(causes.map((each) => each.queue))];
  const sums = new Map();
  for (const each of causes) sums.set(each.cause, (sums.get(each.cause) ?? 0) + each.closed);
  const rows = [...sums].sort((a, b) => b[1] - a[1]).slice(0, CAUSES_SHOWN);
  const cell = (/** @type {string} */ cause, /** @type {string} */ queue) => causes.find((each) => each.cause === cause && each.queue === queue)?.closed ?? 0;
  return html`<section class="card-box wide"><h2>${t("complaints.figure.causes")}</h2>${rows.length ? html`<div class="complaints-list" role="region" tabindex="0" aria-label=${t("complaints.figure.causes")}><table aria-label=${t("complaints.figure.causes")}><thead><tr><th scope="col">${t("complaint.field.cause")}</th>${queues.map((queue) => html`<th key=${queue} scope="col">${queueLabel(queue)}</th>`)}<th scope="col">${t("complaints.figure.all")}</th><th scope="col" class="of-bar"><span class="unseen">${t("complaints.figure.all")}</span></th></tr></thead>
    <tbody>${rows.map(([cause, sum]) => html`<tr key=${cause}><th scope="row">${called("causes", cause) || t("complaints.figure.no_cause")}</th>${queues.map((queue) => html`<td key=${queue} class="number">${cell(cause, queue) || html`<span class="meta">·</span>`}</td>`)}<td class="number"><b>${whole(sum)}</b></td><td class="of-bar"><${Bar} part=${sum} of=${closed} /></td></tr>`)}</tbody></table></div>` : html`<p class="meta">${t("complaints.figure.none")}</p>`}</section>`;
}
