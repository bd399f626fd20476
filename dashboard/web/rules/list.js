// @ts-check
// The rules in the order in which they are asked, as sentences, with how often each matched and which never can.
import { html, useEffect, useRef } from "../vendor/ui.js";
import { now } from "../frame/state.js";
import { go } from "../frame/screens.js";
import { Icon, ago, copy, fullOf } from "../frame/parts.js";
import { t } from "../frame/words.js";
import { Target, When } from "./book.js";

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** @param {{page: any, chosen: string}} props */
export function Rules({ page, chosen }) {
  if (page.rules.length < 2) return html`<${Starter} />`;
  return html`<h2 class="lead">${t("rules.order")}</h2>
    <ol class="rule-list">${page.rules.map((/** @type {any} */ rule) => html`<${Rule} key=${rule.name} rule=${rule} chosen=${rule.name === chosen} />`)}</ol>`;
}

/** @param {{rule: any, chosen: boolean}} props */
function Rule({ rule, chosen }) {
  const card = useRef(/** @type {any} */ (null));
  useEffect(() => { if (chosen) card.current?.scrollIntoView({ block: "center" }); }, [chosen]);
  const skills = Object.entries(rule.skills).map(([name, level]) => `${name} ≥ ${level}`);
  const further = [
    skills.length && t("rules.needs", { skills: skills.join(", ") }),
    rule.priority && t("rules.priority", { n: rule.priority > 0 ? `+${rule.priority}` : String(rule.priority) }),
    rule.head_start_ms && t("rules.head_start", { minutes: Math.round(rule.head_start_ms / MINUTE_MS) }),
    ...rule.bonds.map((/** @type {string} */ bond) => t(`rules.bond.${bond}`, {}, bond)),
  ].filter(Boolean);
  return html`<li class=${`rule ${chosen ? "chosen" : ""} ${rule.never ? "never" : ""}`} ref=${card}><span class="place">${rule.number}</span>
    <div class="body"><h3><a href=${`#/rules/${encodeURIComponent(rule.file)}/${encodeURIComponent(rule.name)}`} aria-current=${chosen ? "true" : undefined}>${rule.name}</a></h3>
      <p><${When} joined=${rule.joined} parts=${rule.when} /></p>
      <p>→ <${Target} label=${rule.label} name=${rule.queue} />${further.map((each) => html`<span key=${each}> · ${each}</span>`)}</p>
      ${rule.never && html`<p class="sign crit"><${Icon} name="late" /> ${rule.caught_by.length === 0 ? t("rules.unfulfilled") : t("rules.caught", { n: rule.caught_by.length, rules: rule.caught_by.join(", ") })}</p>`}
      ${chosen && html`<p class="meta">${t("rules.stands", { file: rule.file, line: rule.line })} <button type="button" class="link" onClick=${() => go("rules", rule.file, `:${rule.line}`)}>${t("rules.show")}</button></p>`}</div>
    <${Matches} rule=${rule} /></li>`;
}

/** How often it matched; amber where it never did, though it had days for it. @param {{rule: any}} props */
function Matches({ rule }) {
  const days = rule.since_ms ? Math.floor((now.value - rule.since_ms) / DAY_MS) : 0;
  if (rule.last_ms) return html`<p class="matches" title=${fullOf(rule.last_ms)}><b>${rule.matched}</b><span class="meta">${rule.matched ? t("rules.day") : t("rules.last", { ago: ago(rule.last_ms) })}</span></p>`;
  if (days < 1) return html`<p class="matches"><b>0</b><span class="meta">${t("rules.not_yet")}</span></p>`;
  return html`<p class="matches"><span class="sign warn"><${Icon} name="warn" /> ${t("rules.unused", { n: days })}</span></p>`;
}

const EXAMPLE = `rules:
  - name: complaints of VIPs
    when: customer.segment == "vip" && "complaint" in topics
    queue: complaints
  - name: orders
    when: '"order" in topics'
    queue: orders
  - name: everything else
    queue: general
`;

/** With one rule alone there is nothing to see: an example to begin with. */
function Starter() {
  return html`<div class="starter"><h2>${t("rules.starter")}</h2><p>${t("rules.starter.text")}</p><pre tabindex="0">${EXAMPLE}</pre>
    <button type="button" onClick=${() => copy(EXAMPLE)}>${t("copy")}</button></div>`;
}
