// SPDX-License-Identifier: MIT
//
// Asks before anything is changed: a modal dialog with an optional or required reason and payload.

import { errorText } from "./api.js";
import { button, byId, fill, freshId, h, setText, textInput } from "./dom.js";

const REASON_MAX = 500;

function field(label, control, hint) {
  const id = freshId("field");
  const hintId = `${id}-hint`;
  const errorId = `${id}-error`;
  control.id = id;
  control.setAttribute("aria-describedby", `${hint ? `${hintId} ` : ""}${errorId}`);
  const error = h("p", { class: "error", id: errorId });
  const element = h("div", { class: "field" }, h("label", { for: id }, label), control,
    hint && h("p", { class: "hint", id: hintId }, hint), error);
  return {
    element,
    control,
    complain(text) {
      setText(error, text);
      if (text) {
        control.setAttribute("aria-invalid", "true");
        control.focus();
      } else {
        control.removeAttribute("aria-invalid");
      }
      return !text;
    },
  };
}

/// Opens the dialog. `perform({reason, payload})` does the deed while the dialog stays; its error is shown there.
///
/// `reason` is "optional" or "required"; `payload` asks for JSON too. `danger` marks the button.
export function ask({ title, text, verb, reason = "optional", payload = false, danger = false, perform }) {
  const dialog = byId("ask");
  const opener = document.activeElement;
  const why = field(reason === "required" ? "Reason" : "Reason (optional)",
    textInput({ maxlength: REASON_MAX, required: reason === "required" }));
  const json = payload && field("Payload (optional)",
    h("textarea", { rows: 4, spellcheck: "false", autocomplete: "off" }), "JSON, such as {\"region\": \"eu\"}");
  const failure = h("p", { class: "error", role: "alert" });
  const go = h("button", { type: "submit", class: danger ? "danger" : "primary" }, verb);
  const leave = button(danger ? "Back" : "Cancel", () => dialog.close());

  function read() {
    const body = {};
    const said = why.control.value.trim();
    if (!why.complain(reason === "required" && !said ? "Say why, so that others can understand it." : "")) return null;
    if (said) body.reason = said;
    const raw = json ? json.control.value.trim() : "";
    if (raw) {
      try {
        body.payload = JSON.parse(raw);
      } catch (error) {
        json.complain(`This is not JSON: ${error.message}`);
        return null;
      }
    }
    if (json) json.complain("");
    return body;
  }

  async function submit(event) {
    event.preventDefault();
    if (go.disabled) return;
    const body = read();
    if (!body) return;
    setText(failure, "");
    go.disabled = true;
    try {
      await perform(body);
      dialog.close();
    } catch (error) {
      setText(failure, errorText(error));
    } finally {
      go.disabled = false;
    }
  }

  const form = h("form", { novalidate: true, onsubmit: submit },
    h("h2", { id: "ask-title" }, title), text && h("p", {}, text),
    why.element, json && json.element, failure, h("div", { class: "row end" }, leave, go));
  fill(dialog, form);
  // The focus goes back to what opened the dialog, unless that has given way meanwhile.
  dialog.onclose = () => {
    if (opener.hidden) (opener.closest("dialog")?.querySelector("h2") ?? [...opener.parentElement.children].findLast((each) => !each.hidden)).focus();
  };
  dialog.showModal();
  why.control.focus();
}
