"""The outbox's rows: lanes, heads and claims, for any number of workers on any nodes. Performs nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from router.store.limits import EARLIEST_MS
from router.store.port import Effect
from router.store.postgresql.connections import Connections
from router.store.postgresql.grouping import Group

_FIELDS = """id, lane, channel, effect, conv, line, message, notice, until_ms, attempts, created_ms, unsure, state,
  reason, position"""

_NAMES = tuple(_FIELDS.replace(",", " ").split())

# Workers that claim at once pass by what another is just taking. Who holds a claim that ran out has perhaps died in
# the middle of the call.
_CLAIM = f"""
UPDATE outbox SET unsure = unsure OR worker <> '', worker = $2, go_ms = $4 WHERE site = $1 AND id = ANY(ARRAY(
  SELECT id FROM outbox WHERE site = $1 AND head AND go_ms <= $3 ORDER BY go_ms, position, id LIMIT $5
  FOR UPDATE SKIP LOCKED))
RETURNING {_FIELDS}
"""  # noqa: S608 - the fields are the constant above

_HOLDS = """
SELECT 1 FROM outbox WHERE site = $1 AND id = $2 AND state = 'waiting' AND worker = $3 AND worker <> '' AND go_ms > $4
"""

_FREE = """
UPDATE outbox SET unsure = true, worker = '', go_ms = greatest($2::bigint, $3) WHERE site = $1 AND head AND worker <> ''
  AND ($4::text = '' OR worker = $4)
"""

_END = "SELECT effects_end_2($1, $2, $3, $4)"
_LATER = "SELECT effect_later_3($1, $2, $3, $4, $5, $6, $7)"
_REVIVE = "SELECT effect_revive_1($1, $2, $3)"

# Whoever claims or hastens the same rows at this moment has them; a lane has no other row that could move.
_HASTEN = """
UPDATE outbox SET go_ms = $3 WHERE site = $1 AND id = ANY(ARRAY(
  SELECT id FROM outbox WHERE site = $1 AND head AND go_ms > $3 AND channel = $2 AND worker = '' AND attempts > 0
    AND early_ms <= $3 ORDER BY early_ms, position, id LIMIT $4 FOR UPDATE SKIP LOCKED))
RETURNING 1
"""

_DEAD_LETTERS = f"SELECT {_FIELDS} FROM outbox WHERE site = $1 AND state = 'dead' ORDER BY id DESC LIMIT $2"  # noqa: S608

_DEPTH = """
SELECT (SELECT count(*) FROM outbox WHERE site = $1 AND state = 'waiting'),
  (SELECT coalesce(min(created_ms), 0) FROM outbox WHERE site = $1 AND state = 'waiting'),
  (SELECT count(*) FROM outbox WHERE site = $1 AND state = 'dead')
"""

_NEXT = "SELECT go_ms FROM outbox WHERE site = $1 AND head ORDER BY go_ms LIMIT 1"


class PostgresqlOutbox:
    """The port's Outbox."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._claims = asyncio.Lock()
        self._ends: Group[tuple[str, int, str, str], None] = Group(self._end_all)

    async def claim(self, site: str, worker: str, *, now_ms: int, until_ms: int, limit: int) -> list[Effect]:
        """See the port. Workers of one node take turns, so that each gets as many as it asked for."""
        async with self._claims:
            rows = await self._connections.write(_CLAIM, site, worker, now_ms, until_ms, limit)
        return sorted((_effect(row) for row in rows), key=lambda effect: effect.id)

    async def holds(self, site: str, effect: int, worker: str, *, now_ms: int) -> bool:
        """See the port."""
        return bool(await self._connections.read(_HOLDS, site, effect, worker, now_ms))

    async def free_claims(self, site: str, *, now_ms: int, worker: str = "") -> None:
        """See the port."""
        await self._connections.write(_FREE, site, now_ms, EARLIEST_MS, worker)

    async def done(self, site: str, effect: int) -> None:
        """See the port. Its position stays in `performed`, so that `verify` can tell done from lost."""
        await self._ends.do((site, effect, "", ""))

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
        """See the port."""
        go_ms = max(not_before_ms, EARLIEST_MS)
        await self._connections.write(_LATER, site, effect, go_ms, reason, unsure, worker, early_ms)

    async def hasten(self, site: str, channel: str, *, now_ms: int, limit: int) -> int:
        """See the port."""
        return len(await self._connections.write(_HASTEN, site, channel, max(now_ms, EARLIEST_MS), limit))

    async def dead(self, site: str, effect: int, reason: str, *, worker: str = "") -> None:
        """See the port."""
        await self._ends.do((site, effect, reason or "unknown", worker))

    async def revive(self, site: str, effect: int) -> bool:
        """See the port. It starts with no attempts behind it, and its own place in the lane."""
        return bool((await self._connections.write(_REVIVE, site, effect, EARLIEST_MS))[0][0])

    async def dead_letters(self, site: str, limit: int) -> list[Effect]:
        """See the port: newest first."""
        return [_effect(row) for row in await self._connections.read(_DEAD_LETTERS, site, limit)]

    async def depth(self, site: str) -> tuple[int, int, int]:
        """See the port."""
        [(waiting, oldest_ms, dead)] = await self._connections.read(_DEPTH, site)
        return waiting, oldest_ms, dead

    async def next_due_ms(self, site: str) -> int:
        """See the port. An effect in flight counts from when its claim ends: its worker may have died."""
        rows = await self._connections.read(_NEXT, site)
        return int(rows[0][0]) if rows else 0

    async def finish(self) -> None:
        """Wait until nothing is under way."""
        await self._ends.finish()

    async def _end_all(self, ends: list[tuple[str, int, str, str]]) -> list[None]:
        """End everybody's effects, one statement for each site."""
        for site in sorted({site for site, *_ in ends}):
            mine = {effect: (reason, worker) for owner, effect, reason, worker in ends if owner == site}
            reasons, workers = zip(*mine.values(), strict=True)
            await self._connections.write(_END, site, list(mine), list(reasons), list(workers))
        return [None] * len(ends)


def _effect(row: Sequence[Any]) -> Effect:
    return Effect(**dict(zip(_NAMES, row, strict=True)))
