// The link to the server: session, socket, resume, and messages that are sent until they are accepted. No page here.

const AGAIN_MS_MIN = 500;
const AGAIN_MS_MAX = 30_000;
const STALE_CODES = new Set([4401, 4403]);

/** @returns {string} an id of our own that no other message has */
const newId = () => [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

export class Line {
  /**
   * @param {string} site the widget's key
   * @param {(kind: string, data: any) => void} tell called with open, closed, frame, pending, refused
   */
  constructor(site, tell) {
    this.site = site;
    this.tell = tell;
    this.lastSeq = 0;
    this.again = AGAIN_MS_MIN;
    this.socket = null;
    this.wanted = false;
    this.pending = new Map(this.#read("pending") || []);
    this.token = this.#read("token") || "";
    this.talked = Boolean(this.#read("talked"));
    addEventListener("online", () => this.wanted && this.#connect());
  }

  /** Ask for a session; details may be added later with the same call. */
  async begin(details) {
    const response = await fetch("/channels/chat/session", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ site: this.site, token: this.token, ...details }),
    });
    if (response.status >= 500) throw new Error("away");
    const body = await response.json();
    if (!response.ok) throw new Error(body.error.code);
    this.token = body.token;
    // Who has said nothing yet is not remembered: nothing that names a visitor is kept before their first message.
    if (this.talked) this.#keep("token", this.token);
    this.fileBytesMax = body.file_bytes_max;
    this.copies = body.copies;
    return body;
  }

  #talks() {
    if (this.talked) return;
    this.talked = true;
    this.#keep("talked", true);
    this.#keep("token", this.token);
  }

  /** Send a file as a message of its own, and say how far it is. Resolves when it is kept, rejects by a code. */
  sendFile(file, far) {
    const id = newId();
    this.#talks();
    const query = new URLSearchParams({ client_msg_id: id, name: file.name, media_type: file.type });
    const kept = new Promise((done, failed) => {
      const request = new XMLHttpRequest();
      request.open("POST", `/channels/chat/files?${query}`);
      request.setRequestHeader("Content-Type", "application/octet-stream");
      request.setRequestHeader("Authorization", `Bearer ${this.token}`);
      request.responseType = "json";
      request.upload.onprogress = (event) => far(event.total ? event.loaded / event.total : 0);
      request.onerror = () => failed(new Error("later"));
      request.onload = () => (request.status === 200 ? done() : failed(new Error(request.response?.error?.code ?? "later")));
      request.send(file);
    });
    return { id, kept };
  }

  connect() {
    this.wanted = true;
    this.#connect();
  }

  send(text) {
    const id = newId();
    this.#talks();
    this.pending.set(id, { id, text, at: Date.now() });
    this.#keepPending();
    this.#offer(this.pending.get(id));
    return id;
  }

  typing(on) {
    this.#say({ type: "typing", on });
  }

  shown(seq, message) {
    this.#say({ type: "ack", seq, message });
  }

  leave() {
    this.#say({ type: "leave" });
  }

  rate(item, score) {
    this.#say({ type: "rate", item, score });
  }

  remark(item, text) {
    this.#say({ type: "remark", item, text });
  }

  askCopy(item, to) {
    this.#say({ type: "copy", item, to });
  }

  #connect() {
    clearTimeout(this.timer);
    if (this.socket && this.socket.readyState <= WebSocket.OPEN) return;
    const socket = new WebSocket(new URL("/channels/chat/socket", location.href.replace(/^http/, "ws")));
    this.socket = socket;
    socket.onopen = () => socket.send(JSON.stringify({ type: "hello", token: this.token, last_seq: this.lastSeq }));
    socket.onmessage = (event) => this.#take(JSON.parse(event.data));
    socket.onclose = (event) => this.#closed(event.code);
  }

  #take(frame) {
    if (frame.type === "welcome") {
      this.again = AGAIN_MS_MIN;
      this.tell("open", frame);
      for (const message of this.pending.values()) this.#offer(message);
      return;
    }
    if (frame.type === "reset") this.lastSeq = 0;
    if (frame.type === "accepted") this.#accepted(frame.client_msg_id);
    if (frame.type === "error" && frame.client_msg_id) this.#later(frame);
    if (frame.seq) {
      if (frame.seq <= this.lastSeq) return;
      this.lastSeq = frame.seq;
      if (frame.client_msg_id) this.#accepted(frame.client_msg_id);
    }
    this.tell("frame", frame);
  }

  #accepted(id) {
    if (this.pending.delete(id)) this.#keepPending();
  }

  #later(frame) {
    if (frame.code === "empty") return this.#accepted(frame.client_msg_id);
    const message = this.pending.get(frame.client_msg_id);
    if (message) setTimeout(() => this.pending.has(message.id) && this.#offer(message), 3_000);
  }

  #offer(message) {
    this.#say({ type: "send", client_msg_id: message.id, text: message.text });
    this.tell("pending", message);
  }

  #say(frame) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame));
  }

  async #closed(code) {
    if (!this.wanted) return;
    this.tell("closed", code);
    if (STALE_CODES.has(code)) {
      if (code === 4403) return this.tell("refused", code);
      this.token = "";
      this.lastSeq = 0;
      try {
        await this.begin({});
      } catch {
        // The next turn of the back-off asks again.
      }
    }
    // Full jitter, so that many pages do not come back at the same instant.
    this.timer = setTimeout(() => this.#connect(), Math.random() * this.again);
    this.again = Math.min(2 * this.again, AGAIN_MS_MAX);
  }

  #keepPending() {
    this.#keep("pending", [...this.pending]);
  }

  #read(name) {
    try {
      return JSON.parse(localStorage.getItem(`patchbay:${this.site}:${name}`));
    } catch {
      return null;
    }
  }

  #keep(name, value) {
    try {
      localStorage.setItem(`patchbay:${this.site}:${name}`, JSON.stringify(value));
    } catch {
      // Without storage the chat works until the page is left.
    }
  }
}
