"""A whole Patchbay as a newcomer starts it: the real command, a real database, real ports. No test lives here."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from tests.e2e.accounts import account_of, add_account
from tests.ports import free_port

ROOT = Path(__file__).parent.parent.parent
START_S_MAX = 60
PASSWORD = "a-password-for-tests-only"


@dataclass
class House:
    """`changes` are merged over the shipped configuration, file by file, before the first start."""

    folder: Path
    changes: dict[str, dict[str, Any]] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    mail_port: int = 0

    def __post_init__(self) -> None:
        self.config = self.folder / "config"
        self.data = self.folder / "data"
        self.log = self.folder / "serve.log"
        shutil.copytree(ROOT / "config", self.config)
        (self.config / "checks.yaml").unlink(missing_ok=True)
        for name, change in self.changes.items():
            self.configure(name, change)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def configure(self, name: str, change: dict[str, Any]) -> None:
        """Merge a change into one file of the configuration."""
        path = self.config / f"{name}.yaml"
        content = yaml.safe_load(path.read_text()) if path.exists() else {}
        path.write_text(yaml.safe_dump(merged(content, change), allow_unicode=True, sort_keys=False))

    def command(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a `patchbay` command on this house's data."""
        return subprocess.run(
            [sys.executable, "-m", "router", *arguments],
            cwd=ROOT,
            env=self.environment(),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def environment(self) -> dict[str, str]:
        return {**os.environ, "DATA": str(self.data), "CONFIG": str(self.config), "PORT": str(self.port)}

    def add_person(
        self, login: str, *, role: str = "agent", name: str = "", skill: Sequence[str] = (), capacity: int = 0
    ) -> None:
        """Add an account with the tests' password."""
        account = account_of(login, role=role, name=name or login, skill=list(skill), capacity=capacity)
        add_account(self.data, account, password=PASSWORD)

    async def start(self) -> None:
        """Start and wait until it is ready to serve."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "router", "serve"],
                cwd=ROOT,
                env=self.environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        await self.wait_ready()

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[House]:
        """Start, and stop whatever happens."""
        try:
            await self.start()
            yield self
        finally:
            if self.running:
                self.stop()

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    async def wait_ready(self) -> None:
        end = time.monotonic() + START_S_MAX
        async with aiohttp.ClientSession() as session:
            while time.monotonic() < end:
                assert self.process is not None, "started before"
                assert self.process.poll() is None, self.last_words()
                with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                    async with session.get(f"{self.base}/readyz") as response:
                        if response.status == 200:
                            return
                await asyncio.sleep(0.05)
        raise AssertionError(f"not ready within {START_S_MAX} s: {self.last_words()}")

    def last_words(self) -> str:
        return self.log.read_text(errors="replace")[-4000:] if self.log.exists() else ""

    def kill(self) -> None:
        """kill -9 of the whole process group."""
        assert self.process is not None, "started before"
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """Ask politely, as an operator does; return the exit status."""
        assert self.process is not None, "started before"
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.kill()
            raise


def merged(old: Any, change: Any) -> Any:
    """Merge mappings deeply; anything else is replaced."""
    if isinstance(old, dict) and isinstance(change, dict):
        keys = [*old, *(key for key in change if key not in old)]
        return {key: merged(old.get(key), change[key]) if key in change else old[key] for key in keys}
    return change
