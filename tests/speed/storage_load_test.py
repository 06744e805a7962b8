#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a PostgreSQL storage does beside what usually slows tables down. Prints the numbers; exits 1 if it is too slow.

storage_load_test.py SCENARIO --load PROGRAM [--seconds N] [--rows N]

snapshot    a session holds an old snapshot, so that no dead row can be removed: at the end at least
            half of the throughput is left
history     a million rows have ended: the 99th percentile of claims is at most 20 % above that
            beside an empty history
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cluster"))
import servers  # noqa: E402


class Database:
    """A database of its own on a server."""

    def __init__(self, server, name):
        self.server = server
        self.conninfo = server.conninfo.replace("dbname=postgres", f"dbname={name}")
        server.psql(f"CREATE DATABASE \"{name}\"")

    def load(self, program, command, number):
        done = subprocess.run([program, command, f"postgres:{self.conninfo}", str(number)],
                              capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return json.loads(done.stdout) if done.stdout else None


def snapshot(server, arguments):
    def per_second(database):
        ended = database.load(arguments.load, "work", arguments.seconds)["ended"]
        print("  ended in each second:", ended)
        return statistics.mean(ended[-max(1, len(ended) // 3):])

    free = per_second(Database(server, "free"))
    held_up = Database(server, "held_up")
    held_up.load(arguments.load, "fill", 1)  # the tables are there
    with subprocess.Popen(["psql", "-X", "-q", "-A", "-t", held_up.conninfo], text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as session:
        session.stdin.write("BEGIN ISOLATION LEVEL REPEATABLE READ;\nSELECT 1;\n")
        session.stdin.flush()
        session.stdout.readline()
        beside = per_second(held_up)
        session.stdin.write("ROLLBACK;\n")
        session.stdin.close()
    print(f"in the last third, runs a second: {free:.0f} without, {beside:.0f} beside an old snapshot "
          f"of {arguments.seconds} s ({100 * beside / free:.0f} %)")
    return beside >= free / 2


def history(server, arguments):
    empty, full = Database(server, "empty"), Database(server, "full")
    began_at = time.monotonic()
    full.load(arguments.load, "fill", arguments.rows)
    print(f"{arguments.rows} rows stored in {time.monotonic() - began_at:.0f} s")
    server.psql("CHECKPOINT")
    claims = {empty: [], full: []}
    ended = {empty: 0, full: 0}
    for _ in range(arguments.rounds):  # by turns, so that what else the machine does meets both
        for database in (empty, full):
            answer = database.load(arguments.load, "work", max(2, arguments.seconds // 20))
            claims[database] += answer["claim_us"]
            ended[database] += sum(answer["ended"])
    for name, database in (("empty", empty), ("full", full)):
        print(f"  {name}: {len(claims[database])} claims, p50 {percentile(claims[database], 50)} us, "
              f"p99 {percentile(claims[database], 99)} us; {ended[database]} runs")
    growth = percentile(claims[full], 99) / percentile(claims[empty], 99) - 1
    print(f"beside {arguments.rows} rows the 99th percentile of claims is {100 * growth:+.0f} %")
    return growth <= 0.2


def percentile(values, percent):
    return sorted(values)[(len(values) - 1) * percent // 100]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario", choices=["snapshot", "history"])
    parser.add_argument("--load", required=True)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=20)
    arguments = parser.parse_args()
    server = servers.Postgres()
    try:
        is_well = {"snapshot": snapshot, "history": history}[arguments.scenario](server, arguments)
    finally:
        server.stop()
    print("well" if is_well else "FOUND it is slower than that")
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
