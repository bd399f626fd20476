// A copy of what was said, by mail: where it is to go, and that it is on its way. Only where the server sends any.
const at = (id) => document.getElementById(id);

export class Copy {
  /** @param {{say: (key: string, values?: object) => string, ask: (seq: number, to: string) => void}} parts */
  constructor({ say, ask }) {
    this.say = say;
    this.seq = 0;
    at("copy").addEventListener("submit", (event) => {
      event.preventDefault();
      this.to = at("copy-to").value.trim();
      if (!this.to) return this.refused("badEmail");
      at("copy-said").textContent = "";
      ask(this.seq, this.to);
    });
  }

  /** The chat is over. @param {number} seq @param {boolean} offered whether somebody has answered and copies are sent */
  over(seq, offered) {
    if (seq !== this.seq) this.#say("", false);
    this.seq = seq;
    at("copy").hidden = !offered;
    at("copy-to").value ||= at("email").value;
  }

  /** The server has it. */
  asked() {
    this.#say(this.say("copied", { to: this.to }), false);
    at("copy-to").value = "";
  }

  /** @param {"badEmail" | "slow"} why */
  refused(why) {
    this.#say(this.say(why), true);
    at("copy-to").focus();
  }

  #say(sentence, faulty) {
    at("copy-said").textContent = sentence;
    at("copy-said").classList.toggle("fault", faulty);
    at("copy-to").toggleAttribute("aria-invalid", faulty);
  }
}
