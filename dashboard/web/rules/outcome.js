// @ts-check
// What came of a message that was tried, or of one that really came: the trace of the rules, open or closed, steps, people.
import { html } from "../vendor/ui.js";
import { Icon, channelLabel, siteTime } from "../frame/parts.js";
import { labelOf, named, t } from "../frame/words.js";
import { Target, needOf, short } from "./book.js";

/** @param {{told: any}} props */
export function Outcome({ told }) {
  const skills = told.needs.filter((/** @type {any} */ need) => need.kind !== "channel").map(needOf);
  return html`<div class="outcome">
    <p class="meta">${t("rules.facts", { channel: channelLabel(told.facts.channel), language: told.facts.language || "–", topics: told.facts.topics.join(", ") || "–" })}${told.facts.segment && ` · ${told.facts.segment}`}</p>
    <ol class="trace">${told.trace.map((/** @type {any} */ rule) => html`<${Asked} key=${rule.number} rule=${rule} needs=${skills} />`)}
      ${told.later > 0 && html`<li class="meta">${t("rules.later", { n: told.later })}</li>`}
      ${told.past ? html`<${Line} icon="clock">${t("rules.then_version", { version: short(told.version), time: siteTime(told.at_ms) })}<//>` : html`<${Hours} told=${told} />`}
      ${told.steps.filter((/** @type {any} */ step) => step.kind !== "offered").map((/** @type {any} */ step, /** @type {number} */ at) => html`<${Step} key=${at} step=${step} />`)}
      ${told.refused && html`<${Line} icon="close" tone="no">${t("rules.refused_now", { why: named(told.refused) })}<//>`}
      ${!told.past && html`<${People} told=${told} />`}</ol></div>`;
}

/** @param {{icon: string, tone?: string, children?: any}} props */
const Line = ({ icon, tone = "", children }) => html`<li class=${tone}><${Icon} name=${icon} label=${tone === "yes" ? t("rules.yes") : tone === "no" ? t("rules.no") : ""} /><div>${children}</div></li>`;

/** One rule that was asked, part by part. @param {{rule: any, needs: string[]}} props */
function Asked({ rule, needs }) {
  return html`<${Line} icon=${rule.holds ? "check" : "close"} tone=${rule.holds ? "yes" : "no"}><p><b>${rule.number} · ${rule.name}</b>${rule.holds ? html` ${t("rules.matched")} → <${Target} label=${rule.label} name=${rule.queue} />${needs.length > 0 && ` · ${t("rules.needs", { skills: needs.join(", ") })}`}` : ""}</p>
    ${rule.parts.length > 0 && html`<ul class="parts">${rule.parts.map((/** @type {any} */ part) => html`<li key=${part.text} class=${part.holds ? "yes" : "no"}><${Icon} name=${part.holds ? "check" : "close"} size=${12} label=${part.holds ? t("rules.yes") : t("rules.no")} /><span><code>${part.text}</code>
      <span class="meta">${part.failed ? t("rules.failed") : part.looked.map((/** @type {any} */ look) => t("rules.is", { name: look.name, value: look.value === '""' ? t("rules.empty") : look.value })).join(" · ")}</span></span></li>`)}</ul>`}<//>`;
}

/** Open or closed at that time. @param {{told: any}} props */
function Hours({ told }) {
  const values = { queue: labelOf(told.label, told.queue), calendar: told.hours, time: siteTime(told.at_ms), opens: told.opens_ms ? siteTime(told.opens_ms) : "" };
  if (!told.closed_by) return html`<${Line} icon="check" tone="yes">${t("rules.open", values)}<//>`;
  return html`<${Line} icon="close" tone="no">${t(`rules.closed.${told.closed_by}`, values)}${told.opens_ms ? ` ${t("rules.opens", values)}` : ""}<//>`;
}

/** @type {Record<string, string>} */
const ICONS = { told: "chat", diverted: "transfer", deferred: "clock", overflowed: "transfer", offered_way: "chat", queued: "queues", held: "lock" };

/** One thing that would be done. @param {{step: any}} props */
function Step({ step }) {
  const values = {
    queue: labelOf(step.label, step.queue), other: labelOf(step.other_label, step.other), until: step.until_ms ? siteTime(step.until_ms) : "",
    name: step.agent?.name ?? "", why: step.why.map((/** @type {string} */ code) => t(`rules.because.${code}`, {}, named(code))).join(", "), n: step.waiting, notice: step.notice,
  };
  return html`<${Line} icon=${ICONS[step.kind] ?? "line"}>${t(`rules.step.${step.kind}`, values)}${step.kind === "told" && Object.keys(step.text).length > 0 && html`<blockquote>${labelOf(step.text, step.notice)}</blockquote>`}<//>`;
}

/** Who can serve it now, and who would be asked. @param {{told: any}} props */
function People({ told }) {
  if (!told.people) return html`<${Line} icon="team">${t("rules.no_people")}<//>`;
  if (!told.able_count) return html`<${Line} icon="close" tone="no">${t("rules.nobody")}<//>`;
  const offer = told.steps.find((/** @type {any} */ step) => step.kind === "offered");
  const free = told.able.filter((/** @type {any} */ each) => each.stands === "asked" || each.stands === "free").length;
  return html`<${Line} icon=${told.asked ? "check" : "clock"} tone=${told.asked ? "yes" : ""}><p>${t("rules.able", { n: told.able_count, free })} ${told.asked ? html`${t("rules.next")} <b>${told.asked.name}</b> – ${offer.why.map((/** @type {string} */ code) => t(`rules.because.${code}`, {}, named(code))).join(", ")}` : t("rules.waits")}</p>
    <ul class="able">${told.able.map((/** @type {any} */ each) => html`<li key=${each.agent.id}><b>${each.agent.name}</b> <span class="meta">${t(`rules.stands.${each.stands}`, { state: labelOf(each.label, each.presence), used: each.capacity - each.free, capacity: each.capacity })}</span></li>`)}</ul>
    ${told.able_count > told.able.length && html`<p class="meta">${t("rules.able.more", { n: told.able_count - told.able.length })}</p>`}<//>`;
}
