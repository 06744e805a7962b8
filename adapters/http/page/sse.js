// SPDX-License-Identifier: MIT
//
// Parses a text/event-stream, handed in by pieces cut anywhere.
//
// Source: WHATWG HTML, 9.2.6 "Interpreting an event stream".

export class EventParser {
  #rest = "";
  #data = [];
  #event = "";
  #id;
  #emit;

  /// The id of the last complete event: one that was cut off is asked for again.
  lastId;

  /// `emit(event, data)` is called for each complete event. `lastId` goes on from an earlier stream.
  constructor(emit, lastId = null) {
    this.#emit = emit;
    this.#id = lastId;
    this.lastId = lastId;
  }

  feed(text) {
    this.#rest += text;
    // A CR at the very end may be the first half of a CRLF: it waits for the next piece.
    const lines = this.#rest.split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop();
    for (const line of lines) this.#line(line);
  }

  #line(line) {
    if (line === "") {
      this.lastId = this.#id;
      if (this.#data.length) this.#emit(this.#event || "message", this.#data.join("\n"));
      else if (this.#event) this.#emit(this.#event, "");
      this.#data = [];
      this.#event = "";
      return;
    }
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") this.#data.push(value);
    else if (field === "event") this.#event = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
  }
}
