// @ts-check
// The page: channels and customers on the left, the chosen customer's device beside them.
import { effect, html, render, signal, useLayoutEffect, useRef } from "./ui.js";
import { act, arrive, begin, channels, chosen, door, failed, lines, look, news, wrong } from "./scene.js";
import { LANGUAGES, NAMES, SAYINGS, WORDS, language, setLanguage, t } from "./words.js";

const PATHS = {
  phone: "M6 3h4l1.5 5-2 1.5a11 11 0 0 0 5 5l1.5-2 5 1.5v4a2 2 0 0 1-2 2A16 16 0 0 1 4 5a2 2 0 0 1 2-2z",
  softphone: "M4 13a8 8 0 0 1 16 0v5h-4v-6h4M4 13v5h4v-6H4",
  sms: "M7 2h10v20H7zM10 18h4",
  chat: "M4 5h16a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H11l-5 4v-4H4a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1z",
  app: "M5 4h14v16H5zM9 8h6v5H9z",
  wechat: "M10 4c4 0 7 2.5 7 6s-3 6-7 6l-4 2 1-3c-2-1-4-2.5-4-5 0-3.5 3-6 7-6zM17 10c3 .5 4 2.5 4 4.5s-1 3-2 3.5l.5 2-2.5-1.5c-2 0-3.5-.5-4.5-1.5",
  weibo: "M10 9c4-2 7-1 6 2 4 0 5 3 3 5.5-3 4-15 4-15-1C4 12 7 10 10 9zM15 4a6 6 0 0 1 6 7",
  email: "M3 6h18v12H3zM3 7l9 6 9-6",
  form: "M6 3h12v18H6zM9 8h6M9 12h6M9 16h3",
  wecom: "M12 4c5 0 9 3 9 7s-4 7-9 7l-5 3 1-4c-3-1-5-3.5-5-6 0-4 4-7 9-7zM8 11h1M12 11h1M16 11h1",
  line: "M12 3c5.5 0 9 3.3 9 7.2 0 4.3-5 7.8-9 10.8v-3.2c-5 0-9-3-9-7.6C3 6.3 6.5 3 12 3zM8 8v5h2M12 8v5M15 8v5",
  telegram: "M3 11l18-7-3.5 16-6-4.5-3 3-.5-5.5L18 7",
  whatsapp: "M4 20l1.3-4.2A8 8 0 1 1 8.5 19zM9 8.5c0 3.5 3 6.5 6.5 6.5l.5-2-2-1-1 1c-1-.5-1.5-1-2-2l1-1-1-2z",
};
/** @param {{name: string}} props */
const Icon = ({ name }) => html`<svg class="icon" viewBox="0 0 24 24" width="18" height="18" aria-hidden="true"><path d=${PATHS[/** @type {keyof typeof PATHS} */ (name)]} /></svg>`;

const SPOKEN = ["say", "send", "speak"];
const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];
const SCORES = ["1", "2", "3", "4", "5"];
let made = Math.floor(Math.random() * NAMES.length);
/** @type {Map<string, string>} */
const tongues = new Map();
const draft = signal("");

const channelLabel = (/** @type {string} */ name) => t(`channel.${name}`, {}, name);
const timeOf = (/** @type {number} */ ms) => new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false }).format(ms);
const statusOf = (/** @type {string} */ status) => { const [word, ...more] = status.split(" "); return [t(`status.${word}`, {}, word), ...more].join(" "); };

async function newCustomer(/** @type {string} */ channel) {
  const [name, tongue] = NAMES[made++ % NAMES.length];
  await arrive(channel, name, tongue);
  tongues.set(chosen.value, tongue);
  draft.value = "";
}

function suggest(/** @type {import("./scene.js").Line} */ line) {
  const sayings = SAYINGS[/** @type {keyof typeof SAYINGS} */ (tongues.get(line.id) ?? "en")];
  draft.value = sayings[(sayings.indexOf(draft.value) + 1) % sayings.length];
}

function Channels() {
  return html`<section class="channels" aria-label=${t("new")}><h2>${t("new")}</h2><ul>
    ${channels.value.map((channel) => html`<li><button type="button" disabled=${channel.off !== ""} title=${t("new.by", { channel: channelLabel(channel.name) })}
      onClick=${() => void newCustomer(channel.name)}><${Icon} name=${channel.name} /><span>${channelLabel(channel.name)}</span></button></li>`)}</ul>
    ${channels.value.filter((channel) => channel.off).map((channel) => html`<p class="off">${t("off", { channel: channelLabel(channel.name), why: t(`off.${channel.off}`, {}, channel.off) })}</p>`)}</section>`;
}

function People() {
  const all = [...lines.value.values()].sort((a, b) => b.version - a.version);
  return html`<section class="people" aria-label=${t("people")}><h2>${t("people")}</h2>
    ${all.length === 0 && html`<p class="empty">${t("people.none")}</p>`}<ul>
    ${all.map((line) => html`<li key=${line.id}><button type="button" class="person" aria-current=${line.id === chosen.value ? "true" : undefined} data-line=${line.id} onClick=${() => { look(line.id); draft.value = ""; }}>
      <${Icon} name=${line.channel} /><span class="grow"><b>${line.name}</b><span class="last">${line.items.at(-1)?.text ?? t(`state.${line.state}`)}</span></span>
      ${news(line) > 0 ? html`<span class="badge">${news(line)}</span>` : null}</button></li>`)}</ul></section>`;
}

/** @param {{line: any}} props */
function Device({ line }) {
  const end = useRef(/** @type {any} */ (null));
  useLayoutEffect(() => { end.current?.scrollIntoView({ block: "end" }); }, [line.id, line.items.at(-1)?.n]);
  return html`<section class=${`device ${line.channel}`} aria-label=${line.name}>
    <header><${Icon} name=${line.channel} /><span class="grow"><b>${line.name}</b><span class="meta">${channelLabel(line.channel)} · ${line.address}</span></span>
      <span class="chip state">${t(`state.${line.state}`, {}, line.state)}</span></header>
    <div class="screen" tabindex="0"><ol>${line.items.map((/** @type {any} */ item) => html`<li key=${item.n} class=${`said ${item.side} ${item.status.split(" ")[0]}`}>
      <p class="text">${item.text}</p><p class="meta">${timeOf(item.at_ms)}${item.author ? ` · ${item.author}` : ""}${item.status ? ` · ${statusOf(item.status)}` : ""}</p></li>`)}</ol><div ref=${end}></div></div>
    <${Hand} line=${line} /></section>`;
}

/** What the customer can do now. */
/** @param {{line: any}} props */
function Hand({ line }) {
  const spoken = SPOKEN.find((deed) => line.deeds.includes(deed));
  const others = line.deeds.filter((/** @type {string} */ deed) => !SPOKEN.includes(deed) && !["press", "rate"].includes(deed));
  const say = async () => { const text = draft.value.trim(); if (spoken && text) { draft.value = ""; if (!(await act(line, spoken, { text }))) draft.value = text; } };
  return html`<footer class="hand">
    ${failed.value && html`<p class="failed" role="alert">${t("error", { why: failed.value })} <button type="button" class="link" onClick=${() => { failed.value = ""; }}>${t("forget")}</button></p>`}
    ${line.deeds.includes("press") && html`<div class="keys" role="group" aria-label=${t("keys")}>${KEYS.map((key) => html`<button type="button" onClick=${() => void act(line, "press", { key })}>${key}</button>`)}</div>`}
    ${spoken && html`<form onSubmit=${(/** @type {Event} */ event) => { event.preventDefault(); void say(); }}>
      <textarea rows="2" aria-label=${t("write", { name: line.name })} placeholder=${t("write", { name: line.name })} value=${draft.value} onInput=${(/** @type {any} */ event) => { draft.value = event.target.value; }}
        onKeyDown=${(/** @type {KeyboardEvent} */ event) => { if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); void say(); } }}></textarea>
      <div class="row"><button type="button" onClick=${() => suggest(line)}>${t("suggest")}</button><span class="grow"></span><button type="submit" class="primary">${t(`deed.${spoken}`)}</button></div></form>`}
    ${line.deeds.includes("rate") && html`<div class="row others" role="group" aria-label=${t("deed.rate")}><span>${t("deed.rate")}</span>${SCORES.map((score) => html`<button type="button" onClick=${() => void act(line, "rate", { score })}>${score}</button>`)}</div>`}
    ${others.length > 0 && html`<div class="row others">${others.map((/** @type {string} */ deed) => html`<button type="button" data-deed=${deed} onClick=${() => void act(line, deed)}>${t(`deed.${deed}`)}</button>`)}</div>`}</footer>`;
}

function App() {
  void language.value;
  const line = lines.value.get(chosen.value);
  if (door.value === "entering" || door.value === "closed") return html`<main class="gate"><p>${t(door.value)}</p></main>`;
  return html`<div class="stand"><header class="head"><h1>${t("title")}</h1><p class="grow">${t("lead")}</p>
    <label>${t("language")} <select value=${language.value} onChange=${(/** @type {any} */ event) => setLanguage(event.target.value)}>${LANGUAGES.map(([tag, name]) => html`<option value=${tag}>${name}</option>`)}</select></label>
    <a href="/" target="_blank" rel="noopener">${t("desk")}</a></header>
    ${door.value === "away" && html`<p class="banner" role="status">${t("away")}</p>`}
    ${wrong.value.length > 0 && html`<p class="banner" role="alert">${t("wrong", { what: wrong.value.at(-1) })}</p>`}
    <aside><${Channels} /><${People} /></aside>
    <main>${line ? html`<${Device} key=${line.id} line=${line} />` : html`<p class="empty">${t("choose")}</p>`}</main></div>`;
}

// The look is the desk's: its choice of light or dark counts here, too.
try {
  const { theme } = JSON.parse(localStorage.getItem("patchbay:settings") ?? "{}");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  localStorage.removeItem("patchbay:settings");
}
effect(() => { document.documentElement.lang = language.value; document.title = `${WORDS[language.value].title} · Patchbay`; });
render(html`<${App} />`, /** @type {Element} */ (document.getElementById("app")));
void begin();
