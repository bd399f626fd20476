// @ts-check
// What one may choose for oneself: looks, language, keys, sound, messages of the system; kept in this browser. The sheet of keys.
import { html, useState } from "../vendor/ui.js";
import { USUAL_KEYS, allow, blocked, letter, ownKey, ringOnce, settings } from "../frame/settings.js";
import { dialog } from "../frame/dialogs.js";
import { Dialog, Icon } from "../frame/parts.js";
import { LANGUAGES, language, setLanguage, t } from "../frame/words.js";

/** @param {any} event */
const checked = (event) => event.target.checked;

export function Settings() {
  const { theme, keys, enter, tone, notes } = settings.value;
  const may = "Notification" in window ? Notification.permission : "denied";
  const [allowed, setAllowed] = useState(may);
  const askNotes = async () => setAllowed(await Notification.requestPermission());
  return html`<${Dialog} title=${t("settings")} close=${dialog.close}><div class="settings">
    <label>${t("language")} <select value=${language.value} onChange=${(/** @type {any} */ event) => setLanguage(event.target.value)}>${LANGUAGES.map(([tag, name]) => html`<option key=${tag} value=${tag}>${name}</option>`)}</select></label>
    <label>${t("theme")} <select value=${theme} onChange=${(/** @type {any} */ event) => settings.set("theme", event.target.value)}>${["system", "light", "dark"].map((name) => html`<option key=${name} value=${name}>${t(`theme.${name}`)}</option>`)}</select></label>
    <fieldset><legend>${t("settings.enter")}</legend>${["enter", "ctrl"].map((name) => html`<label class="check" key=${name}><input type="radio" name="enter" checked=${enter === name} onChange=${() => settings.set("enter", name)} /> ${t(`settings.enter.${name}`)}</label>`)}</fieldset>
    <fieldset><legend>${t("settings.sound")}</legend>
      <label class="check"><input type="checkbox" checked=${tone} onChange=${(/** @type {any} */ event) => settings.set("tone", checked(event))} /> ${t("settings.tone")}</label>
      <div class="row"><button type="button" onClick=${() => { allow(); ringOnce(); }}><${Icon} name="bell" /> ${t("settings.test")}</button>${blocked.value && html`<span class="crit">${t("sound.blocked")}</span>`}</div>
      <label class="check"><input type="checkbox" checked=${notes} onChange=${(/** @type {any} */ event) => settings.set("notes", checked(event))} /> ${t("settings.notes")}</label>
      ${notes && allowed === "default" && html`<button type="button" onClick=${askNotes}>${t("settings.notes.ask")}</button>`}
      ${notes && allowed === "denied" && html`<p class="meta">${t("settings.notes.denied")}</p>`}</fieldset>
    <fieldset><legend>${t("settings.keys")}</legend>
      <label class="check"><input type="checkbox" checked=${keys} onChange=${(/** @type {any} */ event) => settings.set("keys", checked(event))} /> ${t("keys.on")}</label>
      ${keys && html`<ul class="own-keys">${Object.keys(USUAL_KEYS).map((name) => html`<${OwnKey} key=${name} name=${name} />`)}</ul>
        <button type="button" onClick=${() => settings.set("own", {})}>${t("settings.keys.usual")}</button>`}</fieldset>
  </div><//>`;
}

/** One letter that may be moved to another; the one that had it takes the old one. @param {{name: string}} props */
function OwnKey({ name }) {
  const move = (/** @type {any} */ event) => {
    if (event.key === "Tab" || event.key === "Escape") return;
    event.preventDefault();
    const key = letter(event);
    if (!/^[\x21-\x7e]$/.test(key) || /[1-9g]/.test(key)) return;
    const other = Object.keys(USUAL_KEYS).find((each) => ownKey(each) === key);
    settings.set("own", { ...settings.value.own, ...(other ? { [other]: ownKey(name) } : {}), [name]: key });
  };
  return html`<li><label>${t(`key.${name}`)} <input class="key" value=${ownKey(name)} maxlength="1" onKeyDown=${move} onInput=${(/** @type {any} */ event) => { event.target.value = ownKey(name); }} /></label></li>`;
}

// --- the sheet of keys --------------------------------------------------------------------------------------------

/** Keys in place of deeds are shown as their person has moved them. */
const KEYS = [["Ctrl K", "search"], [["keys"], "keys.this"], [["next", "previous"], "keys.next"], ["1 … 9", "keys.nth"], [["reply", "note"], "keys.write"], [["accept", "decline"], "keys.offer"], ["Alt ↵", "keys.accept"], [["transfer"], "transfer"], [["end"], "end"], [["park"], "park"], [["presence"], "keys.state"], ["g d / g q", "keys.views"], ["F6", "keys.regions"], ["↵ / Shift ↵", "keys.enter"], ["Esc", "keys.escape"]];

/** A capital needs its second key said. @param {string} deed */
const shownKey = (deed) => ownKey(deed).replace(/^[A-Z]$/, "Shift $&");

export function Keys() {
  return html`<${Dialog} title=${t("keys.title")} close=${dialog.close}><table class="keys"><tbody>${KEYS.map(([key, what]) => html`<tr key=${what}><td><kbd>${typeof key === "string" ? key : key.map(shownKey).join(" / ")}</kbd></td><td>${t(String(what))}</td></tr>`)}</tbody></table><//>`;
}
