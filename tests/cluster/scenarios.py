#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Clusters of processes in trouble. Prints the seed, what was seen, and what is wrong; exits 1 if anything is.

scenarios.py SCENARIO --node PROGRAM --audit PROGRAM [--storage KIND] [--seconds N] [--kills N]
             [--restarts N] [--seed N] [--keep]

KIND is postgres or redis (a server of its own), given (the PostgreSQL that PUNCTUAL_TEST_POSTGRES
names) or sqlite.

kills       processes are killed, stopped for longer than their leases, ended and started again, for
            60 s or until so many have been killed (also: PUNCTUAL_CLUSTER_KILLS)
restarts    the server is killed with all of its processes, and started again, 20 times
sessions    sessions on the server are ended, and scripts forgotten, for 20 s
cut         one node's way to the server is held up for longer than its lease, then freed
lost        the same, but the connections that there were stay dead, and new ones work
thousand    a thousand schedules, each due every second, for 60 s, on three nodes
"""

import argparse
import os
import random
import signal
import sys
import time
import traceback

import checks
import nodes
import servers

LEASE_MS = 2000


class Scene:
    """What a scenario works with: a server, a cluster on it, a generator of random numbers."""

    def __init__(self, arguments):
        self.arguments = arguments
        self.random = random.Random(arguments.seed)
        self.server = None
        self.cluster = None
        self.scratch = None
        self.proxy = None
        self.counts = {}
        self.rows = []
        self.lease_ms = LEASE_MS

    def open_storage(self):
        if self.arguments.storage == "given":
            return f"postgres:{os.environ['PUNCTUAL_TEST_POSTGRES']}"
        if self.arguments.storage in ("postgres", "redis"):
            is_redis = self.arguments.storage == "redis"
            self.server = servers.Redis() if is_redis else servers.Postgres()
            return self.server.spec()
        self.scratch = servers.Directory("sqlite")
        return f"sqlite:{self.scratch.path}/jobs.db"

    def open_cluster(self, count, seconds, spec=None, lease_ms=LEASE_MS, **options):
        self.lease_ms = lease_ms
        options = {"--lease-ms": lease_ms, "--enqueue-period-ms": 100,
                   **{f"--{name.replace('_', '-')}": value for name, value in options.items()}}
        self.cluster = nodes.Cluster(self.arguments.node, self.arguments.audit,
                                     spec or self.open_storage(), count, seconds, options)
        for node in self.cluster.nodes:
            node.start()

    def count(self, what, number=1):
        self.counts[what] = self.counts.get(what, 0) + number

    def check(self, rest_seconds=90):
        """Lets the cluster heal and come to rest; returns whether everything is as it should be."""
        self.cluster.heal()
        unwell = self.cluster.come_to_rest(rest_seconds)
        self.rows = self.cluster.dump()
        findings, numbers = checks.check_all(self.rows, self.cluster.entries(),
                                             self.cluster.deaths, self.lease_ms)
        for name in unwell:
            findings.add("nodes", f"{name} did not stop when it was asked to")
        print("done:", self.counts)
        for name, value in numbers.items():
            print(f"  {name}: {value}")
        for text in findings.texts:
            print(f"FOUND {text}")
        if findings.counts:
            print("FOUND in all:", dict(findings.counts))
        return not findings.counts

    def close(self, keeps):
        if keeps and self.cluster:
            print("kept:", self.cluster.directory.path, self.server and self.server.directory.path)
            self.cluster.close_nodes()
            return
        if self.cluster:
            self.cluster.close()
        if self.proxy:
            self.proxy.stop()
        if self.server:
            self.server.stop()
        if self.scratch:
            self.scratch.remove()


def trouble_nodes(scene, until, kills=None):
    """Kills, stops, continues, ends and starts nodes at random."""
    continues = []  # (when, node)
    kill_count = 0
    while time.time() < until and (kills is None or kill_count < kills):
        for entry in [entry for entry in continues if entry[0] <= time.time()]:
            continues.remove(entry)
            entry[1].go_on()
        node = scene.random.choice(scene.cluster.nodes)
        choice = scene.random.random()
        if not node.is_running():
            node.start()
            scene.count("started")
        elif node.is_stopped and choice < 0.8:
            pass
        elif choice < 0.40:
            node.kill()
            kill_count += 1
            scene.count("killed")
        elif choice < 0.60:
            node.stop()
            continues.append((time.time() + scene.random.uniform(0.1, 1.0), node))
            scene.count("stopped for less than a lease")
        elif choice < 0.85:
            node.stop()
            continues.append((time.time() + LEASE_MS / 1000 * scene.random.uniform(1.1, 2.0), node))
            scene.count("stopped for longer than a lease")
        else:
            node.send(signal.SIGTERM)
            scene.count("asked to stop")
        servers.pass_time(scene.random.uniform(0.05, 0.45))


def kills(scene):
    wanted = scene.arguments.kills
    seconds = scene.arguments.seconds if wanted is None else max(30, wanted * 1.5)
    scene.open_cluster(5, seconds)
    begun_at = time.time() * 1000 + LEASE_MS
    trouble_nodes(scene, scene.cluster.until, wanted)
    ended_at = time.time() * 1000
    is_right = scene.check()
    # A stopped node that holds a lock may keep the others for a moment, and all may be down at once.
    silence = checks.longest_silence(scene.cluster.entries(), begun_at, ended_at)
    if silence > 4 * LEASE_MS:
        print(f"FOUND for {silence} ms nothing began on any node")
        return False
    return is_right


def restarts(scene):
    restart_count = scene.arguments.restarts
    scene.open_cluster(3, restart_count * 4)
    for _ in range(restart_count):
        servers.pass_time(scene.random.uniform(0.5, 3.0))
        scene.server.kill()
        servers.pass_time(scene.random.choice([0.0, 0.0, 0.5, LEASE_MS / 1000 * 1.5]))
        scene.server.start()
        scene.count("killed the server")
    return scene.check()


def sessions(scene):
    scene.open_cluster(3, 20)
    while time.time() < scene.cluster.until:
        scene.count("ended sessions", scene.server.disturb(scene.random))
        servers.pass_time(scene.random.uniform(0.2, 1.0))
    return scene.check()


def cut(scene, lose=False):
    """One node's way to the server is held up for longer than its lease."""
    seconds = LEASE_MS / 1000 * 3
    server_spec = scene.open_storage()
    scene.proxy = scene.server.proxy()
    scene.open_cluster(3, scene.arguments.seconds, spec=server_spec)
    node = scene.cluster.nodes[0]
    node.kill()
    node.spec = scene.server.spec_by(scene.proxy)
    node.start()
    is_well = True
    spans = []
    while is_well and time.time() + seconds + 15 < scene.cluster.until:
        wait_for_work(scene, node)
        scene.proxy.hold_up()
        held_at = time.time()
        servers.pass_time(seconds)
        healed_at = time.time()
        spans.append((held_at * 1000, healed_at * 1000))
        scene.proxy.lose() if lose else scene.proxy.let_through()
        try:
            wait_for_work(scene, node, 20)
            print(f"worked again {time.time() - healed_at:.1f} s after its way was free")
        except TimeoutError:
            print(f"FOUND no body began on {node.name} within 20 s after its way was free again")
            is_well = False
        if not node.is_running():
            print(f"FOUND {node.name} has ended")
            is_well = False
    is_well &= scene.check()
    for held_at, healed_at in spans:
        is_well &= were_taken_over(scene, node, held_at, healed_at)
    return is_well


def wait_for_work(scene, node, seconds=30):
    """Waits until new bodies have begun on a node."""
    began_at = time.time() * 1000

    def works():
        return sum(entry["what"] == "start" and entry["node"] == node.name
                   and entry["wall"] > began_at for entry in scene.cluster.entries()) >= 5
    servers.wait_until(works, seconds, f"{node.name} does not work")


def were_taken_over(scene, node, held_at, healed_at):
    """Whether what the node held when it was cut off was taken over soon after its lease ended."""
    tolerance = 3000
    runs = {row["id"]: row for row in scene.rows if row["what"] == "run"}
    claimed, ended = set(), set()
    for entry in scene.cluster.entries():
        if entry["node"] == node.name and entry["wall"] < held_at:
            if entry["what"] == "claim":
                claimed.add((entry["run"], entry["fence"]))
            elif entry["what"] in ("finish", "release"):
                ended.add((entry["run"], entry["fence"]))
    # A row's end may have been stored although its answer was held up.
    held = [key for key in claimed - ended
            if runs[key[0]]["completed"] > held_at + 100 or runs[key[0]]["fence"] > key[1]]
    late = [runs[run_id]["completed"] - held_at for run_id, _ in held]
    print(f"held {len(held)} runs, the last of which had ended {max(late, default=0):.0f} ms after "
          "the cut")
    if max(late, default=0) > LEASE_MS + tolerance:
        print(f"FOUND a run was still open {LEASE_MS + tolerance} ms after its node was cut off")
        return False
    silence = checks.longest_silence(scene.cluster.entries(), held_at, healed_at)
    if silence > LEASE_MS + tolerance:
        print(f"FOUND for {silence} ms nothing began on any node")
        return False
    return True


def lost(scene):
    """As `cut`, but the connections that were held up stay so: the node has to make new ones."""
    return cut(scene, lose=True)


def thousand(scene):
    """A thousand schedules, each due every second, on three nodes."""
    job_count = 1000
    settle_seconds = 20
    scene.open_cluster(3, scene.arguments.seconds + settle_seconds, many=job_count, threads=8, lease_ms=30000,
                       enqueue_period_ms=0)
    is_well = scene.check(rest_seconds=900)
    jobs = [row for row in scene.rows if row["what"] == "job"]
    from_ms = max(max(job["epoch"] for job in jobs), scene.cluster.until * 1000
                  - scene.arguments.seconds * 1000)
    first = [row for row in scene.rows if row["what"] == "run" and row["attempt"] == 1
             and row["status"] != "skipped" and row["due"] > from_ms]
    second_count = len({row["due"] for row in first})
    late = sorted(row["started"] - row["due"] for row in first)
    print(f"  {len(first)} first attempts of {second_count} seconds; start lateness in ms: "
          f"p50 {late[len(late) // 2]}, p99 {late[len(late) * 99 // 100]}, max {late[-1]}")
    if len(first) != second_count * job_count or len(jobs) != job_count:
        print(f"FOUND expected {second_count * job_count} first attempts")
        return False
    return is_well


SCENARIOS = {scenario.__name__: scenario for scenario in (kills, restarts, sessions, cut, lost, thousand)}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario", choices=SCENARIOS)
    parser.add_argument("--node", required=True)
    parser.add_argument("--audit", required=True)
    parser.add_argument("--storage", default="postgres", choices=["postgres", "given", "redis", "sqlite"])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--kills", type=int, default=os.environ.get("PUNCTUAL_CLUSTER_KILLS"))
    parser.add_argument("--restarts", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--keep", action="store_true", help="leave journal and server behind")
    arguments = parser.parse_args()
    print(f"{arguments.scenario} on {arguments.storage}, seed {arguments.seed}", flush=True)
    scene = Scene(arguments)
    is_well = False
    try:
        is_well = SCENARIOS[arguments.scenario](scene)
    except Exception:  # said, with what the nodes wrote, before everything is removed
        traceback.print_exc()
        if scene.cluster:
            errors = (scene.cluster.directory.path / "errors").read_text()
            print("what nodes wrote on standard error:\n" + errors[-4000:])
    finally:
        scene.close(arguments.keep)
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
