// What comes after a chat: how it was, from 1 to 5, and a copy of what was said. Nothing of it is asked twice.
const at = (id) => document.getElementById(id);
const SCORES = [1, 2, 3, 4, 5];

export class Ending {
  /** @param {{say: (key: string, values?: object) => string, rate: (seq: number, score: number) => void, remark: (seq: number, text: string) => void, site: string, log: HTMLElement}} parts */
  constructor({ say, rate, remark, site, log }) {
    this.say = say;
    this.log = log;
    this.key = `patchbay:${site}:rated`;
    this.seq = 0;
    at("scores").replaceChildren(...SCORES.map((score) => this.#choice(score, rate)));
    at("save").addEventListener("click", () => this.#save());
    at("remark").addEventListener("submit", (event) => {
      event.preventDefault();
      const said = at("remark-text").value.trim();
      if (said) remark(this.seq, said);
    });
    at("remark-text").addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) at("remark").requestSubmit();
    });
  }

  #choice(score, rate) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = String(score);
    button.setAttribute("aria-label", this.say("score", { score, word: this.say(`score${score}`) }));
    button.title = this.say(`score${score}`);
    button.addEventListener("click", () => rate(this.seq, score));
    return button;
  }

  /** The chat is over. Who was not served is not asked how it was. @param {number} seq @param {boolean} served */
  over(seq, served) {
    this.seq = seq;
    const rated = !served || this.#rated() === seq;
    at("rating").hidden = rated;
    at("thanks").hidden = at("remark").hidden = true;
    at("over").hidden = false;
  }

  goesOn() {
    at("over").hidden = true;
  }

  /** The server has it. @param {number} seq */
  rated(seq) {
    try {
      localStorage.setItem(this.key, String(seq));
    } catch {
      // Without storage the question may come again.
    }
    at("rating").hidden = true;
    at("thanks").hidden = at("remark").hidden = false;
    at("remark-text").focus();
  }

  /** The server has the words, too. */
  remarked() {
    at("remark").hidden = true;
    at("remark-text").value = "";
    at("text").focus();
  }

  #rated() {
    try {
      return Number(localStorage.getItem(this.key));
    } catch {
      return 0;
    }
  }

  #save() {
    const said = [...this.log.querySelectorAll("li")].map((row) => {
      const who = [row.dataset.time, row.dataset.who].filter(Boolean).join(" ");
      const text = row.querySelector(".bubble, div")?.innerText ?? "";
      return who ? `${who}: ${text}` : text;
    });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([`${said.join("\n")}\n`], { type: "text/plain;charset=utf-8" }));
    link.download = `chat-${new Date().toISOString().slice(0, 10)}.txt`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1_000);
  }
}
