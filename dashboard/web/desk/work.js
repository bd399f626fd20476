// @ts-check
// The work column: my conversations by who must act next, what waits behind them, and the offer.
import { html, signal, useState } from "../vendor/ui.js";
import { agent, announce, chosen, config, groups, link, loaded, mentions, now, offers, onTaken, open, queues, serverNow, takingPart, tell, typing } from "../frame/state.js";
import { fetchRoom, go } from "../frame/screens.js";
import { newId, post } from "../frame/api.js";
import { Age, Due, Icon, channelLabel, clock, customerName, queueLabel, shortOf, siteTime, whileAway } from "../frame/parts.js";
import { begin, choose, presenceLabel } from "../frame/shell.js";
import { heard, labelOf, named, t } from "../frame/words.js";

export function WorkColumn() {
  const all = groups.value;
  const count = all.reply.length + all.customer.length + all.wrap.length + all.parked.length;
  return html`<section class="work" aria-label=${t("work")}>
    <div class="scroll">
      <h1>${t("work")}</h1>
      ${!loaded.value && html`<${Skeleton} />`}
      <${Group} name="reply" list=${all.reply} /><${Group} name="customer" list=${all.customer} />
      <${Group} name="wrap" list=${all.wrap} /><${Group} name="parked" list=${all.parked} />
      <${TakingPart} /><${Mentions} />
      ${loaded.value && !count && html`<${Nothing} />`}
    </div>
    <${Pressure} />
    <${Offers} />
  </section>`;
}

const Skeleton = () => html`<div class="skeleton" aria-hidden="true"><i></i><i></i><i></i></div>`;

/** @param {{name: string, list: any[]}} props */
const Group = ({ name, list }) => list.length > 0 && html`<h2>${t(`group.${name}`)} <span>${list.length}</span></h2>
  <ul class="cards">${list.map((each) => html`<${Card} key=${each.ref} each=${each} />`)}</ul>`;

/** @param {{each: any}} props */
function Card({ each }) {
  const name = customerName(each);
  const words = typing.value.has(each.ref) ? t("typing") : each.last?.text || each.subject || (each.stage === "left" ? t("gone") : "");
  return html`<li><button type="button" class="card" aria-current=${chosen.value === each.ref} data-ref=${each.ref} onClick=${() => open(each.ref)}>
    <span class="channel"><${Icon} name=${each.channel} label=${channelLabel(each.channel)} /></span>
    <b class="name">${name}</b>
    ${each.state === "wrap_up" || each.stage === "left" ? html`<${Due} at=${each.due_ms} label=${t("due.wrap")} />` : each.state === "active" && each.actor !== "customer" && !each.stage ? html`<${Due} at=${each.due_ms} label=${t("due.reply")} />` : html`<${Age} at=${each.last?.at ?? each.since_ms} />`}
    <span class="words">${words}</span>
    ${each.unread > 0 && html`<b class="badge" aria-label=${t("unread", { n: each.unread })}>${each.unread}</b>`}
  </button></li>`;
}

/** What colleagues ask me into: it rings until I come, and is theirs all the time. */
const TakingPart = () => takingPart.value.length > 0 && html`<h2>${t("group.parts")} <span>${takingPart.value.length}</span></h2>
  <ul class="cards">${takingPart.value.map((each) => html`<li key=${each.ref}><button type="button" class="card" aria-current=${chosen.value === each.ref} data-ref=${each.ref} onClick=${() => open(each.ref)}>
    <span class="channel" aria-hidden="true"><${Icon} name=${each.until_ms ? "bell" : "person"} /></span><b class="name">${t(each.until_ms ? "parts.asked" : "parts.in", { name: each.by?.name ?? "" })}</b>
    ${each.until_ms ? html`<${Due} at=${each.until_ms} label=${t("parts.until")} />` : html`<span></span>`}<span class="words">#${each.ref}</span></button></li>`)}</ul>`;

/** Colleagues' notes that name me: a conversation that is not mine, and where somebody waits for a word. */
const Mentions = () => mentions.value.size > 0 && html`<h2>${t("group.mentions")} <span>${mentions.value.size}</span></h2>
  <ul class="cards">${[...mentions.value.values()].map((each) => html`<li key=${each.ref}><button type="button" class="card mention" data-ref=${each.ref} onClick=${() => open(each.ref)}>
    <span class="channel" aria-hidden="true"><b>@</b></span><b class="name">${t("mention.by", { name: each.by?.name ?? "" })}</b><${Age} at=${each.at} /><span class="words">#${each.ref}</span></button></li>`)}</ul>`;

function Nothing() {
  if (!agent.value) return html`<div class="empty"><p>${t("empty.off")}</p><p><button type="button" class="primary" ...${whileAway()} onClick=${begin}>${t("shift.start")}</button></p></div>`;
  const { accepts, presence, since_ms } = agent.value;
  if (!accepts && presence !== "not_responding") return html`<div class="empty"><p>${t("empty.away", { state: presenceLabel(presence), time: shortOf(since_ms) })}</p><p><${Back} /></p></div>`;
  const longest = mine().filter((queue) => queue.waiting && queue.oldest_ms).sort((a, b) => a.oldest_ms - b.oldest_ms)[0];
  if (!longest) return html`<p class="empty">${t("empty.none")}</p>`;
  return html`<p class="empty">${t("empty.waiting", { n: longest.waiting, queue: labelOf(longest.label, longest.name), time: clock(now.value - longest.oldest_ms) })}</p>`;
}

/** The queues I can serve; all of them for whoever is not on shift. */
const mine = () => queues.value.filter((queue) => agent.value?.queues?.includes(queue.name) ?? true);

function Pressure() {
  const waiting = mine().filter((queue) => queue.waiting + queue.offered > 0);
  if (!waiting.length) return null;
  return html`<div class="behind"><h2>${t(agent.value ? "pressure.mine" : "pressure")}</h2><ul class="pressure">${waiting.map((queue) => html`<li key=${queue.name}>
    <button type="button" onClick=${() => go("queues")}><span>${labelOf(queue.label, queue.name)}</span>
    <b>${queue.waiting + queue.offered}</b><span class="meta">${queue.oldest_ms ? t("longest", { time: clock(now.value - queue.oldest_ms) }) : ""}</span>
    ${!queue.open && html`<span class="meta hours">${queue.opens_ms ? t("queue.opens", { at: siteTime(queue.opens_ms) }) : t("queue.closed")}</span>`}</button></li>`)}</ul></div>`;
}

// --- offers --------------------------------------------------------------------------------------------------

/** In the work column, and on the other screens in the same corner. */
export function Offers() {
  if (agent.value?.presence === "not_responding") return html`<${Missed} />`;
  return html`<div class="offers">${offers.value.map((offer) => html`<${OfferCard} key=${offer.offer} offer=${offer} />`)}
    ${taken.value.map((each) => html`<div class="offer taken" key=${each.offer}><p><${Icon} name="person" /> <span><b>${each.name}</b><br />${each.words}</span></p></div>`)}</div>`;
}

/** Offers that somebody else took while they rang here: told in their place for a moment. */
export const taken = signal(/** @type {{offer: number, name: string, words: string}[]} */ ([]));

/** @param {any} offer */
const tellTaken = (offer) => fetchRoom("given", () => import("../given/given.js")).then((room) => room?.tellTaken(offer)).catch(() => {});
onTaken.add(tellTaken);

const Missed = () => html`<div class="offers"><div class="offer missed" role="group" aria-label=${t("missed.title")}>
    <p><${Icon} name="warn" /> <b>${t("missed.title")}</b></p><p>${t("missed.text")}</p><${Back} /></div></div>`;

function Back() {
  const { name } = config.value.presences.find((/** @type {any} */ each) => each.accepts);
  return html`<button type="button" class="primary" ...${whileAway()} onClick=${() => choose(name)}>${t("missed.back", { name: presenceLabel(name) })}</button>`;
}

/** @param {{offer: any}} props */
function OfferCard({ offer }) {
  const [why, ask] = useState(false);
  const left = Math.max(0, offer.until_ms - now.value);
  const whole = Math.max(1, offer.until_ms - offer.issued_ms);
  const seconds = Math.ceil(left / 1_000);
  const reasons = config.value.decline_reasons;
  return html`<div class=${`offer ${seconds <= 5 ? "soon" : ""}`} role="group" aria-label=${t("offer.title")} data-offer=${offer.offer}>
    <div class="ringing"><${Countdown} part=${left / whole} seconds=${seconds} />
      <div><p class="kicker">${t("offer.kind", { channel: channelLabel(offer.channel) })}</p>
      <p class="name"><${Icon} name=${offer.channel} /> ${offer.customer.name || t("customer.new")}</p>
      <p class="meta">${queueLabel(offer.queue)} · ${t("waited", { time: clock(offer.waited_ms) })}</p></div></div>
    ${offer.first_words && html`<blockquote>${offer.first_words}</blockquote>`}
    <p class="why"><b>${t("why")}</b> ${offer.why.map((/** @type {any} */ each) => t(`why.${each.code}`, {}, each.text)).join(" · ")}</p>
    <div class="buttons"><button type="button" class="primary" ...${whileAway()} onClick=${() => accept(offer)}>${t("accept")} <kbd class="wide">Alt ↵</kbd></button>
      <button type="button" ...${whileAway()} onClick=${() => decline(offer, "")}>${t("decline")}</button>
      ${reasons.length > 0 && html`<button type="button" class="icon-button" aria-label=${t("decline.why")} aria-expanded=${why} onClick=${() => ask(!why)}><${Icon} name="down" /></button>`}</div>
    ${why && html`<div class="reasons">${reasons.map((/** @type {string} */ reason) => html`<button type="button" key=${reason} onClick=${() => decline(offer, reason)}>${named(reason)}</button>`)}</div>`}
  </div>`;
}

/** @param {{part: number, seconds: number}} props */
const Countdown = ({ part, seconds }) => html`<svg class="ring-clock" viewBox="0 0 44 44" width="44" height="44" role="img" aria-label=${t("seconds", { n: seconds })}>
  <circle cx="22" cy="22" r="19" /><circle class="left" cx="22" cy="22" r="19" pathLength="100" stroke-dasharray="100" stroke-dashoffset=${100 - 100 * part} transform="rotate(-90 22 22)" />
  <text x="22" y="27" text-anchor="middle">${seconds}</text></svg>`;

/** Do what takes the card away; when nobody could decide it, the card is back. @param {any} offer @param {() => Promise<any>} act */
async function answer(offer, act) {
  if (link.value !== "live") return undefined;
  offers.value = offers.value.filter((each) => each.offer !== offer.offer);
  try {
    return await act();
  } catch (/** @type {any} */ error) {
    tell(heard(error), "crit");
    if (error.code === "offer_gone") void tellTaken(offer);
    const undecided = error.status === 0 || error.status >= 500;
    if (undecided && offer.until_ms > serverNow()) offers.value = [...offers.value, offer];
    return undefined;
  }
}

/** Taken off at once; said with a sentence when somebody was faster. @param {any} offer */
export async function accept(offer) {
  const typingSomewhere = document.activeElement?.closest(".composer");
  const before = chosen.value;
  // The place of the conversation is shown before anybody has said yes.
  if (!typingSomewhere && link.value === "live") { chosen.value = offer.ref; go("desk"); }
  const done = await answer(offer, () => post(`/conversations/${offer.ref}/accept`, { offer: offer.offer, command_id: newId() }));
  if (!done) {
    if (!typingSomewhere && chosen.value === offer.ref) chosen.value = before;
    return;
  }
  announce("status", t("accepted", { name: offer.customer.name || t("customer.new") }));
  if (!typingSomewhere) {
    await open(offer.ref);
    go("desk");
  }
}

/** @param {any} offer @param {string} reason */
export const decline = (offer, reason) => answer(offer, () => post(`/conversations/${offer.ref}/decline`, { offer: offer.offer, command_id: newId(), ...(reason ? { reason } : {}) }));
