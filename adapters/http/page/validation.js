// SPDX-License-Identifier: MIT
//
// The last result of the platform validation.

import { byId, fillOnChange, h, muted, second, table } from "./dom.js";
import { badge } from "./status.js";
import { span, timeOf } from "./times.js";

export function showValidation({ hasResult, result }) {
  const head = byId("validation-head");
  const body = byId("validation");
  if (!hasResult || !result) {
    fillOnChange(head, null, () => muted("No result yet."));
    fillOnChange(body, null, () => null);
    return;
  }
  const { total, passed, failed, skipped, totalDurationMs } = result.summary;
  fillOnChange(head, result, () => [
    badge(result.success ? "success" : "failed", result.success ? "passed" : "failed"), " ",
    h("span", {}, `${passed} of ${total} checks passed`, failed ? `, ${failed} failed` : "",
      skipped ? `, ${skipped} skipped` : "", ` in ${span(totalDurationMs)}`), " ",
    second(timeOf(result.timestamp, { mark: true }), ` · ${result.environment}`),
  ]);
  const seen = body.querySelector("details");
  fillOnChange(body, result, () => h("details", { open: seen ? seen.open : !result.success },
    h("summary", {}, "Checks"),
    table("Checks of the platform validation", ["Check", "Status", "Took"],
      result.scripts.map((check) => [[check.name, second(check.message)], badge(check.status), span(check.durationMs)]), { class: "plain checks" })));
}
