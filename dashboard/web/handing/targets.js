// @ts-check
// Where a conversation may go, as rows: what each is, how long one waits there, and what blocks it. Nothing here is shown or sent.
import { config, now } from "../frame/state.js";
import { siteTime } from "../frame/parts.js";
import { labelOf, language, named, t } from "../frame/words.js";
import { habits } from "./habits.js";

/**
 * @typedef {{key: string, kind: string, name: string, side: string, blocked: string, shape?: string, tone?: string,
 *   label?: Record<string, string>, noted?: boolean, first?: boolean, ask: boolean, target: Record<string, any>}} Row
 */

/** @param {number} ms @param {(part: number) => number} round */
const minutes = (ms, round) => Math.max(1, round(ms / 60_000));

/** An expected wait in words; the server makes none up, and neither do we. @param {any} wait */
export function waitText(wait) {
  if (!wait) return "";
  const [low, high] = [minutes(wait.low_ms, Math.floor), minutes(wait.high_ms, Math.ceil)];
  const unit = new Intl.NumberFormat(language.value, { style: "unit", unit: "minute", unitDisplay: "short" });
  return low === high ? t("target.about", { time: unit.format(high) }) : t("target.between", { low, high: unit.format(high) });
}

/** @param {any} queue @returns {Row} */
function ofQueue(queue) {
  const busy = queue.waiting ? t("target.waiting", { n: queue.waiting }) : t("target.nobody");
  const parts = [t("target.staff", { free: queue.free, staffed: queue.staffed }), busy, waitText(queue.wait)];
  const blocked = queue.open ? "" : queue.opens_ms ? t("target.opens", { at: siteTime(queue.opens_ms) }) : t("queue.closed");
  return {
    key: `queue:${queue.name}`, kind: "queue", name: labelOf(queue.label, queue.name), label: queue.label, side: parts.filter(Boolean).join(" · "), blocked,
    noted: queue.note_required, first: queue.same, ask: true, target: { queue: queue.name },
  };
}

/** @param {any} skill @returns {Row} */
const ofSkill = (skill) => ({
  key: `skill:${skill.name}`, kind: "skill", name: named(skill.name), side: t("target.staff", { free: skill.free, staffed: skill.staffed }),
  blocked: skill.staffed ? "" : t("target.unskilled"), ask: false, target: { skills: { [skill.name]: 1 } },
});

/** @param {any} agent @returns {Row} */
function ofAgent(agent) {
  const presence = config.value.presences.find((/** @type {any} */ each) => each.name === agent.presence);
  const state = labelOf(presence?.label, agent.presence);
  const since = agent.since_ms ? t("target.since", { state, n: Math.max(0, Math.floor((now.value - agent.since_ms) / 60_000)) }) : state;
  return {
    key: `agent:${agent.id}`, kind: "agent", name: agent.name, side: agent.accepts ? t(agent.room ? "target.free" : "target.full") : "", blocked: agent.accepts ? "" : since,
    shape: presence?.shape ?? "ring", tone: agent.accepts ? "ok" : "away", first: agent.serves, ask: true, target: { to_agent: agent.id },
  };
}

/** @param {any} contact @returns {Row} */
function ofContact(contact) {
  const reached = contact.ways.transfer || contact.ways.consult;
  const closed = contact.opens_ms ? t("target.opens", { at: siteTime(contact.opens_ms) }) : t("queue.closed");
  return {
    key: `contact:${contact.name}`, kind: "contact", name: labelOf(contact.label, contact.name), label: contact.label,
    side: reached === "mail" ? t("target.mail") : t("target.call"), blocked: contact.open ? (reached ? "" : t("target.unreached")) : closed,
    ask: Boolean(contact.ways.consult), target: { contact: contact.name },
  };
}

export const KINDS = ["used", "queue", "skill", "agent", "contact"];
const USED_SHOWN = 3;

/**
 * All rows by kind, those of the same queue first, then as often as they were chosen. What is used most stands above all.
 * @param {any} targets @param {any[]} contacts @param {string} text
 */
export function rowsOf(targets, contacts, text) {
  const counts = habits("targets");
  const wanted = text.trim().toLowerCase();
  const all = [...targets.queues.map(ofQueue), ...(targets.skills ?? []).map(ofSkill), ...targets.agents.map(ofAgent), ...contacts.map(ofContact)];
  const found = all.filter((row) => !wanted || `${row.name} ${row.key}`.toLowerCase().includes(wanted));
  const order = (/** @type {Row} */ a, /** @type {Row} */ b) => Number(Boolean(a.blocked)) - Number(Boolean(b.blocked)) || Number(b.first ?? false) - Number(a.first ?? false) || (counts[b.key] ?? 0) - (counts[a.key] ?? 0);
  const used = wanted ? [] : found.filter((row) => counts[row.key] && !row.blocked).sort((a, b) => counts[b.key] - counts[a.key]).slice(0, USED_SHOWN);
  const others = found.filter((row) => !used.includes(row)).sort(order);
  /** @type {[string, Row[]][]} */
  const groups = KINDS.map((kind) => [kind, kind === "used" ? used : others.filter((row) => row.kind === kind)]);
  return groups.filter(([, rows]) => rows.length);
}
