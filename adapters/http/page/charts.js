// SPDX-License-Identifier: MIT
//
// Charts as inline SVG: outcomes in a row, and bars over the latest runs. Each has its content as text too.

import { fill, freshId, h, muted, s, table } from "./dom.js";
import { badge, runLink } from "./status.js";
import { span, timeOf, utc } from "./times.js";

const SPARK_MAX = 20;

function countWords(runs) {
  const counts = new Map();
  for (const run of runs) counts.set(run.status, (counts.get(run.status) ?? 0) + 1);
  return [...counts].map(([status, count]) => `${count} ${status}`).join(", ");
}

/// The latest outcomes, oldest first: up is success, down is failed, a dot is skipped, a frame is not over yet.
export function sparkline(recent) {
  if (!recent.length) return muted("no runs yet");
  const runs = recent.slice(0, SPARK_MAX).reverse();
  const label = `Latest ${runs.length} runs: ${countWords(runs)}. The newest: ${runs.at(-1).status}.`;
  const width = SPARK_MAX * 6;
  return s("svg", { class: "spark", role: "img", "aria-label": label, viewBox: `0 0 ${width} 24`, width, height: 24 },
    s("path", { class: "axis", d: `M0 12h${width}` }),
    runs.map((run, i) => mark(run, (SPARK_MAX - runs.length + i) * 6)));
}

function mark(run, x) {
  const title = s("title", {}, `${run.status}, ${utc(run.startedAt ?? run.dueAt)} UTC`);
  switch (run.status) {
    case "success": return s("rect", { class: "is-success", x, y: 3, width: 4, height: 9 }, title);
    case "failed": return s("rect", { class: "is-failed", x, y: 12, width: 4, height: 10 }, title);
    case "skipped": return s("circle", { class: "is-skipped", cx: x + 2, cy: 12, r: 2 }, title);
    default: return s("rect", { class: "is-running frame", x: x + 0.5, y: 7.5, width: 3, height: 9 }, title);
  }
}

/// The least number of 1, 2, or 5 times a power of ten that is not below `value`, and at least 2.
function niceMax(value) {
  if (!(value > 2)) return 2;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((n) => n * power).find((n) => n >= value);
}

/// Bars of `valueOf(run)` in milliseconds, oldest first. `lines` are `{label, ms}` drawn across.
export function barChart({ title, runs, valueOf, lines = [] }) {
  const shown = runs.filter((run) => valueOf(run) != null).reverse();
  if (!shown.length) return h("p", { class: "muted" }, "No finished runs yet.");
  const ids = [freshId("chart"), freshId("chart")];
  const values = shown.map(valueOf);
  const drawn = lines.filter((line) => line.ms != null);
  const top = niceMax(Math.max(...values, ...drawn.map((line) => line.ms)));
  const worst = Math.max(...values);
  const description = `${shown.length} runs from ${utc(dateOf(shown[0]))} to ${utc(dateOf(shown.at(-1)))} UTC, `
    + `newest ${span(values.at(-1))}, longest ${span(worst)}; ${countWords(shown)}.`;
  const HEIGHT = 132;
  const floor = HEIGHT - 4;
  const y = (ms) => floor - (floor - 12) * (Math.max(0, ms) / top);

  // Drawn for the width at hand, so that its text keeps its size on narrow screens.
  function draw(width) {
    const left = 56;
    const step = (width - left) / Math.max(shown.length, 12);
    const bar = Math.max(1.5, Math.min(step * 0.72, 22));
    return s("svg", { role: "img", "aria-labelledby": ids.join(" "), viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT },
      s("title", { id: ids[0] }, title),
      s("desc", { id: ids[1] }, description, drawn.map((line) => ` ${line.label} ${span(line.ms)}.`)),
      [0, 0.5, 1].map((part) => [
        s("path", { class: "grid", d: `M${left} ${y(top * part)}H${width}` }),
        s("text", { x: left - 8, y: y(top * part) + 4, "text-anchor": "end" }, part ? span(top * part) : "0"),
      ]),
      shown.map((run, i) => column(run, values[i], left + i * step + (step - bar) / 2, bar)),
      drawn.map((line, i) => s("path", { class: `line line-${i}`, d: `M${left} ${y(line.ms)}H${width}` })));
  }

  function column(run, ms, x, width) {
    const head = y(ms);
    return s("g", { class: `bar is-${run.status}` },
      s("title", {}, `${utc(dateOf(run))} UTC: ${span(ms)}, ${run.status}`),
      s("rect", { x, y: Math.min(head, floor - 1), width, height: Math.max(1, floor - head), rx: 1 }),
      // A cross marks a failed run without regard to colour.
      run.status === "failed" && s("path", { class: "cross", d: `M${x + width / 2 - 3} ${Math.max(6, head - 8) - 3}l6 6m0-6l-6 6` }));
  }

  const plot = h("div", { class: "plot" });
  let width = 0;
  new ResizeObserver(([entry]) => {
    const next = Math.round(entry.contentRect.width);
    if (next < 80 || next === width) return;
    width = next;
    fill(plot, draw(width));
  }).observe(plot);

  return h("figure", { class: "chart" }, plot,
    h("figcaption", {}, description,
      drawn.map((line, i) => h("span", { class: "legend" },
        s("svg", { viewBox: "0 0 24 8", width: 24, height: 8, "aria-hidden": "true" },
          s("path", { class: `line line-${i}`, d: "M0 4h24" })),
        `${line.label} ${span(line.ms)}`))),
    h("details", {}, h("summary", {}, `${title} as a table`),
      h("div", { class: "scroll tall", tabindex: 0, role: "region", "aria-label": `${title} as a table` },
        table(title, ["Run", "At (UTC)", "Value", "Status"],
          shown.toReversed().map((run) => [runLink(run.id), timeOf(dateOf(run)), span(valueOf(run)), badge(run.status)]),
          { class: "plain" }))));
}

const dateOf = (run) => run.startedAt ?? run.dueAt ?? run.completedAt;
