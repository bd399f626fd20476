// @ts-check
// Tells of an offer by the system, to whoever has allowed it and does not see the page. Fetched with the first.
import { t } from "../frame/words.js";

/** @param {any} offer */
export function notify(offer) {
  if (!("Notification" in window) || Notification.permission !== "granted") return;
  const note = new Notification(t("offer.title"), { body: offer.customer.name || t("customer.new"), tag: `offer-${offer.offer}` });
  note.onclick = () => { window.focus(); note.close(); };
}
