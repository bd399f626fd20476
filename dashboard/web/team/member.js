// @ts-check
// One person of the team: what they handle (and listening in), their day, their answers, their skills, their plan, the end of their shift.
import { html, useEffect, useState } from "../vendor/ui.js";
import { attempt, config, link, now, open, tell } from "../frame/state.js";
import { call, get, newId, post } from "../frame/api.js";
import { go } from "../frame/screens.js";
import { Dialog, clock } from "../frame/parts.js";
import { labelOf, t } from "../frame/words.js";
import { Plan } from "./plan.js";
import { occupancy, share, siteClock } from "./team.js";
import { hasty } from "../handing/once.js";

const ROLES = ["listen", "whisper", "barge"];
const REASONS = ["forgot", "emergency", "schedule", "connection"];
// In a row, this many are asked about.
const SERIAL = 3;

/** @param {{member: any, skills: Record<string, number>, read: () => Promise<void>, close: () => void}} props */
export function Member({ member, skills, read, close }) {
  const [day, setDay] = useState(/** @type {any} */ (null));
  useEffect(() => { void attempt(() => get(`/team/${member.id}/day`)).then(setDay); }, [member.id]);
  return html`<${Dialog} title=${member.name} close=${close}>
    <${Work} member=${member} close=${close} />
    <section><h3>${t("member.day")}</h3>${day ? html`<${Day} day=${day} until=${member.line?.until_ms ?? 0} />` : ""}</section>
    <${Skills} member=${member} skills=${skills} read=${read} />
    ${day && html`<${Plan} member=${member} day=${day} read=${read} told=${setDay} />`}
    ${member.line && html`<${Leave} member=${member} read=${read} close=${close} />`}
  <//>`;
}

/** @param {{member: any, close: () => void}} props */
function Work({ member, close }) {
  const parts = member.line?.parts ?? [];
  const join = async (/** @type {string} */ ref, /** @type {string} */ role) => {
    if (await attempt(() => post(`/conversations/${ref}/join-as`, { role, reason: "coaching", command_id: newId() }))) { close(); go("desk"); void open(ref); }
  };
  return html`<section><h3>${t("member.work")}</h3>${parts.length ? html`<ul>${parts.map((/** @type {any} */ part) => html`<li key=${part.ref} class="row"><span class="number">${part.ref}</span> <span class="meta grow">${t(`state.${part.state}`)} · ${part.load}</span>
    ${part.state === "active" && ROLES.map((role) => html`<button type="button" class="small" key=${role} disabled=${link.value !== "live"} aria-label=${t("member.join", { what: t(`join.${role}`), ref: part.ref })} onClick=${() => join(part.ref, role)}>${t(`join.${role}`)}</button>`)}</li>`)}</ul>` : html`<p class="meta">${member.line ? t("member.idle") : t("member.off")}</p>`}</section>`;
}

/** @param {{day: any, until: number}} props */
function Day({ day, until }) {
  const whole = Math.max(1, day.stretches.reduce((/** @type {number} */ sum, /** @type {any} */ each) => sum + each.ms, 0));
  const week = day.answering.reduce((/** @type {any} */ sum, /** @type {any} */ each) => ({ rung: sum.rung + each.rung, accepted: sum.accepted + each.accepted + each.auto_answered, declined: sum.declined + each.declined, lapsed: sum.lapsed + each.lapsed, closed: sum.closed + each.closed, short: sum.short + each.closed_10s, back: sum.back + each.taken_back, row: Math.max(sum.row, each.declined_in_a_row_max, each.lapsed_in_a_row_max) }), { rung: 0, accepted: 0, declined: 0, lapsed: 0, closed: 0, short: 0, back: 0, row: 0 });
  return html`<p class="meta">${t("member.since", { time: `${siteClock(day.from_ms)} (${config.value?.zone ?? ""})` })}${until ? ` · ${t("member.until", { time: siteClock(until) })}` : ""}</p>
    <ul class="stretches">${day.stretches.map((/** @type {any} */ each) => html`<li key=${each.presence + each.accepts}><span>${labelOf(each.label, each.presence)}${each.accepts ? "" : html` <span class="meta">${t("member.no_offers")}</span>`}</span><span class="meter" aria-hidden="true"><i ref=${(/** @type {any} */ element) => { if (element) element.style.width = `${(100 * each.ms) / whole}%`; }}></i></span><span class="number">${clock(each.ms)}</span></li>`)}
    ${!day.stretches.length && html`<li class="meta">${t("member.not_today")}</li>`}</ul>
    <p>${day.busy ? t("member.occupancy", { share: occupancy([day.busy]), busy: clock(day.busy.handling_ms + day.busy.wrapping_ms), free: clock(day.busy.available_ms) }) : t("member.occupancy.none")}</p>
    ${day.plan.length > 0 && html`<p class=${day.kept_ms < day.planned_ms ? "asked" : ""}>${t("member.plan", { plan: day.plan.map((/** @type {any} */ each) => `${siteClock(each.from_ms)}–${siteClock(each.to_ms)}`).join(", ") })}${day.planned_ms ? ` · ${t("member.kept", { share: share(day.kept_ms, day.planned_ms), missed: clock(day.planned_ms - day.kept_ms) })}` : ""}</p>`}
    <p>${t("member.week", { rung: week.rung, accepted: week.accepted, declined: week.declined, lapsed: week.lapsed })}</p>
    <p class=${week.row >= SERIAL ? "asked" : "meta"}>${t("member.odd", { row: week.row, short: week.short, closed: week.closed, back: week.back })}</p>`;
}

/** @param {{member: any, skills: Record<string, number>, read: () => Promise<void>}} props */
function Skills({ member, skills, read }) {
  const [mine, change] = useState(/** @type {Record<string, number>} */ ({ ...member.skills }));
  const names = Object.keys(skills);
  const same = names.every((name) => (mine[name] ?? 0) === (member.skills[name] ?? 0));
  const save = async (/** @type {any} */ event) => {
    event.preventDefault();
    // What the configuration does not know any more goes with the next change.
    const known = Object.fromEntries(names.map((name) => [name, mine[name] ?? 0]));
    if (await attempt(() => call("PUT", `/team/${member.id}/skills`, { skills: known, command_id: newId() }))) { tell(t("member.saved")); void read(); }
  };
  return html`<section><h3>${t("member.skills")}</h3>${names.length ? html`<form onSubmit=${save}><div class="skills">${names.map((name) => html`<label key=${name}>${name} <select value=${String(mine[name] ?? 0)} onChange=${(/** @type {any} */ event) => change({ ...mine, [name]: Number(event.target.value) })}>${Array.from({ length: skills[name] + 1 }, (_, level) => html`<option key=${level} value=${String(level)}>${level || t("member.none")}</option>`)}</select></label>`)}</div>
    <div class="row"><span class="meta grow">${t("member.skills.text")}</span><button type="submit" disabled=${same || link.value !== "live"}>${t("member.save")}</button></div></form>` : html`<p class="meta">${t("member.no_skills")}</p>`}</section>`;
}

/** @param {{member: any, read: () => Promise<void>, close: () => void}} props */
function Leave({ member, read, close }) {
  const [reason, because] = useState(REASONS[0]);
  const [sure, ask] = useState(false);
  const send = async (/** @type {any} */ event) => {
    if (!sure) { ask(true); return; }
    if (hasty(event)) return;
    if (await attempt(() => post(`/agents/${member.id}/sign-out`, { reason, command_id: newId() }))) { close(); void read(); }
  };
  return html`<section><h3>${t("member.leave")}</h3><p class="meta">${t("member.leave.text", { time: clock(now.value - member.line.since_ms) })}</p><div class="row"><label class="grow">${t("member.reason")} <select value=${reason} onChange=${(/** @type {any} */ event) => because(event.target.value)}>${REASONS.map((name) => html`<option key=${name} value=${name}>${t(`member.why.${name}`)}</option>`)}</select></label>
    <button type="button" class=${sure ? "danger" : ""} disabled=${link.value !== "live"} onClick=${send}>${sure ? t("member.leave.sure", { n: member.line.parts.length }) : t("member.leave")}</button></div></section>`;
}
