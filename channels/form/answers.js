// What may already be answered, shown below the subject while it is typed. It stops nobody from sending.
const PAUSE_MS = 600;
// Less is no question; in scripts without spaces a letter is a word.
const CHARS_MIN = 8;
const JOINED_CHARS_MIN = 3;
const QUERY_CHARS_MAX = 200;
const JOINED = /[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]/;

/** @param {HTMLFormElement} form */
export function suggest(form) {
  const box = form.querySelector(".answers");
  if (!box) return;
  const field = document.getElementById(box.dataset.about);
  let timer = 0;
  let asked = 0;
  let looked = "";
  let shown = "";
  field.addEventListener("input", (event) => !event.isComposing && later());
  field.addEventListener("compositionend", later);

  function later() {
    clearTimeout(timer);
    timer = setTimeout(() => void look(), PAUSE_MS);
  }

  async function look() {
    const query = field.value.trim().slice(0, QUERY_CHARS_MAX);
    if (query.length < (JOINED.test(query) ? JOINED_CHARS_MIN : CHARS_MIN)) return show([]);
    if (query === looked) return;
    looked = query;
    const mine = ++asked;
    const items = await answers(query);
    if (mine === asked && items) show(items);
  }

  /** What is there already is not told again. */
  function show(items) {
    const now = items.map((each) => each.url).join(" ");
    if (now === shown) return;
    shown = now;
    box.querySelector("ul").replaceChildren(...items.map((each) => row(each, box.dataset.tab)));
    box.querySelector("p").textContent = items.length ? box.dataset.said : "";
  }
}

/** Nothing where the search does not answer: then what is shown stays. */
async function answers(query) {
  try {
    const body = JSON.stringify({ query, language: document.documentElement.lang, typing: true });
    const response = await fetch("/help/find.json", { method: "POST", headers: { "Content-Type": "application/json" }, body });
    return response.ok ? (await response.json()).items : null;
  } catch {
    return null;
  }
}

function row({ title, language, url }, tab) {
  const link = Object.assign(document.createElement("a"), { href: url, target: "_blank", rel: "noopener", textContent: title });
  if (language !== document.documentElement.lang) link.lang = language;
  const told = Object.assign(document.createElement("span"), { className: "unseen", lang: document.documentElement.lang, textContent: ` (${tab})` });
  link.append(told);
  const item = document.createElement("li");
  item.append(link);
  return item;
}
