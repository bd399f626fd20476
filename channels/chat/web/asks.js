// What the greeting asks for the rules' sake: a choice each, as the server words it. Nothing is sent here.
const at = (id) => document.getElementById(id);

export class Asks {
  /** @param {(key: string) => string} say */
  constructor(say) {
    this.say = say;
    this.fields = [];
  }

  /** @param {{asks?: {name: string, label: string, required: boolean, options: [string, string][]}[]}} session */
  knows({ asks = [] }) {
    this.fields = asks.map((question) => this.#field(question));
    at("asks").replaceChildren(...this.fields.map(({ box }) => box));
  }

  #field({ name, label, required, options }) {
    const select = Object.assign(document.createElement("select"), { id: `ask-${name}`, required });
    select.replaceChildren(new Option(this.say("choose"), ""), ...options.map(([value, said]) => new Option(said, value)));
    const fault = Object.assign(document.createElement("p"), { id: `${select.id}-fault`, className: "fault" });
    fault.setAttribute("role", "alert");
    select.setAttribute("aria-describedby", fault.id);
    const head = Object.assign(document.createElement("label"), { htmlFor: select.id, textContent: label });
    if (!required) head.append(" ", Object.assign(document.createElement("small"), { textContent: `(${this.say("optional")})` }));
    const box = document.createElement("div");
    box.append(head, fault, select);
    select.addEventListener("change", () => this.#fault(select, ""));
    return { name, box, select };
  }

  #fault(select, said) {
    at(`${select.id}-fault`).textContent = said;
    if (said) select.setAttribute("aria-invalid", "true");
    else select.removeAttribute("aria-invalid");
  }

  /** Whether all that must be is answered; the first that is not has the focus. */
  answered() {
    const missing = this.fields.filter(({ select }) => select.required && !select.value);
    for (const { select } of missing) this.#fault(select, this.say("needChoice"));
    missing[0]?.select.focus();
    return !missing.length;
  }

  /** @returns {Record<string, string>} the answers that were given */
  said() {
    return Object.fromEntries(this.fields.filter(({ select }) => select.value).map(({ name, select }) => [name, select.value]));
  }
}
