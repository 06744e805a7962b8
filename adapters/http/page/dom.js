// SPDX-License-Identifier: MIT
//
// Builds elements. Text enters the document as text nodes only, so that no value can become markup.

const SVG = "http://www.w3.org/2000/svg";

export const byId = (id) => document.getElementById(id);

function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child == null || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return element;
}

function set(element, props) {
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value == null || value === false) continue;
    if (typeof value === "function") {
      element.addEventListener(key.slice(2), value);
      continue;
    }
    // Links stay inside the page; handlers, styles, and sources are never given as text.
    if (/^(on|src|style)/.test(key) || (key === "href" && !String(value).startsWith("#"))) {
      throw new TypeError(`attribute ${key} is not allowed`);
    }
    element.setAttribute(key, value === true ? "" : String(value));
  }
  return element;
}

/// An HTML element. A property `onclick` and the like takes a function.
export const h = (tag, props, ...children) => append(set(document.createElement(tag), props), children);

/// An SVG element.
export const s = (tag, props, ...children) => append(set(document.createElementNS(SVG, tag), props), children);

/// Replaces the children of an element.
export function fill(element, ...children) {
  element.replaceChildren();
  return append(element, children);
}

/// Fills an element anew only when `key` differs from that of the last time, which keeps focus and selection.
export function fillOnChange(element, key, build) {
  const text = JSON.stringify(key) ?? "";
  if (element.lastKey === text) return false;
  element.lastKey = text;
  fill(element, build());
  return true;
}

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export const button = (text, onclick, props) => h("button", { type: "button", onclick, ...props }, text);

export const code = (...text) => h("code", {}, text);
export const muted = (...text) => h("span", { class: "muted" }, text);

/// A second line, smaller.
export const second = (...content) => h("span", { class: "second" }, content);

/// A line of text to type in.
export const textInput = (props) => h("input", { type: "text", autocomplete: "off", spellcheck: "false", ...props });

/// Words for screen readers only.
export const hidden = (...text) => h("span", { class: "hide" }, ...text);

/// A table with caption and scopes. The roles keep its meaning where CSS lays the cells out as cards.
export function table(caption, heads, rows, props) {
  return h("table", { role: "table", ...props },
    h("caption", {}, caption),
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" },
      heads.map((head) => h("th", { scope: "col", role: "columnheader" }, head)))),
    h("tbody", { role: "rowgroup" }, rows.map((cells) => h("tr", { role: "row" },
      rowCells(heads, cells)))));
}

/// The cells of a row below `heads`, of which the first is its header.
export const rowCells = (heads, content = []) => heads.map((head, i) => (i === 0
  ? h("th", { scope: "row", role: "rowheader" }, content[0])
  : h("td", { role: "cell", "data-label": head }, content[i])));

let lastId = 0;
export const freshId = (prefix) => `${prefix}-${++lastId}`;
