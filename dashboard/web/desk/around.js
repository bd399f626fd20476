// @ts-check
// What stands over a thread besides its head, and where call controls go: fetched only for a conversation that has any of it.
import { html, useEffect, useState } from "../vendor/ui.js";
import { fetchRoom } from "../frame/screens.js";

/** @param {{live: any}} props */
export function Around({ live }) {
  const [handing, handingCame] = useState(/** @type {any} */ (null));
  const [call, callCame] = useState(/** @type {any} */ (null));
  const phone = live.channel === "phone";
  useEffect(() => { void fetchRoom("handing", () => import("../handing/handing.js")).then(handingCame); }, []);
  useEffect(() => { if (phone) void fetchRoom("call", () => import("../call/call.js")).then(callCame); }, [phone]);
  return html`${call && html`<${call.CallBar} live=${live} />`}${handing && html`<${handing.Strip} live=${live} />`}`;
}
