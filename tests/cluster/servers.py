# SPDX-License-Identifier: MIT
"""Servers of a test's own, in a temporary directory and on Unix sockets, that can be killed and started again."""

import glob
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
import time


def wait_until(condition, seconds, what):
    """Asks until `condition()` is true; raises when it is not after so many seconds."""
    pause = threading.Event()
    end = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            raise TimeoutError(f"after {seconds} s: {what}")
        pause.wait(0.05)


def pass_time(seconds):
    threading.Event().wait(seconds)


def children_of(pid):
    found = []
    for stat in glob.glob("/proc/[0-9]*/stat"):
        try:
            fields = pathlib.Path(stat).read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue  # it has ended meanwhile
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(stat.split("/")[2]))
    return found


def is_alive(pid):
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rsplit(")", 1)[1].split()[0] != "Z"


def as_user(name):
    """Servers do not run as root: the beginning of a command that makes it another user's."""
    return ["runuser", "-u", name, "--"] if os.geteuid() == 0 else []


class Directory:
    """A temporary directory that `user` may write to, and everybody may look into."""

    def __init__(self, kind, user=None):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix=f"punctual-{kind}."))
        self.path.chmod(0o755)
        if user and os.geteuid() == 0:
            entry = pwd.getpwnam(user)
            os.chown(self.path, entry.pw_uid, entry.pw_gid)

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)


class Postgres:
    def __init__(self, settings=()):
        bins = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda p: int(p.split("/")[4]))
        self.bin = bins[-1] if bins else os.path.dirname(shutil.which("initdb") or "")
        if not self.bin:
            raise RuntimeError("no PostgreSQL server found (Debian: postgresql)")
        self.directory = Directory("postgres", "postgres")
        self.data = self.directory.path / "data"
        self.settings = list(settings)
        self.conninfo = f"host={self.directory.path} user=punctual dbname=postgres"
        self.socket = str(self.directory.path / ".s.PGSQL.5432")
        self.run(["initdb", "-D", self.data, "-A", "trust", "-U", "punctual", "-E", "UTF8",
                  "--locale=C.UTF-8"])
        self.start()

    def run(self, command):
        command = as_user("postgres") + [f"{self.bin}/{command[0]}"] + [str(c) for c in command[1:]]
        done = subprocess.run(command, cwd=self.directory.path, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{command} ended with {done.returncode}:\n{done.stdout}")

    def start(self):
        options = f"-k {self.directory.path} -c listen_addresses='' " + " ".join(
            f"-c {setting}" for setting in self.settings)
        self.run(["pg_ctl", "-D", self.data, "-w", "-t", "60", "-l", self.data / "log", "-o",
                  options, "start"])

    def pid(self):
        return int((self.data / "postmaster.pid").read_text().split("\n")[0])

    def kill(self):
        """As a power cut for the server alone: it and all of its processes, at once."""
        postmaster = self.pid()
        os.kill(postmaster, signal.SIGSTOP)  # so that it starts nothing while the others go
        pids = children_of(postmaster) + [postmaster]
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not any(is_alive(pid) for pid in pids), 30, "the server does not die")

    def psql(self, sql):
        done = subprocess.run(["psql", "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", self.conninfo,
                               "-c", sql], capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"psql: {done.stderr}")
        return done.stdout.strip()

    def spec(self):
        return f"postgres:{self.conninfo}"

    def stop(self):
        try:
            self.run(["pg_ctl", "-D", self.data, "-m", "immediate", "stop"])
        except RuntimeError:
            pass  # it may lie where a test has left it
        self.directory.remove()
