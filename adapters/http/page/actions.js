// SPDX-License-Identifier: MIT
//
// What can be done to jobs and runs. What the principal may not do is not offered; the server refuses it anyway.

import { ApiError, api, freshKey } from "./api.js";
import { ask } from "./ask.js";
import { notice } from "./notices.js";
import { runLink } from "./status.js";

let allowed = new Set();
let changed = () => {};

export function setAllowed(me) {
  allowed = new Set(me.readOnly ? [] : me.actions ?? []);
}

/// `handler(jobName, runId)` is called after each change; either may be missing.
export const onChanged = (handler) => { changed = handler; };

export const may = (action) => allowed.has(action);

/// Runs triggered here, whose end is announced in any case.
export const mine = new Set();

export function triggerJob(job) {
  let key = freshKey();
  ask({
    title: `Run ${job.name} now?`,
    text: job.enabled === false ? "The job is disabled: the run is recorded as skipped." : job.description,
    verb: "Run now",
    payload: true,
    async perform(body) {
      let result;
      try {
        result = await api.trigger(job.name, body, key);
      } catch (error) {
        // After a definite refusal the next try is a new request. After silence or a server's failure it is
        // the same one, so that the job cannot run twice.
        if (error instanceof ApiError && error.status >= 400 && error.status < 500) key = freshKey();
        if (error.code === "JOB_ALREADY_RUNNING" && error.runId) {
          notice("info", `${job.name} is already running: run `, runLink(error.runId), ".");
        }
        throw error;
      }
      mine.add(result.jobId);
      const said = { success: "succeeded", failed: "failed", skipped: "was skipped" }[result.status] ?? "was triggered";
      notice(result.status === "failed" ? "bad" : "info", `${job.name} ${said}: run `, runLink(result.jobId), ".");
      changed(job.name, result.jobId);
    },
  });
}

export function pauseJob(job) {
  ask({
    title: `Pause ${job.name}?`, text: "Its schedule does not start it until it is resumed.",
    verb: "Pause", reason: "required",
    async perform({ reason }) {
      await api.pause(job.name, reason);
      notice("info", `${job.name} is paused.`);
      changed(job.name);
    },
  });
}

export function resumeJob(job) {
  ask({
    title: `Resume ${job.name}?`, text: job.pausedReason ? `It was paused because: ${job.pausedReason}` : null,
    verb: "Resume",
    async perform({ reason }) {
      await api.resume(job.name, reason);
      notice("info", `${job.name} is resumed.`);
      changed(job.name);
    },
  });
}

const CANCEL_ANSWERS = {
  cancelled: "was cancelled",
  requested: "was asked to stop; it ends when the job heeds that",
  already_ended: "had already ended",
};

export function cancelRun(run) {
  ask({
    title: `Cancel this run of ${run.jobName}?`, verb: "Cancel the run", danger: true,
    async perform({ reason }) {
      const { answer } = await api.cancel(run.id, reason);
      notice("info", `The run of ${run.jobName} ${CANCEL_ANSWERS[answer] ?? answer}.`);
      mine.add(run.id);
      changed(run.jobName, run.id);
    },
  });
}

export function retryRun(run) {
  ask({
    title: `Retry this run of ${run.jobName}?`, text: "A new run is made; this one stays as it is.", verb: "Retry",
    async perform({ reason }) {
      const { runId } = await api.retry(run.id, reason);
      mine.add(runId);
      notice("info", `${run.jobName} is tried again: run `, runLink(runId), ".");
      changed(run.jobName, runId);
    },
  });
}
