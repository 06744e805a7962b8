// SPDX-License-Identifier: MIT
//
// Statuses as shape and word; the colour only repeats what they say.

import { h, s, second } from "./dom.js";

export const STATUSES = ["pending", "running", "success", "failed", "skipped"];
export const TRIGGERS = ["schedule", "manual", "startup", "retry", "dependency", "backfill"];

const SHAPES = {
  pending: "M8 4.5V8l2.4 1.6",
  running: "M6.4 5v6l4.8-3z",
  success: "M4.8 8.3l2.2 2.2 4.3-4.8",
  failed: "M5.5 5.5l5 5m0-5l-5 5",
  skipped: "M5 8h6",
};
const ALIASES = { passed: "success", warn: "pending" };

const known = (status) => {
  const name = ALIASES[status] ?? status;
  return name in SHAPES ? name : "pending";
};

export function icon(status) {
  const name = known(status);
  return s("svg", { class: `icon is-${name}`, viewBox: "0 0 16 16", "aria-hidden": "true" },
    s("circle", { cx: 8, cy: 8, r: 7 }), s("path", { d: SHAPES[name] }));
}

export const badge = (status, text = status) =>
  h("span", { class: `badge is-${known(status)}` }, icon(status), h("span", {}, text));

export const isOver = (run) => run.status !== "pending" && run.status !== "running";

const num = (value) => Number(value ?? 0);

/// Whether `next` says nothing newer than `last` of the same run: a snapshot may arrive after an event that it precedes.
export function isStale(last, next) {
  if (!last) return false;
  if (isOver(last) !== isOver(next)) return isOver(last);
  if (num(last.fence) !== num(next.fence)) return num(last.fence) > num(next.fence);
  return next.status === "running" && num(last.progress) > num(next.progress);
}

const percent = (progress) => Math.max(0, Math.min(1, Number(progress) || 0));

/// A bar with its percentage and note; null while a run reports no progress.
export function progressBar(run) {
  if (run.status !== "running" || run.progress == null) return null;
  const value = percent(run.progress);
  return h("span", { class: "progress" },
    h("progress", { max: 1, value, "aria-label": `Progress of ${run.jobName}` }),
    second(`${Math.round(value * 100)} %`, run.progressNote ? ` · ${run.progressNote}` : ""));
}

export const shortId = (id) => String(id ?? "").slice(-8);
export const runHref = (id) => `#run=${encodeURIComponent(id)}`;
export const runLink = (id, text = shortId(id), props) => h("a", { href: runHref(id), ...props }, text);
