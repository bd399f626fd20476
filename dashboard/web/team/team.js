// @ts-check
// The team: who is there, since when, with how much in hand; wallboards' links. What is done with one person is in member.js.
import { computed, html, signal, useEffect, useState } from "../vendor/ui.js";
import { attempt, config, link, now } from "../frame/state.js";
import { call, get, newId, post } from "../frame/api.js";
import { rest, go } from "../frame/screens.js";
import { Avatar, Dialog, Icon, Shape, clock, copy, fullOf } from "../frame/parts.js";
import { Member } from "./member.js";
import { Sheet } from "./sheet.js";
import { language, labelOf, t } from "../frame/words.js";

const EVERY_MS = 5_000;
const PAGE = 60;
export const team = signal(/** @type {any} */ (null));
const fault = signal(false);
const wanted = signal("");
const only = signal("");

async function read() {
  try {
    team.value = await get("/team");
    fault.value = false;
  } catch {
    fault.value = true;
  }
}

const percents = computed(() => new Intl.NumberFormat(language.value, { style: "percent" }));
/** Busy of all time that was theirs to work; of several, weighted by time. @param {any[]} all */
export function occupancy(all) {
  const busy = all.reduce((sum, each) => sum + each.handling_ms + each.wrapping_ms, 0);
  const whole = all.reduce((sum, each) => sum + each.available_ms, busy);
  return whole ? percents.value.format(Math.floor((100 * busy) / whole) / 100) : "–";
}
/** @param {number} part @param {number} of */
export const share = (part, of) => percents.value.format(Math.floor((100 * part) / of) / 100);

/** A time of day by the site's clock: plans and business days are by it, wherever their reader sits. @param {number} at */
export const siteClock = (at) => new Intl.DateTimeFormat(language.value, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: config.value?.zone }).format(at);

/** A state in words. @param {any} member */
export const stateOf = (member) => (Object.keys(member.label).length ? labelOf(member.label, member.state) : t(`team.state.${member.state}`, {}, member.state));
/** @type {Record<string, string>} */
const TONES = { available: "ok", handling: "info", wrap_up: "info", not_responding: "crit", offline: "" };

export function Screen() {
  const [many, more] = useState(PAGE);
  useEffect(() => {
    void read();
    const timer = setInterval(read, EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  const members = team.value?.members ?? [];
  const text = wanted.value.trim().toLowerCase();
  const counts = new Map();
  for (const member of members) counts.set(member.state, (counts.get(member.state) ?? 0) + 1);
  const found = members.filter((/** @type {any} */ member) => (!only.value || member.state === only.value) && (!text || [member.name, member.login, member.team, ...Object.keys(member.skills)].some((each) => each.toLowerCase().includes(text))));
  const busy = members.map((/** @type {any} */ each) => each.busy).filter(Boolean);
  const missing = members.filter((/** @type {any} */ each) => each.planned && !each.line).length;
  const open = members.find((/** @type {any} */ member) => String(member.id) === rest.value[0]);
  return html`<main class="team-view"><header class="team-head"><h1>${t("team.title")}</h1>
      <label class="team-filter"><${Icon} name="search" /><input type="search" value=${wanted.value} placeholder=${t("team.filter")} aria-label=${t("team.filter")} onInput=${(/** @type {any} */ event) => { wanted.value = event.target.value; }} /></label></header>
    ${team.value && html`<p class="team-sum meta">${t("team.occupancy.all", { share: occupancy(busy) })}${missing ? html` · <span class="asked"><${Icon} name="warn" size=${14} /> ${t("team.missing", { n: missing })}</span>` : ""}</p>`}
    <div class="team-chips" role="group" aria-label=${t("team.states")}><button type="button" class="chip" aria-pressed=${!only.value} onClick=${() => { only.value = ""; }}>${t("team.all")} <b>${members.length}</b></button>
      ${[...counts].map(([state, count]) => { const one = members.find((/** @type {any} */ each) => each.state === state); return html`<button type="button" class="chip" key=${state} aria-pressed=${only.value === state} onClick=${() => { only.value = only.value === state ? "" : state; }}><${Shape} shape=${one.shape === "half-disc" ? "half" : one.shape} tone=${TONES[state] ?? "away"} /> ${stateOf(one)} <b>${count}</b></button>`; })}</div>
    <p class="table-state" role="status">${fault.value || link.value !== "live" ? html`<${Icon} name="warn" /> ${t("team.stale")}` : ""}</p>
    <div class="team-list"><table aria-label=${t("team.title")}><thead><tr>${["name", "state", "since", "load", "work", "busy", "skills"].map((name) => html`<th key=${name} scope="col" class=${`of-${name}`}>${t(`team.column.${name}`)}</th>`)}</tr></thead>
      <tbody>${found.slice(0, many).map((/** @type {any} */ member) => html`<${Line} key=${member.id} member=${member} />`)}</tbody></table>
      ${found.length > many && html`<button type="button" onClick=${() => more(many + PAGE)}>${t("team.more", { n: found.length - many })}</button>`}
      ${team.value && !found.length && html`<p class="empty">${t("team.none")} <button type="button" class="link" onClick=${() => { wanted.value = ""; only.value = ""; }}>${t("team.clear")}</button></p>`}</div>
    <${Walls} />
    <${Sheet} read=${read} />
    ${open && html`<${Member} member=${open} skills=${team.value.skills} read=${read} close=${() => go("team")} />`}
  </main>`;
}

/** @param {{member: any}} props */
function Line({ member }) {
  const { line } = member;
  const fill = (/** @type {any} */ element) => { if (element) element.style.width = `${Math.min(100, (100 * line.used) / Math.max(1, line.capacity))}%`; };
  const skills = Object.entries(member.skills).map(([name, level]) => `${name} ${level}`).join(", ");
  return html`<tr class=${line ? "" : "off"}><th scope="row"><button type="button" class="link" onClick=${() => go("team", String(member.id))}><${Avatar} name=${member.name} /> ${member.name}</button>${member.team && html` <span class="meta">${member.team}</span>`}</th>
    <td><${Shape} shape=${member.shape === "half-disc" ? "half" : member.shape} tone=${TONES[member.state] ?? "away"} /> ${stateOf(member)}${member.planned && !line ? html` <span class="asked">${t("team.expected", { time: siteClock(member.planned.from_ms) })}</span>` : ""}</td>
    <td class="number of-since">${line ? clock(now.value - member.since_ms) : ""}</td>
    <td class="of-load">${line && html`<span class="meter" role="meter" aria-label=${t("team.column.load")} aria-valuemin="0" aria-valuemax=${line.capacity} aria-valuenow=${line.used} aria-valuetext=${`${line.used}/${line.capacity}`}>${line.used > 0 && html`<i ref=${fill}></i>`}</span> <span class="number">${line.used}/${line.capacity}</span>`}</td>
    <td class="number of-work">${line ? line.parts.length : ""}</td><td class="number of-busy">${member.busy ? occupancy([member.busy]) : "–"}</td><td class="meta of-skills" title=${skills}>${skills}</td></tr>`;
}

/** Links by which wallboards hang. */
function Walls() {
  const [links, setLinks] = useState(/** @type {any[] | null} */ (null));
  const [made, show] = useState(/** @type {any} */ (null));
  const fetchLinks = async () => setLinks((await attempt(() => get("/board/links"))) ?? []);
  useEffect(() => { void fetchLinks(); }, []);
  const make = async (/** @type {any} */ event) => {
    event.preventDefault();
    const form = event.target;
    const answer = await attempt(() => post("/board/links", { name: new FormData(form).get("name"), command_id: newId() }));
    if (answer) { show(answer); form.reset(); void fetchLinks(); }
  };
  const revoke = async (/** @type {any} */ each) => { if ((await attempt(async () => { await call("DELETE", `/board/links/${each.id}`); return true; }))) void fetchLinks(); };
  const address = made && `${location.origin}/wallboard#${made.token}`;
  return html`<section class="walls"><h2>${t("walls.title")}</h2><p class="meta">${t("walls.text")}</p>
    <form class="row" onSubmit=${make}><label class="grow">${t("walls.name")} <input name="name" required maxlength="80" autocomplete="off" /></label><button type="submit" disabled=${link.value !== "live"}>${t("walls.make")}</button></form>
    <ul>${(links ?? []).map((each) => html`<li key=${each.id} class="row"><${Icon} name="wallboard" /> <b>${each.name}</b> <span class="meta grow">${each.revoked_ms ? t("walls.revoked", { at: fullOf(each.revoked_ms) }) : t("walls.made", { by: each.by, at: fullOf(each.made_ms) })}</span>
      ${!each.revoked_ms && html`<button type="button" aria-label=${t("walls.revoke.this", { name: each.name })} onClick=${() => revoke(each)}>${t("walls.revoke")}</button>`}</li>`)}
      ${links && !links.length && html`<li class="empty">${t("walls.none")}</li>`}</ul>
    ${made && html`<${Dialog} title=${t("walls.new", { name: made.link.name })} close=${() => show(null)}><p>${t("walls.once")}</p><label>${t("walls.address")} <input readonly value=${address} onFocus=${(/** @type {any} */ event) => event.target.select()} /></label>
      <div class="row"><span class="grow"></span><button type="button" class="primary" onClick=${() => copy(address, t("walls.copied"), t("walls.by_hand"))}>${t("walls.copy")}</button></div><//>`}</section>`;
}
