// @ts-check
// The lists that a sign at the start of a word opens over the composer: saved replies with articles below, colleagues, emoji.
import { html, signal, useEffect, useState } from "../vendor/ui.js";
import { config, me } from "../frame/state.js";
import { get } from "../frame/api.js";
import { Avatar, Icon, customerName, queueLabel } from "../frame/parts.js";
import { labelOf, t } from "../frame/words.js";
import { called, fetchArticles, linkText, titleFor } from "./articles.js";
import { EMOJI } from "./emoji.js";

export { attach } from "./attaching.js";
export { hintOf, windowOf } from "./hints.js";
export { Letter, envelopeOf } from "./letter.js";

const SHOWN_MAX = 8;
const ARTICLES_MAX = 4;
const saved = signal(/** @type {any[] | null} */ (null));
const people = signal(/** @type {Record<string, any[]>} */ ({}));

/** The site's saved replies, read once; a new configuration reloads the page's own. @param {boolean} [again] */
export async function fetchSaved(again = false) {
  if (again || saved.value === null) saved.value = await get("/replies").catch(() => saved.value);
  return saved.value ?? [];
}

/** @param {string} ref */
async function fetchPeople(ref) {
  if (people.value[ref]) return;
  const found = await get(`/conversations/${ref}/colleagues`).catch(() => null);
  if (found) people.value = { ...people.value, [ref]: found };
}

/** A saved reply in the customer's language, else in the site's first, with what stands in braces filled in. @param {any} reply @param {any} live */
export function filled(reply, live) {
  const text = reply.text[live.language] ?? reply.text[live.language?.slice(0, 2)] ?? reply.text[config.value?.languages[0]] ?? Object.values(reply.text)[0] ?? "";
  /** @type {Record<string, string>} */
  const values = { "customer.name": live.customer.name ? customerName(live) : "", "agent.name": me.value.name, "conversation.ref": live.ref, queue: queueLabel(live.queue) };
  // A name that is not known leaves no hole: "Hello ," is "Hello,".
  return text.replace(/( ?)\{([a-z.]+)\}/g, (/** @type {string} */ whole, /** @type {string} */ gap, /** @type {string} */ name) => (name in values ? (values[name] ? gap + values[name] : "") : whole));
}

/** @typedef {{title: string, most: number, find: (word: string, live: any) => any[], row: (each: any, live: any) => any, value: (each: any, live: any) => string}} Kind */
/** @type {Kind} */
const ARTICLES = {
  title: "suggest.articles",
  most: ARTICLES_MAX,
  find: called,
  row: (each, live) => html`<${Icon} name="help" /><span class="grow"><b>${titleFor(each, live)}</b><span class="cut">${each.url}</span></span>`,
  value: linkText,
};
/** What a sign offers, in groups one below the other. @type {Record<string, Kind[]>} */
const LISTS = {
  "/": [{
    title: "suggest.replies",
    most: SHOWN_MAX,
    find: (word, live) => (saved.value ?? []).filter((each) => (!each.queues.length || each.queues.includes(live.queue)) && `${each.name} ${labelOf(each.label, each.name)}`.toLowerCase().includes(word)),
    row: (each, live) => html`<code>/${each.name}</code><span class="grow"><b>${labelOf(each.label, each.name)}</b><span class="cut">${filled(each, live)}</span></span>`,
    value: filled,
  }, ARTICLES],
  "@": [{
    title: "suggest.people",
    most: SHOWN_MAX,
    find: (word, live) => (people.value[live.ref] ?? []).filter((each) => `${each.login} ${each.name}`.toLowerCase().includes(word)),
    row: (each) => html`<${Avatar} name=${each.name} /><span class="grow"><b>${each.name}</b><span class="cut">@${each.login}</span></span>`,
    value: (each) => `@${each.login} `,
  }],
  ":": [{
    title: "suggest.emoji",
    most: SHOWN_MAX,
    find: (word) => EMOJI.filter(([, words]) => words.split(" ").some((each) => each.startsWith(word))),
    row: ([sign, words]) => html`<span class="sign">${sign}</span><span class="grow">${words.split(" ")[0]}</span>`,
    value: ([sign]) => sign,
  }],
};

/**
 * The list of one sign. `list.current.key` is told each key of the composer, and says whether it was meant for the list.
 * @param {{asked: any, live: any, note: boolean, list: any, pick: (text: string) => void}} props
 */
export function Suggest({ asked, live, list, pick }) {
  const [at, move] = useState(0);
  const kinds = LISTS[asked.sign];
  useEffect(() => { move(0); }, [asked.sign, asked.word]);
  useEffect(() => document.getElementById("suggested")?.scrollIntoView({ block: "nearest" }), [at]);
  const [tried, setTried] = useState(asked.sign === ":");
  useEffect(() => {
    setTried(asked.sign === ":");
    if (asked.sign === "/") void Promise.all([fetchSaved(), fetchArticles()]).then(() => setTried(true));
    if (asked.sign === "@") void fetchPeople(live.ref).then(() => setTried(true));
  }, [asked.sign]);
  const found = kinds.flatMap((kind) => kind.find(asked.word.toLowerCase(), live).slice(0, kind.most).map((each) => ({ kind, each })));
  const take = (/** @type {{kind: Kind, each: any}} */ { kind, each }) => pick(kind.value(each, live));
  list.current.key = (/** @type {KeyboardEvent} */ event) => {
    if (!found.length && !tried && event.key === "Enter") return true;
    if (!found.length || event.shiftKey || event.ctrlKey || event.metaKey || event.altKey) return false;
    /** @type {Record<string, () => void>} */
    const keys = { ArrowDown: () => move((at + 1) % found.length), ArrowUp: () => move((at + found.length - 1) % found.length), Enter: () => take(found[at]), Tab: () => take(found[at]) };
    keys[event.key]?.();
    return event.key in keys;
  };
  useEffect(() => () => { list.current.key = undefined; }, []);
  const nothing = asked.sign === "/" && saved.value?.length === 0 ? t("suggest.no.replies") : t("suggest.none", { text: asked.word });
  const groups = kinds.filter((kind) => found.some((one) => one.kind === kind));
  return html`<div class="suggest"><div role="listbox" id="suggestions" aria-label=${t(kinds[0].title)}>${groups.map((kind) => html`<ul key=${kind.title} role="group" aria-label=${t(kind.title)}>${groups.length > 1 && html`<li role="presentation" class="group" aria-hidden="true">${t(kind.title)}</li>`}
      ${found.map((one, nth) => one.kind === kind && html`<li role="option" key=${nth} id=${nth === at ? "suggested" : undefined} aria-selected=${nth === at}
        onPointerDown=${(/** @type {any} */ event) => { event.preventDefault(); take(one); }}>${kind.row(one.each, live)}</li>`)}</ul>`)}</div>
    <p class="meta">${found.length ? t("suggest.keys") : tried && nothing}</p></div>`;
}
