// @ts-check
// What is told of an offer that somebody else took while it rang here; fetched when it happens.
import { announce, me, serverNow } from "../frame/state.js";
import { get } from "../frame/api.js";
import { t } from "../frame/words.js";
import { taken } from "../desk/work.js";

const TAKEN_MS = 6_000;

/** Say who was faster, and by how much where that is known. @param {any} offer */
export async function tellTaken(offer) {
  const story = await get(`/conversations/${offer.ref}/story?limit=20`).catch(() => null);
  const won = story?.items.filter((/** @type {any} */ item) => item.kind === "accepted" && item.at >= offer.issued_ms).at(-1);
  if (won?.agent === me.value.id) return;
  const seconds = won ? Math.max(1, Math.round((serverNow() - won.at) / 1_000)) : 0;
  const words = won?.author ? t("taken.by", { name: won.author, n: seconds }) : t("taken.gone");
  taken.value = [...taken.value, { offer: offer.offer, name: offer.customer.name || t("customer.new"), words }];
  announce("status", words);
  setTimeout(() => { taken.value = taken.value.filter((each) => each.offer !== offer.offer); }, TAKEN_MS);
}
