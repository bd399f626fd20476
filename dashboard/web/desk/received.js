// @ts-check
// Files in the story of a conversation: shown, heard, saved. Fetched with the first message that has any.
import { html } from "../vendor/ui.js";
import { Icon } from "../frame/parts.js";
import { named, t } from "../frame/words.js";
import { sizeOf } from "./files.js";

/** @param {string} ref @param {any} file @param {boolean} [download] */
const address = (ref, file, download = false) => `/api/v1/conversations/${ref}/files/${file.id}${download ? "?download=true" : ""}`;

/** The files of one message. @param {{files: any[], live: any}} props */
export const Files = ({ files, live }) => html`<ul class="files" aria-label=${t("files.of")}>${files.map((file) => html`<li key=${file.id}><${File} file=${file} live=${live} /></li>`)}</ul>`;

/** @param {{file: any, live: any}} props */
function File({ file, live }) {
  if (file.state === "coming") return html`<span class="file"><${Icon} name="clock" /> ${file.name} <span class="meta">${t("files.coming")}</span></span>`;
  if (file.state === "failed") return html`<span class="file crit"><${Icon} name="late" /> ${file.name} <span>${t("files.failed", { why: named(file.why) })}</span></span>`;
  const about = `${file.media_type} · ${sizeOf(file.size_bytes)}`;
  const src = address(live.ref, file);
  return html`${file.shown && file.media_type.startsWith("image/") && html`<a href=${src} target="_blank" rel="noopener"><img src=${src} alt=${file.name} loading="lazy" /></a>`}
    ${file.shown && file.media_type.startsWith("audio/") && html`<audio controls preload="none" src=${src} aria-label=${file.name}></audio>`}
    <a class="file" href=${address(live.ref, file, true)} download=${file.name}><${Icon} name="file" /> ${file.name} <span class="meta">${about}</span></a>`;
}
