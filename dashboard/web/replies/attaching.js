// @ts-check
// Attaching files to the next reply: what a line takes, and the way of each file to the server.
import { tell } from "../frame/state.js";
import { upload } from "../frame/api.js";
import { heard } from "../frame/words.js";
import { restage, stagedIn } from "../desk/files.js";

/** Why a file cannot go, empty when it can. The server looks at the content and has the last word. @param {any} limits @param {any} file @param {any[]} others */
function fault(limits, file, others) {
  const largest = limits.kinds[file.type] ?? limits.kinds["*"] ?? Math.max(...Object.values(limits.kinds));
  if (others.length >= limits.files_max) return "files_too_many";
  if (!file.size) return "file_empty";
  if (file.size > largest) return "file_too_large";
  const together = others.reduce((/** @type {number} */ sum, /** @type {any} */ each) => sum + each.size_bytes, file.size);
  return limits.bytes_max && together > limits.bytes_max ? "files_too_large" : "";
}

/** @param {string} ref @param {any} limits @param {any[]} chosen */
export async function attach(ref, limits, chosen) {
  for (const file of chosen) {
    const code = fault(limits, file, stagedIn(ref));
    if (code) {
      tell(`${file.name}: ${heard({ code })}`, "crit");
      continue;
    }
    const key = `${Date.now()}-${file.name}`;
    const mark = { id: key, name: file.name, size_bytes: file.size, part: 0 };
    restage(ref, (now) => [...now, mark]);
    try {
      const query = new URLSearchParams({ name: file.name, media_type: file.type });
      const kept = await upload(`/conversations/${ref}/files?${query}`, file, (part) => restage(ref, (now) => now.map((each) => (each.id === key ? { ...each, part } : each))));
      restage(ref, (now) => now.map((each) => (each.id === key ? kept : each)));
    } catch (/** @type {any} */ error) {
      restage(ref, (now) => now.filter((each) => each.id !== key));
      tell(`${file.name}: ${heard(error)}`, "crit");
    }
  }
}
