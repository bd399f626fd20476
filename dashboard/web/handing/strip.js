// @ts-check
// What stands over a thread while a conversation is not ours alone: handed on and not taken yet, come back, who takes part.
import { html, useEffect, useState } from "../vendor/ui.js";
import { attempt, me, now, refreshHead, stories } from "../frame/state.js";
import { get, newId, post } from "../frame/api.js";
import { Icon, clock, queueLabel, whileAway } from "../frame/parts.js";
import { labelOf, named, t } from "../frame/words.js";
import { useOnce } from "./once.js";

/** To whom I have handed what, by reference: the server knows queues, and people read names. @type {Map<string, string>} */
export const handed = new Map();

const AWAY = new Set(["waiting", "offered", "held"]);
const SAID_BY_US = new Set(["out"]);

/** Whether it has come back to me and nothing has been said since. @param {any[]} items */
function cameBack(items) {
  for (const item of [...items].reverse()) {
    if (SAID_BY_US.has(item.kind)) return null;
    if (item.kind === "transfer_returned") return item;
  }
  return null;
}

/** @param {{live: any}} props */
export function Strip({ live }) {
  const items = stories.value.get(live.ref) ?? [];
  const back = live.state === "active" && live.owner?.id === me.value.id ? cameBack(items) : null;
  const away = AWAY.has(live.state) && live.passed_by?.id === me.value.id;
  const to = handed.get(live.ref) ?? queueLabel(live.queue);
  return html`<div class="around">
    ${away && html`<p class="away"><${Icon} name=${live.state === "offered" ? "bell" : "clock"} /> ${t(live.state === "offered" ? "handed.offered" : "handed.waiting", { to })} <b class="timer">${clock(now.value - live.since_ms)}</b></p>`}
    ${back && html`<p class="back-again" role="status"><${Icon} name="late" /> ${t("handed.back", { name: back.author || to, why: named(back.detail ?? "") })}</p>`}
    ${live.state === "active" && (live.participants ?? []).map((/** @type {any} */ each) => html`<${Participant} key=${each.id} live=${live} each=${each} />`)}
    ${live.state === "active" && live.channel === "phone" && html`<${Outsider} live=${live} />`}</div>`;
}

/** @param {string} ref @param {string} deed @param {object} [body] */
const command = (ref, deed, body = {}) => attempt(async () => { await post(`/conversations/${ref}/${deed}`, { ...body, command_id: newId() }); await refreshHead(ref); });

/** Somebody who takes part, and what their owner, or they themselves, may do about it. @param {{live: any, each: any}} props */
function Participant({ live, each }) {
  const owner = live.owner?.id === me.value.id;
  const mine = each.id === me.value.id;
  const rings = each.until_ms > 0;
  const once = useOnce(command);
  return html`<p class="party"><${Icon} name="person" /> <b>${each.name}</b> <span class="meta">${rings ? t("party.rings", { time: clock(Math.max(0, each.until_ms - now.value)) }) : t(`party.${each.role}`)}</span><span class="grow"></span>
    ${owner && !rings && each.role === "consult" && html`<button type="button" ...${whileAway()} onClick=${() => once(live.ref, "consult/complete", { to_agent: each.id })}>${t("party.complete", { name: each.name })}</button>`}
    ${owner && each.role === "consult" && html`<button type="button" class="plain" ...${whileAway()} onClick=${() => once(live.ref, "consult/let-go", { to_agent: each.id })}>${t("party.let.go")}</button>`}
    ${mine && rings && html`<button type="button" class="primary" ...${whileAway()} onClick=${() => once(live.ref, "consult/join")}>${t("party.join")}</button>`}
    ${mine && html`<button type="button" class="plain" ...${whileAway()} onClick=${() => once(live.ref, "consult/leave")}>${t("party.leave")}</button>`}</p>`;
}

/** A party outside who is called or on the line. @param {{live: any}} props */
function Outsider({ live }) {
  const [known, setKnown] = useState(/** @type {any} */ (null));
  const once = useOnce(command);
  useEffect(() => { void get(`/conversations/${live.ref}/contacts`).then(setKnown, () => {}); }, [live.ref, live.actor, (stories.value.get(live.ref) ?? []).length]);
  const party = known?.party;
  if (!party) return null;
  const name = labelOf(known.contacts.find((/** @type {any} */ each) => each.name === party.contact)?.label, party.contact);
  return html`<p class="party"><${Icon} name="line" /> <b>${name}</b> <span class="meta">${party.joined ? t("party.outside") : t("party.rings", { time: clock(Math.max(0, party.until_ms - now.value)) })}</span><span class="grow"></span>
    ${party.joined && !party.handed && html`<button type="button" ...${whileAway()} onClick=${() => once(live.ref, "outside/complete")}>${t("party.complete", { name })}</button>`}
    <button type="button" class="plain" ...${whileAway()} onClick=${() => once(live.ref, "outside/let-go")}>${t("party.let.go")}</button></p>`;
}
