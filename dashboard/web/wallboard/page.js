// @ts-check
// The wallboard's page on a wall: a link's token becomes a cookie, then figures only. No frame, no sign-in, no keys.
import { effect, html, render } from "../vendor/ui.js";
import { Board } from "./board.js";
import { board, door } from "./feed.js";
import { LANGUAGES, language, learn, setLanguage, t } from "../frame/words.js";

const asked = new URLSearchParams(location.search);
const RENEWED = "patchbay:wallboard:renewed";
const AGAIN_MS = 2_000;
const AGAIN_MS_MAX = 60_000;
const ANSWER_MS_MAX = 8_000;

/**
 * Hand the token of the address in, and take it out of the address before anything else can read it. Nobody is there to
 * open the link a second time: until the server has said yes or no, it is tried again.
 */
async function enter() {
  const token = location.hash.slice(1);
  if (!token) return;
  history.replaceState(null, "", location.pathname + location.search);
  const request = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ token }) };
  for (let ms = AGAIN_MS; ; ms = Math.min(2 * ms, AGAIN_MS_MAX)) {
    const response = await fetch("/api/v1/board/session", { ...request, signal: AbortSignal.timeout(ANSWER_MS_MAX) }).catch(() => null);
    if (response?.ok) return;
    if (response?.status === 404 || response?.status === 400) { door.value = "dark"; return; }
    await new Promise((done) => setTimeout(done, ms));
  }
}

/** A wall has nobody who would press "reload": a newer release is taken as soon as it is told, once for each. */
function renew() {
  const mine = document.querySelector("meta[name=patchbay-version]")?.getAttribute("content") ?? "";
  effect(() => {
    const told = board.value?.version ?? "";
    try {
      if (!told || told === mine || sessionStorage.getItem(RENEWED) === told) return;
      sessionStorage.setItem(RENEWED, told);
    } catch { return; } // Without storage nothing would stop it from loading for ever.
    location.reload();
  });
}

await learn("frame", "wallboard");
const wanted = asked.get("lang") ?? "";
if (LANGUAGES.some(([tag]) => tag === wanted)) await setLanguage(wanted);
document.documentElement.lang = language.value;
// Dark unless the wall asks for light: a board hangs in a room all day.
document.documentElement.dataset.theme = asked.get("theme") === "light" ? "light" : "dark";
document.title = t("view.wallboard");
const opened = enter();
render(html`<${Board} opened=${opened} rotateMs=${1_000 * Math.min(3_600, Math.max(0, Number(asked.get("rotate")) || 0))} />`, /** @type {Element} */ (document.getElementById("app")));
renew();
