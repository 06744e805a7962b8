// SPDX-License-Identifier: MIT
//
// The admin page: signs in, reads everything once, and then hands each event to the parts that show it.

import { mine, onChanged, setAllowed } from "./actions.js";
import { ApiError, api, errorText, hasToken, onSignedOut, setToken } from "./api.js";
import { byId, setText } from "./dom.js";
import { offerJobs, startFilters } from "./filters.js";
import { showDegraded, showHealth, showLink } from "./health.js";
import { applyJob, applyRunToJob, forgetRunning, jobNames, refreshJob, showJobs, startJobs } from "./jobs.js";
import { Live } from "./live.js";
import { announce, noticeError } from "./notices.js";
import { applyRunToView, followHash, openRunId, refreshView, startRunView } from "./run_view.js";
import { applyRun, loadRuns, startRuns } from "./runs.js";
import { isOver } from "./status.js";
import { serverTime, startTicking, zone } from "./times.js";
import { startTheme } from "./theme.js";
import { showValidation } from "./validation.js";

// --- What comes in

const ENDED_MAX = 2000;
const FIRST_READ_MS = 1000;
const ended = new Set();
let knowsPast = false;

/// Says that a run has ended: those started here each by itself, and others only if they failed.
function tellEnd(run) {
  if (!isOver(run) || ended.has(run.id)) return;
  ended.add(run.id);
  if (ended.size > ENDED_MAX) ended.delete(ended.values().next().value);
  const code = run.messageCode ?? "";
  if (mine.has(run.id) || run.status === "failed") announce(`${run.jobName}: ${run.status} ${code}`);
  if (code.startsWith("PLATFORM_VALIDATION")) load("The validation cannot be read", api.validation, showValidation);
}

function takeRun(run) {
  applyRun(run);
  applyRunToJob(run);
  applyRunToView(run);
}

function takeStatus(status) {
  serverTime(status.time);
  showJobs(status.registeredJobs);
  offerJobs(jobNames());
  if (status.degraded) showDegraded(true);
  for (const run of status.recentRuns) {
    applyRunToJob(run);
    applyRunToView(run);
    if (!knowsPast && isOver(run)) ended.add(run.id);
  }
  knowsPast = true;
}

async function load(what, question, show) {
  try {
    show(await question());
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 401)) noticeError(what, error);
  }
}

let hasRead = false;

function readEverything() {
  hasRead = true;
  load("The jobs cannot be read", api.status, takeStatus);
  load("The running runs cannot be read", () => api.runs({ status: "running", limit: 200 }), ({ data }) => {
    forgetRunning();
    data.forEach(applyRunToJob);
  });
  load("The health cannot be read", api.health, showHealth);
  load("The validation cannot be read", api.validation, showValidation);
  loadRuns();
  refreshJob();
  refreshView();
}

// --- Keeping current

let turn = 0;

/// One question: mostly the status, which has the latest runs, and every sixth time the health.
async function poll() {
  try {
    if (turn++ % 6 === 5) {
      showHealth(await api.health());
    } else if (openRunId() && turn % 2 === 0) {
      refreshView();
    } else {
      const status = await api.status();
      takeStatus(status);
      for (const run of status.recentRuns) {
        applyRun(run);
        tellEnd(run);
      }
    }
    showLink("poll");
  } catch (error) {
    showLink("off");
  }
}

const live = new Live({
  state: showLink,
  fresh: readEverything,
  poll,
  event(name, value) {
    if (name === "run") {
      takeRun(value);
      tellEnd(value);
    } else if (name === "job") {
      applyJob(value);
      offerJobs(jobNames());
    } else if (name === "health") {
      showHealth(value);
    }
  },
});

onChanged((jobName, runId) => {
  refreshJob(jobName);
  if (runId) load("The run cannot be read", () => api.run(runId), (run) => { takeRun(run); tellEnd(run); });
});

// --- Signing in

function showSignIn(text = "") {
  byId("sign-in").hidden = false;
  setText(byId("token-error"), text);
  byId("token").focus();
}

function showContent(me) {
  setAllowed(me);
  byId("sign-in").hidden = true;
  for (const id of ["content", "link", "who"]) byId(id).hidden = false;
  setText(byId("who"), me.readOnly ? `${me.principal} (read only)` : me.principal);
  byId("sign-out").hidden = !hasToken();
  live.start();
  // An open stream has everything read; one that hangs must not keep the page empty.
  setTimeout(() => { if (!hasRead) readEverything(); }, FIRST_READ_MS);
  followHash();
}

/// Opens the page if the token or the host's cookie is accepted. `refusal` is said if not.
async function enter(refusal) {
  try {
    showContent(await api.me());
    return true;
  } catch (error) {
    setToken(null);
    showSignIn(error instanceof ApiError && error.status === 401 ? refusal : errorText(error));
    return false;
  }
}

async function signIn(event) {
  event.preventDefault();
  const value = byId("token").value.trim();
  // Only these characters can stand in a header.
  if (!/^[\x21-\x7e]+$/.test(value)) return showSignIn(value ? "This is not a token." : "Enter a token.");
  setToken(value);
  if (!await enter("This token is not accepted.")) return;
  byId("token").value = "";
  byId("main").focus();
  announce("Signed in");
}

/// Loads the page anew, so that nothing of what was shown is left in it.
function signOut(wasRefused) {
  setToken(null);
  history.replaceState({ wasRefused }, "");
  location.reload();
}

onSignedOut(() => { if (!byId("content").hidden) signOut(true); });
byId("sign-in-form").addEventListener("submit", signIn);
byId("sign-out").addEventListener("click", () => signOut(false));
byId("skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId("main").focus();
});

if (zone !== "UTC") setText(byId("zone"), `Times are UTC. In your zone, ${zone}, they show on hover and where a run is opened.`);
startTheme();
startTicking();
startFilters(loadRuns);
startRuns();
startJobs();
startRunView();
enter(history.state?.wasRefused || hasToken() ? "You were signed out: the access is no longer accepted." : "");
history.replaceState(null, "");
