"""A real redis-server, and Sentinels, on free ports in a folder of their own. Nothing about Patchbay lives here."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from tests.ports import free_port

START_S_MAX = 60.0
# Another server of the same protocol (Valkey's `valkey-server`) is tested by naming it here.
PROGRAM = os.environ.get("PATCHBAY_REDIS_SERVER", "redis-server")
MISSING = f"{PROGRAM} is missing. Install it: apt-get install redis-server (Debian), dnf install redis (Fedora)."
# Sentinels of a test: two of three agree, and soon.
QUORUM, DOWN_AFTER_MS, FAILOVER_MS = 2, 600, 1_000


class RedisServer:
    """One server, or one Sentinel of the service `watches` at a port. `flags` are further settings, by name."""

    def __init__(self, home: Path, *, watches: tuple[str, int] | None = None, **flags: str) -> None:
        self.home = home
        self.port = free_port()
        self._watches = watches
        self._flags = flags
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        password = self._flags.get("requirepass")
        return f"redis://{f':{password}@' if password else ''}127.0.0.1:{self.port}/0"

    def start(self) -> RedisServer:
        """Start, and wait until it answers."""
        found = shutil.which(PROGRAM)
        assert found, MISSING
        self.home.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            [found, str(self._written()), *(["--sentinel"] if self._watches else [])],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.wait_until_it_answers()
        return self

    def stop(self) -> None:
        """End it gently; a paused one is woken first."""
        if self._process is not None:
            self._signal(signal.SIGCONT)
            self._signal(signal.SIGTERM)
            self._wait()

    def kill(self) -> None:
        """End it as a cut of the power would."""
        self._signal(signal.SIGKILL)
        self._wait()

    def restart(self) -> None:
        """Kill it and start it again on the same port; what it had not saved is gone."""
        self.kill()
        self.start()

    def pause(self) -> None:
        """Let it stand still: connections stay, nothing is answered."""
        self._signal(signal.SIGSTOP)

    def wake(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def flush(self) -> None:
        """Throw everything away."""
        assert self.say("FLUSHALL").startswith("+OK")

    def memory_bytes(self) -> int:
        """Return how much memory its data take."""
        return int(next(line for line in self.say("INFO memory").splitlines() if line.startswith("used_memory:"))[12:])

    def say(self, *commands: str) -> str:
        """Say inline commands over a connection of their own and return what is answered to the last."""
        answer = b""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as talk:
            password = self._flags.get("requirepass")
            for command in ([f"AUTH {password}"] if password else []) + list(commands):
                talk.sendall(command.encode() + b"\r\n")
                answer = _whole(talk)
        return answer.decode(errors="replace")

    def wait_until_it_answers(self) -> None:
        """Return when it does; fail with a sentence when it has ended or takes too long."""
        end = time.monotonic() + START_S_MAX
        while time.monotonic() < end:
            assert self._process is None or self._process.poll() is None, f"{PROGRAM} ended at once"
            with contextlib.suppress(OSError, ValueError):
                if self.say("PING").startswith("+PONG"):
                    return
            time.sleep(0.02)
        raise AssertionError(f"{PROGRAM} did not answer within {START_S_MAX} s")

    def _written(self) -> Path:
        file = self.home / "redis.conf"
        if file.exists():  # Redis writes into it itself: who is master, what a Sentinel has seen.
            return file
        settings = {"bind": "127.0.0.1", "port": str(self.port), "dir": str(self.home), "daemonize": "no"}
        if self._watches is None:
            settings |= {"save": '""', "appendonly": "no"}
        settings |= {name.replace("_", "-"): value for name, value in self._flags.items()}
        lines = [f"{name} {value}" for name, value in settings.items()]
        if self._watches is not None:
            service, port = self._watches
            lines += [
                f"sentinel monitor {service} 127.0.0.1 {port} {QUORUM}",
                f"sentinel down-after-milliseconds {service} {DOWN_AFTER_MS}",
                f"sentinel failover-timeout {service} {FAILOVER_MS}",
            ]
        file.write_text("".join(f"{line}\n" for line in lines))
        return file

    def _signal(self, number: int) -> None:
        if self._process is not None and self._process.poll() is None:
            os.kill(self._process.pid, number)

    def _wait(self) -> None:
        assert self._process is not None
        try:
            self._process.wait(START_S_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


def _whole(talk: socket.socket) -> bytes:
    """Read one reply: a line, or a line that says how many bytes follow."""
    answer = talk.recv(65_536)
    if answer.startswith(b"$"):
        head, _, rest = answer.partition(b"\r\n")
        while len(rest) < int(head[1:]) + 2 and int(head[1:]) >= 0:
            rest += talk.recv(65_536)
        return rest
    return answer


@contextlib.contextmanager
def running_redis(home: Path, **flags: str) -> Iterator[RedisServer]:
    """Run one server, and stop it however this ends."""
    server = RedisServer(home, **flags)
    try:
        yield server.start()
    finally:
        server.stop()


class Sentinels:
    """A service of two servers, watched by three Sentinels."""

    def __init__(self, home: Path, service: str) -> None:
        self.service = service
        self.first = RedisServer(home / "first", repl_diskless_sync_delay="0")
        self.second = RedisServer(
            home / "second", replicaof=f"127.0.0.1 {self.first.port}", repl_diskless_sync_delay="0"
        )
        self.watching = [
            RedisServer(home / f"sentinel{number}", watches=(service, self.first.port)) for number in range(3)
        ]

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{each.port}" for each in self.watching)
        return f"redis+sentinel://{hosts}/{self.service}"

    @property
    def master(self) -> RedisServer:
        """Return whom the first Sentinel calls master."""
        said = self.watching[0].say(f"SENTINEL GET-MASTER-ADDR-BY-NAME {self.service}")
        return self.first if f"\r\n{self.first.port}\r\n" in said else self.second

    @property
    def ready(self) -> bool:
        """Whether every Sentinel knows a master that is well, its replica, and the other two."""
        return all(
            "status=ok" in said and "slaves=1,sentinels=3" in said
            for said in (each.say("INFO sentinel") for each in self.watching)
        ) and "state=online" in self.master.say("INFO replication")

    def start(self) -> None:
        """Start all, and wait until they are ready."""
        for server in (self.first, self.second, *self.watching):
            server.start()
        end = time.monotonic() + START_S_MAX
        while not self.ready:
            assert time.monotonic() < end, "the Sentinels did not find each other"
            time.sleep(0.05)

    def stop(self) -> None:
        """End all."""
        for server in (*self.watching, self.second, self.first):
            server.stop()


@contextlib.contextmanager
def running_sentinels(home: Path, service: str) -> Iterator[Sentinels]:
    """Run them all, and stop them however this ends."""
    sentinels = Sentinels(home, service)
    try:
        sentinels.start()
        yield sentinels
    finally:
        sentinels.stop()
