"""One node as a process: started, killed, held, asked to go, its clock set wrong. No fault is chosen here."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from tests.ports import free_port

ROOT = Path(__file__).parent.parent.parent
SKEW = Path(__file__).parent / "skew"
START_S_MAX, STOP_S_MAX = 60.0, 30.0
LOOK_S = 0.05
# A command needs seconds of a processor that it may have to share with many.
COMMAND_S_MAX = 300.0
NS = 1_000_000_000


@dataclass(slots=True, eq=False)
class Node:
    """A `patchbay serve` with a data and a configuration directory of its own. `port` is its own, not its link's."""

    name: str
    folder: Path
    environment: Mapping[str, str]
    port: int = field(default_factory=free_port)
    program: str = "router"
    process: subprocess.Popen[bytes] | None = None
    is_paused: bool = False

    def __post_init__(self) -> None:
        """Make its directories and its true clock."""
        self.data.mkdir(parents=True)
        self._clock.write_bytes(struct.pack("<q", 0))

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def config(self) -> Path:
        return self.folder / "config"

    @property
    def log(self) -> Path:
        """Its log, beside its folder: that one's disk may be full."""
        return self.folder.with_suffix(".log")

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def serving(self) -> bool:
        """Whether it could answer: it runs and is not held."""
        return self.running and not self.is_paused

    @property
    def _clock(self) -> Path:
        return self.folder / "clock.skew"

    def surroundings(self) -> dict[str, str]:
        """Return the environment of its process."""
        return {
            **os.environ,
            **self.environment,
            "DATA": str(self.data),
            "CONFIG": str(self.config),
            "PORT": str(self.port),
            "CLOCK_SKEW_FILE": str(self._clock),
            "PYTHONPATH": str(SKEW),
        }

    def begin(self) -> None:
        """Start its process."""
        assert not self.running, f"{self.name} runs already"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", self.program, "serve"],
                cwd=ROOT,
                env=self.surroundings(),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    async def wait_ready(self, s_max: float = START_S_MAX) -> float:
        """Wait until it says that it is ready; return how long that took."""
        began = time.monotonic()
        while time.monotonic() - began < s_max:
            assert self.running, self.last_words()
            if await self.readiness() == 200:
                return time.monotonic() - began
            await asyncio.sleep(LOOK_S)
        raise AssertionError(f"{self.name} is not ready within {s_max} s: {self.last_words()}")

    async def readiness(self) -> int:
        """Return the status of its readiness, 0 where it does not answer."""
        limit = aiohttp.ClientTimeout(total=2)
        with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
            async with aiohttp.ClientSession(timeout=limit) as session, session.get(f"{self.base}/readyz") as answer:
                return answer.status
        return 0

    async def run(self, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        """Run another `patchbay` command in its environment, some of it changed."""
        return await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "router", *arguments],
            cwd=ROOT,
            env={**self.surroundings(), **changes},
            capture_output=True,
            text=True,
            timeout=COMMAND_S_MAX,
            check=False,
        )

    # --- what happens to it -------------------------------------------------------------------------------------------

    def kill(self) -> None:
        """kill -9 of it and of its children."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.is_paused = False

    def pause(self) -> None:
        """Hold it where it is: it neither runs nor knows."""
        self._signal(signal.SIGSTOP)
        self.is_paused = True

    def resume(self) -> None:
        """Let it go on as if nothing had been."""
        self._signal(signal.SIGCONT)
        self.is_paused = False

    async def stop(self) -> float:
        """Ask it to go, as an operator does; return how long it took. It must end with status 0."""
        assert self.process is not None, "started before"
        began = time.monotonic()
        self._signal(signal.SIGTERM)
        status = await asyncio.to_thread(self.process.wait, STOP_S_MAX)
        assert status == 0, self.last_words()
        return time.monotonic() - began

    def set_clock(self, skew_s: float) -> None:
        """Set its wall clock wrong by so much; 0 sets it right."""
        with self._clock.open("r+b") as file:
            file.write(struct.pack("<q", int(skew_s * NS)))

    def _signal(self, number: signal.Signals) -> None:
        assert self.process is not None, "started before"
        os.kill(self.process.pid, number)

    # --- what it says -------------------------------------------------------------------------------------------------

    def said(self, event: str) -> Iterator[dict[str, Any]]:
        """Yield its log lines of one event."""
        for line in self.log.read_text(errors="replace").splitlines() if self.log.exists() else ():
            if line.startswith("{") and f'"{event}"' in line:
                told = json.loads(line)
                if event in told.values():
                    yield told

    def last_words(self) -> str:
        return self.log.read_text(errors="replace")[-3000:] if self.log.exists() else ""
