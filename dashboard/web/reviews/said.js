// @ts-check
// What customers said: their ratings, the newest first, with their words, and figures of all that the filters let through.
import { html, signal, useEffect, useRef, useState } from "../vendor/ui.js";
import { keepFresh } from "../frame/fresh.js";
import { attempt, config, link, me } from "../frame/state.js";
import { call, get, post } from "../frame/api.js";
import { Icon, ago, channelLabel, fullOf, queueLabel, whileAway } from "../frame/parts.js";
import { go } from "../frame/screens.js";
import { ownKey } from "../frame/settings.js";
import { t } from "../frame/words.js";
import { useKeys } from "../frame/keys.js";
import { Bar, SCORES, Stars, meanOf, nameOf, share, walkRows, whole } from "./names.js";
import { fetchCount } from "./reviews.js";
import { Split } from "./split.js";

const PAGE = 50;
// Whoever has paged on so far works through a list, and reads it anew when it is opened again.
const AGAIN_MAX = 200;
const SPANS = [7, 28, 91, 365];
const NOTHING = { days: "28", score_max: "5", channel: "", queue: "", agent: "0", worded: "false", unseen: "false" };

/** What is looked for, so that going back from a conversation finds the list again. */
const wanted = signal({ ...NOTHING });
/** @param {string} name @param {string} value */
const want = (name, value) => { wanted.value = { ...wanted.value, [name]: value }; };
/** @param {number} limit @param {string} after */
const address = (limit, after) => `/ratings?${new URLSearchParams({ ...wanted.value, limit: String(limit), after })}`;

function useRatings() {
  const [state, put] = useState(/** @type {{found: any, failed: boolean}} */ ({ found: null, failed: false }));
  const latest = useRef(state);
  latest.current = state;
  const read = async () => {
    const many = latest.current.found?.items.length ?? 0;
    if (many > AGAIN_MAX) return;
    const asked = address(Math.max(PAGE, many), "");
    try {
      const found = await get(asked);
      if (asked === address(Math.max(PAGE, many), "")) put({ found, failed: false });
    } catch {
      put({ ...latest.current, failed: true });
    }
  };
  const more = async () => {
    const { found } = latest.current;
    const page = await get(address(PAGE, found.next)).catch(() => null);
    put(page ? { found: { ...page, items: [...found.items, ...page.items] }, failed: false } : { found, failed: true });
  };
  useEffect(() => {
    latest.current = { found: null, failed: false };
    put(latest.current);
    void read();
    return keepFresh("review", read);
  }, [wanted.value]);
  return { ...state, read, more };
}

export function Said() {
  const { found, failed, read, more } = useRatings();
  const root = useRef(/** @type {any} */ (null));
  useKeys({ [ownKey("next")]: () => walkRows(root, 1), [ownKey("previous")]: () => walkRows(root, -1) });
  const mark = async (/** @type {any} */ line) => {
    if (await attempt(async () => { await (line.seen_by ? call("DELETE", `/ratings/${line.ref}/seen`) : post(`/ratings/${line.ref}/seen`)); return true; })) { await read(); void fetchCount(); }
  };
  const filtered = Object.entries(NOTHING).some(([name, value]) => name !== "days" && wanted.value[/** @type {"days"} */ (name)] !== value);
  return html`<${Filters} />
    <p class="table-state" role="status">${failed || link.value !== "live" ? html`<${Icon} name="warn" /> ${t("reviews.stale")} <button type="button" class="link" onClick=${read}>${t("retry")}</button>` : ""}</p>
    ${!found && !failed && html`<div class="skeleton" aria-hidden="true"><i></i><i></i><i></i></div>`}
    ${found && html`<${Figures} found=${found} />`}
    <${Split} wanted=${wanted.value} ways=${me.value?.role === "agent" ? ["queue", "channel"] : ["agent", "queue", "channel"]} choose=${want} />
    ${found && html`${found.items.length > 0 && html`<ul class="ratings" aria-label=${t("reviews.part.said")} ref=${root}>${found.items.map((/** @type {any} */ line) => html`<${Line} key=${line.ref} line=${line} mark=${mark} />`)}</ul>`}
      ${!found.items.length && html`<p class="empty">${filtered ? html`${t("reviews.nothing")} <button type="button" class="link" onClick=${() => { wanted.value = { ...NOTHING, days: wanted.value.days }; }}>${t("reviews.clear")}</button>` : t("reviews.none.said")}</p>`}
      ${found.next && html`<button type="button" class="more-rows" onClick=${more}>${t("reviews.more")}</button>`}`}`;
}

function Filters() {
  const [agents, setAgents] = useState(/** @type {any[]} */ ([]));
  const supervises = me.value?.role !== "agent";
  useEffect(() => { if (supervises) void get("/team").then(({ members }) => setAgents(members), () => {}); }, []);
  const select = (/** @type {string} */ name, /** @type {[string, string][]} */ options) => html`<label key=${name}><span class="unseen">${t(`reviews.filter.${name}`)}</span><select class=${wanted.value[/** @type {"days"} */ (name)] === NOTHING[/** @type {"days"} */ (name)] ? "" : "chosen"} value=${wanted.value[/** @type {"days"} */ (name)]} onChange=${(/** @type {any} */ event) => want(name, event.target.value)}>${options.map(([value, text]) => html`<option key=${value} value=${value}>${text}</option>`)}</select></label>`;
  const chip = (/** @type {string} */ name, /** @type {string} */ on, /** @type {string} */ off) => html`<button type="button" class="chip" key=${name} aria-pressed=${wanted.value[/** @type {"days"} */ (name)] === on} onClick=${() => want(name, wanted.value[/** @type {"days"} */ (name)] === on ? off : on)}>${t(`reviews.only.${name}`)}</button>`;
  return html`<div class="reviews-filters" role="group" aria-label=${t("reviews.filters")}>
    ${select("days", SPANS.map((each) => [String(each), t("reviews.days", { n: each })]))}
    ${chip("score_max", "2", "5")}${chip("worded", "true", "false")}${supervises && chip("unseen", "true", "false")}
    ${select("channel", [["", t("reviews.any.channel")], ...(config.value?.channels ?? []).map((/** @type {any} */ each) => [each.name, channelLabel(each.name)])])}
    ${select("queue", [["", t("reviews.any.queue")], ...(config.value?.queues ?? []).map((/** @type {any} */ each) => [each.name, queueLabel(each.name)])])}
    ${supervises && select("agent", [["0", t("reviews.any.agent")], ...agents.map((each) => /** @type {[string, string]} */ ([String(each.id), each.name]))])}</div>`;
}

/** The mean, how many said what, and how many said anything. Of how many stands beside each. @param {{found: any}} props */
function Figures({ found }) {
  return html`<section class="reviews-figures" aria-label=${t("reviews.figures")}><dl class="tiles">
      <div><dt>${t("reviews.figure.mean")}</dt><dd>${meanOf(found.mean)} <span class="meta">${found.mean < 0 ? t("reviews.too_few", { n: found.many }) : t("reviews.of", { n: found.many })}</span></dd></div>
      <div><dt>${t("reviews.figure.rate")}</dt><dd>${share(Math.min(found.many, found.ended), found.ended)} <span class="meta">${t("reviews.of_ended", { n: found.ended })}</span></dd></div>
      <div><dt>${t("reviews.figure.worded")}</dt><dd>${whole(found.worded)} <span class="meta">${t("reviews.of", { n: found.many })}</span></dd></div></dl>
    <ul class="shares" aria-label=${t("reviews.figure.shares")}>${SCORES.map((score) => html`<li key=${score}><${Stars} score=${score} /><${Bar} part=${found.counts[score - 1]} of=${found.many} tone=${score <= 2 ? "late" : ""} /><span class="number">${whole(found.counts[score - 1])} <span class="meta">${share(found.counts[score - 1], found.many)}</span></span></li>`)}</ul></section>`;
}

/** @param {{line: any, mark: (line: any) => void}} props */
function Line({ line, mark }) {
  const supervises = me.value?.role !== "agent";
  const own = line.agent?.id === me.value?.id;
  return html`<li class=${line.seen_by || !supervises ? "" : "unread"}>
    <div class="grow"><p class="rating-head"><${Stars} score=${line.score} /><button type="button" class="link open" onClick=${() => go("desk", line.ref)}>${nameOf(line.customer)}</button>
      <span class="meta"><${Icon} name=${line.channel} label=${channelLabel(line.channel)} size=${14} /> ${queueLabel(line.queue)}${line.agent ? ` · ${line.agent.name}` : ""} · <time title=${fullOf(line.at)}>${ago(line.at)}</time></span></p>
      ${line.words && html`<blockquote class="words">${line.words}</blockquote>`}</div>
    ${supervises && html`<div class="row deeds">${!own && html`<button type="button" class="small" onClick=${() => go("reviews", line.ref)}>${t("review.open")}</button>`}
      ${line.score <= 2 && html`<button type="button" class="small" onClick=${() => go("complaints", "new", line.ref)}>${t("reviews.complaint")}</button>`}
      <button type="button" class="small" aria-pressed=${Boolean(line.seen_by)} title=${line.seen_by ? t("reviews.seen.by", { name: line.seen_by.name }) : undefined} ...${whileAway()} onClick=${() => mark(line)}><${Icon} name="check" size=${14} /> ${t("reviews.seen")}</button></div>`}</li>`;
}
