// @ts-check
// Which dialogs there are over the screens, and how those of other rooms are fetched; signing in is one of them.
import { html, signal, useEffect, useState } from "../vendor/ui.js";
import { tell } from "./state.js";
import { fetchRoom, roomOf } from "./screens.js";
import { t } from "./words.js";

const shown = signal(/** @type {{name: string, live: any} | null} */ (null));
export const dialog = {
  /** @param {string} name @param {any} [live] */
  open(name, live = null) { shown.value = { name, live }; },
  close() { shown.value = null; },
};

const HANDING = ["handing", () => import("../handing/handing.js")];
const SETTINGS = ["settings", () => import("../settings/settings.js")];
/**
 * Dialogs of rooms that are fetched when they are first opened: the room, how it is fetched, and the dialog's name in it.
 * @type {Record<string, any[]>}
 */
const LATE = {
  transfer: [...HANDING, "Transfer"],
  park: [...HANDING, "Park"],
  export: [...HANDING, "Export"],
  block: [...HANDING, "Block"],
  settings: [...SETTINGS, "Settings"],
  keys: [...SETTINGS, "Keys"],
  complaint: ["complaints", () => import("../complaints/complaints.js"), "RecordDialog"],
  link: ["customers", () => import("../customers/customers.js"), "LinkDialog"],
};

export function Dialogs() {
  const { name = "", live } = shown.value ?? {};
  const [place = "", load, part] = LATE[name] ?? [];
  useEffect(() => {
    if (place) void fetchRoom(place, load).then((room) => { if (!room) { tell(t("screen.failed"), "crit"); dialog.close(); } });
  }, [name]);
  const Chosen = roomOf(place)?.[part];
  return Chosen ? html`<${Chosen} live=${live} key=${name} />` : null;
}

/** Sign in: the whole page at first, a dialog over it when a session ended. Whoever is signed in never fetches it. */
export function SignIn() {
  const [failed, fail] = useState(false);
  useEffect(() => { void fetchRoom("signing", () => import("../signing/signing.js")).then((room) => fail(!room)); }, []);
  const Form = roomOf("signing")?.SignIn;
  if (Form) return html`<${Form} />`;
  return failed && html`<p class="empty" role="alert">${t("screen.failed")} <button type="button" onClick=${() => location.reload()}>${t("reload")}</button></p>`;
}
