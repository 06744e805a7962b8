#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The platform service on the storages that it can be told of: platform_service_test.py PROGRAM

Where PUNCTUAL_TEST_POSTGRES or PUNCTUAL_TEST_REDIS names a server, on that one too.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest

PROGRAM = ""
SERVERS = [f"{kind}:{os.environ[variable]}"
           for kind, variable in [("postgres", "PUNCTUAL_TEST_POSTGRES"),
                                  ("redis", "PUNCTUAL_TEST_REDIS")] if variable in os.environ]


def run(*arguments):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=60,
                          check=False)


class CommandLine(unittest.TestCase):
    def test_a_storage_that_is_none_is_refused_and_its_text_not_shown(self):
        for storage in ["", "file", "postgress:host=db password=hunter2", "host=db password=hunter2",
                        "postgresql://user:hunter2@db", "sqlite:", "redis:", "redis:hunter2",
                        "redis:hunter2@host:0", "redis:hunter2@host:65536", "redis::6379",
                        "redis:hunter2:six"]:
            with self.subTest(storage):
                done = run("--storage", storage, "--once")
                self.assertEqual(done.returncode, 2)
                self.assertIn("platform_service: --storage", done.stderr)
                self.assertNotIn("hunter2", done.stderr + done.stdout)

    def test_a_conninfo_that_is_none_or_leads_nowhere_is_not_shown(self):
        for conninfo, code in [("hots=db password=hunter2", 2),
                               ("host=/nowhere password=hunter2", 1)]:
            with self.subTest(conninfo):
                done = run("--storage", f"postgres:{conninfo}", "--once")
                built_in = "built without PostgreSQL" not in done.stderr
                self.assertEqual(done.returncode, code if built_in else 2)
                self.assertNotIn("hunter2", done.stderr + done.stdout)

    def test_it_checks_itself_in_memory_and_in_a_file(self):
        with tempfile.TemporaryDirectory() as folder:
            for storage in ["memory", f"sqlite:{folder}/platform.db"]:
                done = run("--storage", storage, "--once")
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(json.loads(done.stdout)["messageCode"], "PLATFORM_VALIDATION_PASSED")


@unittest.skipUnless(SERVERS, "no server given")
class SharedStorage(unittest.TestCase):
    def setUp(self):
        self.storage = ["--storage", SERVERS[0]]

    def test_two_nodes_share_a_history_that_names_them(self):
        for node in ["left", "right"]:
            done = run(*self.storage, "--node", node, "--once")
            self.assertEqual(done.returncode, 0, done.stderr)
        status = json.loads(run(*self.storage, "--status").stdout)
        nodes = [entry["node"].split("-")[0] for entry in status["recentRuns"]]
        self.assertEqual(nodes[:2], ["right", "left"])
        self.assertGreaterEqual(status["registeredJobs"][0]["runCount"], 2)

    def test_it_runs_until_it_is_told_to_stop(self):
        with subprocess.Popen([PROGRAM, *self.storage], stderr=subprocess.PIPE, text=True) as process:
            self.assertIn("running", process.stderr.readline())
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(60), 0)


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main()
