// Finding an answer oneself: a few published articles, in a new tab. Only where the help page has any.
const at = (id) => document.getElementById(id);
const SHOWN_IN = new Set(["waiting", "offered", "deferred"]);

export class Answers {
  /** @param {{say: (key: string, values?: object) => string, language: string}} parts */
  constructor({ say, language }) {
    this.say = say;
    this.language = language;
    this.page = "";
    this.asked = 0;
    this.box = at("answers");
    at("find-go").addEventListener("click", () => this.#find());
    at("find").addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      // It stands in the greeting's form, which this key must not send.
      event.preventDefault();
      if (!event.isComposing) this.#find();
    });
    // Whoever is looking is not interrupted: what is over goes when they do.
    this.box.addEventListener("focusout", (event) => !this.box.contains(event.relatedTarget) && this.#show());
  }

  /** @param {{help?: string}} session where the help page is, empty for nowhere */
  knows({ help = "" }) {
    this.page = help;
    this.wanted = true;
    if (help) at("find-all").href = help;
    this.#show();
  }

  /** The greeting is over: while somebody waits it stands below their place in line. */
  moves() {
    this.wanted = false;
    this.asked++;
    at("find").value = at("found-said").textContent = "";
    at("found").replaceChildren();
    this.box.classList.add("card");
    at("standing").after(this.box);
    this.#show();
  }

  /** @param {string} state of the conversation */
  turned(state) {
    this.wanted = SHOWN_IN.has(state);
    this.#show();
  }

  #show() {
    const used = !this.box.hidden && this.box.contains(document.activeElement);
    this.box.hidden = !this.page || !(this.wanted || used);
  }

  async #find() {
    const query = at("find").value.trim();
    if (!query) return at("find").focus();
    const asked = ++this.asked;
    const { items, fault } = await this.#answer(query);
    if (asked !== this.asked) return;
    at("found").replaceChildren(...items.map((each) => this.#row(each)));
    at("found-said").textContent = fault ? this.say(fault) : this.say(items.length ? "found" : "foundNone", { n: items.length, query });
  }

  async #answer(query) {
    try {
      const body = JSON.stringify({ query, language: this.language });
      const response = await fetch("/help/find.json", { method: "POST", headers: { "Content-Type": "application/json" }, body });
      if (response.ok) return { items: (await response.json()).items };
      return { items: [], fault: response.status === 429 ? "slow" : "findFailed" };
    } catch {
      return { items: [], fault: "findFailed" };
    }
  }

  #row({ title, language, url }) {
    const link = Object.assign(document.createElement("a"), { href: url, target: "_blank", rel: "noopener", textContent: title });
    const row = document.createElement("li");
    if (language !== this.language) link.lang = language;
    const tab = Object.assign(document.createElement("span"), { className: "unseen", lang: this.language, textContent: ` (${this.say("newTab")})` });
    link.append(tab);
    row.append(link);
    return row;
  }
}
