// @ts-check
// The wallboard's page on a wall: a link's token becomes a cookie, then figures only. No frame, no sign-in, no keys.
import { html, render } from "../vendor/ui.js";
import { Board } from "./board.js";
import { door } from "./feed.js";
import { LANGUAGES, language, learn, setLanguage, t } from "../frame/words.js";

const asked = new URLSearchParams(location.search);

/** Hand the token of the address in, and take it out of the address before anything else can read it. */
async function enter() {
  const token = location.hash.slice(1);
  if (!token) return;
  history.replaceState(null, "", location.pathname + location.search);
  const request = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ token }) };
  const response = await fetch("/api/v1/board/session", request).catch(() => null);
  if (response?.status === 404 || response?.status === 400) door.value = "dark";
}

await learn("frame", "wallboard");
const wanted = asked.get("lang") ?? "";
if (LANGUAGES.some(([tag]) => tag === wanted)) await setLanguage(wanted);
document.documentElement.lang = language.value;
// Dark unless the wall asks for light: a board hangs in a room all day.
document.documentElement.dataset.theme = asked.get("theme") === "light" ? "light" : "dark";
document.title = t("view.wallboard");
await enter();
render(html`<${Board} rotateMs=${1_000 * Math.min(3_600, Math.max(0, Number(asked.get("rotate")) || 0))} />`, /** @type {Element} */ (document.getElementById("app")));
