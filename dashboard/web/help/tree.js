// @ts-check
// An article's elements, as the server made them of Markdown, built as elements here. What is not in the list is its text.
import { html } from "../vendor/ui.js";

/** @typedef {{tag: string, href?: string, parts?: (Block | string)[]}} Block */
const TAGS = new Set(["p", "ul", "ol", "li", "blockquote", "strong", "em", "s", "code", "pre", "table", "thead", "tbody", "tr", "th", "td", "hr", "br", "h2", "h3", "a"]);

/** @param {{tree: (Block | string)[]}} props @returns {any} */
export const Tree = ({ tree }) => tree.map((each) => {
  if (typeof each === "string") return each;
  const inner = html`<${Tree} tree=${each.parts ?? []} />`;
  if (!TAGS.has(each.tag)) return inner;
  if (each.tag === "hr" || each.tag === "br") return html`<${each.tag} />`;
  return each.tag === "a" ? html`<a href=${each.href} target="_blank" rel="noopener">${inner}</a>` : html`<${each.tag}>${inner}</${each.tag}>`;
});
