// @ts-check
// Asks whether a conversation or a person has complaints, or sounds like one. Only then is the rest of this room fetched.
import { html, signal, useEffect, useState } from "../vendor/ui.js";
import { stories } from "../frame/state.js";
import { get } from "../frame/api.js";
import { SCREENS, fetchRoom } from "../frame/screens.js";

/** Counts what was recorded from here, so that it is asked again. */
export const recorded = signal(0);

/** @param {{live: any}} props */
export function Hint({ live }) {
  const [found, put] = useState(/** @type {any} */ (null));
  const [asked, ask] = useState(0);
  const heard = (stories.value.get(live.ref) ?? []).filter((/** @type {any} */ item) => item.kind === "in").length;
  useEffect(() => {
    let dropped = false;
    const read = async () => {
      const of = await get(`/conversations/${live.ref}/complaints`).catch(() => null);
      const room = of && (of.sounds || of.complaints.length > 0) ? await fetchRoom("complaints", /** @type {any} */ (SCREENS.complaints.load)) : null;
      if (!dropped) put(room && { ref: live.ref, of, room });
    };
    void read();
    return () => { dropped = true; };
  }, [live.ref, heard, recorded.value, asked]);
  return found?.ref === live.ref ? html`<${found.room.Beside} live=${live} of=${found.of} again=${() => ask(asked + 1)} />` : null;
}

/** The complaints of a person, where there are any. @param {{id: number}} props */
export function OfCustomer({ id }) {
  const [found, put] = useState(/** @type {any} */ (null));
  useEffect(() => {
    let dropped = false;
    const read = async () => {
      const lines = await get(`/customers/${id}/complaints`).catch(() => []);
      const room = lines.length ? await fetchRoom("complaints", /** @type {any} */ (SCREENS.complaints.load)) : null;
      if (!dropped) put(room && { lines, room });
    };
    void read();
    return () => { dropped = true; };
  }, [id, recorded.value]);
  return found ? html`<${found.room.OfPerson} lines=${found.lines} />` : null;
}
