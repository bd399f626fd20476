// @ts-check
// Files that an agent attaches to the next reply.
import { html, signal, useEffect, useRef } from "../vendor/ui.js";
import { tell } from "../frame/state.js";
import { call, get } from "../frame/api.js";
import { Icon, whileAway } from "../frame/parts.js";
import { fetchRoom } from "../frame/screens.js";
import { t } from "../frame/words.js";

/** What I have uploaded into a conversation and not sent; with `part` it is still under way. @type {any} */
const staged = signal(/** @type {Record<string, any[]>} */ ({}));

/** @param {string} ref @returns {any[]} */
export const stagedIn = (ref) => staged.value[ref] ?? [];
/** @param {string} ref @param {(now: any[]) => any[]} change */
export const restage = (ref, change) => { staged.value = { ...staged.value, [ref]: change(stagedIn(ref)) }; };

/** Take what is ready to be sent with a reply; nothing while one is still under way. @param {string} ref @returns {any[] | null} */
export function takeStaged(ref) {
  const files = stagedIn(ref);
  if (files.some((file) => file.part !== undefined)) return null;
  restage(ref, () => []);
  return files;
}

/** Files that were taken to be sent and did not leave. @param {string} ref @param {any[]} files */
export const stageAgain = (ref, files) => restage(ref, (now) => [...files, ...now]);

const UNITS = ["byte", "kilobyte", "megabyte"];
/** @param {number} bytes */
export function sizeOf(bytes) {
  const step = bytes < 1_000 ? 0 : bytes < 1_000_000 ? 1 : 2;
  return new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit: UNITS[step], unitDisplay: "short", maximumFractionDigits: step === 2 ? 1 : 0 }).format(bytes / 1_000 ** step);
}

/** What a line takes, null for nothing. @param {any} live @param {number} line */
function limitsOf(live, line) {
  const lines = live.lines ?? [];
  return (lines.find((/** @type {any} */ each) => (line ? each.id === line : each.current)) ?? lines[0])?.files ?? null;
}

/** How files are attached is fetched with the first one. @param {string} ref @param {any} limits @param {any[]} chosen */
async function attach(ref, limits, chosen) {
  const room = await fetchRoom("replies", () => import("../replies/replies.js"));
  if (room) await room.attach(ref, limits, chosen);
  else tell(t("screen.failed"), "crit");
}

/** Attach what was pasted. @param {any} live @param {number} line @param {any[]} files */
export function attachTo(live, line, files) {
  const limits = limitsOf(live, line);
  if (!limits) { tell(t("error.files_not_taken"), "crit"); return; }
  void attach(live.ref, limits, files);
}

/** @param {string} ref @param {any} file */
async function detach(ref, file) {
  restage(ref, (now) => now.filter((each) => each.id !== file.id));
  await call("DELETE", `/conversations/${ref}/files/${file.id}`).catch(() => {});
}

/** What is attached, and the way to attach more. @param {{live: any, line: number}} props */
export function Attach({ live, line }) {
  const { ref } = live;
  const limits = limitsOf(live, line);
  const input = useRef(/** @type {any} */ (null));
  useEffect(() => { get(`/conversations/${ref}/files`).then((kept) => restage(ref, (now) => [...kept, ...now.filter((each) => each.part !== undefined)]), () => {}); }, [ref]);
  const told = limits ? t("files.limits", { n: limits.files_max, size: sizeOf(Math.max(...Object.values(limits.kinds))) }) : t("error.files_not_taken");
  return html`<div class="attach">
    ${stagedIn(ref).length > 0 && html`<ul class="files" aria-label=${t("files.attached")}>${stagedIn(ref).map((file) => html`<li key=${file.id} class="chip"><${Icon} name="file" size=${13} /> ${file.name} <span class="meta">${sizeOf(file.size_bytes)}</span>
      ${file.part === undefined ? html`<button type="button" class="icon-button" aria-label=${t("files.remove", { name: file.name })} onClick=${() => detach(ref, file)}><${Icon} name="close" size=${13} /></button>`
        : html`<progress max="1" value=${file.part} aria-label=${t("files.progress", { name: file.name })}></progress>`}</li>`)}</ul>`}
    <input ref=${input} type="file" multiple hidden aria-label=${t("files.attach")} accept=${limits && !limits.kinds["*"] ? Object.keys(limits.kinds).join(",") : ""}
      onChange=${(/** @type {any} */ event) => { void attach(ref, limits, [...event.target.files]); event.target.value = ""; }} />
    <button type="button" class="icon-button" aria-label=${t("files.attach")} title=${told} ...${whileAway()} disabled=${!limits || whileAway().disabled} onClick=${() => input.current.click()}><${Icon} name="clip" /></button>
  </div>`;
}
