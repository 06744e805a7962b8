// SPDX-License-Identifier: MIT
//
// The filters of the list of runs. They live in the page's URL, under the names that the API gives them.

import { button, byId, fill, h, setText, textInput } from "./dom.js";
import { STATUSES, TRIGGERS } from "./status.js";
import { INSTANT_HINT, parseInstant, utc } from "./times.js";

const NAMES = ["jobName", "status", "trigger", "messageCode", "createdFrom", "createdBefore", "workflowId"];
const INSTANTS = ["createdFrom", "createdBefore"];
const controls = {};
let error;
let changed = () => {};
let timer = null;

const option = (value, text = value) => h("option", { value }, text);
const choice = (values) => h("select", { onchange: apply }, option("", "Any"), values.map((value) => option(value)));
const input = (props) => textInput({ onchange: apply, ...props });

function label(name, text, control) {
  controls[name] = control;
  control.id = `filter-${name}`;
  return h("div", { class: "field" }, h("label", { for: control.id }, text), control);
}

export function startFilters(handler) {
  changed = handler;
  error = h("p", { class: "error", id: "filter-error", role: "alert" });
  const later = () => { clearTimeout(timer); timer = setTimeout(apply, 500); };
  fill(byId("filters"),
    label("jobName", "Job", choice([])), label("status", "Status", choice(STATUSES)),
    label("trigger", "Trigger", choice(TRIGGERS)),
    label("messageCode", "Code", input({ placeholder: "JOB_TIMEOUT", oninput: later })),
    label("createdFrom", "From (UTC)", input({ placeholder: "2024-01-15 02:00", "aria-describedby": "filter-error" })),
    label("createdBefore", "Before (UTC)", input({ placeholder: "2024-01-16", "aria-describedby": "filter-error" })),
    label("workflowId", "Workflow", input()), button("Clear", clear), error);
  byId("filters").addEventListener("submit", (event) => { event.preventDefault(); apply(); });
  addEventListener("popstate", () => { if (read()) changed(); });
  read();
}

/// The filters in force, by the API's names.
export function filters() {
  const search = new URLSearchParams(location.search);
  return Object.fromEntries(NAMES.map((name) => [name, search.get(name) ?? ""]).filter(([, value]) => value !== ""));
}

export const isFiltered = () => Object.keys(filters()).length > 0;

/// Whether a run belongs into the list.
export function matches(run) {
  const wanted = filters();
  return NAMES.every((name) => INSTANTS.includes(name) || !(name in wanted) || wanted[name] === run[name])
    && (!wanted.createdFrom || Date.parse(run.createdAt) >= Date.parse(wanted.createdFrom))
    && (!wanted.createdBefore || Date.parse(run.createdAt) < Date.parse(wanted.createdBefore));
}

/// Offers these jobs; one that the URL names is offered even if it is unknown.
export function offerJobs(names) {
  const select = controls.jobName;
  const wanted = filters().jobName ?? "";
  const all = [...new Set([...names, wanted])].filter(Boolean).sort();
  if (all.join(" ") !== [...select.options].slice(1).map((each) => each.value).join(" ")) {
    fill(select, option("", "Any"), all.map((name) => option(name)));
  }
  select.value = wanted;
}

export function filterBy(name, value) {
  write({ [name]: value });
  read();
  changed();
}

let last = null;

/// Shows the URL's filters in the form. Returns whether they differ from those shown last.
function read() {
  const wanted = filters();
  for (const name of NAMES) {
    const value = wanted[name] ?? "";
    const control = controls[name];
    if (control instanceof HTMLSelectElement && value && ![...control.options].some((each) => each.value === value)) {
      control.append(option(value));
    }
    control.value = INSTANTS.includes(name) && value ? utc(value) : value;
    control.removeAttribute("aria-invalid");
  }
  controls.workflowId.parentElement.hidden = !wanted.workflowId;
  setText(error, "");
  const differs = last !== null && last !== JSON.stringify(wanted);
  last = JSON.stringify(wanted);
  return differs;
}

function write(values) {
  const search = new URLSearchParams(Object.entries(values).filter(([, value]) => value));
  const text = String(search);
  last = JSON.stringify(Object.fromEntries(NAMES.filter((name) => values[name]).map((name) => [name, values[name]])));
  history.replaceState(history.state, "", location.pathname + (text && `?${text}`) + location.hash);
}

function apply() {
  clearTimeout(timer);
  const values = {};
  let wrong = false;
  for (const name of NAMES) {
    const control = controls[name];
    let value = control.value.trim();
    if (INSTANTS.includes(name) && value) {
      value = parseInstant(value);
      control.toggleAttribute("aria-invalid", false);
      if (value === null) {
        control.setAttribute("aria-invalid", "true");
        wrong = true;
      }
    }
    values[name] = value;
  }
  setText(error, wrong ? INSTANT_HINT : "");
  const before = last;
  if (wrong) return;
  write(values);
  if (before !== last) changed();
}

function clear() {
  write({});
  read();
  changed();
  controls.jobName.focus();
}
