# SPDX-License-Identifier: MIT
"""Holds what a storage says of its runs against what the nodes wrote down while they did them."""

import collections

EXCLUSIVE = ["cron-0", "cron-1", "cron-2", "cron-3", "queued", "cancelled", "deaf"]
ATTEMPTS = {"flaky": 5, "order": 4, "unique": 3, "step": 3}
ABANDONS = {"order": 10}
LIMITS = {"limited": 2}
TERMINAL = {"success", "failed", "skipped"}
LEASE_ENDED_OUTSIDE = {"JOB_ABANDONED", "JOB_CANCELLED"}  # recorded by others than the body's node


class Findings:
    def __init__(self):
        self.counts = collections.Counter()
        self.texts = []

    def add(self, what, text):
        self.counts[what] += 1
        if self.counts[what] <= 5:
            self.texts.append(f"{what}: {text}")


class Record:
    """The rows of the storage and the entries of the journal, by run."""

    def __init__(self, rows, entries, deaths, lease_ms):
        self.runs = {row["id"]: row for row in rows if row["what"] == "run"}
        self.jobs = [row for row in rows if row["what"] == "job"]
        self.faults = [row["text"] for row in rows if row["what"] == "fault"]
        self.ledger = next(row for row in rows if row["what"] == "ledger")
        self.entries = entries
        self.deaths = deaths
        self.lease_ms = lease_ms
        self.by_kind = collections.defaultdict(list)
        for entry in entries:
            self.by_kind[entry["what"]].append(entry)
        self.by_job = collections.defaultdict(list)
        for run in self.runs.values():
            self.by_job[run["job"]].append(run)


def check_ledger(record, findings):
    for fault in record.faults:
        findings.add("due instants", fault)
    for job in record.jobs:
        if job["next"] is not None and job["name"] not in ("dependent",):
            findings.add("due instants", f"{job['name']} is armed for {job['next']} after its end")


def check_accepted(record, findings):
    for entry in record.by_kind["accepted"]:
        if entry["run"] not in record.runs:
            findings.add("accepted runs", f"{entry['run']} was accepted by {entry['node']} and is gone")
    for run in record.runs.values():
        if run["status"] not in TERMINAL:
            findings.add("accepted runs", f"{run['id']} of {run['job']} is still {run['status']}")


def check_fences(record, findings):
    """Each claim has a fence of its own, and the row has the last one."""
    taken = {}
    for kind in ("claim", "rescue"):
        for entry in record.by_kind[kind]:
            key = (entry["run"], entry["fence"])
            if key in taken:
                findings.add("fences", f"{key} was given to {taken[key]} and to {entry['node']}")
            taken[key] = entry["node"]
    begun = set()
    for entry in record.by_kind["start"]:
        key = (entry["run"], entry["fence"])
        if key in begun:
            findings.add("fences", f"{key} began twice")
        begun.add(key)
    for run_id, fence in set(taken) | begun:
        run = record.runs.get(run_id)
        if run is None:
            findings.add("fences", f"run {run_id} was claimed and is gone")
        elif fence > run["fence"]:
            findings.add("fences", f"run {run_id} was claimed as {fence}, its row has {run['fence']}")


def check_ends(record, findings):
    """What the row says of a run's end is what the body under the row's fence returned."""
    ended = {(e["run"], e["fence"]): e for e in record.by_kind["end"]}
    begun = collections.defaultdict(int)
    for entry in record.by_kind["start"]:
        begun[entry["run"]] = max(begun[entry["run"]], entry["fence"])
    for run in record.runs.values():
        if run["code"] not in ("DONE", "TRIED"):
            continue
        end = ended.get((run["id"], run["fence"]))
        if end is None:
            findings.add("ends", f"run {run['id']} {run['code']}: no body ended under fence {run['fence']}")
            continue
        if end["outcome"] != run["status"]:
            findings.add("ends", f"run {run['id']} is {run['status']}, its body said {end['outcome']}")
        if not run["node"].startswith(end["node"] + "-"):
            findings.add("ends", f"run {run['id']} is of {run['node']}, its body ran on {end['node']}")
        if begun[run["id"]] != run["fence"]:
            findings.add("ends", f"run {run['id']} began under fence {begun[run['id']]}, "
                                 f"its row has {run['fence']}")
    done = collections.Counter()
    for entry in record.by_kind["finish"]:
        run = record.runs.get(entry["run"])
        if entry["answer"] != "done" or run is None:
            continue
        done[entry["run"]] += 1
        if entry["fence"] != run["fence"]:
            findings.add("ends", f"run {run['id']} was ended under the lost fence {entry['fence']}, "
                                 f"its row has {run['fence']}")
    for run_id, count in done.items():
        if count > 1:
            findings.add("ends", f"run {run_id} was ended {count} times")


def check_leases(record, findings):
    """Nobody took over a run before the lease had ended that its holder knew of."""
    held = {}
    for kind in ("claim", "renew"):
        for entry in record.by_kind[kind]:
            if entry["answer"] == "lost":
                continue
            key = (entry["run"], entry["fence"])
            held[key] = max(held.get(key, 0), entry["asked"] + record.lease_ms)
    for entry in record.by_kind["rescue"]:
        until = held.get((entry["run"], entry["fence"] - 1))
        if until is not None and entry["wall"] < until - 2:
            findings.add("leases", f"run {entry['run']} was taken over {until - entry['wall']} ms "
                                   "before its lease ended")


def has_lost(record, entry):
    """True if somebody else has ended what began with this entry, or begun it again."""
    run = record.runs[entry["run"]]
    return run["fence"] > entry["fence"] or run["code"] in LEASE_ENDED_OUTSIDE


def began_late(record, entry):
    """True if a body was called when its lease was over: its process was stopped just before."""
    run = record.runs[entry["run"]]
    if not has_lost(record, entry):
        return False
    is_last = run["fence"] == entry["fence"]
    return not is_last or entry["wall"] - run["started"] >= record.lease_ms


def check_overlaps(record, findings):
    """Bodies of an exclusive job overlap only where one's lease was taken over."""
    overlap_count = 0
    ended = {(e["run"], e["fence"]): e["steady"] for e in record.by_kind["end"]}
    bodies = collections.defaultdict(list)
    for entry in record.by_kind["start"]:
        if entry["job"] in EXCLUSIVE:
            end = ended.get((entry["run"], entry["fence"]), record.deaths.get(entry["pid"]))
            bodies[entry["job"]].append((entry["steady"], end, entry))
    for job, all_bodies in bodies.items():
        all_bodies.sort(key=lambda body: body[0])
        open_bodies = []
        for begin, end, entry in all_bodies:
            open_bodies = [b for b in open_bodies if b[1] is None or b[1] > begin]
            for _, _, other in open_bodies:
                overlap_count += 1
                if not has_lost(record, other) and not began_late(record, entry):
                    findings.add("overlaps", f"{job}: {entry['run']} began on {entry['node']} while "
                                             f"{other['run']} ran on {other['node']} and was not lost")
            open_bodies.append((begin, end, entry))
    return overlap_count


def check_limits(record, findings):
    """By the rows, no more runs hold leases at once than the job allows."""
    for job in EXCLUSIVE + list(LIMITS):
        limit = LIMITS.get(job, 1)
        steps = []
        for run in record.by_job[job]:
            if run["started"] is not None:
                steps.append((run["started"], 1, run["id"]))
                steps.append((run["completed"], -1, run["id"]))
        count = 0
        for instant, step, run_id in sorted(steps, key=lambda s: (s[0], s[1])):
            count += step
            if count > limit:
                findings.add("limits", f"{job}: {count} runs at {instant}, the last one {run_id}")


def check_attempts(record, findings):
    """Attempts of a work are numbered without gaps, one after the other, and none is missing."""
    works = collections.defaultdict(list)
    for run in record.runs.values():
        works[run["retry_of"] or run["id"]].append(run)
    for work, runs in works.items():
        runs.sort(key=lambda run: run["attempt"])
        if [run["attempt"] for run in runs] != list(range(1, len(runs) + 1)):
            findings.add("attempts", f"{work} has attempts {[run['attempt'] for run in runs]}")
            continue
        for before, after in zip(runs, runs[1:]):
            if before["status"] != "failed" or after["created"] < before["completed"]:
                findings.add("attempts", f"{after['id']} was made before {before['id']} had failed")
        last = runs[-1]
        is_parked = last["abandon_count"] + (last["code"] == "JOB_ABANDONED") >= ABANDONS.get(
            last["job"], 3)
        is_final = last["code"] == "JOB_CANCELLED" or last["cancel_requested"]
        if (last["status"] == "failed" and last["attempt"] < ATTEMPTS.get(last["job"], 1)
                and not is_parked and not is_final):
            findings.add("attempts", f"{last['id']} of {last['job']} failed as attempt "
                                     f"{last['attempt']} with {last['code']} and was not retried")


def check_keys(record, findings):
    """Of runs with one key, one is open at a time."""
    by_key = collections.defaultdict(list)
    for run in record.runs.values():
        if run["unique_key"]:
            by_key[run["unique_key"]].append(run)
    for key, runs in by_key.items():
        runs.sort(key=lambda run: (run["created"], run["id"]))
        for before, after in zip(runs, runs[1:]):
            if after["created"] < before["completed"]:
                findings.add("unique keys", f"{key}: {after['id']} was made while {before['id']} was open")


def check_order(record, findings):
    """What comes after other work starts after it."""
    last_of = {}
    for run in record.runs.values():
        work = run["retry_of"] or run["id"]
        if work not in last_of or run["attempt"] > last_of[work]["attempt"]:
            last_of[work] = run
    for run in record.runs.values():
        for other in run["after"]:
            last = last_of.get(other)
            if last is None:
                findings.add("workflows", f"{run['id']} comes after {other}, which is gone")
            elif run["started"] is not None and not (
                    last["status"] == "success" and last["completed"] <= run["started"]):
                findings.add("workflows", f"{run['id']} started, {other} is {last['status']}")


def check_counters(record, findings):
    for job in record.jobs:
        runs = record.by_job[job["name"]]
        by_status = collections.Counter(run["status"] for run in runs)
        got = [job["run_count"], job["success_count"], job["failure_count"], job["skipped_count"]]
        expected = [len(runs), by_status["success"], by_status["failed"], by_status["skipped"]]
        if got != expected:
            findings.add("counters", f"{job['name']} counts {got}, its rows are {expected}")


def longest_silence(entries, begin=0, end=float("inf")):
    """For how long no body began anywhere between two instants of the wall clock, in ms."""
    begun = sorted(entry["wall"] for entry in entries
                   if entry["what"] == "start" and begin <= entry["wall"] < end)
    begun = ([begin] if begin else []) + begun + ([end] if end < float("inf") else [])
    return max((after - before for before, after in zip(begun, begun[1:])), default=0)


def check_all(rows, entries, deaths, lease_ms):
    """Returns what was found, and a few numbers of what was looked at."""
    record = Record(rows, entries, deaths, lease_ms)
    findings = Findings()
    check_ledger(record, findings)
    check_accepted(record, findings)
    check_fences(record, findings)
    check_ends(record, findings)
    check_leases(record, findings)
    overlap_count = check_overlaps(record, findings)
    check_limits(record, findings)
    check_attempts(record, findings)
    check_keys(record, findings)
    check_order(record, findings)
    check_counters(record, findings)
    codes = collections.Counter(run["code"] for run in record.runs.values())
    events = collections.Counter(entry["kind"] for entry in record.by_kind["event"])
    refused = collections.Counter(
        entry["code"] + (" in doubt" if entry["doubt"] else "") for entry in record.by_kind["refused"])
    advances = record.by_kind["advance"]
    numbers = {
        "runs": len(record.runs),
        "due instants": record.ledger["instants"],
        "accepted": len(record.by_kind["accepted"]),
        "refused": dict(refused),
        "bodies": len(record.by_kind["start"]),
        "longest silence in ms": longest_silence(entries),
        "late ends refused": sum(e["answer"] == "lost" for e in record.by_kind["finish"]),
        "overlaps after a lost lease": overlap_count,
        "advances": sum(e["count"] for e in advances),
        "advances refused": sum(e["refused"] for e in advances),
        "conflicts": sum(e["conflicts"] for e in advances),
        "codes": dict(codes.most_common()),
        "events": dict(events.most_common()),
    }
    return findings, numbers
