// SPDX-License-Identifier: MIT
//
// Asks the server. The token lives in the tab's sessionStorage; without one the host's own cookie may do.

const base = document.documentElement.dataset.base.replace(/\/+$/, "");
const KEY = `punctual.token ${base}`;
const TIMEOUT_MS = 40000;

/// An answer other than success, or none at all (`status` 0).
export class ApiError extends Error {
  constructor(status, code, message, more = {}) {
    super(message);
    Object.assign(this, { status, code, ...more });
  }

  /// Message, code, and the request's id as one text.
  get text() {
    const facts = [this.code, this.requestId && `request ${this.requestId}`].filter(Boolean).join(", ");
    const wait = this.retryAfter ? `; try again in ${this.retryAfter} s` : "";
    return `${this.message}${wait} (${facts})`;
  }
}

export const errorText = (error) => (error instanceof ApiError ? error.text : `The page failed: ${error?.message ?? error}`);

let signedOut = () => {};
export const onSignedOut = (handler) => { signedOut = handler; };

let token = null;
try { token = sessionStorage.getItem(KEY); } catch { /* Storage may be forbidden; the token then lives as long as the page. */ }

export const hasToken = () => token !== null;

export function setToken(value) {
  token = value;
  try {
    if (value === null) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, value);
  } catch { /* As above. */ }
}

/// Sends a request and returns the response, whose status is one of success.
export async function send(method, path, { query, body, headers = {}, signal } = {}) {
  const search = new URLSearchParams(Object.entries(query ?? {}).filter(([, value]) => value !== "" && value != null));
  const url = base + path + (String(search) && `?${search}`);
  const used = token;
  const all = { Accept: "application/json", ...headers };
  if (used !== null) all.Authorization = `Bearer ${used}`;
  if (body !== undefined) all["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(url, {
      method, headers: all, signal, body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin", cache: "no-store", redirect: "error",
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "UNREACHABLE", "The server cannot be reached.");
  }
  if (response.ok) return response;
  const answer = await response.json().catch(() => ({}));
  const { code, message, ...more } = answer.error ?? {};
  // A late answer to a token that has been replaced since must not end the new session.
  if (response.status === 401 && used === token) signedOut();
  throw new ApiError(response.status, code ?? `HTTP_${response.status}`, message ?? "The server refused the request.", {
    ...more, requestId: answer.requestId, retryAfter: response.headers.get("Retry-After"),
  });
}

/// Sends a request and returns the envelope: `data`, for lists also `nextCursor`.
async function call(method, path, options = {}) {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), TIMEOUT_MS);
  options.signal?.addEventListener("abort", () => controller.abort());
  try {
    const response = await send(method, path, { ...options, signal: controller.signal });
    return await response.json();
  } catch (error) {
    if (error instanceof ApiError || options.signal?.aborted) throw error;
    throw error.name === "AbortError"
      ? new ApiError(0, "NO_ANSWER", "The server did not answer in time.")
      : new ApiError(0, "UNREADABLE", "The server's answer cannot be read.");
  } finally {
    clearTimeout(timer);
  }
}

const id = encodeURIComponent;
const get = async (path, query, signal) => (await call("GET", path, { query, signal })).data;
const post = async (path, body, headers) => (await call("POST", path, { body, headers })).data;

export const api = {
  me: () => get("/me"),
  status: () => get("/status"),
  health: () => get("/health"),
  validation: () => get("/platform-validation"),
  job: (name) => get(`/by-name/${id(name)}`),
  explain: (name, at) => get(`/by-name/${id(name)}/explain`, { at }),
  runs: (query, signal) => call("GET", "/runs", { query, signal }),
  run: (runId, signal) => get(`/runs/${id(runId)}`, undefined, signal),
  cancel: (runId, reason) => post(`/runs/${id(runId)}/cancel`, reason ? { reason } : {}),
  retry: (runId, reason) => post(`/runs/${id(runId)}/retry`, reason ? { reason } : {}),
  pause: (name, reason) => post(`/${id(name)}/pause`, { reason }),
  resume: (name, reason) => post(`/${id(name)}/resume`, reason ? { reason } : {}),
  // The events tell how the run goes on, so no connection is kept busy with waiting for its end.
  trigger: (name, body, key) => post(`/trigger/${id(name)}`, body, { "Idempotency-Key": key, Prefer: "wait=0" }),
};

/// A key that no other request has. randomUUID() exists only on https and localhost.
export function freshKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
