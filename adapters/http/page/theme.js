// SPDX-License-Identifier: MIT
//
// Light, dark, or as the system says. The choice is kept in the browser.

import { byId } from "./dom.js";

const KEY = "punctual.theme";

function apply(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}

export function startTheme() {
  const select = byId("theme");
  try { select.value = localStorage.getItem(KEY) ?? ""; } catch { /* Storage may be forbidden. */ }
  apply(select.value);
  select.addEventListener("change", () => {
    apply(select.value);
    try { localStorage.setItem(KEY, select.value); } catch { /* As above. */ }
  });
}
