// @ts-check
// Writing an article: every language with its text and how it will look; what was searched for and not found.
import { html, useEffect, useRef, useState } from "../vendor/ui.js";
import { link, me, queues, serverNow, tell } from "../frame/state.js";
import { call, get, newId, post } from "../frame/api.js";
import { Icon, ago, queueLabel } from "../frame/parts.js";
import { go } from "../frame/screens.js";
import { heard, labelOf, t } from "../frame/words.js";
import { fetchShelf, shelf } from "./help.js";
import { useKeys } from "../frame/keys.js";
import { nameOf } from "./read.js";
import { Tree } from "./tree.js";

const PREVIEW_MS = 400;
const SLUG = "[a-z0-9]+(-[a-z0-9]+)*";

/** @typedef {{version: number, slug: string, category: string, audience: string, queues: string[], texts: Record<string, {title: string, text: string}>, checked: string[]}} Draft */
/** A draft stays in this browser until it is saved. @param {number} number */
const place = (number) => `patchbay:${me.value?.id}:article:${number}`;
/** @param {number} number @returns {{draft: Draft, at: number} | null} */
function keptDraft(number) {
  try {
    return JSON.parse(localStorage.getItem(place(number)) ?? "null");
  } catch {
    return null;
  }
}
/** @param {number} number @param {Draft | null} draft */
function keep(number, draft) {
  try {
    if (draft) localStorage.setItem(place(number), JSON.stringify({ draft, at: serverNow() }));
    else localStorage.removeItem(place(number));
  } catch {
    // Without storage the page alone has it.
  }
}

/** A name in the address of a title: its Latin letters and numbers. @param {string} title */
const slugOf = (title) => title.normalize("NFKD").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 60).replace(/-+$/, "");

/** @param {any} one @returns {Draft} */
const draftOfCase = (one) => ({
  version: one.line.version, slug: one.line.slug, category: one.line.category, audience: one.line.audience, queues: one.queues, checked: [],
  texts: Object.fromEntries(Object.entries(one.texts).map(([tag, text]) => [tag, { title: text.title, text: text.text }])),
});

/** @param {{number: number, asked: string}} props */
export function Editor({ number, asked }) {
  const [one, put] = useState(/** @type {any} */ (null));
  const [draft, change] = useState(/** @type {Draft | null} */ (null));
  const [tag, choose] = useState("");
  const [said, say] = useState("");
  const touched = useRef(Boolean(number));
  const command = useRef(newId());
  useEffect(() => {
    void (async () => {
      try {
        const [found] = await Promise.all([number ? get(`/articles/${number}`) : null, shelf.value ?? fetchShelf()]);
        const first = shelf.value.languages[0];
        put(found);
        choose(first);
        const kept = keptDraft(number);
        if (kept) say(t("help.kept", { time: ago(kept.at) }));
        change(kept?.draft ?? (found ? draftOfCase(found) : { version: 0, slug: slugOf(asked), category: "", audience: "public", queues: [], checked: [], texts: { [first]: { title: asked, text: "" } } }));
      } catch (error) {
        say(heard(error));
      }
    })();
  }, [number]);
  const cancel = () => { keep(number, null); go("help", ...(number ? [String(number)] : [])); };
  const head = html`<button type="button" class="plain back-to" onClick=${() => go("help", ...(number ? [String(number)] : []))}><${Icon} name="back" /> ${number ? t("help.to_article") : t("help.back")}</button>`;
  if (!draft) return html`${head}<p class="empty" role="status">${said}</p>`;
  const edit = (/** @type {Partial<Draft>} */ part) => { const next = { ...draft, ...part }; change(next); keep(number, next); };
  const text = draft.texts[tag] ?? { title: "", text: "" };
  const first = shelf.value.languages[0];
  const write = (/** @type {Partial<{title: string, text: string}>} */ part) => {
    const slug = !touched.current && tag === first && part.title !== undefined ? { slug: slugOf(part.title) } : {};
    edit({ texts: { ...draft.texts, [tag]: { ...text, ...part } }, ...slug });
  };
  const save = async (/** @type {string} */ deed) => {
    const texts = Object.fromEntries(Object.entries(draft.texts).filter(([, each]) => each.title.trim() && each.text.trim()));
    if (!Object.keys(texts).length) { say(t("help.needs_text")); return; }
    try {
      const done = await call(number ? "PUT" : "POST", number ? `/articles/${number}` : "/articles", { ...draft, texts, deed, command_id: command.current });
      keep(number, null);
      void fetchShelf().catch(() => {});
      tell(t("help.done"));
      go("help", String(done.line.number));
    } catch (/** @type {any} */ error) {
      command.current = newId();
      if (error.code !== "article_changed") { say(heard(error)); return; }
      // What was written here stays; saving it again puts it over what the other wrote, and now that is known.
      const newest = await get(`/articles/${number}`);
      put(newest);
      edit({ version: newest.line.version });
      say(t("help.faster", { name: newest.steps[0]?.by ?? "" }));
    }
  };
  const older = one?.texts[tag]?.older;
  const submit = (/** @type {any} */ event) => { event.preventDefault(); void save(event.submitter?.value === "publish" ? "publish" : "write"); };
  return html`${head}<form class="help-editor" onSubmit=${submit}><h1>${number ? t("help.edit") : t("help.new")}</h1><p role="status" class=${said ? "asked" : ""}>${said}</p>
    <nav class="row languages" aria-label=${t("help.languages")}>${shelf.value.languages.map((/** @type {string} */ each) => html`<button type="button" key=${each} lang=${each} aria-current=${each === tag ? "page" : undefined} onClick=${() => choose(each)}>${nameOf(each)}${draft.texts[each]?.text ? "" : html` <span class="meta">${t("help.not_there")}</span>`}</button>`)}</nav>
    <label>${t("help.title")}<input lang=${tag} maxlength="200" value=${text.title} onInput=${(/** @type {any} */ event) => write({ title: event.target.value })} /></label>
    <div class="help-both"><label>${t("help.text")}<textarea lang=${tag} rows="18" maxlength="50000" value=${text.text} onInput=${(/** @type {any} */ event) => write({ text: event.target.value })}></textarea><span class="meta">${t("help.markdown")}</span></label>
      <section aria-label=${t("help.preview")}><h2>${t("help.preview")}</h2><${Preview} text=${text.text} tag=${tag} /></section></div>
    ${older && html`<label class="check"><input type="checkbox" checked=${draft.checked.includes(tag)} onChange=${(/** @type {any} */ event) => edit({ checked: event.target.checked ? [...draft.checked, tag] : draft.checked.filter((each) => each !== tag) })} /> ${t("help.checked", { language: nameOf(first) })}</label>`}
    <div class="help-fields"><label>${t("help.slug")}<input required pattern=${SLUG} maxlength="80" value=${draft.slug} autocomplete="off" onInput=${(/** @type {any} */ event) => { touched.current = true; edit({ slug: event.target.value }); }} /></label>
      <label>${t("help.category")}<select value=${draft.category} onChange=${(/** @type {any} */ event) => edit({ category: event.target.value })}><option value="">${t("help.other")}</option>${Object.entries(shelf.value.categories).map(([name, label]) => html`<option key=${name} value=${name}>${labelOf(label, name)}</option>`)}</select></label>
      <label>${t("help.audience")}<select value=${draft.audience} onChange=${(/** @type {any} */ event) => edit({ audience: event.target.value })}><option value="public">${t("help.public")}</option><option value="team">${t("help.team")}</option></select></label></div>
    <${Queues} chosen=${draft.queues} choose=${(/** @type {string[]} */ chosen) => edit({ queues: chosen })} />
    <div class="row"><button type="button" class="plain" onClick=${cancel}>${t("help.discard")}</button><span class="grow"></span>
      <button type="submit" value="write" disabled=${link.value !== "live"}>${t("help.save")}</button>${(!one || one.line.state === "draft") && html`<button type="submit" value="publish" class="primary" disabled=${link.value !== "live"}>${t("help.save_publish")}</button>`}</div></form>`;
}

/** Where it stands first among what is offered while somebody answers. What is chosen and no longer there can be taken away. @param {{chosen: string[], choose: (chosen: string[]) => void}} props */
function Queues({ chosen, choose }) {
  const names = [...new Set([...queues.value.map((each) => each.name), ...chosen])];
  if (!names.length) return null;
  return html`<fieldset class="help-queues"><legend>${t("help.queues")}</legend>${names.map((name) => html`<label class="check" key=${name}><input type="checkbox" checked=${chosen.includes(name)} onChange=${(/** @type {any} */ event) => choose(event.target.checked ? [...chosen, name] : chosen.filter((each) => each !== name))} /> ${queueLabel(name)}</label>`)}</fieldset>`;
}

/** How a text will look, a moment after it was typed. @param {{text: string, tag: string}} props */
function Preview({ text, tag }) {
  const [tree, put] = useState(/** @type {any[]} */ ([]));
  useEffect(() => {
    let latest = true;
    const timer = setTimeout(() => { void post("/articles/preview", { text }).then((made) => { if (latest) put(made.tree); }, () => {}); }, PREVIEW_MS);
    return () => { latest = false; clearTimeout(timer); };
  }, [text]);
  return html`<div class="help-text" lang=${tag}><${Tree} tree=${tree} /></div>`;
}

/** What people looked for and did not find: what to write next. */
export function Misses() {
  const [items, put] = useState(/** @type {any[] | null} */ (null));
  const [failed, fail] = useState(false);
  const read = () => { fail(false); void get("/articles/misses").then(put, () => fail(true)); };
  useEffect(read, []);
  useKeys({ Escape: () => go("help") });
  return html`<button type="button" class="plain back-to" onClick=${() => go("help")}><${Icon} name="back" /> ${t("help.back")}</button><header class="help-head"><h1>${t("help.misses")}</h1></header><p class="meta">${t("help.misses.text")}</p>
    ${failed && html`<p class="empty" role="alert">${t("help.failed")} <button type="button" onClick=${read}>${t("retry")}</button></p>`}
    ${items?.length === 0 && html`<p class="empty">${t("help.misses.none")}</p>`}
    ${items && items.length > 0 && html`<ul class="help-misses">${items.map((each) => html`<li key=${each.words}><b>${each.words}</b><span class="meta number">${t("help.times", { n: each.times })}</span><button type="button" onClick=${() => go("help", "new", each.words)}>${t("help.write")}</button></li>`)}</ul>`}`;
}
