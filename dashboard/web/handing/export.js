// @ts-check
// A conversation as a text file: what was said by whom and when, in times that every machine reads. Notes only where asked for.
import { html, useState } from "../vendor/ui.js";
import { attempt, me, serverNow } from "../frame/state.js";
import { get } from "../frame/api.js";
import { Dialog, channelLabel, customerName, queueLabel } from "../frame/parts.js";
import { dialog } from "../frame/dialogs.js";
import { t } from "../frame/words.js";

const PAGE = 200;
// More items than a person ever reads; then the file says that it begins in the middle.
const ITEMS_MAX = 10_000;
const SAID = new Set(["in", "out", "notice"]);

/** Read the whole story, newest pages first. @param {string} ref @returns {Promise<{items: any[], more: boolean}>} */
async function whole(ref) {
  /** @type {any[]} */
  let items = [];
  let more = true;
  while (more && items.length < ITEMS_MAX) {
    const page = await get(`/conversations/${ref}/story?limit=${PAGE}${items.length ? `&before=${items[0].seq}` : ""}`);
    items = [...page.items, ...items];
    more = page.more && page.items.length > 0;
  }
  return { items, more };
}

/** @param {number} at */
const iso = (at) => new Date(at).toISOString().replace(/\.\d+Z$/, "Z");

/** @param {any} live @param {any} item */
const who = (live, item) => (item.kind === "notice" ? t("notice.by") : item.kind === "in" && item.detail !== "outside" ? customerName(live) : item.author || "–");

/** @param {any} live @param {any} item */
function entry(live, item) {
  const files = (item.files ?? []).map((/** @type {any} */ file) => `[${file.name}]`);
  const head = `${iso(item.at)}  ${who(live, item)}${item.kind === "note" ? ` (${t("export.note")})` : ""}`;
  return [head, item.subject, item.text, ...files].filter(Boolean).join("\n");
}

/** The file's text. @param {any} live @param {{items: any[], more: boolean}} story @param {boolean} notes */
export function transcript(live, { items, more }, notes) {
  const replaced = new Set(items.map((item) => item.replaces).filter(Boolean));
  const said = items.filter((item) => (SAID.has(item.kind) || (notes && item.kind === "note")) && !replaced.has(item.message));
  const head = [`#${live.ref}  ${customerName(live)}  ${channelLabel(live.channel)} · ${queueLabel(live.queue)}`, t("export.head", { at: iso(serverNow()), name: me.value.name }), more ? t("export.cut") : ""];
  return [head.filter(Boolean).join("\n"), ...said.map((item) => entry(live, item))].join("\n\n") + "\n";
}

/** @param {{live: any}} props */
export function Export({ live }) {
  const [notes, withNotes] = useState(false);
  const [busy, setBusy] = useState(false);
  const save = async (/** @type {any} */ event) => {
    event.preventDefault();
    setBusy(true);
    const story = await attempt(() => whole(live.ref));
    setBusy(false);
    if (!story) return;
    const url = URL.createObjectURL(new Blob([transcript(live, story, notes)], { type: "text/plain;charset=utf-8" }));
    Object.assign(document.createElement("a"), { href: url, download: `conversation-${live.ref}.txt` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
    dialog.close();
  };
  return html`<${Dialog} title=${t("export.title")} close=${dialog.close}><form class="handing" onSubmit=${save}><p>${t("export.text")}</p>
    <label class="check"><input type="checkbox" checked=${notes} onChange=${(/** @type {any} */ event) => withNotes(event.target.checked)} /> ${t("export.notes")}</label>
    <div class="row"><span class="grow"></span><button type="button" onClick=${dialog.close}>${t("cancel")}</button><button type="submit" class="primary" disabled=${busy}>${t("export.save")}</button></div></form><//>`;
}
