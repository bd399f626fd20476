// @ts-check
// The page's copy of the scene, followed by long requests, and the deeds of customers. Nothing is drawn here.
import { batch, signal } from "./ui.js";

/** @typedef {{n: number, at_ms: number, side: string, text: string, author: string, status: string}} Item */
/** @typedef {{id: string, channel: string, name: string, address: string, state: string, version: number, deeds: string[], items: Item[]}} Line */

/** @type {{value: Map<string, Line>}} */
export const lines = signal(new Map());
/** @type {{value: {name: string, off: string, address: string}[]}} */
export const channels = signal([]);
// entering, closed (no token), here, away
export const door = signal("entering");
export const chosen = signal("");
export const failed = signal("");
/** @type {{value: string[]}} */
export const wrong = signal([]);
/** @type {{value: Map<string, number>}} */
export const seen = signal(new Map());

const AGAIN_MS = 1_000;
let version = 0;

/** @param {string} path @param {object} body */
async function post(path, body) {
  const answer = await fetch(`/sandbox/api/${path}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(said.error ?? String(answer.status));
  return said;
}

/** Enter with the token of the address, or with the cookie of an earlier time, and follow the scene. */
export async function begin() {
  const token = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  try {
    if (token) await post("enter", { token });
  } catch {
    door.value = "closed";
    return;
  }
  void follow();
}

async function follow() {
  for (;;) {
    try {
      const answer = await fetch(`/sandbox/api/scene?after=${version}`);
      if (answer.status === 401 || answer.status === 403) { door.value = "closed"; return; }
      if (!answer.ok) throw new Error(String(answer.status));
      take(await answer.json());
    } catch {
      if (door.value === "here") door.value = "away";
      await new Promise((go) => setTimeout(go, AGAIN_MS));
    }
  }
}

/** @param {any} told */
function take(told) {
  const next = told.whole ? new Map() : new Map(lines.value);
  for (const line of told.lines) next.set(line.id, line);
  for (const id of told.gone) next.delete(id);
  batch(() => {
    version = told.version;
    lines.value = next;
    if (JSON.stringify(channels.value) !== JSON.stringify(told.channels)) channels.value = told.channels;
    if (told.wrong.length || wrong.value.length) wrong.value = told.wrong;
    door.value = "here";
    if (chosen.value && next.has(chosen.value)) look(chosen.value);
  });
}

/** Put a line on the device, and note that all of it was seen. @param {string} id */
export function look(id) {
  chosen.value = id;
  const last = lines.value.get(id)?.items.at(-1)?.n ?? 0;
  if (seen.value.get(id) !== last) seen.value = new Map(seen.value).set(id, last);
}

/** How much has come for a line since it was looked at. @param {Line} line */
export const news = (line) => line.items.filter((item) => item.side !== "customer" && item.n > (seen.value.get(line.id) ?? 0)).length;

/** @param {string} channel @param {string} name @param {string} language */
export async function arrive(channel, name, language) {
  try {
    failed.value = "";
    const { line } = await post("open", { channel, name, language });
    lines.value = new Map(lines.value).set(line.id, line);
    look(line.id);
  } catch (error) {
    failed.value = /** @type {Error} */ (error).message;
  }
}

/** @param {Line} line @param {string} deed @param {Record<string, string>} [wish] */
export async function act(line, deed, wish = {}) {
  try {
    failed.value = "";
    await post("do", { line: line.id, deed, wish });
    return true;
  } catch (error) {
    failed.value = /** @type {Error} */ (error).message;
    return false;
  }
}
