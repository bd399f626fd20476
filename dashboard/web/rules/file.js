// @ts-check
// One file of what runs, line by line, with what is wrong with the one on disk.
import { html, useEffect, useRef, useState } from "../vendor/ui.js";
import { get } from "../frame/api.js";
import { heard, t } from "../frame/words.js";
import { Problem } from "./book.js";

/** @param {{file: any, page: any, line: number}} props */
export function File({ file, page, line }) {
  const [text, setText] = useState(/** @type {string | null} */ (null));
  const [fault, setFault] = useState("");
  const here = useRef(/** @type {any} */ (null));
  useEffect(() => { get(`/rules/file?name=${encodeURIComponent(file.name)}`).then((found) => setText(found.text), (error) => setFault(heard(error))); }, [file.name, page.running.content]);
  useEffect(() => { here.current?.scrollIntoView({ block: "center" }); }, [text !== null, line]);
  const problems = page.disk.problems.filter((/** @type {any} */ each) => each.file === file.name);
  return html`<h2 class="lead">${file.name} <span class="meta">${t("rules.lines", { n: file.lines })}</span></h2>
    ${problems.length > 0 && html`<div class="health crit"><div><p><b>${t("rules.on_disk")}</b></p>${problems.map((/** @type {any} */ each) => html`<${Problem} key=${`${each.line}:${each.column}`} each=${each} />`)}</div></div>`}
    ${fault && html`<p class="empty">${fault}</p>`}
    ${text !== null && html`<ol class="source" tabindex="0" aria-label=${file.name}>${text.replace(/\n$/, "").split("\n").map((each, at) => html`<li key=${at} class=${at + 1 === line ? "here" : ""} ref=${at + 1 === line ? here : undefined}>${each}</li>`)}</ol>`}`;
}
