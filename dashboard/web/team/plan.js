// @ts-check
// When somebody is planned to be there, by the site's clock: a week, and the dates that are not like it. Nothing is counted here.
import { html, useState } from "../vendor/ui.js";
import { attempt, link, tell } from "../frame/state.js";
import { call, newId } from "../frame/api.js";
import { Icon, locale } from "../frame/parts.js";
import { language, t } from "../frame/words.js";

// The first of January 2024 was a Monday: any week tells the names of its days.
const MONDAY_MS = Date.UTC(2024, 0, 1);
const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const SPANS = "\\s*((([01]\\d|2[0-3]):[0-5]\\d-([01]\\d|2[0-3]):[0-5]\\d)(\\s*,\\s*|\\s*$)){0,6}";

/** @param {string} said */
const spansOf = (said) => said.split(",").map((each) => each.trim()).filter(Boolean);

/** @param {{member: any, day: any, read: () => Promise<void>, told: (day: any) => void}} props */
export function Plan({ member, day, read, told }) {
  const [week, change] = useState(/** @type {Record<string, string>} */ (Object.fromEntries(DAYS.map((name) => [name, (day.roster[name] ?? []).join(", ")]))));
  const [dates, setDates] = useState(/** @type {{date: string, hours: string}[]} */ (Object.entries(day.dates).map(([date, spans]) => ({ date, hours: /** @type {string[]} */ (spans).join(", ") }))));
  const names = new Intl.DateTimeFormat(language.value, { weekday: "long", timeZone: "UTC" });
  const save = async (/** @type {any} */ event) => {
    event.preventDefault();
    const roster = Object.fromEntries(DAYS.map((name) => [name, spansOf(week[name])]));
    const special = Object.fromEntries(dates.filter((each) => each.date).map((each) => [each.date, spansOf(each.hours)]));
    const answer = await attempt(() => call("PUT", `/team/${member.id}/roster`, { roster, dates: special, command_id: newId() }));
    if (answer) { told(answer); tell(t("member.saved")); void read(); }
  };
  const set = (/** @type {number} */ at, /** @type {any} */ part) => setDates(dates.map((each, nth) => (nth === at ? { ...each, ...part } : each)));
  return html`<details class="plan"><summary>${t("member.roster")}</summary><form onSubmit=${save}><p class="meta">${t("member.roster.text")}</p>
    <div class="skills">${DAYS.map((name, nth) => html`<label key=${name}>${names.format(MONDAY_MS + nth * 86_400_000)} <input value=${week[name]} pattern=${SPANS} placeholder="09:00-17:00" autocomplete="off" onInput=${(/** @type {any} */ event) => change({ ...week, [name]: event.target.value })} /></label>`)}</div>
    <fieldset class="dates"><legend>${t("member.dates")}</legend><p class="meta">${t("member.dates.text")}</p>
      ${dates.map((each, at) => html`<div class="date-row" key=${at}><label><span class="unseen">${t("member.date")}</span><input type="date" required value=${each.date} onInput=${(/** @type {any} */ event) => set(at, { date: event.target.value })} /></label>
        <label><span class="unseen">${t("member.date.hours", { day: saidOf(each.date) })}</span><input value=${each.hours} pattern=${SPANS} placeholder=${t("member.date.free")} autocomplete="off" onInput=${(/** @type {any} */ event) => set(at, { hours: event.target.value })} /></label>
        <span class="meta">${saidOf(each.date)}</span>
        <button type="button" class="icon-button" aria-label=${t("member.date.drop", { day: saidOf(each.date) })} onClick=${() => setDates(dates.filter((_, nth) => nth !== at))}><${Icon} name="close" /></button></div>`)}
      <button type="button" class="small" onClick=${() => setDates([...dates, { date: "", hours: "" }])}><${Icon} name="plus" /> ${t("member.date.add")}</button></fieldset>
    <div class="row"><span class="grow"></span><button type="submit" disabled=${link.value !== "live"}>${t("member.roster.save")}</button></div></form></details>`;
}

/** A date in words, with the site's way of counting years; the picker has the browser's. @param {string} date */
const saidOf = (date) => (date ? new Intl.DateTimeFormat(locale(), { weekday: "short", day: "numeric", month: "short", year: "numeric", timeZone: "UTC" }).format(Date.parse(`${date}T00:00Z`)) : "");
