// SPDX-License-Identifier: MIT
//
// Tells what happened: notices to be read and dismissed, and a polite live region for screen readers.

import { errorText } from "./api.js";
import { button, byId, h } from "./dom.js";

const NOTICES_MAX = 4;
const QUIET_MS = 1500;
let waiting = [];
let timer = null;

/// Says a text to screen readers. What comes within a moment is said together.
export function announce(text) {
  waiting.push(text);
  timer ??= setTimeout(() => {
    const said = waiting.length > 4 ? [...waiting.slice(0, 3), `and ${waiting.length - 3} more`] : waiting;
    byId("announce").textContent = said.join(". ");
    waiting = [];
    timer = null;
  }, QUIET_MS);
}

/// Shows a notice. Errors stay until dismissed, others for some time.
export function notice(kind, ...content) {
  const box = byId("notices");
  const element = h("div", { class: `notice ${kind}`, role: kind === "bad" ? "alert" : null },
    h("span", { class: "grow" }, ...content),
    button("Dismiss", () => close(), { class: "quiet" }));
  const close = () => {
    const focused = element.contains(document.activeElement);
    element.remove();
    if (focused) byId("main").focus({ preventScroll: true });
  };
  box.append(element);
  while (box.children.length > NOTICES_MAX) box.firstElementChild.remove();
  if (kind !== "bad") {
    setTimeout(() => { if (!element.matches(":hover, :focus-within")) close(); }, 12000);
    announce(element.firstElementChild.textContent);
  }
}

export function noticeError(what, error) {
  notice("bad", `${what}: ${errorText(error)}`);
}
