"""A house whose server can be told when to end: the real `patchbay serve` on a disk whose power can be cut."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import time
from dataclasses import dataclass, field

from tests.e2e.house import ROOT, House

LOOK_S = 0.005
SEEDED = "FAULT"
EARLY = "BLOW"


@dataclass
class Subject(House):
    """`more` is added to the environment of the next lives: a seeded fault by name, a blow while it comes up."""

    more: dict[str, str] = field(default_factory=dict)

    async def start(self) -> None:
        """Start and wait until it is ready to serve."""
        self.begin()
        await self.wait_ready()

    def begin(self, order: str = "") -> None:
        """Start; with an order it may end before it is ready."""
        if self.process is not None:
            self.kill()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.power.subject", "serve"],
                cwd=ROOT,
                env={**self.environment(), **self.more, **({EARLY: order} if order else {})},
                stdin=subprocess.PIPE,
                bufsize=0,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def order(self, line: str) -> None:
        """Give the trap an order: way, step, number, seed."""
        assert self.process is not None, "started before"
        assert self.process.stdin is not None, "made with a pipe"
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(line.encode() + b"\n")

    def kill(self) -> None:
        """kill -9 of the whole process group; the pipe to it is closed."""
        super().kill()
        assert self.process is not None, "started before"
        assert self.process.stdin is not None, "made with a pipe"
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()

    async def died(self, s_max: float) -> bool:
        """Wait for its end."""
        assert self.process is not None, "started before"
        end = time.monotonic() + s_max
        while self.process.poll() is None and time.monotonic() < end:
            await asyncio.sleep(LOOK_S)
        return self.process.poll() is not None
