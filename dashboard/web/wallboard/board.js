// @ts-check
// The wallboard itself: six figures, queues worst first, people, the day's chart, what needs attention, channels. One look from five metres.
import { html, useEffect, useRef, useState } from "../vendor/ui.js";
import { ageMs, board, clockMs, door, health, look } from "./feed.js";
import { NONE, dayAt, fill, percent, secondAt, timeAt, wait, weekdayAt, whole, zoneAt } from "./figures.js";
import { Chart, Needs } from "./lower.js";
import { Icon, Shape } from "../frame/parts.js";
import { labelOf, t } from "../frame/words.js";

// As many rows as fit; the line that says "closed" takes one.
const QUEUES_SHOWN = 6;
const STATES_SHOWN = 7;
const CHANNELS_SHOWN = 5;
// A picture that never moves burns into a screen.
const SHIFT_MS = 300_000;
const OUTLINE_MS = 1_000;
// A figure with more letters, such as 1:02:03, is written smaller.
const LETTERS_MAX = 5;
/** Word, icon and colour of each level: never colour alone. @type {Record<string, {icon: string, tone: string}>} */
const LEVELS = { on_target: { icon: "check", tone: "ok" }, below: { icon: "warn", tone: "warn" }, far_below: { icon: "late", tone: "crit" } };
/** @type {Record<string, string>} */
const TONES = { available: "ok", handling: "info", wrap_up: "info", not_responding: "crit" };

/** `turns`: whoever reads it may turn the pages of its queues themselves. @param {{rotateMs?: number, opened?: Promise<void>, turns?: boolean}} props */
export function Board({ rotateMs = 0, opened = undefined, turns = false }) {
  useEffect(() => look(opened), []);
  const root = useRef(/** @type {any} */ (null));
  useEffect(() => {
    let moved = 0;
    const timer = setInterval(() => { moved = (moved + 1) % 4; root.current.style.transform = `translate(${moved % 2}px, ${moved >> 1}px)`; }, SHIFT_MS);
    return () => clearInterval(timer);
  }, []);
  const now = board.value;
  const shown = now?.ready ? now : null;
  return html`<div class=${`wall ${health.value}`} aria-busy=${health.value === "starting"}><div class="wall-in" ref=${root}>
    <${Head} now=${now} />
    ${door.value === "dark" ? html`<p class="wall-dark" role="alert"><${Icon} name="lock" size=${48} /> ${t("board.dark")}</p>` : html`
    ${shown && !shown.open && html`<p class="wall-closed"><${Shape} shape="ring" /> ${shown.opens_ms ? t("board.closed", { at: dayAt(shown.opens_ms) }) : t("board.closed.open")}
      ${shown.last_day?.level && html`<span class="wall-meta">${t("board.last", { day: weekdayAt(shown.last_day.from_ms), share: percent(shown.last_day.level.in_time, shown.last_day.level.of, 1) })}</span>`}</p>`}
    <section class="tiles" aria-label=${t("board.figures")}><${Tiles} now=${shown} /></section>
    <section class="panel of-queues" tabindex="0" aria-label=${t("board.queues")}><${Queues} now=${shown} rotateMs=${rotateMs} turns=${turns} /></section>
    <section class="panel of-people"><${People} now=${shown} /></section>
    <section class="panel of-chart"><${Chart} now=${shown} /></section>
    <section class="panel of-needs"><${Needs} now=${shown} /></section>
    <section class="panel of-channels"><${Channels} now=${shown} /></section>`}
  </div></div>`;
}

/** @param {{now: any}} props */
function Head({ now }) {
  const at = clockMs.value;
  const told = { starting: t("board.starting"), live: t("board.live", { n: Math.floor(ageMs.value / 1_000) }), delayed: t("board.delayed", { n: Math.floor(ageMs.value / 1_000) }), stale: now ? t("board.stale", { time: secondAt(now.at_ms) }) : "" }[health.value];
  const shape = { starting: "ring", live: "disc", delayed: "triangle", stale: "triangle" }[health.value];
  return html`<header class="wall-head"><h1>${now?.site ?? t("view.wallboard")}</h1>
    <span class="wall-meta">${now && t("board.period", { time: timeAt(now.day.from_ms), queues: t("board.period.queues", { n: now.queues.length }), channels: t("board.period.channels", { n: now.channels.length }) })}</span>
    <span class="grow"></span><span class="wall-age"><${Shape} shape=${shape} tone=${health.value === "live" ? "ok" : health.value === "starting" ? "" : "away"} /> ${told}</span>
    <time class="wall-clock">${now ? timeAt(at) : NONE}</time><span class="wall-zone">${now ? zoneAt(at) : ""}</span></header>`;
}

/** One of the six figures; it is outlined once when it crosses its limit. @param {any} props */
function Tile({ name, known, value, tone = "", icon = "", children }) {
  // Nothing is crossed by the first figure.
  const before = useRef(/** @type {string | null} */ (null));
  const [crossed, cross] = useState(false);
  useEffect(() => {
    if (!known) return undefined;
    const worse = before.current !== null && tone && tone !== before.current;
    before.current = tone;
    if (!worse) return undefined;
    cross(true);
    const timer = setTimeout(() => cross(false), OUTLINE_MS);
    return () => clearTimeout(timer);
  }, [tone, known]);
  return html`<div class=${`tile ${tone} ${crossed ? "crossed" : ""}`} data-figure=${name}><h2>${t(`figure.${name}`)}</h2><b class=${`value ${value.length > LETTERS_MAX ? "long" : ""}`}>${value}</b>
    <p class="under">${icon && html`<${Icon} name=${icon} />`} ${children}</p></div>`;
}

/** Why there is nothing to say. @param {any} now @param {string} reason */
const nothing = (now, reason) => (now ? t(reason) : NONE);

/** @param {{now: any}} props */
function Tiles({ now }) {
  const level = now?.day.level;
  const { icon = "", tone = "" } = level ? LEVELS[level.stands] : {};
  const target = level && (now.target_ms ? t("board.target.in", { n: level.target_percent, time: now.target_ms / 1_000 }) : t("board.target", { n: level.target_percent }));
  const lost = now?.day.abandoned;
  const longest = now?.longest;
  const most = (now?.queues ?? []).filter((/** @type {any} */ queue) => queue.waiting).sort((/** @type {any} */ a, /** @type {any} */ b) => b.waiting - a.waiting).slice(0, 2);
  return html`
    <${Tile} known=${Boolean(now)} name="level" tone=${tone === "ok" ? "" : tone} icon=${icon} value=${level ? percent(level.in_time, level.of, 1) : NONE}>
      ${level ? html`${target} · <em class=${tone}>${t(`stands.${level.stands}`)}</em>` : nothing(now, "board.none.level")}
      ${now?.late > 0 && html`<span class="switch">${t("board.late", { n: now.late })}</span>`}${now?.switches.map((/** @type {string} */ name) => html`<span class="switch">${t(`switch.${name}`)}</span>`)}<//>
    <${Tile} known=${Boolean(now)} name="waiting" value=${now ? whole(now.waiting) : NONE}>${most.length ? most.map((/** @type {any} */ queue, /** @type {number} */ at) => html`${at > 0 && " "}<span class="of-most" key=${queue.name}><span>${labelOf(queue.label, queue.name)}</span> <b>${whole(queue.waiting)}</b></span>`) : nothing(now, "board.none.waiting")}<//>
    <${Tile} known=${Boolean(now)} name="longest" tone=${longest?.over ? "crit" : ""} icon=${longest?.over ? "late" : ""} value=${longest ? wait(clockMs.value - longest.since_ms) : NONE}>
      ${longest ? html`<span class="of-most"><span>${queueName(now, longest.queue)}</span> ·</span> ${channelName(longest.channel)}` : nothing(now, "board.none.longest")}
      ${!longest && now?.oldest && html`<span class="switch">${t("board.oldest", { channel: channelName(now.oldest.channel), time: wait(clockMs.value - now.oldest.since_ms) })}</span>`}<//>
    <${Tile} known=${Boolean(now)} name="abandoned" tone=${lost?.over ? "warn" : ""} icon=${lost ? (lost.over ? "warn" : "check") : ""} value=${lost ? percent(lost.count, lost.of, 1) : NONE}>
      ${lost ? t("board.abandoned", { n: whole(lost.count), of: whole(lost.of), limit: lost.limit_percent }) : nothing(now, "board.none.abandoned")}<//>
    <${Tile} known=${Boolean(now)} name="answer" value=${now?.day.answer ? wait(now.day.answer.mean_ms) : NONE}>${now?.day.answer ? t("board.median", { time: wait(now.day.answer.median_ms) }) : nothing(now, "board.none.answer")}<//>
    <${Tile} known=${Boolean(now)} name="risk" tone=${now?.risk ? "warn" : ""} icon=${now?.risk ? "warn" : ""} value=${now ? whole(now.risk) : NONE}>${now && (now.risk ? t("board.risk") : t("board.none.risk"))}<//>`;
}

/** @param {any} now @param {string} name */
export const queueName = (now, name) => labelOf(now.queues.find((/** @type {any} */ queue) => queue.name === name)?.label, name);
/** @param {string} name */
export const channelName = (name) => t(`channel.${name}`, {}, name);

/** @param {{now: any, rotateMs: number, turns: boolean}} props */
function Queues({ now, rotateMs, turns }) {
  const [page, turn] = useState(0);
  const all = now?.queues ?? [];
  const most = now && !now.open ? QUEUES_SHOWN - 1 : QUEUES_SHOWN;
  const pages = Math.max(1, Math.ceil(all.length / most));
  useEffect(() => {
    if (!rotateMs || pages < 2) return undefined;
    const timer = setInterval(() => turn((at) => at + 1), rotateMs);
    return () => clearInterval(timer);
  }, [rotateMs, pages]);
  const first = (page % pages) * most;
  const rows = all.slice(first, first + most);
  return html`<h2>${t("board.queues")} ${all.length > most && html`<span class="wall-meta">${t("board.queues.of", { from: first + 1, to: first + rows.length, n: all.length })}</span>`}
      ${turns && pages > 1 && html`<span class="wall-turns"><button type="button" class="icon-button" aria-label=${t("board.back")} onClick=${() => turn((at) => (at + pages - 1) % pages)}><${Icon} name="back" /></button><button type="button" class="icon-button turned" aria-label=${t("board.on")} onClick=${() => turn((at) => at + 1)}><${Icon} name="back" /></button></span>`}</h2>
    <table><thead><tr>${["queue", "waiting", "longest", "level", "abandoned", "people", "risk"].map((name) => html`<th key=${name} scope="col" class=${`of-${name}`} colspan=${name === "level" ? 3 : 1}>${t(`board.column.${name}`)}</th>`)}</tr></thead>
    <tbody>${now ? rows.map((/** @type {any} */ queue) => html`<${Queue} key=${queue.name} queue=${queue} />`) : html`<tr><th scope="row">${NONE}</th><td colspan="8">${NONE}</td></tr>`}</tbody></table>
    ${now && !all.length && html`<p class="wall-none">${t("board.none.queues")}</p>`}`;
}

/** @param {{queue: any}} props */
function Queue({ queue }) {
  const { level, abandoned, longest } = queue;
  const { icon = "", tone = "" } = level ? LEVELS[level.stands] : {};
  const bare = queue.waiting > 0 && !queue.free;
  return html`<tr class=${queue.open ? "" : "shut"}><th scope="row">${labelOf(queue.label, queue.name)}</th><td>${whole(queue.waiting)}</td>
    <td class=${longest?.over ? "crit" : ""}>${longest ? wait(clockMs.value - longest.since_ms) : NONE}</td>
    <td class="of-bar">${level && html`<${Bar} count=${level.in_time} of=${level.of} mark=${level.target_percent} tone=${tone} />`}</td>
    <td class="of-share">${level ? percent(level.in_time, level.of) : NONE}</td>
    <td class=${`of-word ${tone}`}>${!queue.open ? html`<span class="wall-meta">${queue.opens_ms ? t("board.opens", { at: dayAt(queue.opens_ms) }) : t("queue.closed")}</span>` : level ? html`<${Icon} name=${icon} /> ${t(`stands.${level.stands}`)}` : html`<span class="wall-meta">${t("board.none.short")}</span>`}</td>
    <td>${abandoned ? percent(abandoned.count, abandoned.of, 1) : NONE}</td><td class=${bare ? "crit" : ""}>${whole(queue.free)} / ${whole(queue.staffed)}</td><td>${queue.risk ? whole(queue.risk) : NONE}</td></tr>`;
}

/** @param {{count: number, of: number, mark?: number, tone?: string}} props */
function Bar({ count, of, mark = 0, tone = "" }) {
  const width = (/** @type {any} */ element) => { if (element) element.style.width = `${fill(count, of)}%`; };
  const left = (/** @type {any} */ element) => { if (element) element.style.left = `${mark}%`; };
  return html`<span class="wall-bar" aria-hidden="true">${count > 0 && html`<i class=${tone} ref=${width}></i>`}${mark > 0 && html`<s ref=${left}></s>`}</span>`;
}

/** @param {{now: any}} props */
function People({ now }) {
  const states = now?.agents ?? [];
  // Every state with somebody in it, then those that are always told, as far as there is room.
  const told = states.filter((/** @type {any} */ state, /** @type {number} */ at) => state.count || at < 3 || state.name === "not_responding" || states.length <= STATES_SHOWN);
  return html`<h2>${t("board.people")} <span class="wall-meta">${now ? t("board.signed_in", { n: whole(now.signed_in) }) : ""}</span></h2>
    <ul class="states">${told.slice(0, STATES_SHOWN + 1).map((/** @type {any} */ state) => html`<li key=${state.name}><${Shape} shape=${state.shape === "half-disc" ? "half" : state.shape} tone=${TONES[state.name] ?? "away"} />
      <span>${Object.keys(state.label).length ? labelOf(state.label, state.name) : t(`board.state.${state.name}`, {}, state.name)}${state.name === "handling" && now.can_more > 0 && html`<small>${t("board.can_more", { n: whole(now.can_more) })}</small>`}</span><b>${whole(state.count)}</b></li>`)}
    ${!now && html`<li><span>${NONE}</span></li>`}</ul>${now && !states.length && html`<p class="wall-none">${t("board.none.people")}</p>`}`;
}

/** @param {{now: any}} props */
function Channels({ now }) {
  const rows = (now?.channels ?? []).slice(0, CHANNELS_SHOWN);
  const most = Math.max(1, ...rows.map((/** @type {any} */ channel) => channel.waiting));
  return html`<h2>${t("board.channels")}</h2>${now && !rows.length && html`<p class="wall-none">${t("board.none.channels")}</p>`}<ul class="channels">${rows.map((/** @type {any} */ channel) => html`<li key=${channel.name}><${Icon} name=${channel.name} /> <span>${channelName(channel.name)}</span>
    <${Bar} count=${channel.waiting} of=${most} /><b>${whole(channel.waiting)}</b><span class="wall-meta">${channel.since_ms ? wait(clockMs.value - channel.since_ms) : NONE}</span></li>`)}
    ${!now && html`<li><span>${NONE}</span></li>`}</ul>`;
}
