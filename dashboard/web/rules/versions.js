// @ts-check
// Which versions were applied when and by whom, putting one back, and how two differ.
import { html, useEffect, useState } from "../vendor/ui.js";
import { attempt, tell } from "../frame/state.js";
import { get, newId, post } from "../frame/api.js";
import { go } from "../frame/screens.js";
import { Dialog, ago, siteTime, whileAway } from "../frame/parts.js";
import { heard, named, t } from "../frame/words.js";
import { Sign, mayOrder, read, short } from "./book.js";

const REASONS = ["wrong_routing", "wrong_hours", "mistake", "incident", "test"];

/** @param {{page: any}} props */
export function Versions({ page }) {
  const [found, setFound] = useState(/** @type {any[] | null} */ (null));
  const [fault, setFault] = useState("");
  const [back, setBack] = useState(/** @type {any} */ (null));
  // The list may be asked for before it knows what has just been applied: once who, when and why are known it is asked for again.
  const { name, at, way, by, reason } = page.running;
  useEffect(() => { get("/rules/versions").then(setFound, (error) => setFault(heard(error))); }, [name, at, way, by?.id, reason]);
  let current = false;
  return html`<h2 class="lead">${t("rules.versions")}</h2><p class="meta lead">${t("rules.versions.text")}</p>
    ${fault && html`<p class="empty">${fault}</p>`}
    <ol class="version-list">${found?.map((each) => {
      const runs = !current && each.content === page.running.content;
      current = current || runs;
      return html`<li key=${each.name + each.at}><div class="grow"><p><b>${short(each.content)}</b> ${t(`rules.way.${each.way}`, { time: siteTime(each.at), ago: ago(each.at), name: each.by?.name ?? "" })}</p>
        <p class="meta">${t("rules.holds", { files: each.files, rules: each.rules })}${each.reason && ` · ${t(`rules.reason.${each.reason}`, {}, named(each.reason))}`}</p></div>
        ${runs ? html`<${Sign} tone="ok">${t("rules.runs")}<//>` : html`<button type="button" class="link" onClick=${() => go("rules", "changes", each.name)}>${t("rules.differ")}</button>
          <a class="button" href=${`/api/v1/rules/archive?version=${each.name}`} download>${t("rules.download")}</a>
          ${mayOrder() && each.content !== page.running.content && html`<button type="button" ...${whileAway()} onClick=${() => setBack(each)}>${t("rules.back")}</button>`}`}</li>`;
    })}</ol>
    ${found && found.length < 2 && html`<p class="empty">${t("rules.versions.one")}</p>`}
    ${back && html`<${PutBack} version=${back} close=${() => setBack(null)} />`}`;
}

/** @param {{version: any, close: () => void}} props */
function PutBack({ version, close }) {
  const [reason, setReason] = useState(REASONS[0]);
  const [command] = useState(newId);
  const send = async (/** @type {any} */ event) => {
    event.preventDefault();
    if (await attempt(() => post(`/rules/versions/${version.name}/apply`, { reason, command_id: command }))) {
      tell(t("rules.back.done", { version: short(version.content) }));
      close();
      await read();
    }
  };
  return html`<${Dialog} title=${t("rules.back.title", { version: short(version.content) })} close=${close}><form class="stack" onSubmit=${send}><p>${t("rules.back.text")}</p>
    <label>${t("rules.reason")} <select value=${reason} onChange=${(/** @type {any} */ event) => setReason(event.target.value)}>${REASONS.map((each) => html`<option key=${each} value=${each}>${t(`rules.reason.${each}`)}</option>`)}</select></label>
    <p class="row"><button type="submit" class="primary" ...${whileAway()}>${t("rules.back")}</button><button type="button" onClick=${close}>${t("close")}</button></p></form><//>`;
}

/** What runs beside the disk, or beside an earlier version. @param {{page: any, before: string}} props */
export function Changes({ page, before }) {
  const [found, setFound] = useState(/** @type {any[] | null} */ (null));
  const [fault, setFault] = useState("");
  const way = before ? `before=${encodeURIComponent(before)}&after=` : "after=disk";
  useEffect(() => { get(`/rules/diff?${way}`).then((told) => { setFound(told.files); setFault(""); }, (error) => setFault(heard(error))); }, [way, page.running.content, page.disk.content]);
  return html`<h2 class="lead">${before ? t("rules.changes.since") : t("rules.changes.disk")}</h2>
    ${fault && html`<p class="empty">${fault}</p>`}
    ${found && !found.length && html`<p class="empty"><${Sign} tone="ok">${before ? t("rules.changes.equal") : t("rules.changes.none")}<//></p>`}
    ${found?.map((file) => html`<section class="diff" key=${file.name}><h3>${file.name} <span class="meta">${t(`rules.change.${file.change}`)}</span></h3>
      <div class="scroller" tabindex="0" role="region" aria-label=${file.name}><table><tbody>${file.lines.map((/** @type {any} */ line, /** @type {number} */ at) => html`<tr key=${at} class=${`line-${line.kind}`}><td class="number">${line.old || ""}</td><td class="number">${line.new || ""}</td><td class="sign-of">${{ in: "+", out: "−", gap: "⋯" }[/** @type {string} */ (line.kind)] ?? ""}</td><td><pre>${line.text}</pre></td></tr>`)}</tbody></table></div>
      ${file.cut && html`<p class="meta">${t("rules.cut")}</p>`}</section>`)}`;
}
