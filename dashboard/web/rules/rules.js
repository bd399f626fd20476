// @ts-check
// The rules: what runs, whether the files on disk are healthy, and the way to each part. Files are the editor; nothing is edited here.
import { html, useEffect, useState } from "../vendor/ui.js";
import { announce, attempt, banner, now, tell } from "../frame/state.js";
import { post } from "../frame/api.js";
import { Late, go, rest } from "../frame/screens.js";
import { Icon, ago, siteTime, whileAway } from "../frame/parts.js";
import { t } from "../frame/words.js";
import { Problem, Sign, book, fault, mayOrder, read, short } from "./book.js";
import { Rules } from "./list.js";
import { Try } from "./try.js";

// A broken file is told by the socket at once to those who supervise; for the rest this is soon enough.
const EVERY_MS = 3_000;
const PLACES = ["weeks", "versions", "changes", "emergency"];

export function Screen() {
  useEffect(() => {
    void read();
    const timer = setInterval(read, EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  useEffect(() => { if (book.value) void read(); }, [banner.value]);
  useEffect(() => { if (fault.value) announce("status", fault.value); }, [fault.value]);
  const [place = ""] = rest.value;
  const page = book.value;
  if (!page) return html`<main class="rules-view">${fault.value ? html`<p class="empty" role="alert">${fault.value} <button type="button" onClick=${read}>${t("retry")}</button></p>` : html`<div class="skeleton" aria-hidden="true"><i></i><i></i><i></i></div>`}</main>`;
  return html`<main class=${`rules-view ${place === "try" ? "at-try" : ""} ${fault.value ? "stale" : ""}`}>
    <${Head} page=${page} />
    <div class="rules-columns"><${Places} page=${page} place=${place} /><section class="rules-middle" tabindex="-1"><${Middle} place=${place} page=${page} /></section><${Try} page=${page} /></div></main>`;
}

/** @param {{place: string, page: any}} props */
function Middle({ place, page }) {
  const [, second = ""] = rest.value;
  if (place === "weeks") return html`<${Late} load=${() => import("./weeks.js")} part="Weeks" key=${place} />`;
  if (place === "versions") return html`<${Late} load=${() => import("./versions.js")} part="Versions" page=${page} key=${place} />`;
  if (place === "changes") return html`<${Late} load=${() => import("./versions.js")} part="Changes" page=${page} before=${second} key=${place + second} />`;
  if (place === "emergency") return html`<${Late} load=${() => import("./emergency.js")} part="Emergency" page=${page} key=${place} />`;
  const file = page.files.find((/** @type {any} */ each) => each.name === place);
  if (file && (!holdsRules(file) || second.startsWith(":"))) return html`<${Late} load=${() => import("./file.js")} part="File" file=${file} page=${page} line=${Number(second.slice(1)) || 0} key=${place + second} />`;
  return html`<${Rules} page=${page} chosen=${file ? second : ""} />`;
}

/** @param {any} file */
const holdsRules = (file) => file.sections.some((/** @type {any} */ each) => each.name === "rules");

/** @param {{page: any}} props */
function Head({ page }) {
  const { running, disk, counts } = page;
  const [busy, setBusy] = useState(false);
  const check = async () => {
    setBusy(true);
    const found = await attempt(() => post("/rules/check"));
    if (found) { tell(found.problems.length ? t("rules.checked.bad", { n: found.problems.length }) : t("rules.checked.good")); void read(); }
    setBusy(false);
  };
  return html`<header class="rules-head"><h1>${t("rules.title")}</h1>
      <p class="running" title=${running.content}><${Sign} tone="ok">${t("rules.running")} <b>${short(running.content)}</b><//>
        <span>${running.at ? t(`rules.way.${running.way}`, { time: siteTime(running.at), ago: ago(running.at), name: running.by?.name ?? "" }) : ""}</span>
        <span class="meta">${t("rules.counts", { files: counts.files, rules: counts.rules, queues: counts.queues })}</span>
        ${fault.value && html`<span class="chip late">${t("rules.stale", { time: Math.round((now.value - page.read_ms) / 1_000) })}</span>`}</p>
      <a class="button" href="/api/v1/rules/archive" download>${t("rules.download")}</a>
      ${mayOrder() && html`<button type="button" ...${busy ? { disabled: true } : whileAway()} onClick=${check}>${t("rules.check")}</button>`}</header>
    <${Health} disk=${disk} running=${running} />`;
}

/** What is wrong with the files, or that they are not what runs. @param {{disk: any, running: any}} props */
function Health({ disk, running }) {
  if (disk.state === "refused") {
    const [first, ...more] = disk.problems;
    return html`<div class="health crit" role="alert"><${Icon} name="late" size=${20} label=${t("rules.problem")} /><div><p><b>${t("rules.refused", { file: first.file })}</b> ${t("rules.refused.text", { time: siteTime(disk.since_ms) })}</p>
      <${Problem} each=${first} />
      ${more.length > 0 && html`<details><summary>${t("rules.more", { n: more.length })}</summary>${more.map((/** @type {any} */ each) => html`<${Problem} key=${`${each.file}:${each.line}:${each.column}`} each=${each} brief />`)}</details>`}
      <p><button type="button" class="link" onClick=${() => go("rules", "changes")}>${t("rules.compare")}</button></p></div></div>`;
  }
  if (disk.state === "other") {
    return html`<div class="health warn" role="status"><${Icon} name="warn" size=${20} label=${t("level.soon")} /><div><p><b>${t("rules.other", { version: short(running.content) })}</b> ${t("rules.other.text")}</p>
      <p><button type="button" class="link" onClick=${() => go("rules", "changes")}>${t("rules.compare")}</button></p></div></div>`;
  }
  if (!disk.warnings.length) return null;
  return html`<details class="health warn"><summary><${Icon} name="warn" label=${t("level.soon")} /> ${t("rules.remarks", { n: disk.warnings.length })}</summary>${disk.warnings.map((/** @type {any} */ each) => html`<${Problem} key=${`${each.file}:${each.line}:${each.column}`} each=${each} brief />`)}</details>`;
}

/** The ways to each part. @param {{page: any, place: string}} props */
function Places({ page, place }) {
  const [roomy] = useState(() => innerWidth > 700);
  const rulesFile = page.files.find(holdsRules)?.name ?? "";
  const here = (/** @type {string} */ name) => (name === place || (!PLACES.includes(place) && place !== "try" && name === "" && (!place || place === rulesFile)) ? { "aria-current": "page" } : {});
  return html`<nav class="rules-places" aria-label=${t("rules.places")}>
    <ul><li><button type="button" ...${here("")} onClick=${() => go("rules")}><span>${t("rules.list")}</span><span class="meta">${page.counts.rules}</span></button></li>
      <li class="narrow"><button type="button" ...${here("try")} onClick=${() => go("rules", "try")}><span>${t("rules.try")}</span></button></li>
      <li><button type="button" ...${here("weeks")} onClick=${() => go("rules", "weeks")}><span>${t("rules.weeks")}</span><span class="meta">${page.counts.calendars}</span></button></li>
      <li><button type="button" ...${here("versions")} onClick=${() => go("rules", "versions")}><span>${t("rules.versions")}</span></button></li>
      <li><button type="button" ...${here("changes")} onClick=${() => go("rules", "changes")}><span>${t("rules.changes")}</span>${page.disk.state === "same" ? html`<span class="meta">${t("rules.none")}</span>` : ""}</button></li>
      <li><button type="button" ...${here("emergency")} onClick=${() => go("rules", "emergency")}><span>${t("rules.emergency")}</span></button></li></ul>
    <details open=${roomy || place.includes(".")}><summary>${t("rules.files")}</summary>
    <ul>${page.files.map((/** @type {any} */ file) => html`<li key=${file.name}><button type="button" ...${here(file.name)} onClick=${() => go("rules", file.name, ...(holdsRules(file) ? [":1"] : []))}><span class="name">${file.name}</span>
      ${file.problems ? html`<span class="bad">${t("rules.errors", { n: file.problems })}</span>` : html`<span class="meta" title=${file.sections.map((/** @type {any} */ each) => each.name).join(", ")}>${file.sections.reduce((/** @type {number} */ sum, /** @type {any} */ each) => sum + each.entries, 0)}</span>`}</button></li>`)}</ul></details></nav>`;
}
