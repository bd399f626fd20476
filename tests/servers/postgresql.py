"""A real PostgreSQL for tests: made in a folder of its own, started, stopped and killed. No rows are looked at here."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import asyncpg

from tests.ports import free_port

MISSING = "PostgreSQL is not installed: these tests need its server (Debian: apt-get install postgresql)."
USER, SUPERUSER = "postgres", "patchbay"
READY_S = 60.0
# What a test server may do without. It is durable unless a test says that nothing will be killed.
TUNED = (
    "-c",
    "max_connections=120",
    "-c",
    "shared_buffers=32MB",
    "-c",
    "log_min_messages=fatal",
)
# A new database has no statistics; the server gathers them as in the field, only sooner.
LIVELY = ("-c", "autovacuum_naptime=2s")
CARELESS = ("-c", "autovacuum=off", "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off")


def program(name: str) -> str:
    """Return where one of PostgreSQL's programs lies. Fails where it is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parts[-3]))
    where = str(found[-1]) if found else shutil.which(name)
    assert where, MISSING
    return where


class PostgresqlServer:
    """One server on a free port of this machine. Its owner has a password, as in the field."""

    def __init__(self, *, durable: bool = True) -> None:
        self.port = free_port()
        self.password = secrets.token_urlsafe(12)
        self._tuned = TUNED + (LIVELY if durable else CARELESS)
        self._folder = Path(tempfile.mkdtemp(prefix="patchbay-postgresql-"))
        self._made = 0
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> PostgresqlServer:
        """Make the data where there is none, start, and return when it answers."""
        if not (self._folder / "data").exists():
            self._make()
        command = [program("postgres"), "-D", str(self._folder / "data"), "-p", str(self.port), "-k", str(self._folder)]
        log = (self._folder / "log").open("ab")
        with log:
            self.process = subprocess.Popen(
                [*self._as_owner(), *command, "-h", "127.0.0.1", *self._tuned], stdout=log, stderr=log
            )
        self._await_answer()
        return self

    def stop(self) -> None:
        """Stop in good order, as an operator does: sessions are broken off, nothing is lost."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """Kill the server and all its processes, as a crash of the machine would, but for the disk."""
        assert self.process is not None
        children = _children_of(self.process.pid)
        self.process.send_signal(signal.SIGSTOP)
        for child in children:
            _kill(child)
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop and start again."""
        self.stop()
        self.start()

    def close(self) -> None:
        """Stop for good and take the folder away."""
        if self.process is not None:
            self._end(signal.SIGQUIT)
        shutil.rmtree(self._folder, ignore_errors=True)

    def url(self, database: str = "postgres") -> str:
        """Return the address of a database, with the password in it."""
        return f"postgresql://{SUPERUSER}:{self.password}@127.0.0.1:{self.port}/{database}"

    async def database(self) -> str:
        """Make an empty database and return its address."""
        self._made += 1
        name = f"patchbay_{self._made}"
        await self.run(f"CREATE DATABASE {name}")
        return self.url(name)

    async def run(self, statement: str, *values: Any, database: str = "postgres") -> list[Any]:
        """Run one statement as an operator would and return its rows."""
        conn = await asyncpg.connect(self.url(database), timeout=READY_S)
        try:
            rows: list[Any] = await conn.fetch(statement, *values)
        finally:
            await conn.close()
        return rows

    def _make(self) -> None:
        secret = self._folder / "password"
        secret.write_text(self.password)
        self._give_to_owner()
        made = [program("initdb"), "-D", str(self._folder / "data"), "-U", SUPERUSER, "--pwfile", str(secret)]
        options = ["-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-sync"]
        subprocess.run([*self._as_owner(), *made, *options], check=True, capture_output=True)
        secret.unlink()

    def _as_owner(self) -> list[str]:
        """The server refuses to run as root, so it runs as its own user where we are root."""
        if os.geteuid() != 0:
            return []
        owner = _owner()
        return ["setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]

    def _give_to_owner(self) -> None:
        if os.geteuid() == 0:
            owner = _owner()
            for path in (self._folder, self._folder / "password"):
                os.chown(path, owner.pw_uid, owner.pw_gid)

    def _await_answer(self) -> None:
        deadline = time.monotonic() + READY_S
        question = [program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        while subprocess.run(question, check=False).returncode != 0:
            assert self.process is not None
            assert self.process.poll() is None, (self._folder / "log").read_text()[-2_000:]
            assert time.monotonic() < deadline, "PostgreSQL did not start"
            time.sleep(0.02)

    def _end(self, how: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(how)
        self.process.wait(READY_S)
        self.process = None


def _owner() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(USER)
    except KeyError:
        return pwd.getpwnam("nobody")


def _children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
