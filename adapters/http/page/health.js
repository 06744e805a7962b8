// SPDX-License-Identifier: MIT
//
// The scheduler's state: a banner while it is degraded, figures, overdue jobs.

import { byId, fill, fillOnChange, h, second, setText } from "./dom.js";
import { icon } from "./status.js";
import { serverTime, span, ticking, timeOf } from "./times.js";

const LAG_MS = 250; // From here on the loop is said to be late.

const tile = (name, value, more, state) => h("div", { class: `tile ${state ?? ""}` },
  h("dt", {}, name), h("dd", {}, value, more && second(more)));

export function showDegraded(degraded, reasons = []) {
  const banner = byId("degraded");
  if (degraded) {
    fillOnChange(banner, reasons, () => [icon("failed"), h("span", {},
      h("strong", {}, "Degraded: "), `${reasons.join("; ") || "the scheduler does not work as it should"}.`)]);
  }
  banner.hidden = !degraded;
}

function reasonsOf(health) {
  const late = health.overdueJobs.length;
  return [
    !health.storage.reachable && "the storage cannot be reached",
    late > 0 && (late === 1 ? "one job is overdue" : `${late} jobs are overdue`),
    health.loopLagMs >= LAG_MS && `the loop is ${span(health.loopLagMs)} behind`,
  ].filter(Boolean);
}

export function showHealth(health) {
  serverTime(health.time);
  const { nodes, storage, overdueJobs: overdue } = health;
  setText(byId("node"), health.node);
  document.title = `${health.degraded ? "Degraded – " : ""}Jobs – ${health.node}`;
  showDegraded(health.degraded, reasonsOf(health));
  const { time: _, ...key } = health;
  fillOnChange(byId("health"), key, () => [
    health.degraded ? tile("State", [icon("failed"), "degraded"], null, "bad") : tile("State", [icon("success"), "healthy"]),
    tile("Storage", storage.kind || "–", storage.reachable ? "reachable" : "not reachable", storage.reachable ? "" : "bad"),
    health.loopLagMs != null && tile("Loop lag", span(health.loopLagMs), null, health.loopLagMs >= LAG_MS ? "warn" : ""),
    tile("Running", health.runningCount),
    tile("Overdue", overdue.length, overdue.length ? "see below" : null, overdue.length ? "warn" : ""),
    tile(nodes.length === 1 ? "Node" : `${nodes.length} nodes`, h("ul", { class: "nodes" },
      nodes.map((node) => h("li", {}, h("span", {}, node.name), second(`${node.runningCount} running`))))),
  ]);
  fillOnChange(byId("overdue"), overdue.map((job) => [job.jobName, job.nextRunAt]), () => overdue.length > 0 && [
    h("h3", {}, "Overdue jobs"),
    h("ul", { class: "overdue" }, overdue.map((job) => h("li", {},
      h("strong", {}, job.jobName), " was due at ", timeOf(job.nextRunAt, { mark: true }), ", ", ticking("since", job.nextRunAt), " ago"))),
  ]);
}

/// How the page is kept current.
export function showLink(state) {
  const words = { live: "Live", poll: "Every 5 s", wait: "Connecting", pause: "Paused", off: "No connection" };
  byId("link").dataset.state = state;
  setText(byId("link-text"), words[state]);
}
