// @ts-check
// One article as it is read at the desk: in each language, to pass on to a customer; for supervisors what may be done with it.
import { html, useEffect, useState } from "../vendor/ui.js";
import { attempt, chosen, link, tell } from "../frame/state.js";
import { call, get, newId } from "../frame/api.js";
import { Icon, ago, copy, customerName, fullOf } from "../frame/parts.js";
import { go } from "../frame/screens.js";
import { labelOf, language, t } from "../frame/words.js";
import { details } from "../frame/state.js";
import { useKeys } from "../frame/keys.js";
import { draftOf, keepDraft } from "../desk/writing.js";
import { Marks, fetchShelf, shelf, writes } from "./help.js";
import { Tree } from "./tree.js";

/** What an article is asked to become, with all that stays. @param {any} one @param {string} deed */
const asked = (one, deed) => ({
  version: one.line.version, slug: one.line.slug, category: one.line.category, audience: one.line.audience, queues: one.queues, deed, command_id: newId(),
  texts: Object.fromEntries(Object.entries(one.texts).map(([tag, text]) => [tag, { title: text.title, text: text.text }])),
});

/** @param {{number: number}} props */
export function Read({ number }) {
  const [one, put] = useState(/** @type {any} */ (null));
  const [failed, fail] = useState("");
  const [tag, choose] = useState("");
  const read = () => Promise.all([get(`/articles/${number}`), shelf.value ?? fetchShelf()]).then(([found]) => { put(found); fail(""); }, (error) => fail(error.status === 404 ? "gone" : "failed"));
  useEffect(() => { void read(); }, [number]);
  useKeys({ Escape: () => go("help") });
  const back = html`<button type="button" class="plain back-to" onClick=${() => go("help")}><${Icon} name="back" /> ${t("help.back")}</button>`;
  if (failed) return html`${back}<p class="empty" role="alert">${failed === "gone" ? t("help.gone") : t("help.failed")} ${failed === "failed" && html`<button type="button" onClick=${read}>${t("retry")}</button>`}</p>`;
  if (!one) return html`${back}<div class="skeleton" aria-hidden="true"><i></i><i></i><i></i></div>`;
  const tags = Object.keys(one.texts);
  const shown = tags.includes(tag) ? tag : [language.value, ...(shelf.value?.languages ?? []), ...tags].find((each) => tags.includes(each)) ?? "";
  const text = one.texts[shown];
  const deed = async (/** @type {string} */ name) => {
    const done = await attempt(() => call("PUT", `/articles/${number}`, asked(one, name)));
    if (done) { put(done); tell(t("help.done")); void fetchShelf().catch(() => {}); } else void read();
  };
  return html`${back}<header class="help-head"><h1 class="grow" lang=${shown}>${text.title}</h1><${Marks} line=${one.line} /></header>
    <div class="help-deeds"><${PassOn} line=${one.line} tag=${shown} text=${text} />
      ${writes() && html`<button type="button" onClick=${() => go("help", String(number), "edit")}><${Icon} name="note" /> ${t("help.edit")}</button>
      ${one.deeds.filter((/** @type {string} */ each) => each !== "write" && (each !== "look" || one.line.stale)).map((/** @type {string} */ each) => html`<button type="button" key=${each} class=${each === "publish" ? "primary" : ""} disabled=${link.value !== "live"} onClick=${() => deed(each)}>${t(`help.deed.${each}`)}</button>`)}`}</div>
    ${tags.length > 1 && html`<nav class="row languages" aria-label=${t("help.languages")}>${tags.map((each) => html`<button type="button" key=${each} lang=${each} aria-current=${each === shown ? "page" : undefined} onClick=${() => choose(each)}>${nameOf(each)}${one.texts[each].older ? html` <span class="asked">${t("help.older.one")}</span>` : ""}</button>`)}</nav>`}
    <article class="help-text" lang=${shown}><${Tree} tree=${text.tree} /></article>
    <p class="meta" title=${fullOf(text.changed_ms)}>${t("help.changed", { time: ago(text.changed_ms) })}${one.line.category ? ` · ${labelOf(shelf.value?.categories[one.line.category], one.line.category)}` : ""}</p>
    ${one.steps.length > 0 && html`<details class="help-steps"><summary>${t("help.history")}</summary><ul>${one.steps.map((/** @type {any} */ each) => html`<li key=${each.version}><b>${t(`help.step.${each.deed}`)}</b> <span class="meta" title=${fullOf(each.at)}>${each.by} · ${ago(each.at)}</span></li>`)}</ul></details>`}`;
}

/** A language in its own words. @param {string} tag */
export const nameOf = (tag) => new Intl.DisplayNames([tag], { type: "language" }).of(tag) ?? tag;

/** Into the answer to who is on the desk, or into the clipboard. @param {{line: any, tag: string, text: any}} props */
function PassOn({ line, tag, text }) {
  const ref = chosen.value;
  const address = line.url ? `${line.url}?lang=${tag}` : "";
  const into = (/** @type {string} */ what) => {
    const before = draftOf(`${ref}:reply`).text;
    keepDraft(`${ref}:reply`, before ? `${before.trimEnd()}\n\n${what}` : what);
    go("desk", ref);
  };
  return html`${ref && html`<span class="meta">${t("help.reply_to", { name: customerName(details.value.get(ref)?.live ?? details.value.get(ref)) })}</span>
      ${address && html`<button type="button" class="primary" onClick=${() => into(`${text.title}\n${address}`)}><${Icon} name="line" /> ${t("help.put.link")}</button>`}<button type="button" onClick=${() => into(text.text)}>${t("help.put.text")}</button>`}
    ${address && html`<button type="button" onClick=${() => copy(address, t("help.copied"))}>${t("help.copy")}</button><a class="open-page" href=${address} target="_blank" rel="noopener">${t("help.open")}</a>`}`;
}
