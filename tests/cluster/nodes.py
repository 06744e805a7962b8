# SPDX-License-Identifier: MIT
"""Processes of a cluster: started, killed, stopped, continued."""

import json
import pathlib
import signal
import subprocess
import time

from servers import Directory, wait_until


class Node:
    """One place in the cluster; the process in it comes and goes."""

    def __init__(self, cluster, name, spec):
        self.cluster = cluster
        self.name = name
        self.spec = spec
        self.process = None
        self.is_stopped = False

    def start(self):
        options = {"--storage": self.spec, "--node": self.name, "--journal": self.cluster.journal,
                   "--until": int(self.cluster.until * 1000), **self.cluster.node_options}
        command = [self.cluster.node_program]
        for name, value in options.items():
            command += [name, str(value)]
        self.process = subprocess.Popen(command, stderr=self.cluster.errors, cwd="/")
        self.is_stopped = False

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def send(self, number):
        if self.is_running():
            self.process.send_signal(number)

    def kill(self):
        self.send(signal.SIGKILL)
        self.process.wait()
        self.cluster.note_death(self.process.pid)

    def stop(self):
        self.send(signal.SIGSTOP)
        self.is_stopped = True

    def go_on(self):
        self.send(signal.SIGCONT)
        self.is_stopped = False

    def end(self, seconds=20):
        """Asks it to stop; returns whether it did so by itself, and well."""
        self.go_on()
        self.send(signal.SIGTERM)
        try:
            return self.process.wait(seconds) == 0
        except subprocess.TimeoutExpired:
            self.kill()
            return False


class Cluster:
    """Nodes on one storage, until an instant after which nothing new is due."""

    def __init__(self, node_program, audit_program, spec, count, seconds, node_options):
        self.node_program = node_program
        self.audit_program = audit_program
        self.spec = spec
        self.directory = Directory("cluster")
        self.journal = self.directory.path / "journal"
        self.errors = open(self.directory.path / "errors", "wb")
        self.until = time.time() + seconds
        self.node_options = node_options
        self.deaths = {}
        self.nodes = [Node(self, f"node-{i}", spec) for i in range(count)]

    def note_death(self, pid):
        """When a process was dead, by the monotonic clock, in milliseconds."""
        self.deaths[pid] = int(time.monotonic() * 1000)

    def audit(self, command):
        done = subprocess.run([self.audit_program, command, self.spec], capture_output=True,
                              text=True, check=False, timeout=300)
        if done.returncode:
            raise RuntimeError(f"the audit failed: {done.stderr}")
        return done.stdout

    def heal(self):
        for node in self.nodes:
            node.go_on()
            if not node.is_running():
                node.start()

    def come_to_rest(self, seconds=90):
        """Waits until nothing is due any more and every run has ended, then ends the nodes."""
        wait_until(lambda: time.time() > self.until + 1, seconds + self.until - time.time(),
                   "the clock stands still")
        wait_until(lambda: int(self.audit("open")) == 0, seconds, "runs do not end")
        return [node.name for node in self.nodes if not node.end()]

    def dump(self):
        return [json.loads(line) for line in self.audit("dump").splitlines()]

    def entries(self):
        path = pathlib.Path(self.journal)
        text = path.read_text() if path.exists() else ""
        return [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines()]

    def close_nodes(self):
        for node in self.nodes:
            if node.is_running():
                node.kill()
        self.errors.close()

    def close(self):
        self.close_nodes()
        self.directory.remove()
