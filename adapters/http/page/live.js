// SPDX-License-Identifier: MIT
//
// Keeps the page current: an event stream read by fetch (EventSource cannot send the token), and while that
// fails, one question to the server every five seconds. A hidden tab asks nothing and after half a minute
// gives its stream back, since a browser grants a host few connections for all its tabs together.

import { send } from "./api.js";
import { EventParser } from "./sse.js";

const POLL_MS = 5000;
const SILENCE_MS = 45000;
const HIDDEN_MS = 30000;
const RETRY_MAX_MS = 30000;

export class Live {
  #on;
  #lastId = null;
  #controller = null;
  #poller = null;
  #wake = null;
  #hideTimer = null;

  /// `on.event(name, value)`, `on.fresh()` when everything is to be read anew, `on.poll()` for one question,
  /// `on.state(name)` with wait, live, poll, or pause.
  constructor(on) {
    this.#on = on;
    document.addEventListener("visibilitychange", () => this.#visibility());
  }

  #visibility() {
    clearTimeout(this.#hideTimer);
    if (document.hidden) this.#hideTimer = setTimeout(() => this.#controller?.abort(), HIDDEN_MS);
    else this.#wake?.();
  }

  /// Waits until the time is over, or the tab is shown again.
  #rest(ms) {
    return new Promise((resolve) => {
      const timer = ms === null ? null : setTimeout(resolve, ms);
      this.#wake = () => { clearTimeout(timer); resolve(); };
    });
  }

  async start() {
    let failures = 0;
    for (;;) {
      if (document.hidden) {
        this.#on.state("pause");
        await this.#rest(null);
        continue;
      }
      this.#controller = new AbortController();
      if (!this.#poller) this.#on.state("wait");
      try {
        await this.#read(() => { failures = 0; });
      } catch { /* The reason does not matter: the stream is tried again. */ }
      if (document.hidden) continue;
      failures += 1;
      if (failures > 1) this.#startPolling();
      const longest = Math.min(RETRY_MAX_MS, 500 * 2 ** failures);
      // Pages that lost the same server do not come back all at once.
      await this.#rest(longest * (0.5 + Math.random() / 2));
    }
  }

  async #read(opened) {
    const headers = { Accept: "text/event-stream" };
    if (this.#lastId !== null) headers["Last-Event-ID"] = this.#lastId;
    const controller = this.#controller;
    let watchdog = setTimeout(() => controller.abort(), SILENCE_MS);
    try {
      const response = await send("GET", "/events", { headers, signal: controller.signal });
      if (!(response.headers.get("Content-Type") ?? "").startsWith("text/event-stream")) throw new Error("no event stream");
      this.#stopPolling();
      this.#on.state("live");
      if (this.#lastId === null) this.#on.fresh();
      const parser = new EventParser((name, data) => this.#event(name, data), this.#lastId);
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        opened();
        clearTimeout(watchdog);
        watchdog = setTimeout(() => controller.abort(), SILENCE_MS);
        parser.feed(value);
        this.#lastId = parser.lastId;
      }
    } finally {
      clearTimeout(watchdog);
    }
  }

  #event(name, data) {
    if (name === "reset") return this.#on.fresh();
    let value;
    try { value = JSON.parse(data); } catch { return; }
    this.#on.event(name, value);
  }

  #startPolling() {
    if (this.#poller) return;
    this.#on.state("poll");
    let busy = false;
    const poll = async () => {
      if (document.hidden || busy) return;
      busy = true;
      try { await this.#on.poll(); } finally { busy = false; }
    };
    this.#poller = setInterval(poll, POLL_MS);
    this.#on.fresh();
    // What happened while neither way worked is not replayed.
    this.#lastId = null;
  }

  #stopPolling() {
    clearInterval(this.#poller);
    this.#poller = null;
  }
}
