// SPDX-License-Identifier: MIT
//
// The table of registered jobs. Figures of a job's latest runs are asked for when its row is near the view.

import { may, pauseJob, resumeJob, triggerJob } from "./actions.js";
import { api, errorText } from "./api.js";
import { sparkline } from "./charts.js";
import { button, byId, code, fill, fillOnChange, freshId, h, muted, rowCells, second, setText, table } from "./dom.js";
import { jobDetail } from "./job_detail.js";
import { badge, isOver, progressBar, runLink } from "./status.js";
import { span, ticking, timeOf } from "./times.js";

const HEADS = ["Job", "Schedule", "Next run", "Latest outcomes", "Run time", "Runs", "Actions"];
const ASKED_AT_ONCE = 3;
const REFRESH_MS = 3000; // A job that runs all the time is asked about no more often.
const rows = new Map();

// --- Figures, asked for a few at a time

const queue = new Set();
let asking = 0;
const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    const row = rows.get(target.dataset.job);
    if (!row) continue;
    row.isNear = isIntersecting;
    if (isIntersecting && row.isOld) want(row);
  }
}, { rootMargin: "200px" });

function want(row) {
  row.isOld = true;
  if (!row.isNear || row.timer) return;
  row.timer = setTimeout(() => {
    row.timer = null;
    queue.add(row);
    pump();
  }, Math.max(0, row.askedAt + REFRESH_MS - Date.now()));
}

function pump() {
  while (asking < ASKED_AT_ONCE && queue.size) {
    const [row] = queue;
    queue.delete(row);
    asking += 1;
    load(row).finally(() => { asking -= 1; pump(); });
  }
}

async function load(row) {
  row.isOld = false;
  row.askedAt = Date.now();
  try {
    row.figures = await api.job(row.job.name);
    row.error = null;
    if (rows.get(row.job.name) === row) update(row, row.figures);
  } catch (error) {
    row.error = errorText(error);
    row.isOld = true; // asked for again with the next that is heard of the job
    showFigures(row);
  }
}

// --- Rows

function makeRow(job) {
  const detailId = freshId("detail");
  const cells = rowCells(HEADS);
  const row = {
    job, cells, figures: null, error: null, detail: null, running: new Map(),
    isNear: false, isOld: true, askedAt: 0, timer: null,
    tail: h("tr", { role: "row", id: detailId, class: "unfold", hidden: true },
      h("td", { role: "cell", colspan: HEADS.length })),
  };
  row.toggle = h("button", { type: "button", class: "toggle strong", "aria-expanded": "false", "aria-controls": detailId,
    onclick: () => unfold(row) }, job.name);
  row.head = h("div", { class: "job-state" });
  fill(cells[0], row.toggle, row.head);
  row.run = button("Run now", () => triggerJob(row.job), { class: "primary", "aria-label": `Run now: ${job.name}` });
  row.pause = button("Pause", () => pauseJob(row.job), { "aria-label": `Pause ${job.name}` });
  row.resume = button("Resume", () => resumeJob(row.job), { "aria-label": `Resume ${job.name}` });
  fill(cells[6], h("div", { class: "row" }, row.run, row.pause, row.resume));
  row.element = h("tbody", { role: "rowgroup", "data-job": job.name }, h("tr", { role: "row" }, cells), row.tail);
  return row;
}

function unfold(row) {
  const open = row.tail.hidden;
  row.tail.hidden = !open;
  row.toggle.setAttribute("aria-expanded", String(open));
  if (!open) return;
  if (!row.detail) {
    row.detail = jobDetail(row.job);
    fill(row.tail.firstElementChild, row.detail.element);
  }
  if (row.figures) row.detail.update(row.figures);
  want(row);
}

function scheduleOf(job) {
  const { schedule, dependsOn } = job;
  const words = job.scheduleInWords || (schedule?.periodMs ? `every ${span(schedule.periodMs)}`
    : dependsOn?.length ? `after ${dependsOn.join(", ")}` : "when triggered");
  return [h("span", {}, words), schedule?.expression
    && second(code(schedule.expression), ` ${schedule.timeZone ?? ""}`)];
}

function nextRun(job) {
  if (job.paused) return muted("paused");
  if (!job.nextRunAt) return muted("none planned");
  return [ticking("until", job.nextRunAt), second(timeOf(job.nextRunAt, { mark: true }))];
}

function stateOf(job, running) {
  return [
    job.description && h("span", { class: "second clip" }, job.description),
    job.enabled === false && badge("skipped", "disabled"),
    job.registered === false && badge("skipped", "not registered here"),
    job.paused && [badge("skipped", "paused"), h("span", { class: "second" },
      [job.pausedBy && `by ${job.pausedBy}`, job.pausedReason].filter(Boolean).join(": "))],
    running.map((run) => h("span", { class: "now" },
      runLink(run.id, badge(run.status), { "aria-label": `${run.status}, open the run` }), progressBar(run))),
  ];
}

function showHead(row) {
  const { job } = row;
  const running = [...row.running.values()].slice(0, 3);
  fillOnChange(row.head, [job.description, job.enabled, job.registered, job.paused, job.pausedBy, job.pausedReason,
    running.map((run) => [run.id, run.status, run.progress, run.progressNote])], () => stateOf(job, running));
}

function showFigures(row) {
  const { figures, error } = row;
  fillOnChange(row.cells[3], [figures?.recent, error], () => (error ? h("span", { class: "error" }, error)
    : figures ? [sparkline(figures.recent), lastOf(row.job)] : muted("…")));
  fillOnChange(row.cells[4], figures && [figures.durationP50Ms, figures.durationP95Ms], () => (figures
    ? h("dl", { class: "pairs" }, pair("p50", span(figures.durationP50Ms)), pair("p95", span(figures.durationP95Ms)))
    : muted("…")));
}

const pair = (name, value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));
const lastOf = ({ lastRun }) => (lastRun && second("last: ", runLink(lastRun.jobId, lastRun.messageCode ?? lastRun.status)));

function update(row, job) {
  row.job = { ...row.job, ...job };
  const now = row.job;
  showHead(row);
  fillOnChange(row.cells[1], [now.scheduleInWords, now.schedule, now.dependsOn], () => scheduleOf(now));
  fillOnChange(row.cells[2], [now.nextRunAt, now.paused], () => nextRun(now));
  showFigures(row);
  fillOnChange(row.cells[5], [now.runCount, now.successCount, now.failureCount, now.skippedCount], () => [
    h("span", { class: "strong" }, now.runCount),
    second(`${now.successCount} ok, ${now.failureCount} failed, ${now.skippedCount} skipped`)]);
  const focused = document.activeElement;
  row.run.hidden = !may("trigger") || now.registered === false;
  row.pause.hidden = !may("pause") || now.paused;
  row.resume.hidden = !may("resume") || !now.paused;
  if (focused.hidden && row.cells[6].contains(focused)) (now.paused ? row.resume : row.pause).focus();
  if (row.detail && row.figures) row.detail.update({ ...row.figures, paused: now.paused });
}

// --- The table

/// Shows exactly these jobs.
export function showJobs(jobs) {
  const kept = new Set(jobs.map((job) => job.name));
  for (const [name, row] of rows) {
    if (!kept.has(name)) {
      seen.unobserve(row.element);
      row.element.remove();
      rows.delete(name);
    }
  }
  for (const job of jobs) applyJob(job);
  find();
}

/// Takes in a job that is new or has changed.
export function applyJob(job) {
  let row = rows.get(job.name);
  if (!row) {
    row = makeRow(job);
    rows.set(job.name, row);
    const next = [...byId("jobs").tBodies].find((body) => body.dataset.job > job.name) ?? null;
    byId("jobs").insertBefore(row.element, next);
    seen.observe(row.element);
  }
  const isOther = row.figures && ["nextRunAt", "paused", "enabled", "runCount"].some((name) => row.job[name] !== job[name]);
  update(row, job);
  if (isOther || row.isOld) want(row);
}

/// Takes in a run: its progress shows in the job's row, its end changes the job's figures.
export function applyRunToJob(run) {
  const row = rows.get(run.jobName);
  if (!row) return;
  if (isOver(run)) {
    row.running.delete(run.id);
    want(row);
  } else if (run.status === "running") {
    row.running.set(run.id, run);
  }
  showHead(row);
}

/// Asks anew for the figures of a job, or of all.
export function refreshJob(name) {
  for (const row of rows.values()) {
    if (name && row.job.name !== name) continue;
    row.askedAt = 0;
    want(row);
  }
}

/// Forgets which runs are running: a snapshot follows.
export function forgetRunning() {
  for (const row of rows.values()) row.running.clear();
}

export const jobNames = () => [...rows.keys()];

function find() {
  const text = byId("jobs-find").value.trim().toLowerCase();
  let shown = 0;
  for (const [name, row] of rows) {
    const hit = !text || `${name} ${row.job.description ?? ""}`.toLowerCase().includes(text);
    row.element.hidden = !hit;
    shown += hit;
  }
  setText(byId("jobs-count"), text ? `${shown} of ${rows.size}` : String(rows.size));
  byId("jobs-scroll").hidden = shown === 0;
  byId("jobs-empty").hidden = shown > 0;
  setText(byId("jobs-empty"), rows.size ? "No job matches." : "No job is registered.");
}

export function startJobs() {
  fill(byId("jobs-scroll"), table("Registered jobs with schedule, next run, latest outcomes, run time, and counts", HEADS, [],
    { id: "jobs", class: "cards" }));
  byId("jobs-find").addEventListener("input", find);
}
