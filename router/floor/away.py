"""How long a floor that leads could not act: the clock was set forward, or nothing could be written. No decision."""

from __future__ import annotations

from collections.abc import Callable

# An outage this long is time in which nobody led. A shorter one is a slow disk, which no promise notices.
AWAY_MS = 1_000
# While nothing can be written, what is due is tried so often.
AGAIN_MS = 100


class Away:
    """Promises between us and agents move on by what this says, before anything falls due."""

    def __init__(self, jumped_ms: Callable[[], int]) -> None:
        self._jumped_ms = jumped_ms
        self._jump_ms = 0
        self._since_ms = 0

    def begin(self) -> None:
        """A leadership begins, and says itself how long nobody led."""
        self._jumped_ms()
        self._jump_ms = self._since_ms = 0

    def failed(self, began_ms: int) -> None:
        """A commit that began then was not written, or nobody knows."""
        self._since_ms = self._since_ms or began_ms

    def wrote(self) -> None:
        """Something was written."""
        self._since_ms = 0

    def pause_ms(self, wish_ms: int) -> int:
        """Return how long to rest: what cannot be written does not keep the processor busy."""
        return max(wish_ms, AGAIN_MS) if self._since_ms else wish_ms

    def gap_ms(self, now_ms: int, last_ms: int) -> int:
        """Return by how much promises move on, when what was journalled last was decided at `last_ms`.

        An outage is only noticed when somebody wants something, so it counts from there, as it does for a new leader.
        """
        self._jump_ms += self._jumped_ms()
        if self._since_ms and now_ms - self._since_ms >= AWAY_MS:
            return max(self._jump_ms, now_ms - last_ms)
        return self._jump_ms

    def told(self) -> None:
        """It is written down."""
        self._jump_ms = self._since_ms = 0
