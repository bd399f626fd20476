"""What time it is, for everything outside the core. No deadlines and no waiting here."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

MILLISECOND_NS = 1_000_000
# When the system's clock is set back we run on at half speed until it has caught up: time never stands
# still, so deadlines go on, and never goes back, so the journal stays in order.
SLEW = 2
# A clock that is set forward by more, or slept, was away: the time in between was led by nobody.
JUMP_NS = 500 * MILLISECOND_NS


class Clock(Protocol):
    """UTC milliseconds that never go back."""

    def now_ms(self) -> int: ...


class SystemClock:
    """The machine's clock, made steady."""

    def __init__(
        self, wall_ns: Callable[[], int] = time.time_ns, steady_ns: Callable[[], int] = time.monotonic_ns
    ) -> None:
        self._wall_ns = wall_ns
        self._steady_ns = steady_ns
        self._said_ns = wall_ns()
        self._steady_at_ns = steady_ns()
        self._jumped_ns = 0
        self._jumped_in_all_ns = 0

    def now_ms(self) -> int:
        """Return UTC milliseconds, at least those returned before."""
        wall, steady = self._wall_ns(), self._steady_ns()
        slewed = self._said_ns + (steady - self._steady_at_ns) // SLEW
        ahead = wall - self._said_ns - (steady - self._steady_at_ns)
        if ahead > JUMP_NS:
            self._jumped_ns += ahead
            self._jumped_in_all_ns += ahead
        self._said_ns = max(wall, slewed)
        self._steady_at_ns = steady
        return self._said_ns // MILLISECOND_NS

    def jumped_ms(self) -> int:
        """Return how far the clock was set forward since this was asked last."""
        self.now_ms()
        jumped, self._jumped_ns = self._jumped_ns, 0
        return jumped // MILLISECOND_NS

    def jumps(self) -> Callable[[], int]:
        """Return a `jumped_ms` of one's own: several floors on one clock each hear of every jump."""
        seen_ns = self._jumped_in_all_ns

        def jumped_ms() -> int:
            nonlocal seen_ns
            self.now_ms()
            jumped, seen_ns = self._jumped_in_all_ns - seen_ns, self._jumped_in_all_ns
            return jumped // MILLISECOND_NS

        return jumped_ms


class StoreClock(SystemClock):
    """The store's clock, as last measured, carried on by this machine's steady one: whatever its wall clock says."""

    def __init__(
        self, steady_ns: Callable[[], int] = time.monotonic_ns, wall_ns: Callable[[], int] = time.time_ns
    ) -> None:
        self._offset_ns = wall_ns() - steady_ns()
        self._machine_ns = steady_ns
        self._anchored = False
        super().__init__(lambda: steady_ns() + self._offset_ns, steady_ns)

    def anchor(self, store_ms: int, *, asked_ns: int, answered_ns: int) -> int:
        """Take over what the store said between two readings of the steady clock; return by how many ms we were off.

        Safe from another thread, but for the first time, which comes before anybody asks for the time. From then on
        it never goes back: a store that is behind is waited for at half speed.
        """
        offset_ns = store_ms * MILLISECOND_NS - (asked_ns + answered_ns) // 2
        off_ns = offset_ns - self._offset_ns
        self._offset_ns = offset_ns
        if not self._anchored:
            # What this machine's wall clock said before was a guess, and nobody has asked yet: it binds us to nothing.
            self._anchored = True
            self._said_ns, self._steady_at_ns = self._wall_ns(), self._steady_ns()
        return off_ns // MILLISECOND_NS

    def steady_ns(self) -> int:
        """Return the steady clock's reading, for `anchor`."""
        return self._machine_ns()
