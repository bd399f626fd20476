// The chat's page: greeting, conversation, after hours. Text only ever becomes text.
import { Answers } from "./answers.js";
import { Asks } from "./asks.js";
import { Copy } from "./copy.js";
import { Ending } from "./ending.js";
import { Line } from "./line.js";
import { withLinks } from "./links.js";
import { Standing } from "./standing.js";
import { WORDS } from "./words.js";

const [site, asked, identity, colors, facts] = decodeURIComponent(location.hash.slice(1) || "main/en").split("/");
const CHOSEN = `patchbay:${site}:language`;
const language = [remembered(), asked].find((tag) => WORDS[tag]) ?? "en";
const words = WORDS[language];
const say = (key, values = {}) => words[key].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
const at = (id) => document.getElementById(id);
const [log, text, banner, typing, news, state] = ["log", "text", "banner", "typing", "news", "state"].map(at);
const time = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const rows = new Map();
const NAMES = { en: "English", zh: "中文", th: "ไทย" };
let agent = "";
let answered = false;
let over = false;
let resuming = true;
let quietSince = 0;

document.documentElement.lang = language;
// The page's own colour, and the ink that the launcher found readable on it.
if (/^[0-9a-f]{12}$/i.test(colors ?? "")) {
  document.documentElement.style.setProperty("--acc", `#${colors.slice(0, 6)}`);
  document.documentElement.style.setProperty("--acch", `#${colors.slice(0, 6)}`);
  document.documentElement.style.setProperty("--on", `#${colors.slice(6)}`);
  document.documentElement.style.setProperty("--bar", "var(--acc)");
  document.documentElement.style.setProperty("--onbar", "var(--on)");
  // A light colour of theirs is no ring that anybody sees on our ground.
  document.documentElement.style.setProperty("--ring", "var(--ink)");
}
for (const element of document.querySelectorAll("[data-word]")) element.textContent = say(element.dataset.word);
at("close").setAttribute("aria-label", say("close"));
at("attach").setAttribute("aria-label", say("attach"));
log.setAttribute("aria-label", say("log"));
text.placeholder = say("write");

document.title = at("title").textContent = say("title");

const standingCard = new Standing(say);
const asks = new Asks(say);
// What the page says of its visitor, for the rules.
let declared = Object.fromEntries(new URLSearchParams(facts));
const answers = new Answers({ say, language });
const ending = new Ending({ say, site, log, rate: (seq, score) => line.rate(seq, score), remark: (seq, said) => line.remark(seq, said) });
const copy = new Copy({ say, ask: (seq, to) => line.askCopy(seq, to) });
const line = new Line(site, (kind, data) => {
  if (kind === "open") opened();
  else if (kind === "closed") setTimeout(() => lost(), 1_500);
  else if (kind === "pending") draw({ key: data.id, kind: "in", text: data.text, at: data.at, mark: "sending" });
  else if (kind === "refused") show(say("cannot"));
  else if (kind === "frame") take(data);
});

function show(sentence) {
  banner.textContent = sentence;
  banner.hidden = !sentence;
}

function opened() {
  show("");
  // What is told now is a history; what was missed while the line was down is news.
  resuming = !line.lastSeq;
}

function lost() {
  if (line.socket?.readyState === WebSocket.OPEN) return;
  show(say("offline"));
  for (const row of log.querySelectorAll("[data-mark=sending]")) mark(row, "again");
}

function take(frame) {
  if (frame.type === "msg") message(frame);
  else if (frame.type === "status") status(frame);
  else if (frame.type === "standing") standingCard.told(frame);
  else if (frame.type === "rated") ending.rated(frame.item);
  else if (frame.type === "remarked") ending.remarked();
  else if (frame.type === "copied") copy.asked();
  else if (frame.type === "left") left();
  else if (frame.type === "reset") forget();
  else if (frame.type === "resumed") resuming = false;
  else if (frame.type === "typing") typingOf(frame.on);
  else if (frame.type === "accepted") mark(rows.get(frame.client_msg_id), "sent");
  else if (frame.type === "error" && frame.code === "email") copy.refused("badEmail");
  else if (frame.type === "error" && frame.code === "slow_down") show(say("slow"));
}

// The server was put back to an earlier day: what it knows follows, what is not yet accepted stays.
function forget() {
  for (const [key, row] of rows) {
    if (["sending", "again"].includes(row.dataset.mark)) continue;
    row.remove();
    rows.delete(key);
  }
}

// The server has it. What waits for us alone is over; what was promised stays, and there is nothing more to end.
function left() {
  at("end").hidden = true;
  text.focus();
}

function message(frame) {
  const key = frame.client_msg_id || `s${frame.seq}`;
  if (frame.kind === "out") agent = frame.author || agent;
  draw({ key, kind: frame.kind, text: frame.text, at: frame.at, author: frame.author, mark: frame.kind === "in" ? "sent" : "", files: frame.files });
  if (frame.kind === "out") {
    typingOf(false);
    line.shown(frame.seq, frame.id);
  }
  if (frame.kind !== "in" && !resuming) news.textContent = say("newMessage", { text: frame.text || (frame.files ?? []).map((file) => file.name).join(", ") });
}

function status(frame) {
  const name = frame.author || say("someone");
  if (frame.state === "active") meet(name);
  standingCard.turned(frame.state);
  answers.turned(frame.state);
  const key = { active: "active", waiting: "waiting", deferred: "deferred", parked: "parked", closed: "ended", abandoned: "ended" }[frame.state];
  // What is over may be told twice: when the agent ends it, and after the wrap-up.
  if (!key || (key === "ended" && over)) return;
  over = key === "ended";
  if (over) typingOf(false);
  if (key === "ended") copy.over(frame.seq, answered && line.copies);
  if (key === "ended") ending.over(frame.seq, answered);
  else ending.goesOn();
  state.textContent = frame.state === "active" ? say("hereNow") : "";
  // A first wait is told by the router's own notice, which knows the hours; only a return to the line is news.
  if (frame.state === "waiting" && !answered) return;
  if (frame.state === "active") answered = true;
  if (key === "ended") answered = false;
  at("end").hidden = frame.state === "closed" || frame.state === "abandoned";
  draw({ key: `s${frame.seq}`, kind: "status", text: say(key, { name }), at: frame.at });
}

// Somebody is there: their name stands at the top.
function meet(name) {
  agent = name;
  at("title").textContent = name;
  const graphemes = "Segmenter" in Intl ? [...new Intl.Segmenter(language).segment(name)].map((part) => part.segment) : [...name];
  at("face").textContent = (graphemes[0] ?? "").toUpperCase();
}

// A card below the log takes its room: whoever has read to the end goes on standing there.
let follows = true;
log.addEventListener("scroll", () => { follows = log.scrollHeight - log.scrollTop - log.clientHeight < 80; });
new ResizeObserver(() => { if (follows) log.scrollTop = log.scrollHeight; }).observe(log);


function draw({ key, kind, text: said, at: when, author = "", mark: sign = "", files = [] }) {
  const known = rows.get(key);
  if (known) {
    if (files.length) known.querySelector(".bubble").replaceChildren(...files.map(linked));
    if (sign) mark(known, sign);
    if (sign === "sent") place(known);
    return;
  }
  const row = document.createElement("li");
  row.className = kind;
  const bubble = document.createElement("div");
  bubble.className = kind === "status" ? "" : "bubble";
  // What customers write is theirs and stays as it is; an address that we send is to be opened.
  bubble.append(...(kind === "in" ? [said] : withLinks(said)));
  bubble.append(...files.map(linked));
  row.append(bubble);
  if (kind !== "status") {
    const meta = document.createElement("p");
    meta.className = "meta";
    row.dataset.who = kind === "in" ? say("you") : author;
    row.dataset.time = time.format(when);
    row.append(meta);
  }
  rows.set(key, row);
  place(row);
  mark(row, sign);
}

// Only what the server calls a picture by its content is shown; anything else is a link that saves it.
const PICTURES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);

function linked(file) {
  const link = document.createElement("a");
  link.href = file.url;
  link.target = "_blank";
  link.rel = "noopener";
  link.className = "file";
  if (PICTURES.has(file.media_type)) {
    const picture = document.createElement("img");
    picture.src = file.url;
    picture.alt = file.name;
    picture.loading = "lazy";
    link.append(picture);
  } else link.textContent = `${file.name} (${sizeOf(file.size_bytes)})`;
  return link;
}

function sizeOf(bytes) {
  const unit = bytes < 1_000_000 ? "kilobyte" : "megabyte";
  return new Intl.NumberFormat(language, { style: "unit", unit, maximumFractionDigits: 1 }).format(bytes / (bytes < 1_000_000 ? 1_000 : 1_000_000));
}

function place(row) {
  at("lines").append(row);
  // What is not sent yet stays at the end.
  for (const waiting of log.querySelectorAll("[data-mark=sending], [data-mark=again]")) at("lines").append(waiting);
  if (follows || row.className === "in") log.scrollTop = log.scrollHeight;
}

function mark(row, sign) {
  if (!row) return;
  row.dataset.mark = sign;
  const meta = row.querySelector(".meta");
  if (meta) meta.textContent = [row.dataset.who, row.dataset.time, sign && say(sign)].filter(Boolean).join(" · ");
}

function typingOf(on) {
  typing.hidden = !on;
  typing.textContent = on ? say("typing", { name: agent || say("someone") }) : "";
}

// --- beginning ----------------------------------------------------------------------------------------------

function talk() {
  at("begin").hidden = true;
  log.hidden = at("write").hidden = at("end").hidden = false;
  answers.moves();
  line.connect();
  text.focus();
}

function greet(hours) {
  standingCard.knows(hours);
  answers.knows(hours);
  asks.knows(hours);
  // Outside our hours the answer comes when the page may be closed: then an address is needed.
  at("email").required = !hours.open;
  at("email-optional").hidden = !hours.open;
  state.textContent = hours.open ? say("openNow") : "";
  at("hello").textContent = say(hours.open || hours.told ? "hello" : "helloClosed");
  at("told").textContent = hours.told;
  at("told").hidden = !hours.told;
  at("start").textContent = say(hours.open ? "start" : "leave");
  at("attach").title = say("fileLimit", { size: sizeOf(hours.file_bytes_max) });
}

at("begin").addEventListener("submit", async (event) => {
  event.preventDefault();
  at("email-fault").textContent = "";
  at("email").removeAttribute("aria-invalid");
  if (!asks.answered()) return;
  if (at("email").required && !at("email").value.trim()) return noAddress("needEmail");
  try {
    await line.begin({ language, declared: { ...declared, ...asks.said() }, name: at("name").value.trim(), email: at("email").value.trim() });
    talk();
  } catch (error) {
    if (error.message === "email") noAddress("badEmail");
    else show(say(error.message === "slow_down" ? "slow" : error.message === "origin" ? "cannot" : "offline"));
  }
});

/** @param {"needEmail" | "badEmail"} why */
function noAddress(why) {
  at("email-fault").textContent = say(why);
  at("email").setAttribute("aria-invalid", "true");
  at("email").focus();
}

at("write").addEventListener("submit", (event) => {
  event.preventDefault();
  const said = text.value.trim();
  if (!said) return;
  text.value = "";
  grow();
  line.send(said);
  at("end").hidden = false;
  text.focus();
});

at("attach").addEventListener("click", () => at("file").click());
at("file").setAttribute("aria-label", say("attach"));
at("file").addEventListener("change", async () => {
  const chosen = [...at("file").files];
  at("file").value = "";
  for (const file of chosen) await sendFile(file);
});

async function sendFile(file) {
  if (file.size > line.fileBytesMax) return show(say("fileTooLarge", { name: file.name, size: sizeOf(line.fileBytesMax) }));
  const far = document.createElement("progress");
  far.max = 1;
  far.setAttribute("aria-label", say("uploading", { name: file.name }));
  const { id, kept } = line.sendFile(file, (part) => (far.value = part));
  draw({ key: id, kind: "in", text: file.name, at: Date.now(), mark: "sending" });
  rows.get(id).querySelector(".bubble").append(far);
  try {
    await kept;
    far.remove();
    mark(rows.get(id), "sent");
    show("");
  } catch (error) {
    far.remove();
    mark(rows.get(id), "failed");
    show(say(error.message === "slow_down" ? "slow" : "fileFailed", { name: file.name }));
  }
}

text.addEventListener("keydown", (event) => {
  // While an input method composes, Enter chooses a word and never sends.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  at("write").requestSubmit();
});

text.addEventListener("input", () => {
  grow();
  if (Date.now() - quietSince < 2_000) return;
  quietSince = Date.now();
  line.typing(true);
  clearTimeout(text.stop);
  text.stop = setTimeout(() => line.typing(false), 4_000);
});

function grow() {
  text.style.height = "auto";
  text.style.height = `${Math.min(text.scrollHeight + 2, 120)}px`;
}

function remembered() {
  try {
    return localStorage.getItem(CHOSEN);
  } catch {
    return null;
  }
}

at("language").replaceChildren(...Object.keys(WORDS).map((tag) => new Option(NAMES[tag], tag, tag === language, tag === language)));
at("language").addEventListener("change", () => {
  try {
    localStorage.setItem(CHOSEN, at("language").value);
  } catch {
    location.hash = [site, at("language").value, identity ?? "", colors ?? "", facts ?? ""].map(encodeURIComponent).join("/");
  }
  location.reload();
});

const leave = () => parent.postMessage("patchbay:close", "*");
at("close").addEventListener("click", leave);
// As a page of its own, to which a form leads, there is nothing to close it into.
at("close").hidden = parent === window;
at("end").addEventListener("click", () => line.leave());
// While an input method composes, Escape throws its letters away and closes nothing.
document.addEventListener("keydown", (event) => event.key === "Escape" && !event.isComposing && leave());

// What the page says for its visitor may be old or wrong: then it is left out, and the chat goes on.
async function begun(details) {
  try {
    return await line.begin(details);
  } catch (fault) {
    if (fault.message === "identity") return begun({ language, declared });
    if (fault.message !== "declared" || !Object.keys(declared).length) throw fault;
    console.warn("Patchbay chat: data-fact-… says what `facts` and `asks` of the chat's settings do not allow.");
    declared = {};
    return begun({ ...details, declared });
  }
}

async function start() {
  greet(await begun(identity ? { language, declared, identity } : { language, declared }));
  if (line.talked) return talk();
  at("begin").hidden = false;
  (at("asks").querySelector("select") ?? at("name")).focus();
}

start().catch((error) => {
  at("begin").hidden = false;
  greet({ open: true, told: "", file_bytes_max: 0 });
  show(say(error.message === "origin" ? "cannot" : "offline"));
});
