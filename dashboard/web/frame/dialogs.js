// @ts-check
// Which dialogs there are over the screens, and how those of other rooms are fetched; the sheet of keys and signing in.
import { html, signal, useEffect, useState } from "../vendor/ui.js";
import { config, enter, tell } from "./state.js";
import { post } from "./api.js";
import { Dialog } from "./parts.js";
import { fetchRoom } from "./screens.js";
import { ownKey } from "./settings.js";
import { heard, t } from "./words.js";

const shown = signal(/** @type {{name: string, live: any} | null} */ (null));
export const dialog = {
  /** @param {string} name @param {any} [live] */
  open(name, live = null) { shown.value = { name, live }; },
  close() { shown.value = null; },
};

const HANDING = ["handing", () => import("../handing/handing.js")];
/**
 * Dialogs of rooms that are fetched when they are first opened: the room, how it is fetched, and the dialog's name in it.
 * @type {Record<string, any[]>}
 */
const LATE = {
  transfer: [...HANDING, "Transfer"],
  park: [...HANDING, "Park"],
  export: [...HANDING, "Export"],
  block: [...HANDING, "Block"],
  settings: ["settings", () => import("../settings/settings.js"), "Settings"],
  complaint: ["complaints", () => import("../complaints/complaints.js"), "RecordDialog"],
  link: ["customers", () => import("../customers/customers.js"), "LinkDialog"],
};

export function Dialogs() {
  const { name = "", live } = shown.value ?? {};
  const [room, came] = useState(/** @type {any} */ (null));
  useEffect(() => {
    came(null);
    if (!LATE[name]) return;
    const [place, load] = LATE[name];
    void fetchRoom(place, load).then((module) => { if (module) came({ name, module }); else { tell(t("screen.failed"), "crit"); dialog.close(); } });
  }, [name]);
  if (name === "keys") return html`<${Keys} />`;
  const Chosen = room?.name === name && room.module[LATE[name]?.[2]];
  return Chosen ? html`<${Chosen} live=${live} />` : null;
}

/** Keys in place of deeds are shown as their person has moved them. */
const KEYS = [["Ctrl K", "search"], [["keys"], "keys.this"], [["next", "previous"], "keys.next"], ["1 … 9", "keys.nth"], [["reply", "note"], "keys.write"], [["accept", "decline"], "keys.offer"], ["Alt ↵", "keys.accept"], [["transfer"], "transfer"], [["end"], "end"], [["park"], "park"], [["presence"], "keys.state"], ["g d / g q", "keys.views"], ["F6", "keys.regions"], ["↵ / Shift ↵", "keys.enter"], ["Esc", "keys.escape"]];

/** A capital needs its second key said. @param {string} deed */
const shownKey = (deed) => ownKey(deed).replace(/^[A-Z]$/, "Shift $&");

function Keys() {
  return html`<${Dialog} title=${t("keys.title")} close=${dialog.close}><table class="keys"><tbody>${KEYS.map(([key, what]) => html`<tr key=${what}><td><kbd>${typeof key === "string" ? key : key.map(shownKey).join(" / ")}</kbd></td><td>${t(String(what))}</td></tr>`)}</tbody></table><//>`;
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
