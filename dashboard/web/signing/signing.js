// @ts-check
// The form by which one signs in. It is fetched where nobody is signed in, and by no desk that goes on.
import { html, useLayoutEffect, useRef, useState } from "../vendor/ui.js";
import { config, enter } from "../frame/state.js";
import { post } from "../frame/api.js";
import { heard, t } from "../frame/words.js";

export function SignIn() {
  const login = useRef(/** @type {any} */ (null));
  useLayoutEffect(() => login.current.focus(), []);
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
    <label>${t("sign.login")} <input ref=${login} name="login" autocomplete="username" autocapitalize="none" required /></label>
    <label>${t("sign.password")} <input name="password" type="password" autocomplete="current-password" required /></label>
    <p class="fault" role="alert">${fault}</p>
    <button type="submit" class="primary" disabled=${busy}>${t("sign.in")}</button></form>`;
}
