// The waiting card: where one stands in line, how long it will be, what happens if one leaves. Only what is known is said.
const at = (id) => document.getElementById(id);

export class Standing {
  /** @param {(key: string, values?: object) => string} say */
  constructor(say) {
    this.say = say;
    this.keptMinutes = 0;
    this.place = 0;
    this.waiting = false;
  }

  /** @param {{away_after_s?: number, instead?: string}} session what the server says of leaving, and of another way to reach us */
  knows({ away_after_s: keptS = 0, instead = "" }) {
    this.keptMinutes = Math.floor(keptS / 60);
    for (const link of document.querySelectorAll(".instead")) {
      link.hidden = !instead;
      if (instead) link.href = instead;
    }
  }

  /** @param {{place: number, low_minutes: number, high_minutes: number}} told */
  told({ place, low_minutes: low, high_minutes: high }) {
    this.place = place;
    at("place").textContent = place ? this.say("place", { place }) : this.say("inLine");
    at("wait").textContent = place && high ? this.say(high === 1 ? "aboutOne" : low === high ? "aboutMinutes" : "aboutRange", { low, high }) : "";
    this.show();
  }

  /** @param {string} state of the conversation */
  turned(state) {
    this.waiting = state === "waiting" || state === "offered";
    if (!this.waiting) this.place = 0;
    if (this.waiting && !at("place").textContent) at("place").textContent = this.say("inLine");
    this.show();
  }

  show() {
    at("standing").hidden = !(this.waiting || this.place);
    at("keeps").textContent = this.keptMinutes ? this.say("keeps", { minutes: this.keptMinutes }) : "";
  }
}
