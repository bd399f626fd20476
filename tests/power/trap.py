"""Ends this process at a named step, or after a time: by kill -9, or by a cut of the power first. Nothing of ours."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from random import Random
from typing import Any

TIME = "time"
KILL = "kill"
Cut = Callable[[str, Random], None]


class Trap:
    """Armed by a line `way step number seed`: at the step's so many-th time, or (`time`) after so many milliseconds."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._step = ""
        self._left = 0
        self._way = KILL
        self._seed = 0
        self._cuts: list[Cut] = []
        self._others: dict[str, Callable[[str], None]] = {}

    def cuts(self, cut: Cut) -> None:
        """Call this when the power is cut."""
        self._cuts.append(cut)

    def obeys(self, word: str, act: Callable[[str], None]) -> None:
        """A line that begins with this word is handed on; the rest of it says what to do."""
        self._others[word] = act

    def arm(self, line: str) -> None:
        """Take an order. A new one replaces the one before."""
        way, step, number, seed = line.split()
        with self._lock:
            self._way, self._step, self._left, self._seed = way, step, int(number), int(seed)
        if step == TIME:
            timer = threading.Timer(int(number) / 1_000, self.spring)
            timer.daemon = True
            timer.start()

    def reached(self, step: str) -> None:
        """A step is reached. Cheap while another one is waited for."""
        if step != self._step:
            return
        with self._lock:
            self._left -= 1
            if self._left == 0:
                self.spring()

    def spring(self) -> None:
        """End the whole process group."""
        with self._lock:
            os.write(2, f"trap: {self._way} at {self._step}\n".encode())
            if self._way != KILL:
                chance = Random(self._seed)
                for cut in self._cuts:
                    cut(self._way, chance)
            os.killpg(0, signal.SIGKILL)

    def listen(self) -> None:
        """Take orders from the standard input for as long as this process lives."""
        threading.Thread(target=self._orders, name="trap", daemon=True).start()

    def _orders(self) -> None:
        for line in sys.stdin:
            word, _, rest = line.strip().partition(" ")
            self._others.get(word, lambda _rest, whole=line: self.arm(whole))(rest)


def around(owner: Any, name: str, trap: Trap, *, before: str = "", after: str = "") -> None:
    """Let a method of a class reach steps before and after it."""
    inner = getattr(owner, name)

    def sync(*given: Any, **more: Any) -> Any:
        trap.reached(before)
        result = inner(*given, **more)
        trap.reached(after)
        return result

    async def waited(*given: Any, **more: Any) -> Any:
        trap.reached(before)
        result = await inner(*given, **more)
        trap.reached(after)
        return result

    setattr(owner, name, waited if is_coroutine(inner) else sync)


def is_coroutine(function: Any) -> bool:
    """Return whether calling it makes a coroutine."""
    return bool(getattr(function, "__code__", None) and function.__code__.co_flags & 0x80)
