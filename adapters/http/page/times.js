// SPDX-License-Identifier: MIT
//
// Instants and spans as text. Instants are shown in UTC, with the reader's own zone beside them.
// "Now" is the server's: every answer that carries its time corrects the offset of this clock.

import { h, hidden, muted, second } from "./dom.js";

export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
const formats = new Map();
let offsetMs = 0;

export function serverTime(text) {
  const at = Date.parse(text);
  if (Number.isFinite(at)) offsetMs = at - Date.now();
}

const now = () => Date.now() + offsetMs;

/// "2024-01-15 02:00:00", or the text itself if it is no instant.
export function utc(text, withMs = false) {
  const at = Date.parse(text);
  if (!Number.isFinite(at)) return String(text ?? "");
  return new Date(at).toISOString().replace("T", " ").slice(0, withMs ? 23 : 19);
}

/// The instant as the wall clock of a zone shows it; null for a zone that the browser does not know.
export function inZone(text, timeZone) {
  const at = Date.parse(text);
  if (!Number.isFinite(at)) return null;
  try {
    if (!formats.has(timeZone)) {
      formats.set(timeZone, new Intl.DateTimeFormat("sv-SE", {
        timeZone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
      }));
    }
    return formats.get(timeZone).format(at);
  } catch {
    return null;
  }
}

const localText = (text) => `${inZone(text, zone) ?? ""} ${zone}`;
const sameAsUtc = (text) => inZone(text, zone) === utc(text);

/// `<time>` in UTC; the local time is its tooltip, or with `both` a second line.
export function timeOf(text, { both = false, withMs = false, mark = false } = {}) {
  if (!text) return muted(h("span", { "aria-hidden": "true" }, "–"), hidden("none"));
  const element = h("time", { datetime: text, title: localText(text) }, utc(text, withMs), mark && " UTC");
  return both && !sameAsUtc(text) ? [element, second(localText(text))] : element;
}

/// "850 ms", "3.2 s", "2 min 05 s", "15 min", "1 h 02 min", "3 d 4 h".
export function span(ms) {
  if (ms == null || !Number.isFinite(Number(ms))) return "–";
  const value = Math.max(0, Number(ms));
  if (value < 1000) return `${Math.round(value)} ms`;
  if (value < 9950) return `${(value / 1000).toFixed(1)} s`;
  return whole(value).replace(/ 0+ (s|min|h)$/, "");
}

const two = (n) => String(n).padStart(2, "0");

/// As span(), in whole seconds, for what counts up or down.
function whole(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${two(Math.floor((seconds % 3600) / 60))} min`;
  return `${Math.floor(seconds / 86400)} d ${Math.floor((seconds % 86400) / 3600)} h`;
}

const until = (at) => (at >= now() ? `in ${whole(at - now())}` : `due ${whole(now() - at)} ago`);

/// Text that follows the clock: `kind` "until" counts down to an instant, "since" up from it.
export function ticking(kind, text) {
  const element = h("span", { class: "ticking", "data-tick": kind, "data-at": Date.parse(text) });
  tick(element);
  return element;
}

function tick(element) {
  const at = Number(element.dataset.at);
  const text = element.dataset.tick === "until" ? until(at) : whole(now() - at);
  if (element.textContent !== text) element.textContent = text;
}

export function startTicking() {
  setInterval(() => {
    if (document.hidden) return;
    for (const element of document.querySelectorAll("[data-tick]")) tick(element);
  }, 1000);
}

export const INSTANT_HINT =
  "Write an instant as 2024-01-15 02:00; it is read as UTC unless it ends with an offset such as +01:00.";

/// Reads "2024-01-15 02:00", with seconds and an offset if wished; without an offset it is UTC. Null if it is no instant.
export function parseInstant(text) {
  const match = /^\s*(\d{4}-\d\d-\d\d)(?:[T ]+(\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)\s*(Z|UTC|[+-]\d\d:?\d\d)?)?\s*$/i.exec(text);
  if (!match) return null;
  const [, day, time = "00:00", place = "Z"] = match;
  const offset = /^(Z|UTC)$/i.test(place) ? "Z" : place.replace(/^(...):?/, "$1:");
  const at = new Date(`${day}T${time}${offset}`);
  // A day that the month does not have, such as 30 February, would roll over into the next one.
  const valid = Number.isFinite(at.getTime()) && new Date(`${day}T00:00Z`).toISOString().startsWith(day);
  return valid ? at.toISOString() : null;
}
