# SPDX-License-Identifier: MIT
"""Servers of a test's own, in a temporary directory and on Unix sockets, that can be killed and started again."""

import asyncio
import ctypes
import glob
import os
import pathlib
import pwd
import shutil
import signal
import socket
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
    """Servers do not run as root: what makes a subprocess another user's."""
    if os.geteuid() != 0:
        return {}
    return {"user": name, "group": pwd.getpwnam(name).pw_gid, "extra_groups": []}


def dies_with_parent():
    """In a new process: it ends when the test does, however that ends."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


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
        command = [f"{self.bin}/{command[0]}"] + [str(part) for part in command[1:]]
        done = subprocess.run(command, cwd=self.directory.path, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False, **as_user("postgres"))
        if done.returncode:
            raise RuntimeError(f"{command} ended with {done.returncode}:\n{done.stdout}")

    def start(self):
        command = [f"{self.bin}/postgres", "-D", self.data, "-k", self.directory.path,
                   "-c", "listen_addresses="]
        for setting in self.settings:
            command += ["-c", setting]
        with open(self.directory.path / "log", "ab") as log:
            self.process = subprocess.Popen(command, cwd=self.directory.path, stdout=log, stderr=log,
                                            preexec_fn=dies_with_parent, **as_user("postgres"))
        wait_until(self.answers, 60, "the server does not start")

    def answers(self):
        if self.process.poll() is not None:
            raise RuntimeError((self.directory.path / "log").read_text()[-2000:])
        return subprocess.run([f"{self.bin}/pg_isready", "-q", "-d", self.conninfo],
                              check=False).returncode == 0

    def kill(self):
        """As a power cut for the server alone: it and all of its processes, at once."""
        self.process.send_signal(signal.SIGSTOP)  # so that it starts nothing while the others go
        pids = children_of(self.process.pid)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        wait_until(lambda: not any(is_alive(pid) for pid in pids), 30, "the server does not die")

    def psql(self, sql):
        done = subprocess.run(["psql", "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", self.conninfo,
                               "-c", sql], capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"psql: {done.stderr}")
        return done.stdout.strip()

    def disturb(self, random):
        """Ends some sessions; returns how many."""
        return int(self.psql(
            "SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity"
            " WHERE application_name = 'punctual' AND pid <> pg_backend_pid()"
            f" ORDER BY random() LIMIT {random.randint(1, 4)}) AS chosen"))

    def spec(self):
        return f"postgres:{self.conninfo}"

    def proxy(self):
        return Proxy(self.socket)

    def spec_by(self, proxy):
        return self.spec().replace(str(self.directory.path), str(proxy.directory.path))

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait()
        self.directory.remove()


class Redis:
    def __init__(self):
        if not shutil.which("redis-server"):
            raise RuntimeError("no Redis server found (Debian: redis-server)")
        self.directory = Directory("redis", "redis")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.start()

    def start(self):
        command = ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--dir",
                   self.directory.path, "--appendonly", "yes", "--appendfsync", "always",
                   "--save", "", "--maxmemory-policy", "noeviction"]
        with open(self.directory.path / "log", "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log,
                                            preexec_fn=dies_with_parent, **as_user("redis"))
        wait_until(self.answers, 60, "the server does not start")

    def cli(self, *words):
        done = subprocess.run(["redis-cli", "-p", str(self.port), *words], capture_output=True,
                              text=True, check=False)
        return done.stdout.strip()

    def answers(self):
        if self.process.poll() is not None:
            raise RuntimeError((self.directory.path / "log").read_text()[-2000:])
        return self.cli("PING") == "PONG"

    def kill(self):
        self.process.kill()
        self.process.wait()

    def disturb(self, random):
        """Forgets the scripts, or ends the connections of all clients; returns of how many."""
        if random.random() < 0.5:
            self.cli("SCRIPT", "FLUSH")
            return 0
        answer = self.cli("CLIENT", "KILL", "TYPE", "normal")
        return int(answer) if answer.isdigit() else 0

    def spec(self):
        return f"redis:127.0.0.1:{self.port}"

    def proxy(self):
        return Proxy(("127.0.0.1", self.port))

    def spec_by(self, proxy):
        return f"redis:127.0.0.1:{proxy.port}"

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait()
        self.directory.remove()


class Proxy:
    """Forwards connections to a Unix socket, or to an address of TCP, until it is told to hold them up.

    What is held up stays open: nobody is told, as when a cable is pulled. `lose` holds up those
    that there are for ever, as a firewall does that forgot about them, and lets new ones through.
    """

    def __init__(self, target):
        self.directory = Directory("proxy")
        self.target = target
        self.port = 0
        self.gates = []
        self.is_held_up = False
        started = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self.run(started)), daemon=True)
        self.thread.start()
        started.wait()

    async def run(self, started):
        self.loop = asyncio.get_running_loop()
        self.ended = asyncio.Event()
        await self.listen()
        started.set()
        await self.ended.wait()  # what is under way then, is cancelled

    async def listen(self):
        if isinstance(self.target, str):
            path = self.directory.path / os.path.basename(self.target)
            await asyncio.start_unix_server(self.accept, path)
        else:
            server = await asyncio.start_server(self.accept, "127.0.0.1", 0)
            self.port = server.sockets[0].getsockname()[1]

    def connect(self):
        if isinstance(self.target, str):
            return asyncio.open_unix_connection(self.target)
        return asyncio.open_connection(*self.target)

    async def accept(self, reader, writer):
        gate = asyncio.Event()
        self.gates.append(gate)
        if not self.is_held_up:
            gate.set()
        try:
            await gate.wait()
            there_reader, there_writer = await self.connect()
        except (OSError, asyncio.CancelledError):
            writer.close()
            return
        try:
            await asyncio.gather(self.pump(gate, reader, there_writer),
                                 self.pump(gate, there_reader, writer))
        except asyncio.CancelledError:
            pass  # the proxy stops

    @staticmethod
    async def pump(gate, reader, writer):
        try:
            while data := await reader.read(65536):
                await gate.wait()
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        await gate.wait()
        writer.close()

    def set_gates(self, is_open, old_too=True):
        def change():
            self.is_held_up = not is_open
            for gate in self.gates if old_too else []:
                gate.set() if is_open else gate.clear()
        self.loop.call_soon_threadsafe(change)

    def hold_up(self):
        self.set_gates(False)

    def let_through(self):
        self.set_gates(True)

    def lose(self):
        """Lets new connections through, after `hold_up`; those that there are stay as they are."""
        self.set_gates(True, old_too=False)

    def stop(self):
        self.loop.call_soon_threadsafe(self.ended.set)
        self.thread.join()
        self.directory.remove()
