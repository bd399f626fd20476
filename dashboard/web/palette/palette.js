// @ts-check
// What the search of the top bar finds: my work, customers, numbers, messages, saved replies, articles, actions; what was open last when nothing is typed.
import { html, signal, useEffect } from "../vendor/ui.js";
import { agent, attempt, config, details, chosen, link, owns, startShift, work } from "../frame/state.js";
import { get } from "../frame/api.js";
import { dialog } from "../frame/dialogs.js";
import { SCREENS, go, mine } from "../frame/screens.js";
import { Icon, ago, channelLabel, customerName } from "../frame/parts.js";
import { choose } from "../frame/shell.js";
import { settings } from "../frame/settings.js";
import { labelOf, learn, t } from "../frame/words.js";
import { recent } from "./recent.js";
import { linkText, putInto, searchArticles, sendable, titleFor } from "../replies/articles.js";
import { fetchSaved, filled } from "../replies/replies.js";

const WAIT_MS = 150;
const MINE_MAX = 6;
const OTHERS_MAX = 5;
const ARTICLES_MAX = 3;

/** What the server has found for the words that were typed last. */
const found = signal(/** @type {any} */ (null));
const replies = signal(/** @type {any[]} */ ([]));
const deep = signal(/** @type {any} */ (null));
const articles = signal(/** @type {any} */ (null));
let asked = 0;

/** @param {string} text @param {boolean} messages */
async function ask(text, messages) {
  const mark = ++asked;
  const answer = await attempt(() => get(`/find?${new URLSearchParams({ text, messages: String(messages) })}`));
  if (mark === asked && answer) (messages ? deep : found).value = { text, ...answer };
}

/** @param {string} text */
async function askArticles(text) {
  const items = await searchArticles(text);
  articles.value = { text, items: items.slice(0, ARTICLES_MAX) };
}

/** @param {any} customer */
async function openCustomer(customer) {
  if (SCREENS.customers) { go("customers", String(customer.id)); return; }
  const person = await attempt(() => get(`/customers/${customer.id}`));
  if (person?.conversations.length) show(person.conversations[0].ref);
}

/** @param {string} ref */
const show = (ref) => go("desk", ref);

/** What can be done now, each with its words. @returns {{name: string, icon: any, act: () => void}[]} */
function actions() {
  const live = details.value.get(chosen.value);
  const here = live?.state === "active" && owns(live) && link.value === "live" ? [["transfer", () => dialog.open("transfer", live)], ["park", () => dialog.open("park", live)]] : [];
  const states = agent.value ? config.value.presences.filter((/** @type {any} */ each) => !each.idle).map((/** @type {any} */ each) => ({ name: t("palette.state", { name: labelOf(each.label, each.name) }), icon: "person", act: () => choose(each.name) })) : [{ name: t("shift.start"), icon: "person", act: startShift }];
  return [
    ...here.map(([key, act]) => ({ name: t(/** @type {string} */ (key)), icon: key === "park" ? "clock" : "transfer", act: /** @type {() => void} */ (act) })),
    ...mine.value.map((name) => ({ name: t("palette.go", { name: t(`view.${name}`) }), icon: name, act: () => go(name) })),
    ...states,
    { name: t("settings"), icon: "sliders", act: () => dialog.open("settings") },
    { name: t("keys.title"), icon: "more", act: () => dialog.open("keys") },
    ...["light", "dark", "system"].map((name) => ({ name: t(`palette.theme.${name}`), icon: "sliders", act: () => settings.set("theme", name) })),
  ];
}

/**
 * The list under the search box.
 * @param {{text: string, done: (act: () => void) => void}} props
 */
export function Results({ text, done }) {
  const said = text.trim();
  const wanted = said.toLowerCase();
  useEffect(() => {
    found.value = deep.value = articles.value = null;
    void learn("replies").then(() => fetchSaved()).then((all) => { replies.value = all; });
    if (said.length < 2) return undefined;
    const timer = setTimeout(() => { void ask(said, false); void askArticles(said); }, WAIT_MS);
    return () => clearTimeout(timer);
  }, [said]);
  const has = (/** @type {string} */ name) => name.toLowerCase().includes(wanted);
  const own = [...work.value.values()].filter((each) => wanted && has(`${customerName(each)} ${each.ref} ${each.subject} ${each.last?.text ?? ""}`)).slice(0, MINE_MAX);
  const late = wanted ? [] : recent().slice(0, MINE_MAX);
  const detail = details.value.get(chosen.value);
  const here = detail && { ...detail, ...work.value.get(chosen.value) };
  const ready = wanted && here?.state === "active" ? replies.value.filter((each) => has(`${each.name} ${labelOf(each.label, each.name)}`)).slice(0, OTHERS_MAX) : [];
  const told = articles.value?.text === said ? articles.value.items : [];
  const writing = here?.state === "active" && owns(here) ? told.filter(sendable) : [];
  const things = actions().filter((each) => has(each.name)).slice(0, wanted ? OTHERS_MAX : 20);
  const fresh = found.value?.text === said ? found.value : null;
  const others = (fresh?.conversations ?? []).filter((/** @type {any} */ each) => !own.some((mine) => mine.ref === each.ref));
  const messages = deep.value?.text === said ? deep.value : null;
  const nobody = fresh && !fresh.customers.length && !others.length && !own.length;
  const row = (/** @type {string} */ key, /** @type {any} */ icon, /** @type {any} */ words, /** @type {() => void} */ act) => html`<button type="button" role="option" aria-selected="false" key=${key} onClick=${() => done(act)}><${Icon} name=${icon} /> ${words}</button>`;
  const about = (/** @type {any} */ each) => row(each.ref, each.channel, html`<span class="grow">${customerName(each)}</span><span class="meta">#${each.ref} · ${channelLabel(each.channel)}</span>`, () => show(each.ref));
  return html`<div class="results" role="listbox" aria-label=${t("search")}>
    <${Section} name="recent" rows=${late.map((each) => row(each.ref, each.channel, html`<span class="grow">${each.name || t("customer.new")}</span><span class="meta">#${each.ref}</span>`, () => show(each.ref)))} />
    <${Section} name="work" rows=${own.map(about)} />
    <${Section} name="customers" rows=${(fresh?.customers ?? []).map((/** @type {any} */ each) => row(`c${each.id}`, "person", html`<span class="grow">${each.name || t("customer.new")}</span><span class="meta">${[each.known_as, each.last_at && ago(each.last_at)].filter(Boolean).join(" · ")}</span>`, () => openCustomer(each)))} />
    <${Section} name="numbers" rows=${others.map(about)} />
    <${Section} name="found" rows=${(messages?.messages ?? []).map((/** @type {any} */ each, /** @type {number} */ nth) => row(`m${nth}`, "note", html`<span class="grow lines"><b>${each.customer.name || t("customer.new")}</b><span class="words">${each.text}</span></span><span class="meta">${ago(each.at)}</span>`, () => show(each.ref)))} />
    <${Section} name="replies" rows=${ready.map((/** @type {any} */ each) => row(`r${each.name}`, "chat", html`<code>/${each.name}</code><span class="grow">${labelOf(each.label, each.name)}</span>`, () => putInto(filled(each, here), here)))} />
    <${Section} name="articles" rows=${told.map((/** @type {any} */ each) => row(`h${each.number}`, "help", html`<span class="grow">${titleFor(each)}</span>`, () => go("help", String(each.number))))} />
    <${Section} name="article.links" rows=${writing.map((/** @type {any} */ each) => row(`i${each.number}`, "line", html`<span class="grow">${titleFor(each, here)}</span>`, () => putInto(linkText(each, here), here)))} />
    <${Section} name="actions" rows=${things.map((each) => row(`a${each.name}`, each.icon, each.name, each.act))} />
    ${messages && !messages.messages.length && html`<p class="empty">${t("palette.no.messages", { text: said })}</p>`}
    ${messages?.more && html`<p class="empty">${t("palette.more")}</p>`}
    ${said.length > 1 && !messages && html`${nobody && html`<p class="empty">${t("palette.nobody", { text: said })}</p>`}
      <button type="button" class="everywhere" onClick=${() => ask(said, true)}><${Icon} name="search" /> ${t("palette.messages", { text: said })}</button>`}
  </div>`;
}

/** @param {{name: string, rows: any[]}} props */
const Section = ({ name, rows }) => rows.length > 0 && html`<div role="group" aria-label=${t(`palette.${name}`)}><p class="group" aria-hidden="true">${t(`palette.${name}`)}</p>${rows}</div>`;
