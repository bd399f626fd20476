// @ts-check
// A played softphone: what Twilio's Voice JS SDK (2.x) is to our desk, spoken with the sandbox's exchange. No sound: text.
//
//   const { Device } = await import(key.sdk);               // key: the answer of POST /api/v1/softphone
//   const device = new Device(key.token, { tokenRefreshMs: 60_000 });
//   device.on("tokenWillExpire", async () => device.updateToken((await another()).token));
//   device.on("incoming", (call) => { call.on("disconnect", over); call.on("cancel", gone); call.accept(); });
//   device.on("error", (error, call) => show(error.code));  // 20101 token invalid, 20104 token expired, 31005 line lost
//   await device.register();                                // rejects with the error that "error" told
//   call.mute(true); call.isMuted(); call.sendDigits("1"); call.disconnect(); device.destroy();
//
// Names, arguments, order of events and values are Twilio's, so the desk needs no other code in production. Only in the
// sandbox: call.say(text) speaks into the talk (a promise: did anybody hear it?), event "heard" (text, call) is what the
// ear hears, and call.heard lists it. Registering makes calls ring here; else the sandbox's own telephone answers them.
// `location` or `options.address` says where the exchange is. A closed page ends the calls that it had taken.

const ADDRESS = "/sandbox/softphone";
const REFRESH_MS = 10_000;
const AGAIN_MS = 1_000;
const WORDS = { 20101: "AccessTokenInvalid", 20104: "AccessTokenExpired", 31005: "ConnectionError", 31206: "RateExceededError" };

/** Twilio's errors have a code and a name. */
export class TwilioError extends Error {
  /** @param {number} code */
  constructor(code) {
    const name = WORDS[/** @type {keyof typeof WORDS} */ (code)] ?? "UnknownError";
    super(`${name} (${code})`);
    this.name = name;
    this.code = code;
  }
}

/** What the SDK has of Node's EventEmitter; it is an old one, without `off`. */
class Emitter {
  constructor() {
    /** @type {Map<string, Function[]>} */
    this._listeners = new Map();
  }

  /** @param {string} name @param {Function} listener */
  on(name, listener) {
    this._listeners.set(name, [...(this._listeners.get(name) ?? []), listener]);
    return this;
  }

  /** @param {string} name @param {Function} listener */
  addListener(name, listener) { return this.on(name, listener); }

  /** @param {string} name @param {Function} listener */
  once(name, listener) {
    const only = (/** @type {any[]} */ ...args) => { this.removeListener(name, only); listener(...args); };
    return this.on(name, only);
  }

  /** @param {string} name @param {Function} listener */
  removeListener(name, listener) {
    this._listeners.set(name, (this._listeners.get(name) ?? []).filter((each) => each !== listener));
    return this;
  }

  /** @param {string} [name] */
  removeAllListeners(name) {
    if (name === undefined) this._listeners.clear();
    else this._listeners.delete(name);
    return this;
  }

  /** @param {string} name @param {any[]} args */
  emit(name, ...args) {
    const told = this._listeners.get(name) ?? [];
    for (const listener of told) listener(...args);
    return told.length > 0;
  }
}

/** One call, from its ring on. */
export class Call extends Emitter {
  static State = Object.freeze({ Closed: "closed", Connecting: "connecting", Open: "open", Pending: "pending", Reconnecting: "reconnecting", Ringing: "ringing" });
  static CallDirection = Object.freeze({ Incoming: "INCOMING", Outgoing: "OUTGOING" });

  /** @param {Device} device @param {{call: string, of: string, to: string, account: string}} told */
  constructor(device, told) {
    super();
    this._device = device;
    /** @type {string} */
    this._status = Call.State.Pending;
    this._muted = false;
    /** @type {((heard: boolean) => void)[]} */
    this._asking = [];
    this.direction = Call.CallDirection.Incoming;
    this.parameters = { CallSid: told.call, From: told.of, To: told.to, AccountSid: told.account };
    this.customParameters = new Map();
    this.callerInfo = null;
    /** @type {string[]} */
    this.heard = [];
  }

  status() { return this._status; }

  isMuted() { return this._muted; }

  accept() {
    if (this._status !== Call.State.Pending) return;
    this._status = Call.State.Connecting;
    this._do("accept");
  }

  reject() {
    if (this._status !== Call.State.Pending) return;
    this._do("reject");
    this._close();
    this.emit("reject");
  }

  /** Stop ringing here, without an answer: it may be taken elsewhere. */
  ignore() {
    if (this._status === Call.State.Pending) this._close();
  }

  disconnect() {
    if (this._status === Call.State.Connecting || this._status === Call.State.Open) this._do("disconnect");
  }

  /** @param {boolean} [on] */
  mute(on = true) {
    if (this._muted === on) return;
    this._muted = on;
    this._do("mute", { on });
    this.emit("mute", on, this);
  }

  /** @param {string} digits */
  sendDigits(digits) {
    if (/[^0-9*#w]/.test(digits)) throw new TypeError("Illegal character passed into sendDigits");
    this._do("digits", { digits });
  }

  /** Speak into the talk. @param {string} text @returns {Promise<boolean>} whether anybody heard it */
  say(text) {
    return new Promise((told) => { this._asking.push(told); this._do("say", { text }); });
  }

  /** @param {string} deed @param {object} [more] */
  _do(deed, more = {}) { this._device._send({ do: deed, call: this.parameters.CallSid, ...more }); }

  _close() {
    this._status = Call.State.Closed;
    this._device._forget(this);
    for (const told of this._asking.splice(0)) told(false);
  }

  /** What the exchange tells of this call. @param {string} news @param {any} told */
  _hear(news, told) {
    if (news === "accepted") { this._status = Call.State.Open; this.emit("accept", this); }
    else if (news === "heard") { this.heard.push(told.text); this.emit("heard", told.text, this); }
    else if (news === "said") this._asking.shift()?.(told.heard);
    else if (news === "cancel") { this._close(); this.emit("cancel"); }
    else if (news === "disconnect") { this._close(); this.emit("disconnect", this); }
  }
}

/** The audio devices of a page that hears no sound: the surface that a settings dialog lists. */
class Audio extends Emitter {
  constructor() {
    super();
    const one = (/** @type {string} */ kind) => new Map([["default", { deviceId: "default", groupId: "", kind, label: "Default" }]]);
    this.availableInputDevices = one("audioinput");
    this.availableOutputDevices = one("audiooutput");
    this.isOutputSelectionSupported = false;
    this.isVolumeSupported = false;
    this.inputDevice = null;
  }

  async setInputDevice() { this.emit("deviceChange", []); }
  async unsetInputDevice() { this.emit("deviceChange", []); }
  /** @param {boolean} [on] */ incoming(on = true) { return on; }
  /** @param {boolean} [on] */ outgoing(on = true) { return on; }
  /** @param {boolean} [on] */ disconnect(on = true) { return on; }
}

/** An agent's telephone in the browser. */
export class Device extends Emitter {
  static State = Object.freeze({ Destroyed: "destroyed", Registered: "registered", Registering: "registering", Unregistered: "unregistered" });
  static EventName = Object.freeze({ Destroyed: "destroyed", Error: "error", Incoming: "incoming", Registered: "registered", Registering: "registering", TokenWillExpire: "tokenWillExpire", Unregistered: "unregistered" });
  static isSupported = true;

  /** @param {string} token @param {{tokenRefreshMs?: number, address?: string}} [options] */
  constructor(token, options = {}) {
    super();
    this._token = token;
    this._options = options;
    /** @type {string} */
    this._state = Device.State.Unregistered;
    this._wanted = false;
    /** @type {WebSocket | undefined} */
    this._socket = undefined;
    /** @type {Map<string, Call>} */
    this._calls = new Map();
    /** @type {{resolve: () => void, reject: (why: Error) => void}[]} */
    this._asking = [];
    this._expiring = 0;
    this._again = 0;
    this.identity = "";
    this.audio = new Audio();
    this._leave = () => this.destroy();
    addEventListener("pagehide", this._leave);
  }

  get state() { return this._state; }
  get token() { return this._token; }
  get edge() { return "sandbox"; }
  get home() { return "sandbox"; }
  get isBusy() { return this.calls.some((call) => call.status() !== Call.State.Pending); }
  get calls() { return [...this._calls.values()]; }

  /** @returns {Promise<void>} */
  register() {
    if (this._state !== Device.State.Unregistered) return Promise.reject(new Error(`Attempt to register when device is in state "${this._state}".`));
    this._wanted = true;
    return this._register();
  }

  async unregister() {
    if (this._state !== Device.State.Registered) throw new Error(`Attempt to unregister when device is in state "${this._state}".`);
    this._wanted = false;
    this._send({ do: "unregister" });
    this._away();
  }

  /** @param {string} token */
  updateToken(token) {
    this._token = token;
    if (this._state === Device.State.Registered) this._send({ do: "register", token });
  }

  /** @param {object} [options] */
  updateOptions(options = {}) { this._options = { ...this._options, ...options }; }

  disconnectAll() { for (const call of this.calls) call.disconnect(); }

  destroy() {
    if (this._state === Device.State.Destroyed) return;
    this._wanted = false;
    removeEventListener("pagehide", this._leave);
    clearTimeout(this._again);
    this.disconnectAll();
    this._away();
    this._state = Device.State.Destroyed;
    this._socket?.close();
    this.emit("destroyed");
    this.removeAllListeners();
  }

  connect() { return Promise.reject(new Error("Our desk calls nobody by itself: the router does.")); }

  toString() { return "[Twilio.Device instance]"; }

  // --- the exchange ---------------------------------------------------------------------------------------------

  _register() {
    this._state = Device.State.Registering;
    this.emit("registering");
    /** @type {Promise<void>} */
    const done = new Promise((resolve, reject) => { this._asking.push({ resolve, reject }); });
    if (this._socket?.readyState === WebSocket.OPEN) this._send({ do: "register", token: this._token });
    else this._open();
    return done;
  }

  _open() {
    const address = new URL(this._options.address ?? ADDRESS, location.href);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = new WebSocket(address);
    this._socket = socket;
    socket.onopen = () => this._send({ do: "register", token: this._token });
    socket.onmessage = (event) => this._hear(JSON.parse(event.data));
    socket.onclose = () => { if (this._socket === socket) this._lost(); };
  }

  /** @param {object} asked */
  _send(asked) { if (this._socket?.readyState === WebSocket.OPEN) this._socket.send(JSON.stringify(asked)); }

  /** @param {any} told */
  _hear(told) {
    if (this._state === Device.State.Destroyed) return;
    if (told.news === "registered") this._there(told);
    else if (told.news === "error") this._fail(new TwilioError(told.code));
    else if (told.news === "incoming") this._ring(told);
    else this._calls.get(told.call)?._hear(told.news, told);
  }

  /** @param {{identity: string, left_ms: number}} told */
  _there(told) {
    this.identity = told.identity;
    clearTimeout(this._expiring);
    const ahead_ms = told.left_ms - (this._options.tokenRefreshMs ?? REFRESH_MS);
    this._expiring = setTimeout(() => this.emit("tokenWillExpire", this), Math.max(0, ahead_ms));
    if (this._state === Device.State.Registered) return;
    this._state = Device.State.Registered;
    for (const asking of this._asking.splice(0)) asking.resolve();
    this.emit("registered");
  }

  /** @param {any} told */
  _ring(told) {
    if (this._calls.has(told.call)) return;
    const call = new Call(this, told);
    this._calls.set(told.call, call);
    this.emit("incoming", call);
  }

  /** @param {TwilioError} error */
  _fail(error) {
    this._wanted = false;
    for (const asking of this._asking.splice(0)) asking.reject(error);
    this._away();
    this.emit("error", error);
  }

  _away() {
    clearTimeout(this._expiring);
    if (this._state === Device.State.Destroyed || this._state === Device.State.Unregistered) return;
    this._state = Device.State.Unregistered;
    this.emit("unregistered");
  }

  /** The line to the exchange is lost: its calls are over, and it is tried again as long as calls are wanted. */
  _lost() {
    for (const call of this.calls) call._hear(call.status() === Call.State.Pending ? "cancel" : "disconnect", {});
    if (this._state === Device.State.Destroyed || !this._wanted) return;
    const known = this._state === Device.State.Registering;
    this._away();
    if (!known) this.emit("error", new TwilioError(31005));
    this._again = setTimeout(() => { if (this._wanted && this._state === Device.State.Unregistered) void this._register().catch(() => undefined); }, AGAIN_MS);
  }

  /** @param {Call} call */
  _forget(call) { this._calls.delete(call.parameters.CallSid); }
}

export default { Device, Call, TwilioError };
