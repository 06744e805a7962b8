#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The checks of a cluster's work find what they are for, and nothing in a history that is right."""

import copy
import unittest

import checks

LEASE_MS = 2000


def run(run_id, job="order", **fields):
    return {"what": "run", "id": run_id, "job": job, "status": "success", "trigger": "manual",
            "code": "DONE", "summary": "", "error": "", "due": None, "run_at": 0, "created": 0,
            "started": 1000, "completed": 2000, "attempt": 1, "retry_of": None, "unique_key": "",
            "node": "node-1-abc", "fence": 1, "abandon_count": 0, "cancel_requested": False,
            "after": [], **fields}


def job(name, run_count, success_count, failure_count=0):
    return {"what": "job", "name": name, "next": None, "epoch": 0, "run_count": run_count,
            "success_count": success_count, "failure_count": failure_count, "skipped_count": 0}


def entry(what, run_id, fence=1, steady=1000, **fields):
    return {"what": what, "run": run_id, "fence": fence, "node": "node-1", "pid": 1,
            "wall": steady, "steady": steady, "asked": steady, "answer": "", "job": "order",
            "attempt": 1, "outcome": "", **fields}


def life(run_id, begin, end, **fields):
    """What a node writes of a run that it does from beginning to end."""
    return [entry("claim", run_id, steady=begin, **fields), entry("start", run_id, steady=begin, **fields),
            entry("end", run_id, steady=end, outcome="success", **fields),
            entry("finish", run_id, steady=end, answer="done", **fields)]


class Checks(unittest.TestCase):
    def setUp(self):
        self.rows = [{"what": "ledger", "jobs": 1, "instants": 2, "audited": 2},
                     job("cron-0", 2, 2), job("order", 2, 1, 1),
                     run("c1", "cron-0"), run("c2", "cron-0", started=2000, completed=3000),
                     run("o1", status="failed", code="TRIED"),
                     run("o2", attempt=2, retry_of="o1", created=2000, started=2100, completed=2200)]
        self.entries = (life("c1", 1000, 2000, job="cron-0") + life("c2", 2000, 3000, job="cron-0")
                        + life("o1", 1000, 2000) + life("o2", 2100, 2200)
                        + [entry("accepted", "o1")])
        next(e for e in self.entries if e["what"] == "end" and e["run"] == "o1")["outcome"] = "failed"

    def found(self):
        return checks.check_all(self.rows, self.entries, {}, LEASE_MS)[0].counts

    def row(self, run_id):
        return next(row for row in self.rows if row.get("id") == run_id)

    def entry(self, what, run_id):
        return next(e for e in self.entries if e["what"] == what and e.get("run") == run_id)

    def test_nothing_is_wrong(self):
        self.assertEqual(dict(self.found()), {})

    def test_a_fault_of_the_ledger(self):
        self.rows.append({"what": "fault", "text": "two rows answer an instant"})
        self.assertIn("due instants", self.found())

    def test_an_instant_that_stays_armed(self):
        self.rows[1]["next"] = 5000
        self.assertIn("due instants", self.found())

    def test_an_accepted_run_that_is_gone(self):
        self.entries.append(entry("accepted", "o3"))
        self.assertIn("accepted runs", self.found())

    def test_a_run_that_does_not_end(self):
        self.row("c2")["status"] = "running"
        self.assertIn("accepted runs", self.found())

    def test_a_fence_that_is_given_twice(self):
        self.entries.append(entry("claim", "c1", node="node-2"))
        self.assertIn("fences", self.found())

    def test_a_body_that_begins_twice_under_a_fence(self):
        self.entries.append(entry("start", "o2", steady=4000))
        self.assertIn("fences", self.found())

    def test_a_fence_above_that_of_the_row(self):
        self.entries.append(entry("claim", "c1", fence=2))
        self.assertIn("fences", self.found())

    def test_an_end_of_a_lost_fence(self):
        self.row("c1")["fence"] = 2
        self.assertIn("ends", self.found())

    def test_an_end_that_the_body_did_not_return(self):
        self.entry("end", "c1")["outcome"] = "failed"
        self.assertIn("ends", self.found())

    def test_an_end_that_is_recorded_twice(self):
        self.entries.append(copy.copy(self.entry("finish", "c1")))
        self.assertIn("ends", self.found())

    def test_an_end_of_another_node(self):
        self.row("c1")["node"] = "node-10-abc"
        self.assertIn("ends", self.found())

    def test_a_run_that_is_taken_over_too_early(self):
        self.entries.append(entry("rescue", "c1", fence=2, steady=1000 + LEASE_MS - 10))
        self.row("c1")["fence"] = 2
        self.assertIn("leases", self.found())

    def test_bodies_that_overlap(self):
        self.entry("start", "c2")["steady"] = 1900
        self.assertIn("overlaps", self.found())
        self.row("c1").update(fence=2, status="failed", code="JOB_ABANDONED")
        self.assertNotIn("overlaps", self.found())

    def test_a_body_that_began_when_its_lease_was_over(self):
        self.entry("start", "c2")["steady"] = 1900
        late = self.entry("start", "c2")
        self.row("c2").update(status="failed", code="JOB_ABANDONED")
        late["wall"] = self.row("c2")["started"] + 1
        self.assertIn("overlaps", self.found())
        late["wall"] = self.row("c2")["started"] + 100000
        self.assertNotIn("overlaps", self.found())

    def test_rows_that_overlap(self):
        self.row("c2")["started"] = 1999
        self.assertIn("limits", self.found())

    def test_a_retry_that_is_missing(self):
        self.row("o2")["retry_of"] = None
        self.row("o2")["attempt"] = 1
        self.assertIn("attempts", self.found())

    def test_two_retries_of_one_attempt(self):
        self.rows.append(dict(self.row("o2"), id="o3"))
        self.assertIn("attempts", self.found())

    def test_two_open_runs_of_one_key(self):
        self.row("c1")["unique_key"] = self.row("c2")["unique_key"] = "key"
        self.assertIn("unique keys", self.found())

    def test_a_run_before_what_it_comes_after(self):
        self.row("c2")["after"] = ["o1"]
        self.assertIn("workflows", self.found())

    def test_a_counter_that_is_wrong(self):
        self.rows[2]["failure_count"] = 2
        self.assertIn("counters", self.found())


if __name__ == "__main__":
    unittest.main()
