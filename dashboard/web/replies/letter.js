// @ts-check
// What a letter has besides its text: a subject and who gets a copy. Both are kept like a draft until it is sent.
import { html, useState } from "../vendor/ui.js";
import { stories } from "../frame/state.js";
import { draftOf, keepDraft } from "../desk/writing.js";
import { t } from "../frame/words.js";

const SUBJECT_CHARS_MAX = 200;
const COPIES_MAX = 10;
const ADDRESS = /^[^@\s<>,;:"]{1,64}@[^@\s<>,;:"]{1,255}$/;

/** @typedef {{subject: string | null, cc: string}} Envelope */
/** @param {string} ref @returns {Envelope} */
function kept(ref) {
  try {
    return { subject: null, cc: "", ...JSON.parse(draftOf(`${ref}:letter`).text || "{}") };
  } catch {
    return { subject: null, cc: "" };
  }
}

/** @param {string} text */
const addresses = (text) => [...new Set(text.split(/[\s,;]+/).filter(Boolean))];
/** @param {string[]} list */
const sound = (list) => list.length <= COPIES_MAX && list.every((each) => ADDRESS.test(each));
/** @param {any} live */
const usual = (live) => (live.subject ? t("mail.re", { subject: live.subject.replace(/^((re|aw|sv|fwd?):\s*)+/i, "") }) : "");

/** What goes with the next letter; nothing where a copy could not be sent. @param {any} live @returns {{subject: string, cc: string[]} | null} */
export function envelopeOf(live) {
  const { subject, cc } = kept(live.ref);
  const list = addresses(cc);
  const own = subject === null || subject.trim() === usual(live) ? "" : subject.trim();
  return sound(list) ? { subject: own, cc: list } : null;
}

/** To whom else the newest letter went, and who gets no copy yet. @param {any} live @param {string[]} known @param {string} to */
function others(live, known, to) {
  const newest = (stories.value.get(live.ref) ?? []).filter((item) => item.cc || (item.kind === "in" && item.detail !== "outside")).at(-1);
  return (newest?.cc ?? []).filter((/** @type {string} */ each) => each !== to && !known.includes(each)).slice(0, COPIES_MAX - known.length);
}

/** @param {{live: any, to: string}} props */
export function Letter({ live, to }) {
  const envelope = kept(live.ref);
  const [asked, showCopies] = useState(false);
  const copies = asked || Boolean(envelope.cc);
  const put = (/** @type {Partial<Envelope>} */ part) => keepDraft(`${live.ref}:letter`, JSON.stringify({ ...envelope, ...part }));
  const list = addresses(envelope.cc);
  const more = others(live, list, to);
  return html`<div class="letter"><p class="meta letter-to"><b>${t("mail.to")}</b> ${to}<span class="grow"></span>
      ${more.length > 0 && html`<button type="button" class="link" onClick=${() => { put({ cc: [...list, ...more].join(", ") }); showCopies(true); }}>${t("mail.cc.add", { to: more.join(", ") })}</button>`}
      ${!copies && html`<button type="button" class="link" onClick=${() => showCopies(true)}>${t("mail.cc.more")}</button>`}</p>
    ${copies && html`<label class="meta"><b>${t("mail.cc")}</b> <input type="text" inputmode="email" autocomplete="off" spellcheck="false" value=${envelope.cc} placeholder=${t("mail.cc.by")} aria-invalid=${!sound(list)} onInput=${(/** @type {any} */ event) => put({ cc: event.target.value })} /></label>`}
    <label class="meta"><b>${t("mail.subject")}</b> <input type="text" autocomplete="off" maxlength=${SUBJECT_CHARS_MAX} value=${envelope.subject ?? usual(live)} placeholder=${t("mail.no.subject")} onInput=${(/** @type {any} */ event) => put({ subject: event.target.value })} /></label></div>`;
}
