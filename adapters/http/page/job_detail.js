// SPDX-License-Identifier: MIT
//
// What a job's row unfolds to: next runs, an instant explained, charts.

import { api, errorText } from "./api.js";
import { barChart } from "./charts.js";
import { button, fill, fillOnChange, freshId, h, muted, setText, table, textInput } from "./dom.js";
import { filterBy } from "./filters.js";
import { runLink } from "./status.js";
import { INSTANT_HINT, inZone, parseInstant, ticking, timeOf, utc, zone } from "./times.js";

const DST = {
  gap: "moved out of the hour that clocks skip",
  overlap_first: "first of two passes of this hour",
  overlap_second: "second of two passes of this hour",
};

function nextRuns(job) {
  const runs = job.nextRuns;
  if (!runs.length) return h("p", { class: "muted" }, job.paused ? "None while the job is paused." : "None planned.");
  const wanted = job.schedule?.timeZone ?? zone;
  const place = inZone(runs[0].at, wanted) ? wanted : zone;
  const isOther = place !== "UTC";
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": `Next runs of ${job.name}` },
    table(`The next ${runs.length} runs`, ["UTC", ...(isOther ? [place] : []), "From now", "Clock change"],
      runs.map((run) => [timeOf(run.at), ...(isOther ? [inZone(run.at, place)] : []), ticking("until", run.at),
        run.dst ? h("span", { class: "dst" }, `◆ ${DST[run.dst] ?? run.dst}`) : muted("–")]), { class: "plain" }));
}

function explainForm(job) {
  const id = freshId("explain");
  const input = textInput({ id, placeholder: "2024-01-15 02:00",
    "aria-describedby": `${id}-hint`, value: job.lastRun?.startedAt ? utc(job.lastRun.startedAt) : "" });
  const answer = h("div", { class: "answer", role: "status" });
  async function submit(event) {
    event.preventDefault();
    const at = parseInstant(input.value);
    input.removeAttribute("aria-invalid");
    if (at === null) {
      input.setAttribute("aria-invalid", "true");
      fill(answer, h("p", { class: "error" }, INSTANT_HINT));
      return;
    }
    try {
      const { kind, text, runId } = await api.explain(job.name, at);
      fill(answer, h("p", {}, h("strong", {}, `${utc(at)} UTC: `), text, kind && muted(` (${kind})`),
        runId && [" ", runLink(runId, "Open the run")]));
    } catch (error) {
      fill(answer, h("p", { class: "error" }, errorText(error)));
    }
  }
  return h("form", { class: "explain", novalidate: true, onsubmit: submit },
    h("label", { for: id }, "What happened at, or what is planned for"),
    h("div", { class: "row" }, input, h("button", { type: "submit" }, "Explain")),
    h("p", { class: "hint", id: `${id}-hint` }, "In UTC, or with an offset such as +01:00."), answer);
}

/// The unfolded part. `update(job)` takes the answer of the job's own route.
export function jobDetail(job) {
  const part = (title) => {
    const body = h("div", {});
    return { body, element: h("section", { class: "part" }, h("h3", {}, title), body) };
  };
  const about = h("p", { class: "about" });
  const next = part("Next runs");
  const explain = part("Explain an instant");
  const time = part("Run time");
  const late = part("Lateness");
  fill(explain.body, explainForm(job));
  const element = h("div", { class: "detail" }, about, next.element, explain.element, time.element, late.element,
    h("p", { class: "wide" }, button(`Show the runs of ${job.name}`, () => {
      filterBy("jobName", job.name);
      document.getElementById("runs-title").focus();
    })));

  function update(current) {
    const { recent } = current;
    // The row shows no more than the first lines of a long description.
    const long = (current.description ?? "").length > 120 ? `${current.description} ` : "";
    const after = current.dependsOn?.length ? `Runs after ${current.dependsOn.join(", ")}.` : "";
    about.hidden = !long && !after;
    setText(about, long + after);
    fillOnChange(next.body, [current.nextRuns, current.paused], () => nextRuns(current));
    fillOnChange(time.body, [recent, current.durationP50Ms], () => barChart({
      title: `Run time of ${job.name}`, runs: recent, valueOf: (run) => run.durationMs,
      lines: [{ label: "p50", ms: current.durationP50Ms }, { label: "p95", ms: current.durationP95Ms }],
    }));
    fillOnChange(late.body, recent, () => barChart({
      title: `Lateness of ${job.name}`, runs: recent, valueOf: (run) => run.latenessMs,
    }));
  }
  return { element, update };
}
