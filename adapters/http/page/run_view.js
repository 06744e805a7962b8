// SPDX-License-Identifier: MIT
//
// One run in a dialog, named by the URL's hash (`#run=ID`), so that it can be linked to.

import { cancelRun, may, retryRun } from "./actions.js";
import { api, errorText } from "./api.js";
import { button, byId, code, fill, fillOnChange, h, second, setText } from "./dom.js";
import { filterBy } from "./filters.js";
import { applyRunToJob } from "./jobs.js";
import { applyRun, took } from "./runs.js";
import { badge, isOver, isStale, progressBar, runLink } from "./status.js";
import { timeOf } from "./times.js";
import { tree } from "./tree.js";

const REFRESH_MS = 3000;
const CHAIN_MAX = 200;
const dialog = byId("run-view");
let view = null;

const wantedId = () => {
  const match = /^#run=(.+)$/.exec(location.hash);
  try { return match ? decodeURIComponent(match[1]) : null; } catch { return null; }
};

export const openRunId = () => view?.id ?? null;

export function startRunView() {
  dialog.addEventListener("close", () => {
    view?.end();
    view = null;
    if (wantedId()) history.replaceState(history.state, "", location.pathname + location.search);
  });
  // A click on the backdrop is a click on the dialog itself, outside its content.
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  addEventListener("hashchange", followHash);
}

/// Opens or closes the dialog as the URL says.
export function followHash() {
  const id = wantedId();
  if (id === (view?.id ?? null)) return;
  view?.end();
  view = null;
  if (!id) return void (dialog.open && dialog.close());
  view = makeView(id);
  fill(dialog, view.element);
  if (!dialog.open) dialog.showModal();
  view.title.focus();
  view.load();
}

/// Takes in a run that has changed.
export function applyRunToView(run) {
  if (view?.id === run.id) view.apply(run);
  else if (run.retryOf) view?.chain(run);
}

export function refreshView() {
  view?.load();
}

function makeView(id) {
  const controller = new AbortController();
  const { signal } = controller;
  let run = null;
  let askedAt = 0;
  let timer = null;
  const attempts = new Map();

  const title = h("h2", { id: "run-title", tabindex: -1 }, "Run");
  const state = h("div", { class: "run-state", role: "status" });
  const bar = h("div", {});
  const error = h("p", { class: "error", role: "alert" });
  const cancel = button("Cancel the run", () => cancelRun(run), { class: "danger", hidden: true });
  const retry = button("Retry", () => retryRun(run), { hidden: true });
  const parts = Object.fromEntries(["Error", "Facts", "Attempts", "Details", "Log", "Payload"].map((name) => {
    const body = h("div", {});
    return [name, { body, element: h("section", { class: "part", hidden: true }, h("h3", {}, name), body) }];
  }));
  const element = h("div", { class: "sheet-body" },
    h("div", { class: "sheet-head" }, h("div", { class: "grow" }, title, h("p", { class: "second mono" }, id)),
      button("Close", () => dialog.close(), { class: "quiet" })),
    error, state, bar, h("div", { class: "row" }, cancel, retry),
    Object.values(parts).map((part) => part.element));

  function show(name, key, build) {
    const { body, element: section } = parts[name];
    const none = key == null || (Array.isArray(key) && !key.length);
    section.hidden = none;
    if (!none) fillOnChange(body, key, build);
  }

  function render() {
    setText(title, run.jobName);
    fillOnChange(state, [run.status, run.messageCode, run.summary, run.cancelRequested], () => [badge(run.status), " ",
      run.messageCode && code(run.messageCode),
      run.summary && h("p", {}, run.summary),
      run.cancelRequested && !isOver(run) && h("p", { class: "second" }, "It was asked to stop.")]);
    fillOnChange(bar, [run.status, run.progress, run.progressNote], () => progressBar(run));
    const focused = document.activeElement;
    cancel.hidden = !may("cancel") || isOver(run);
    retry.hidden = !may("retry") || !(run.status === "failed" || run.status === "skipped");
    if (focused?.hidden) title.focus();
    show("Error", run.errorCode || run.errorMessage ? [run.errorCode, run.errorMessage] : null, () => [
      run.errorCode && h("p", {}, code(run.errorCode)),
      run.errorMessage && h("pre", { tabindex: 0, "aria-label": "Error message" }, run.errorMessage)]);
    const { progress: _, progressNote: __, log: ___, details: ____, payload: _____, ...facts } = run;
    show("Facts", facts, () => factList(run));
    if ("details" in run) show("Details", run.details, () => tree(run.details));
    if ("payload" in run) show("Payload", run.payload, () => tree(run.payload));
    if ("log" in run) show("Log", run.log, () => logList(run.log));
    showAttempts();
  }

  function showAttempts() {
    const all = [...attempts.values()].sort((a, b) => a.attempt - b.attempt || (a.createdAt < b.createdAt ? -1 : 1));
    const key = all.length > 1 ? all.map((each) => [each.id, each.status, each.messageCode]) : null;
    show("Attempts", key, () => h("ol", { class: "attempts" }, all.map((each) => h("li", { "aria-current": each.id === id ? "true" : null },
      h("span", {}, `Attempt ${each.attempt} `), each.id === id ? h("strong", {}, "this run") : runLink(each.id),
      " ", badge(each.status), " ", each.messageCode && code(each.messageCode),
      second(timeOf(each.startedAt ?? each.dueAt, { mark: true }))))));
  }

  /// The attempts of one piece of work: the first run and all that name it, or one another, as what they retry.
  async function loadAttempts() {
    attempts.set(id, run);
    const root = run.retryOf ? await api.run(run.retryOf, signal) : run;
    attempts.set(root.id, root);
    if (isOver(root) && root.status !== "success") {
      const { data } = await api.runs({ jobName: root.jobName, createdFrom: root.createdAt, trigger: "retry",
        limit: CHAIN_MAX }, signal);
      for (const each of data.reverse()) if (attempts.has(each.retryOf)) attempts.set(each.id, each);
    }
    showAttempts();
  }

  async function load() {
    askedAt = Date.now();
    try {
      const isFirst = run === null;
      const next = await api.run(id, signal);
      if (!isStale(run, next)) run = next;
      attempts.set(id, run);
      setText(error, "");
      render();
      applyRun(run);
      applyRunToJob(run);
      if (isFirst) loadAttempts().catch(() => { /* The first attempt may have been deleted by its retention. */ });
    } catch (problem) {
      if (signal.aborted) return;
      setText(error, problem.status === 404
        ? "There is no such run; it may have been deleted by its retention." : errorText(problem));
    }
  }

  /// Events leave out details, payload, and log: those are asked for, though not for each step of progress.
  function apply(next) {
    if (!run || isStale(run, next)) return;
    const { details: _, payload: __, log: ___, ...light } = next;
    run = { ...run, ...light };
    attempts.set(id, run);
    render();
    if (isOver(run)) {
      clearTimeout(timer);
      load();
    } else if (Date.now() - askedAt > REFRESH_MS) {
      load();
    } else {
      clearTimeout(timer);
      timer = setTimeout(load, REFRESH_MS);
    }
  }

  function chain(next) {
    if (!attempts.has(next.retryOf)) return;
    attempts.set(next.id, next);
    showAttempts();
  }

  return { id, element, title, load, apply, chain, end() { clearTimeout(timer); controller.abort(); } };
}

function factList(run) {
  const row = (name, value) => value && h("div", {}, h("dt", {}, name), h("dd", {}, value));
  const texts = (names) => Object.entries(names).map(([key, name]) => row(name, run[key] || null));
  const at = (text) => text && timeOf(text, { both: true, withMs: true, mark: true });
  return h("dl", { class: "facts" },
    row("Due", at(run.dueAt)), row("May start", run.runAt !== run.dueAt && at(run.runAt)),
    row("Created", at(run.createdAt)),
    row("Started", at(run.startedAt)), row("Finished", at(run.completedAt)), row("Took", run.startedAt && took(run)),
    texts({ trigger: "Trigger", actor: "By", reason: "Reason", attempt: "Attempt", cancelActor: "Cancelled by" }),
    row("Retry of", run.retryOf && runLink(run.retryOf)),
    row("Given up by a node", run.abandonCount > 0 && `${run.abandonCount} times`),
    row("Lease until", !isOver(run) && at(run.leaseUntilAt)),
    texts({ node: "Node", fence: "Fence", priority: "Priority", uniqueKey: "Unique key", concurrencyKey: "Concurrency key",
      payloadVersion: "Payload version", step: "Step", waitsFor: "Waits for" }),
    row("Workflow", run.workflowId && button(run.workflowId, () => {
      dialog.close();
      filterBy("workflowId", run.workflowId);
      byId("runs-title").focus();
    }, { class: "quiet" })),
    row("After", run.after?.join(", ")));
}

function logList({ lines, dropped }) {
  return [dropped > 0 && second(`${dropped} earlier lines were not kept.`),
    h("div", { class: "log", tabindex: 0, role: "region", "aria-label": "Log lines" }, h("ol", {}, lines.map((line) => h("li", {},
      timeOf(line.at, { withMs: true }), " ", h("span", {}, line.text)))))];
}
