#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Clusters of processes in trouble. Prints the seed, what was seen, and what is wrong; exits 1 if anything is.

scenarios.py SCENARIO --node PROGRAM --audit PROGRAM [--storage postgres|sqlite] [--seconds N]
             [--kills N] [--seed N] [--keep]

kills       processes are killed, stopped for longer than their leases, ended and started again, for
            60 s or until so many have been killed (also: PUNCTUAL_CLUSTER_KILLS)
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
        self.counts = {}

    def open_storage(self):
        if self.arguments.storage == "postgres":
            self.server = servers.Postgres()
            return self.server.spec()
        self.scratch = servers.Directory("sqlite")
        return f"sqlite:{self.scratch.path}/jobs.db"

    def open_cluster(self, count, seconds, spec=None, **options):
        options = {"--lease-ms": LEASE_MS, "--enqueue-period-ms": 100,
                   **{f"--{name.replace('_', '-')}": value for name, value in options.items()}}
        self.cluster = nodes.Cluster(self.arguments.node, self.arguments.audit,
                                     spec or self.open_storage(), count, seconds, options)
        for node in self.cluster.nodes:
            node.start()

    def count(self, what, number=1):
        self.counts[what] = self.counts.get(what, 0) + number

    def check(self):
        """Lets the cluster heal and come to rest; returns whether everything is as it should be."""
        self.cluster.heal()
        unwell = self.cluster.come_to_rest()
        findings, numbers = checks.check_all(self.cluster.dump(), self.cluster.entries(),
                                             self.cluster.deaths, LEASE_MS)
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
    trouble_nodes(scene, scene.cluster.until, wanted)
    return scene.check()


SCENARIOS = {scenario.__name__: scenario for scenario in (kills,)}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario", choices=SCENARIOS)
    parser.add_argument("--node", required=True)
    parser.add_argument("--audit", required=True)
    parser.add_argument("--storage", default="postgres", choices=["postgres", "sqlite"])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--kills", type=int, default=os.environ.get("PUNCTUAL_CLUSTER_KILLS"))
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
