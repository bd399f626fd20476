// @ts-check
// Which dialogs there are over the screens, and how those of other rooms are fetched; signing in.
import { html, signal, useEffect, useState } from "../vendor/ui.js";
import { config, enter, tell } from "./state.js";
import { post } from "./api.js";
import { fetchRoom, roomOf } from "./screens.js";
import { heard, t } from "./words.js";

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
