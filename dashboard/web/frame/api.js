// @ts-check
// Requests to the server: one way in, one way out, errors by name. No state but the session's token.

import { learn } from "./words.js";

/** An answer that is not a yes. `code` is the server's named reason. */
export class ApiError extends Error {
  /** @param {number} status @param {string} code @param {string} message */
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

// Longer than the slowest answer of a server that is well; then the line counts as down.
const ANSWER_MS_MAX = 20_000;

let csrf = "";
let whose = 0;
/** @type {() => void} */
let ended = () => {};

/** @param {string} token @param {number} person */
export const useToken = (token, person) => { csrf = token; whose = person; };
/** @param {() => void} call called when the session is over */
export const onEnded = (call) => { ended = call; };

/** An id of our own, so that a repeat is the same command. */
export const newId = () => [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** Another tab of mine has signed in again: its token is this tab's, too; somebody else's never is. */
async function renewed() {
  const { me, csrf: token } = await call("GET", "/me");
  if (me.id === whose) csrf = token;
  return me.id === whose;
}

/**
 * @param {string} method @param {string} path @param {object} [body] @param {boolean} [again]
 * @returns {Promise<any>}
 */
export async function call(method, path, body, again = false) {
  /** @type {Record<string, string>} */
  const headers = method === "GET" ? {} : { "Content-Type": "application/json", "X-CSRF": csrf };
  const request = { method, headers, body: method === "GET" ? undefined : JSON.stringify(body ?? {}), signal: AbortSignal.timeout(ANSWER_MS_MAX) };
  let response;
  let answer;
  try {
    response = await fetch(`/api/v1${path}`, request);
    answer = response.status === 204 ? null : await response.json();
  } catch {
    // Nothing was said, or half of it: what came of the request is not known, as if the line were down.
    throw new ApiError(0, "offline", "");
  }
  if (response.ok) return answer;
  if (answer?.error?.code === "csrf" && !again && whose && (await renewed())) return call(method, path, body, true);
  if (response.status === 401 && path !== "/session") ended();
  // What is seldom said is fetched when it is first to be said.
  if (response.status !== 401) await learn("errors").catch(() => {});
  throw new ApiError(response.status, answer?.error?.code ?? "broken", answer?.error?.message ?? "");
}

export const get = (/** @type {string} */ path) => call("GET", path);
export const post = (/** @type {string} */ path, /** @type {object} */ body = {}) => call("POST", path, body);

/** Say something as the page goes away; nobody hears the answer. @param {string} path @param {object} body */
export const lastWord = (path, body) => void fetch(`/api/v1${path}`, { method: "POST", headers: { "Content-Type": "application/json", "X-CSRF": csrf }, body: JSON.stringify(body), keepalive: true }).catch(() => {});

// A large file over a slow line.
const UPLOAD_MS_MAX = 120_000;

/**
 * Send a file, and say how far it is. `fetch` cannot tell that.
 * @param {string} path @param {any} file @param {(part: number) => void} far
 * @returns {Promise<any>}
 */
export const upload = (path, file, far) => new Promise((done, failed) => {
  const request = new XMLHttpRequest();
  request.open("POST", `/api/v1${path}`);
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.setRequestHeader("X-CSRF", csrf);
  request.responseType = "json";
  request.timeout = UPLOAD_MS_MAX;
  request.upload.onprogress = (event) => far(event.total ? event.loaded / event.total : 0);
  request.onerror = request.ontimeout = () => failed(new ApiError(0, "offline", ""));
  request.onload = () => {
    if (request.status === 200 && request.response) return done(request.response);
    if (request.status === 401) ended();
    return failed(new ApiError(request.status, request.response?.error?.code ?? "broken", request.response?.error?.message ?? ""));
  };
  request.send(file);
});
