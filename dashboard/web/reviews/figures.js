// @ts-check
// Reviews counted: by agent, team, question and week. The server counts; of how many stands beside each figure.
import { html, useEffect, useState } from "../vendor/ui.js";
import { get } from "../frame/api.js";
import { labelOf, t } from "../frame/words.js";
import { Bar, Score, weekDay, whole } from "./names.js";

const SPANS = [4, 12, 26, 52];
/** Columns that are read from the right. */
const NUMBERS = new Set(["many", "answered", "differ", "mean", "zeros"]);

export function Figures() {
  const [weeks, setWeeks] = useState(12);
  const [found, put] = useState(/** @type {any} */ (null));
  const [failed, fail] = useState(false);
  const load = () => get(`/reviews/figures?weeks=${weeks}`).then((all) => { put(all); fail(false); }, () => fail(true));
  useEffect(() => { void load(); }, [weeks]);
  return html`<div class="reviews-filters"><label>${t("reviews.figure.span")} <select value=${String(weeks)} onChange=${(/** @type {any} */ event) => setWeeks(Number(event.target.value))}>${SPANS.map((each) => html`<option key=${each} value=${String(each)}>${t("reviews.figure.weeks", { n: each })}</option>`)}</select></label>
      <a class="take-away" href=${`/api/v1/reviews/export?weeks=${weeks}`} download>${t("reviews.figure.export")}</a></div>
    ${failed && html`<p class="empty" role="alert">${t("reviews.failed")} <button type="button" onClick=${load}>${t("retry")}</button></p>`}
    ${!found && !failed && html`<div class="skeleton" aria-hidden="true"><i></i><i></i></div>`}
    ${found && !found.many && html`<p class="empty">${t("reviews.figure.none")}</p>`}
    ${found && !found.whole && html`<p class="faster" role="alert">${t("reviews.not_whole")}</p>`}
    ${found?.many > 0 && html`<p class="overall">${t("reviews.figure.overall")} <b><${Score} score=${found.mean} /></b> <span class="meta">${t("reviews.of_reviews", { n: found.many })}</span></p>
      <div class="reviews-tables"><${Agents} agents=${found.agents} /><${Questions} questions=${found.questions} /><${Weeks} weeks=${found.weeks} />${found.teams.length > 1 && html`<${Teams} teams=${found.teams} />`}</div>`}`;
}

/** @param {{title: string, columns: string[], wide?: boolean, children?: any}} props */
const Table = ({ title, columns, wide = false, children }) => html`<section class=${`card-box ${wide ? "wide" : ""}`}><h2>${title}</h2><div class="scrolled"><table aria-label=${title}><thead><tr>${columns.map((each) => html`<th key=${each} scope="col" class=${NUMBERS.has(each) ? "number" : ""}>${t(`reviews.column.${each}`)}</th>`)}<th scope="col"><span class="unseen">${t("reviews.column.mean")}</span></th></tr></thead><tbody>${children}</tbody></table></div></section>`;
/** @param {{mean: number}} props */
const Level = ({ mean }) => html`<td class="of-bar"><${Bar} part=${mean} of=${1_000} tone=${mean >= 0 && mean < 600 ? "late" : ""} /></td>`;

/** @param {{agents: any[]}} props */
const Agents = ({ agents }) => html`<${Table} title=${t("reviews.figure.agents")} columns=${["agent", "team", "many", "answered", "differ", "mean"]} wide=${true}>${agents.map((each) => html`<tr key=${each.agent.id}><th scope="row">${each.agent.name}</th><td>${each.team}</td><td class="number">${whole(each.many)}</td><td class="number">${whole(each.answered)}</td><td class="number">${whole(each.differ)}</td><td class="number"><b><${Score} score=${each.mean} /></b></td><${Level} mean=${each.mean} /></tr>`)}<//>`;
/** @param {{questions: any[]}} props */
const Questions = ({ questions }) => html`<${Table} title=${t("reviews.figure.questions")} columns=${["question", "card", "many", "zeros", "mean"]} wide=${true}>${questions.map((each) => html`<tr key=${`${each.card} ${each.question}`}><th scope="row" class="asks">${labelOf(each.text, each.question)}</th><td>${labelOf(each.label, each.card)}</td><td class="number">${whole(each.many)}</td><td class=${`number ${each.fatal && each.zeros ? "crit" : ""}`}>${whole(each.zeros)}</td><td class="number"><b><${Score} score=${each.mean} /></b></td><${Level} mean=${each.mean} /></tr>`)}<//>`;
/** @param {{weeks: any[]}} props */
const Weeks = ({ weeks }) => html`<${Table} title=${t("reviews.figure.by_week")} columns=${["week", "many", "mean"]}>${[...weeks].reverse().map((each) => html`<tr key=${each.week}><th scope="row">${weekDay(each.week)}</th><td class="number">${whole(each.many)}</td><td class="number"><b><${Score} score=${each.mean} /></b></td><${Level} mean=${each.mean} /></tr>`)}<//>`;
/** @param {{teams: any[]}} props */
const Teams = ({ teams }) => html`<${Table} title=${t("reviews.figure.teams")} columns=${["team", "many", "mean"]}>${teams.map((each) => html`<tr key=${each.team}><th scope="row">${each.team || t("reviews.no_team")}</th><td class="number">${whole(each.many)}</td><td class="number"><b><${Score} score=${each.mean} /></b></td><${Level} mean=${each.mean} /></tr>`)}<//>`;
