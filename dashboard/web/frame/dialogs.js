// @ts-check
// Dialogs over the desk: transfer, park, shortcuts, sign-in after a session's end.
import { html, signal, useEffect, useState } from "../vendor/ui.js";
import { attempt, config, enter, now } from "./state.js";
import { get, newId, post } from "./api.js";
import { Dialog, Shape, siteTime } from "./parts.js";
import { heard, labelOf, t } from "./words.js";

const shown = signal(/** @type {{name: string, live: any} | null} */ (null));
export const dialog = {
  /** @param {string} name @param {any} [live] */
  open(name, live = null) { shown.value = { name, live }; },
  close() { shown.value = null; },
};

/** @type {Record<string, any>} */
const DIALOGS = { transfer: Transfer, park: Park, keys: Keys };

export function Dialogs() {
  if (!shown.value) return null;
  const Chosen = DIALOGS[shown.value.name];
  return html`<${Chosen} live=${shown.value.live} />`;
}

/** @param {{live: any}} props */
function Transfer({ live }) {
  const [targets, setTargets] = useState(/** @type {any} */ (null));
  const [filter, setFilter] = useState("");
  const [note, setNote] = useState("");
  const [wanted, choose] = useState(/** @type {any} */ (null));
  useEffect(() => { void attempt(() => get(`/conversations/${live.ref}/targets`)).then(setTargets); }, []);
  const matches = (/** @type {string} */ name) => name.toLowerCase().includes(filter.toLowerCase());
  const go = async () => {
    const body = { ...(wanted.queue ? { queue: wanted.queue } : { to_agent: wanted.agent }), note, command_id: newId() };
    if (await attempt(() => post(`/conversations/${live.ref}/transfer`, body))) dialog.close();
  };
  const row = (/** @type {string} */ key, /** @type {any} */ target, /** @type {any} */ name, /** @type {string} */ reason, /** @type {any} */ side) => html`<li key=${key}><label class=${`target ${reason ? "blocked" : ""}`}>
    <input type="radio" name="target" disabled=${Boolean(reason)} checked=${wanted?.key === key} onChange=${() => choose({ key, ...target })} /> <span class="grow">${name}</span> <span class="meta">${reason || side}</span></label></li>`;
  return html`<${Dialog} title=${t("transfer")} close=${dialog.close}>
    <label>${t("transfer.to")} <input type="search" value=${filter} onInput=${(/** @type {any} */ event) => setFilter(event.target.value)} /></label>
    <ul class="targets">
      ${targets?.queues.filter((/** @type {any} */ each) => matches(labelOf(each.label, each.name))).map((/** @type {any} */ each) => row(`q${each.name}`, { queue: each.name }, labelOf(each.label, each.name), each.open ? "" : each.opens_ms ? t("queue.opens", { at: siteTime(each.opens_ms) }) : t("queue.closed"), t("target.queue", { waiting: each.waiting, staffed: each.staffed })))}
      ${targets?.agents.filter((/** @type {any} */ each) => matches(each.name)).map((/** @type {any} */ each) => row(`a${each.id}`, { agent: each.id }, html`<${Shape} shape=${each.accepts ? "disc" : "bars"} tone=${each.accepts ? "ok" : "away"} /> ${each.name}`, each.accepts ? "" : t("target.away"), t("target.agent", { free: each.free })))}
      ${targets && !targets.queues.length && !targets.agents.length && html`<li class="empty">${t("target.none")}</li>`}
    </ul>
    <label>${t("transfer.note")} <textarea rows="2" value=${note} onInput=${(/** @type {any} */ event) => setNote(event.target.value)}></textarea></label>
    <div class="row"><span class="grow"></span><button type="button" onClick=${dialog.close}>${t("cancel")}</button><button type="button" class="primary" disabled=${!wanted} onClick=${go}>${t("transfer.go")}</button></div>
  <//>`;
}

/** @param {{live: any}} props */
function Park({ live }) {
  const at = (/** @type {number} */ days, /** @type {number} */ hours) => { const day = new Date(now.value); day.setDate(day.getDate() + days); day.setHours(hours, 0, 0, 0); return day.getTime(); };
  const toMonday = ((8 - new Date(now.value).getDay()) % 7) || 7;
  const presets = [["park.customer", 0], ["park.hour", now.value + 3_600_000], ["park.tomorrow", at(1, 9)], ...(toMonday > 1 ? [["park.week", at(toMonday, 9)]] : [])];
  const go = async (/** @type {number} */ until) => { if (await attempt(() => post(`/conversations/${live.ref}/park`, { until_ms: until, command_id: newId() }))) dialog.close(); };
  return html`<${Dialog} title=${t("park.title")} close=${dialog.close}><p>${t("park.text")}</p><div class="stack">
    ${presets.map(([key, until]) => html`<button type="button" key=${key} onClick=${() => go(Number(until))}>${t(String(key))}${until ? html` <span class="meta">${siteTime(Number(until))}</span>` : ""}</button>`)}</div><//>`;
}

const KEYS = [["Ctrl K", "search"], ["?", "keys.this"], ["j / k", "keys.next"], ["1 … 9", "keys.nth"], ["r / n", "keys.write"], ["a / d", "keys.offer"], ["Alt ↵", "keys.accept"], ["t", "transfer"], ["e", "end"], ["p", "park"], ["Shift S", "keys.state"], ["g d / g q", "keys.views"], ["F6", "keys.regions"], ["↵ / Shift ↵", "keys.enter"], ["Esc", "keys.escape"]];

function Keys() {
  return html`<${Dialog} title=${t("keys.title")} close=${dialog.close}><table class="keys"><tbody>${KEYS.map(([key, what]) => html`<tr key=${key}><td><kbd>${key}</kbd></td><td>${t(what)}</td></tr>`)}</tbody></table><//>`;
}

/** Sign in: the whole page at first, a dialog over it when a session ended. */
export function SignIn() {
  const [fault, setFault] = useState("");
  const [busy, setBusy] = useState(false);
  const go = async (/** @type {any} */ event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    setBusy(true);
    setFault("");
    try {
      await enter(await post("/session", { login: form.get("login"), password: form.get("password") }));
    } catch (/** @type {any} */ error) {
      setFault(error.status === 401 ? t("sign.wrong") : heard(error));
    }
    setBusy(false);
  };
  return html`<form class="sign-in" onSubmit=${go}>
    <img src=${new URL("../icon.svg", import.meta.url).href} width="48" height="48" alt="" /><h1>Patchbay</h1><p class="meta">${config.value ? t("sign.again") : t("sign.text")}</p>
    <label>${t("sign.login")} <input name="login" autocomplete="username" autocapitalize="none" required autofocus /></label>
    <label>${t("sign.password")} <input name="password" type="password" autocomplete="current-password" required /></label>
    <p class="fault" role="alert">${fault}</p>
    <button type="submit" class="primary" disabled=${busy}>${t("sign.in")}</button></form>`;
}
