// SPDX-License-Identifier: MIT
//
// The list of runs: filtered by the URL, paged by cursor, kept current by events.

import { ApiError, api, errorText } from "./api.js";
import { byId, code, fill, fillOnChange, h, hidden, rowCells, second, setText, table } from "./dom.js";
import { filters, isFiltered, matches } from "./filters.js";
import { badge, isOver, isStale, progressBar, runHref, shortId } from "./status.js";
import { span, ticking, timeOf } from "./times.js";

const PAGE = 50;
const ROWS_MAX = 1000;
const rows = new Map();
let cursor = null;
let controller = null;
let started = false;

// A column's head, what of a run it depends on, and its content.
const COLUMNS = [
  ["Run"],
  ["Status", ["status", "cancelRequested", "progress", "progressNote"], (run) => [
    badge(run.status), run.cancelRequested && !isOver(run) && second("asked to stop"), progressBar(run)]],
  ["Trigger", ["trigger", "actor", "attempt"], (run) => [
    run.trigger, run.actor && second(`by ${run.actor}`), run.attempt > 1 && second(`attempt ${run.attempt}`)]],
  ["Due (UTC)", ["dueAt", "createdAt"], (run) => timeOf(run.dueAt ?? run.createdAt)],
  ["Started (UTC)", ["startedAt"], (run) => timeOf(run.startedAt)],
  ["Took", ["status", "startedAt", "durationMs"], (run) => took(run)],
  ["Result", ["messageCode", "summary", "errorMessage"], (run) => [
    run.messageCode && code(run.messageCode), h("span", { class: "second clip" }, run.summary ?? run.errorMessage)]],
];
const HEADS = COLUMNS.map(([head]) => head);

export const took = (run) => (run.status === "running" && run.startedAt
  ? ticking("since", run.startedAt) : span(run.durationMs));

function makeRow(run) {
  const link = h("a", { href: runHref(run.id), class: "strong" }, run.jobName, second(hidden("run "), shortId(run.id)));
  const cells = rowCells(HEADS, [link]);
  const element = h("tr", { role: "row", "data-run": run.id, class: "pick" }, cells);
  // A click beside the link opens the run too; the link is what the keyboard uses.
  element.addEventListener("click", (event) => {
    if (!event.target.closest("a, button, summary") && !String(getSelection())) link.click();
  });
  return { element, cells, run: null };
}

function update(row, run) {
  row.run = run;
  COLUMNS.forEach(([, names, build], i) => names
    && fillOnChange(row.cells[i], names.map((name) => run[name]), () => build(run)));
}

function showCount() {
  const count = rows.size;
  setText(byId("runs-count"), count ? `${count} shown${cursor ? ", there are more" : ""}${isFiltered() ? ", filtered" : ""}` : "");
  byId("runs-empty").hidden = count > 0 || !started;
  setText(byId("runs-empty"), isFiltered() ? "No runs match these filters." : "No runs yet.");
  byId("runs-more").hidden = !cursor;
  byId("runs-scroll").hidden = count === 0;
}

function put(run, before) {
  let row = rows.get(run.id);
  if (row && isStale(row.run, run)) return;
  if (!row) {
    row = makeRow(run);
    rows.set(run.id, row);
    byId("runs-body").insertBefore(row.element, before);
  }
  update(row, run);
}

function drop(id) {
  rows.get(id)?.element.remove();
  rows.delete(id);
}

async function ask(more) {
  controller?.abort();
  controller = new AbortController();
  const mine = controller;
  const body = byId("runs-body");
  try {
    const answer = await api.runs({ ...filters(), limit: PAGE, cursor: more ? cursor : "" }, mine.signal);
    if (mine.signal.aborted) return;
    fill(byId("runs-error"));
    started = true;
    cursor = answer.nextCursor ?? null;
    if (!more) {
      const kept = new Set(answer.data.map((run) => run.id));
      for (const id of [...rows.keys()]) if (!kept.has(id)) drop(id);
      // In the server's order; a row that is known already keeps its element, and with it the focus.
      let next = body.firstElementChild;
      for (const run of answer.data) {
        put(run, next);
        const { element } = rows.get(run.id);
        if (element === next) next = next.nextElementSibling;
        else if (element.nextElementSibling !== next) body.insertBefore(element, next);
      }
    } else {
      const had = rows.size;
      for (const run of answer.data) put(run, null);
      const first = [...body.children][had];
      first?.querySelector("a")?.focus();
    }
    showCount();
  } catch (error) {
    if (mine.signal.aborted) return;
    const stale = error instanceof ApiError && error.status === 400 && more;
    setText(byId("runs-error"), `The runs cannot be listed: ${errorText(error)}`);
    if (stale) cursor = null;
  }
}

export const loadRuns = () => ask(false);

export function startRuns() {
  fill(byId("runs-scroll"), table("Runs, newest first", HEADS, [], { id: "runs", class: "cards" }));
  byId("runs").tBodies[0].id = "runs-body";
  byId("runs-more").addEventListener("click", () => ask(true));
}

/// Takes in a run that was made or has changed.
export function applyRun(run) {
  if (!started) return;
  const row = rows.get(run.id);
  if (!matches(run)) {
    // The row that has the focus stays, or the keyboard would lose its place.
    if (!row) return;
    if (row.element.contains(document.activeElement)) put(run, null);
    else drop(run.id);
  } else if (row) {
    put(run, null);
  } else {
    if (rows.size >= ROWS_MAX) return void loadRuns();
    const next = [...byId("runs-body").children].find((each) => rows.get(each.dataset.run).run.createdAt <= run.createdAt);
    // An older run than all that are shown belongs on a page that is not loaded.
    if (!next && cursor) return;
    put(run, next ?? null);
  }
  showCount();
}
