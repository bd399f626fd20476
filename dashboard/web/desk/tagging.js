// @ts-check
// The field in which a person gets a tag: it comes when somebody asks for it, and goes when it is left empty.
import { html, useEffect, useRef, useState } from "../vendor/ui.js";
import { t } from "../frame/words.js";

const TAG_CHARS_MAX = 40;

/** @param {{put: (change: object) => Promise<any>, done: () => void}} props */
export function Tagging({ put, done }) {
  const [text, type] = useState("");
  const field = useRef(/** @type {any} */ (null));
  useEffect(() => field.current.focus(), []);
  const add = (/** @type {any} */ event) => {
    event.preventDefault();
    const tag = text.trim().replace(/[\s,:]+/g, "-").slice(0, TAG_CHARS_MAX);
    type("");
    if (tag) void put({ add: [tag] });
  };
  return html`<form class="tag-form" onSubmit=${add}><input ref=${field} value=${text} maxlength=${TAG_CHARS_MAX} aria-label=${t("tags.add")} placeholder=${t("tags.add")} autocomplete="off"
    onInput=${(/** @type {any} */ event) => type(event.target.value)} onBlur=${() => !text && done()} /></form>`;
}
