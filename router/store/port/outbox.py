"""The outbox: effects, one in flight per lane, in order. No SQL, no call of a provider."""

from __future__ import annotations

from typing import Protocol

from router.store.port.row import Row


class Effect(Row, frozen=True, kw_only=True):
    """A claimed outbox row."""

    id: int
    lane: str
    channel: str
    effect: str
    conv: int
    line: int
    message: int
    notice: str
    until_ms: int
    attempts: int
    created_ms: int
    unsure: bool
    state: str = "waiting"
    reason: str = ""
    position: int = 0


class Outbox(Protocol):
    """Effects, one in flight per lane, in order."""

    async def claim(self, site: str, worker: str, *, now_ms: int, until_ms: int, limit: int) -> list[Effect]:
        """Claim the head of each free lane that may go now, until a time longer than any call takes.

        What was claimed before and never reported comes back unsure: its worker may have died in the call.
        """

    async def holds(self, site: str, effect: int, worker: str, *, now_ms: int) -> bool:
        """Return whether the claim still stands; asked right before the call."""

    async def done(self, site: str, effect: int) -> None:
        """The effect has happened; its row goes."""

    async def later(
        self,
        site: str,
        effect: int,
        *,
        not_before_ms: int,
        reason: str,
        unsure: bool,
        worker: str = "",
        early_ms: int = 0,
    ) -> None:
        """Count an attempt and hold the lane until a time; `hasten` may bring it forward to `early_ms`, not further.

        Of a `worker` whose claim is another's by now: nothing.
        """

    async def hasten(self, site: str, channel: str, *, now_ms: int, limit: int) -> int:
        """Let heads of a channel go now that were put off to a later time: the channel works again, or is tried.

        Who was tried longest ago comes first, nobody before their `early_ms`; return how many.
        """

    async def dead(self, site: str, effect: int, reason: str, *, worker: str = "") -> None:
        """Give up by name: the row stays visible as a dead letter and the lane is free. A `worker` as in `later`."""

    async def revive(self, site: str, effect: int) -> bool:
        """Try a dead letter again; False when there is none of that id."""

    async def free_claims(self, site: str, *, now_ms: int, worker: str = "") -> None:
        """Give back every claim, or those of one worker, as unsure: they are known to be dead, perhaps amid a call."""

    async def dead_letters(self, site: str, limit: int) -> list[Effect]: ...

    async def depth(self, site: str) -> tuple[int, int, int]:
        """Return (waiting, created_ms of the oldest waiting or 0, dead)."""

    async def next_due_ms(self, site: str) -> int:
        """Return when the earliest unclaimed row may go, 0 when nothing waits."""
