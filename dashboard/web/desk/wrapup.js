// @ts-check
// Where the wrap-up form stands in the desk; the form itself is of the room of handing, fetched when it is first needed.
import { html, useEffect, useState } from "../vendor/ui.js";
import { fetchRoom } from "../frame/screens.js";

/** @param {{live: any}} props */
export function WrapUp({ live }) {
  const [room, came] = useState(/** @type {any} */ (null));
  useEffect(() => { void fetchRoom("handing", () => import("../handing/handing.js")).then(came); }, []);
  return room ? html`<${room.WrapUp} live=${live} key=${live.ref} />` : html`<div class="wrap-up" aria-busy="true"></div>`;
}
