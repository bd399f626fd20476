// @ts-check
// Planned hours of many from a sheet of a spreadsheet: all of it is taken, or nothing and the faulty lines are named.
import { html, useState } from "../vendor/ui.js";
import { link } from "../frame/state.js";
import { newId, post } from "../frame/api.js";
import { heard, t } from "../frame/words.js";

// As the server takes it; a larger file is no plan.
const SHEET_CHARS_MAX = 1_000_000;
const EXAMPLE = "login,day,hours\nana,mon,09:00-12:30 13:00-17:00\nana,2026-12-24,";

/** @param {{read: () => Promise<void>}} props */
export function Sheet({ read }) {
  const [said, say] = useState({ text: "", faulty: false });
  const take = async (/** @type {any} */ event) => {
    const [file] = event.target.files;
    event.target.value = "";
    if (!file) return;
    if (file.size > SHEET_CHARS_MAX) { say({ text: t("sheet.large"), faulty: true }); return; }
    try {
      const done = await post("/team/rosters", { sheet: await file.text(), command_id: newId() });
      say({ text: `${t("sheet.done", { n: done.members })} ${t("sheet.days", { n: done.days })}`, faulty: false });
      void read();
    } catch (/** @type {any} */ error) {
      say({ text: heard(error), faulty: true });
    }
  };
  return html`<section class="sheet-in"><h2>${t("sheet.title")}</h2><p class="meta">${t("sheet.text")}</p>
    <pre tabindex="0" aria-label=${t("sheet.example")}>${EXAMPLE}</pre>
    <label class="row"><span>${t("sheet.choose")}</span> <input type="file" accept=".csv,text/csv,text/plain" disabled=${link.value !== "live"} onChange=${take} /></label>
    <p role="status" class=${said.faulty ? "asked" : ""}>${said.text}</p></section>`;
}
