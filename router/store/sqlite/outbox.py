"""The outbox's rows: lanes, heads and claims. Performs nothing and knows no channel."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import apsw
from msgspec.structs import replace

from router.store.limits import EARLIEST_MS
from router.store.port import Effect, EffectEnd, NewEffect
from router.store.sqlite.bulk import as_json, insert_rows
from router.store.sqlite.connect import fetch
from router.store.sqlite.readers import Readers
from router.store.sqlite.writer import Writer

_FIELDS = """id, lane, channel, effect, conv, line, message, notice, until_ms, attempts, created_ms, unsure, state,
  reason, position"""

_NAMES = tuple(_FIELDS.replace(",", " ").split())

_EFFECTS = """outbox(site, position, lane, channel, effect, conv, line, message, notice, until_ms, created_ms,
  go_ms)"""

_PROMOTE = """
UPDATE outbox SET head = 1 WHERE id IN (
  SELECT (SELECT o.id FROM outbox o WHERE o.site = ?1 AND o.lane = l.value AND o.state = 'waiting'
          ORDER BY o.position, o.id LIMIT 1)
  FROM json_each(?2) l
  WHERE NOT EXISTS (SELECT 1 FROM outbox h WHERE h.site = ?1 AND h.lane = l.value AND h.head = 1))
"""

# Who holds a claim that ran out has perhaps died in the middle of the call.
_CLAIM = f"""
UPDATE outbox SET unsure = max(unsure, worker <> ''), worker = ?2, go_ms = ?4 WHERE id IN (
  SELECT id FROM outbox WHERE site = ?1 AND head = 1 AND go_ms <= ?3 ORDER BY go_ms, position, id LIMIT ?5)
RETURNING {_FIELDS}
"""  # noqa: S608 - the fields are the constant above

_HOLDS = """
SELECT 1 FROM outbox WHERE id = ?2 AND site = ?1 AND state = 'waiting' AND worker = ?3 AND worker <> '' AND go_ms > ?4
"""

_FREE = """
UPDATE outbox SET unsure = 1, worker = '', go_ms = max(?2, ?3) WHERE site = ?1 AND head = 1 AND worker <> ''
  AND (?4 = '' OR worker = ?4)
"""

# An earlier effect of the lane may have been revived meanwhile, so the head is chosen anew.
_LATER = """
UPDATE outbox SET attempts = attempts + 1, worker = '', head = 0, go_ms = max(?3, ?6), reason = ?4, unsure = ?5,
  early_ms = ?8 WHERE id = ?2 AND site = ?1 AND state = 'waiting' AND (?7 = '' OR worker = ?7) RETURNING lane
"""

_PUT_OFF = """
SELECT id FROM outbox WHERE site = ?1 AND head = 1 AND go_ms > ?3 AND channel = ?2 AND worker = '' AND attempts > 0
  AND early_ms <= ?3 ORDER BY early_ms, position, id LIMIT ?4
"""

_HASTEN = f"UPDATE outbox SET go_ms = ?3 WHERE id IN ({_PUT_OFF}) RETURNING 1"  # noqa: S608 - the constant above

_PERFORMED = """
INSERT OR IGNORE INTO performed(site, position, id)
SELECT site, position, id FROM outbox WHERE site = ?1 AND id IN (SELECT value FROM json_each(?2))
"""

_DEAD = """
UPDATE outbox SET state = 'dead', head = 0, worker = '', reason = ?3
WHERE id = ?2 AND site = ?1 AND state = 'waiting' AND (?4 = '' OR worker = ?4) RETURNING lane
"""

_REVIVE = """
UPDATE outbox SET state = 'waiting', head = 0, attempts = 0, worker = '', go_ms = ?3
WHERE id = ?2 AND site = ?1 AND state = 'dead' RETURNING lane
"""

# A revived effect goes back to its place. A head that nobody holds makes room; one in flight stays.
_MAKE_ROOM = "UPDATE outbox SET head = 0 WHERE site = ? AND lane = ? AND head = 1 AND worker = ''"

_DEPTH = """
SELECT (SELECT count(*) FROM outbox WHERE site = ?1 AND state = 'waiting'),
  (SELECT coalesce(min(created_ms), 0) FROM outbox WHERE site = ?1 AND state = 'waiting'),
  (SELECT count(*) FROM outbox WHERE site = ?1 AND state = 'dead')
"""


class SqliteOutbox:
    """The port's Outbox."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers

    async def claim(self, site: str, worker: str, *, now_ms: int, until_ms: int, limit: int) -> list[Effect]:
        """See the port. Looks first: an idle worker that asks costs no transaction."""
        due_ms = await self.next_due_ms(site)
        if due_ms == 0 or due_ms > now_ms:
            return []
        values = (site, worker, now_ms, until_ms, limit)
        return await self._writer.do(partial(_claim, values=values))

    async def holds(self, site: str, effect: int, worker: str, *, now_ms: int) -> bool:
        """See the port."""
        values = (site, effect, worker, now_ms)
        return bool(self._readers.look(lambda conn: fetch(conn, _HOLDS, values)))

    async def free_claims(self, site: str, *, now_ms: int, worker: str = "") -> None:
        """See the port."""
        await self._writer.execute(_FREE, (site, now_ms, EARLIEST_MS, worker))

    async def done(self, site: str, effect: int) -> None:
        """See the port. Its position stays in `performed`, so that `verify` can tell done from lost."""
        await self._writer.together(finish_all, (site, effect))

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
        values = (site, effect, not_before_ms, reason, int(unsure), EARLIEST_MS, worker, early_ms)
        await self._writer.do(partial(_put_off, values=values))

    async def hasten(self, site: str, channel: str, *, now_ms: int, limit: int) -> int:
        """See the port. Looks first: where nothing was put off, nothing is written."""
        values = (site, channel, max(now_ms, EARLIEST_MS), limit)
        if not await self._readers.list(lambda conn: fetch(conn, _PUT_OFF, values)):
            return 0
        return len(await self._writer.do(lambda conn: fetch(conn, _HASTEN, values)))

    async def dead(self, site: str, effect: int, reason: str, *, worker: str = "") -> None:
        """See the port."""
        await self._writer.do(partial(_bury, site=site, effect=effect, reason=reason, worker=worker))

    async def revive(self, site: str, effect: int) -> bool:
        """See the port. It starts with no attempts behind it, and its own place in the lane."""
        return await self._writer.do(partial(_revive, site=site, effect=effect))

    async def dead_letters(self, site: str, limit: int) -> list[Effect]:
        """See the port: newest first."""
        statement = f"SELECT {_FIELDS} FROM outbox WHERE site = ? AND state = 'dead' ORDER BY id DESC LIMIT ?"  # noqa: S608
        rows = await self._readers.list(lambda conn: fetch(conn, statement, (site, limit)))
        return [_effect(row) for row in rows]

    async def depth(self, site: str) -> tuple[int, int, int]:
        """See the port."""
        rows = await self._readers.list(lambda conn: fetch(conn, _DEPTH, (site,)))
        waiting, oldest_ms, dead = rows[0]
        return waiting, oldest_ms, dead

    async def next_due_ms(self, site: str) -> int:
        """See the port. An effect in flight counts from when its claim ends: its worker may have died."""
        statement = "SELECT coalesce(min(go_ms), 0) FROM outbox WHERE site = ? AND head = 1"
        rows = self._readers.look(lambda conn: fetch(conn, statement, (site,)))
        return int(rows[0][0])


def insert_effects(conn: apsw.Connection, site: str, *, effects: Sequence[NewEffect], at: int) -> None:
    """Write a commit's effects and give each new lane its head."""
    if not effects:
        return
    rows = [
        (
            site,
            new.position,
            new.lane,
            new.channel,
            new.effect,
            new.conv,
            new.line,
            new.message,
            new.notice,
            new.until_ms,
            at,
            max(at, new.not_before_ms, EARLIEST_MS),
        )
        for new in effects
    ]
    insert_rows(conn, _EFFECTS, rows)
    _promote(conn, site, sorted({new.lane for new in effects}))


def end_effects(conn: apsw.Connection, site: str, *, ended: Sequence[EffectEnd]) -> None:
    """Take away what happened and bury what never will, in the commit that tells of it."""
    happened = [(site, end.effect) for end in ended if not end.reason]
    if happened:
        finish_all(conn, happened)
    for end in ended:
        if end.reason:
            _bury(conn, site=site, effect=end.effect, reason=end.reason, worker=end.worker)


def finish_all(conn: apsw.Connection, asks: list[tuple[str, int]]) -> list[None]:
    """Take away everybody's performed effects, site by site, and let the next of each lane step up."""
    for site in sorted({site for site, _ in asks}):
        ids = as_json([effect for owner, effect in asks if owner == site])
        conn.execute(_PERFORMED, (site, ids))
        statement = "DELETE FROM outbox WHERE site = ? AND id IN (SELECT value FROM json_each(?)) RETURNING lane"
        lanes = fetch(conn, statement, (site, ids))
        _promote(conn, site, sorted({lane for (lane,) in lanes}))
    return [None] * len(asks)


def _promote(conn: apsw.Connection, site: str, lanes: list[str]) -> None:
    if lanes:
        conn.execute(_PROMOTE, (site, as_json(lanes)))


def _claim(conn: apsw.Connection, *, values: tuple[str, str, int, int, int]) -> list[Effect]:
    effects = [_effect(row) for row in fetch(conn, _CLAIM, values)]
    return sorted(effects, key=lambda effect: effect.id)


def _put_off(conn: apsw.Connection, *, values: tuple[str, int, int, str, int, int, str, int]) -> None:
    lanes = fetch(conn, _LATER, values)
    _promote(conn, values[0], [lane for (lane,) in lanes])


def _bury(conn: apsw.Connection, *, site: str, effect: int, reason: str, worker: str) -> None:
    lanes = fetch(conn, _DEAD, (site, effect, reason, worker))
    _promote(conn, site, [lane for (lane,) in lanes])


def _revive(conn: apsw.Connection, *, site: str, effect: int) -> bool:
    lanes = [lane for (lane,) in fetch(conn, _REVIVE, (site, effect, EARLIEST_MS))]
    for lane in lanes:
        conn.execute(_MAKE_ROOM, (site, lane))
    _promote(conn, site, lanes)
    return bool(lanes)


def _effect(row: tuple[Any, ...]) -> Effect:
    effect = Effect(**dict(zip(_NAMES, row, strict=True)))
    return replace(effect, unsure=bool(effect.unsure))
