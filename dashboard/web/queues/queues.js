// @ts-check
// The queues screen: a chip for each queue, a filter, and who waits. A supervisor closes a queue here.
import { computed, html, useEffect } from "../vendor/ui.js";
import { link, me, now, queues } from "../frame/state.js";
import { get } from "../frame/api.js";
import { deadSince, frozen, heard, lastLeft, pending, picked, queuesShown, shown, thaw, total, wanted } from "./line.js";
import { Table } from "./rows.js";
import { Orders, closing } from "./orders.js";
import { Icon, Shape, ago, queueLabel, siteTime } from "../frame/parts.js";
import { labelOf, language, t } from "../frame/words.js";

// Made once for a language: to make one costs more than all that a row draws.
const numbers = computed(() => new Intl.NumberFormat(language.value));
const whole = (/** @type {number} */ value) => numbers.value.format(value);
const second = (/** @type {number} */ at) => new Intl.DateTimeFormat(language.value, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }).format(at);

export function Screen() {
  useEffect(() => {
    // Also where only the pointer rests on a row, and the keys go to nobody.
    const resume = (/** @type {KeyboardEvent} */ event) => { if (event.key === "Escape" && !document.querySelector("dialog[open]")) thaw(); };
    document.addEventListener("keydown", resume);
    return () => { document.removeEventListener("keydown", resume); thaw(); };
  }, []);
  return html`<main class="queues-view">
    <header class="queues-head"><div><h1>${t("queues.title")}</h1><p class="meta">${heard.value ? t("queues.sum", { n: total.value, count: whole(total.value), queues: t("queues.in", { n: picked.value ? 1 : queuesShown.value }) }) : ""}</p></div>
      <label class="queues-filter"><${Icon} name="search" /><input type="search" value=${wanted.value} placeholder=${t("queues.filter")} aria-label=${t("queues.filter")} onInput=${(/** @type {any} */ event) => { wanted.value = event.target.value; }} /></label></header>
    <div class="queue-chips" role="group" aria-label=${t("queues.chips")}><button type="button" class="chip" aria-pressed=${picked.value === ""} onClick=${() => { picked.value = ""; }}>${t("queues.all")} <b>${whole(queues.value.reduce((sum, queue) => sum + queue.waiting + queue.offered, 0))}</b></button>
      ${queues.value.map((queue) => html`<button type="button" class="chip" key=${queue.name} aria-pressed=${picked.value === queue.name} onClick=${() => { picked.value = queue.name; }}>
        <${Shape} shape=${queue.open ? "disc" : "ring"} tone=${queue.open ? "ok" : ""} /> ${labelOf(queue.label, queue.name)} <b>${whole(queue.waiting + queue.offered)}</b>
        <span class="meta">${queue.open ? t("queue.staffed", { free: queue.free, staffed: queue.staffed }) : queue.opens_ms ? t("queue.opens", { at: siteTime(queue.opens_ms) }) : t("queue.closed")}</span></button>`)}
      ${picked.value && me.value?.role !== "agent" && html`<button type="button" class="small" disabled=${link.value !== "live"} onClick=${() => closing(picked.value)}>${queues.value.find((queue) => queue.name === picked.value)?.open ? t("queues.close") : t("queues.reopen")}</button>`}</div>
    <p class="table-state" role="status">${link.value !== "live" ? html`<${Icon} name="warn" /> ${t("queues.stale", { time: second(deadSince.value || now.value) })}` : frozen.value ? html`<span class="chip soon" aria-live="off">${t("queues.paused", { n: pending.value })}</span> <button type="button" class="link" onClick=${thaw}>${t("queues.resume")}</button>` : ""}</p>
    <${Table} whole=${whole}>${heard.value && !shown.value.length && html`<p class="empty">${wanted.value.trim() ? html`${t("queues.nothing", { text: wanted.value.trim() })} <button type="button" class="link" onClick=${() => { wanted.value = ""; }}>${t("queues.clear")}</button>` : html`<${Nobody} />`}</p>`}<//>
    <${Orders} />
  </main>`;
}

/** Nobody waits: when somebody did last. What this page has not seen itself the archive knows. */
function Nobody() {
  useEffect(() => {
    if (!lastLeft.value) get("/customers?limit=1").then(({ items }) => { lastLeft.value ||= items[0]?.last?.at ?? 0; }, () => {});
  }, []);
  return html`${picked.value ? t("queues.none.in", { queue: queueLabel(picked.value) }) : t("queues.none")} ${lastLeft.value ? t("queues.last", { ago: ago(lastLeft.value) }) : ""} <a href="#/wallboard">${t("queues.day")}</a>`;
}
