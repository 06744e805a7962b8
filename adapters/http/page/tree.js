// SPDX-License-Identifier: MIT
//
// A JSON value as a tree of <details>. A branch is built when it is opened, so that large values stay cheap.

import { h, muted } from "./dom.js";

const OPEN_MAX = 12;
const CHILDREN_MAX = 1000;

function leaf(value) {
  const kind = value === null ? "null" : typeof value;
  return h("span", { class: `json-${kind}` }, kind === "string" ? value : JSON.stringify(value));
}

function node(key, value, depth) {
  if (value === null || typeof value !== "object") {
    return h("li", {}, h("span", { class: "key" }, key), ": ", leaf(value));
  }
  const entries = Object.entries(value);
  const size = Array.isArray(value) ? `[${entries.length}]` : `{${entries.length}}`;
  if (!entries.length) return h("li", {}, h("span", { class: "key" }, key), `: ${size}`);
  const details = h("details", {}, h("summary", {}, h("span", { class: "key" }, key), " ", muted(size)));
  const build = () => { if (details.children.length === 1) details.append(list(entries, depth + 1)); };
  details.addEventListener("toggle", build);
  if (depth < 1 && entries.length <= OPEN_MAX) {
    build();
    details.open = true;
  }
  return h("li", {}, details);
}

function list(entries, depth) {
  const shown = entries.slice(0, CHILDREN_MAX);
  return h("ul", {}, shown.map(([key, value]) => node(key, value, depth)),
    entries.length > shown.length && h("li", { class: "muted" }, `and ${entries.length - shown.length} more`));
}

/// The tree, with the value as JSON text below it.
export function tree(value) {
  const isBranch = value !== null && typeof value === "object";
  const raw = h("pre", { tabindex: 0, "aria-label": "JSON text" });
  const text = h("details", { class: "raw", ontoggle: () => { raw.textContent ||= JSON.stringify(value, null, 2); } },
    h("summary", {}, "As JSON text"), raw);
  return h("div", { class: "tree" }, isBranch ? list(Object.entries(value), 0) : leaf(value), text);
}
