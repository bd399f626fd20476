"""The letterbox's rows: signals accepted once, and what became of each. No parsing, no decisions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from typing import Any, NamedTuple

import apsw
import msgspec

from router.store.hashing import Hashes
from router.store.limits import DAY_MS, DEDUPE_DAYS, PRUNE_ROWS
from router.store.port import Body, Letter, NewLetter, Note
from router.store.sqlite.bulk import as_json, insert_rows
from router.store.sqlite.connect import fetch
from router.store.sqlite.leases import NOTE
from router.store.sqlite.readers import Readers
from router.store.sqlite.writer import Writer

_LETTER = "SELECT id, channel, received_ms, message, state, attempts, position, signal, line FROM letter "

_WAITING = """
WHERE site = ? AND state = 'new' AND received_ms < ? AND (received_ms, id) > (?, ?) ORDER BY received_ms, id LIMIT ?
"""

_QUARANTINED = """
SELECT id, channel, received_ms, message, state, attempts, position, signal, line, reason FROM letter
WHERE site = ? AND state = 'quarantined' ORDER BY received_ms DESC, id DESC LIMIT ?
"""

_LOOK = """
SELECT (SELECT coalesce(max(id), 0) FROM letter), (SELECT coalesce(max(id), 0) FROM message),
  (SELECT json_group_array(json_array(k.key, l.id)) FROM json_each(?1) k CROSS JOIN letter l
   WHERE l.site = k.value ->> 0 AND l.channel = k.value ->> 1 AND l.hash = unhex(k.value ->> 2))
"""

_MESSAGES = "message(id, site, channel, direction, kind, provider, body)"
_LETTERS = "letter(id, site, channel, hash, received_ms, message, signal, line)"

_BEHIND = "SELECT max(id) FROM letter WHERE site = ? AND line = ? AND line <> x'' AND state = 'new'"
_UNSETTLED = "SELECT l.id FROM json_each(?2) e JOIN letter l ON l.id = e.value WHERE +l.site = ?1 AND +l.state = 'new'"

_TRIED = """
UPDATE letter SET attempts = attempts + 1 FROM json_each(?2) e
WHERE letter.id = e.value AND +letter.site = ?1
"""

_SPARED = """
UPDATE letter SET attempts = max(attempts - 1, 0) FROM json_each(?2) e
WHERE letter.id = e.value AND +letter.site = ?1
"""

_DEPTH = """
SELECT (SELECT count(*) FROM letter WHERE site = ?1 AND state = 'new'),
  (SELECT coalesce(min(received_ms), 0) FROM letter WHERE site = ?1 AND state = 'new'),
  (SELECT count(*) FROM letter WHERE site = ?1 AND state = 'quarantined')
"""


class Written(NamedTuple):
    """A body made ready for its row."""

    direction: str
    kind: str
    provider: bytes | None
    body: str


class Signal(NamedTuple):
    """A new letter made ready for its row: what costs time is done before the writer has it."""

    site: str
    channel: str
    hash: str
    received_ms: int
    body: Written | None
    signal: bytes
    line: bytes


def written(hashes: Hashes, site: str, body: Body) -> Written:
    """Make a body ready for its row."""
    provider = hashes.provider(site, body.provider) if body.provider else None
    return Written(body.direction, body.kind, provider, msgspec.json.encode(body).decode())


def insert_messages(conn: apsw.Connection, rows: Sequence[tuple[int, str, str, Written]]) -> None:
    """Write bodies under ids that were counted before: (id, site, channel, body)."""
    insert_rows(conn, _MESSAGES, [(number, site, channel, *body) for number, site, channel, body in rows])


class SqliteLetterbox:
    """The port's Letterbox."""

    def __init__(self, writer: Writer, readers: Readers, hashes: Hashes) -> None:
        self._writer = writer
        self._readers = readers
        self._hashes = hashes

    async def put(self, site: str, letters: Sequence[NewLetter], notes: Sequence[Note] = ()) -> list[Letter]:
        """See the port."""
        signals = [self._signal(site, letter) for letter in letters]
        if notes:
            return await self._writer.do(partial(_put_with_notes, site=site, signals=signals, notes=notes))
        return await self._writer.together(put_all, signals) if signals else []

    async def waiting(self, site: str, *, before_ms: int, limit: int, after: tuple[int, int] = (0, 0)) -> list[Letter]:
        """See the port."""
        values = (site, before_ms, *after, limit)
        return await self._readers.list(lambda conn: _letters(conn, _WAITING, values))

    async def get(self, site: str, letter: int) -> Letter | None:
        """See the port."""
        found = self._readers.look(lambda conn: _letters(conn, "WHERE id = ? AND site = ?", (letter, site)))
        return found[0] if found else None

    async def tried(self, site: str, letters: Sequence[int]) -> None:
        """See the port."""
        ids = as_json(sorted(set(letters)))
        await self._writer.execute(_TRIED, (site, ids))

    async def unsettled(self, site: str, letters: Collection[int]) -> set[int]:
        """See the port."""
        ids = as_json(sorted(letters))
        return {number for (number,) in self._readers.look(lambda conn: fetch(conn, _UNSETTLED, (site, ids)))}

    async def spared(self, site: str, letters: Sequence[int]) -> None:
        """See the port."""
        await self._writer.execute(_SPARED, (site, as_json(sorted(set(letters)))))

    async def quarantine(self, site: str, letter: int, reason: str) -> None:
        """See the port."""
        statement = "UPDATE letter SET state = 'quarantined', reason = ? WHERE id = ? AND site = ? AND state = 'new'"
        await self._writer.execute(statement, (reason, letter, site))

    async def depth(self, site: str) -> tuple[int, int, int]:
        """See the port."""
        rows = await self._readers.list(lambda conn: fetch(conn, _DEPTH, (site,)))
        new, oldest_ms, quarantined = rows[0]
        return new, oldest_ms, quarantined

    async def quarantined(self, site: str, limit: int) -> list[tuple[Letter, str]]:
        """See the port."""
        rows = await self._readers.list(lambda conn: fetch(conn, _QUARANTINED, (site, limit)))
        return [(_letter(row[:-1]), row[-1]) for row in rows]

    async def prune(self, site: str, *, now_ms: int, days: int = DEDUPE_DAYS) -> int:
        """Forget the dedupe hashes of settled letters older than so many days; return how many."""
        before_ms, after, gone, more = now_ms - days * DAY_MS, 0, 0, True
        while more:
            work = partial(_prune, site=site, before_ms=before_ms, after=after)
            after, count, more = await self._writer.do(work)
            gone += count
        return gone

    def _signal(self, site: str, letter: NewLetter) -> Signal:
        body = written(self._hashes, site, letter.body) if letter.body else None
        key = self._hashes.dedupe(site, letter.channel, letter.dedupe).hex()
        line = self._hashes.line(site, letter.channel, letter.line) if letter.line else b""
        return Signal(site, letter.channel, key, letter.received_ms, body, letter.signal, line)


def put_all(conn: apsw.Connection, asks: list[list[Signal]]) -> list[list[Letter]]:
    """Write everybody's letters: one look for what is known, one statement for bodies, one for letters."""
    signals = [signal for ask in asks for signal in ask]
    keys = as_json([(signal.site, signal.channel, signal.hash) for signal in signals])
    letter, message, found = fetch(conn, _LOOK, (keys,))[0]
    known: dict[int, int] = dict(msgspec.json.decode(found, type=list[tuple[int, int]]))
    seen: dict[tuple[str, str, str], int] = {}
    bodies: list[tuple[int, str, str, Written]] = []
    letters: list[tuple[int, str, str, bytes, int, int, bytes, bytes]] = []
    answers: list[Letter | int] = []
    for index, signal in enumerate(signals):
        key = (signal.site, signal.channel, signal.hash)
        earlier = known.get(index) or seen.get(key)
        if earlier:
            answers.append(earlier)
            continue
        letter, seen[key] = letter + 1, letter + 1
        message += 1 if signal.body else 0
        body_id = message if signal.body else 0
        if signal.body:
            bodies.append((message, signal.site, signal.channel, signal.body))
        letters.append(
            (letter, *key[:2], bytes.fromhex(signal.hash), signal.received_ms, body_id, signal.signal, signal.line)
        )
        answers.append(_fresh(letter, signal, body_id, behind=_behind(conn, signal)))
    insert_messages(conn, bodies)
    insert_rows(conn, _LETTERS, letters)
    return _dealt(asks, [_resolved(conn, answer) for answer in answers])


def _put_with_notes(conn: apsw.Connection, *, site: str, signals: list[Signal], notes: Sequence[Note]) -> list[Letter]:
    for note in notes:
        conn.execute(NOTE, (site, note.book, note.key, note.value))
    return put_all(conn, [signals])[0] if signals else []


def _behind(conn: apsw.Connection, signal: Signal) -> int:
    """Return which unsettled letter the line had last. Those of one batch are one node's, which keeps their order."""
    return (fetch(conn, _BEHIND, (signal.site, signal.line))[0][0] or 0) if signal.line else 0


def _fresh(letter: int, signal: Signal, message: int, *, behind: int) -> Letter:
    return Letter(
        id=letter,
        channel=signal.channel,
        received_ms=signal.received_ms,
        message=message,
        state="new",
        attempts=0,
        position=0,
        signal=signal.signal,
        fresh=True,
        line=signal.line,
        behind=behind,
    )


def _resolved(conn: apsw.Connection, answer: Letter | int) -> Letter:
    """A repeat is rare: only it pays for reading the earlier letter."""
    return answer if isinstance(answer, Letter) else _letters(conn, "WHERE id = ?", (answer,))[0]


def _dealt(asks: list[list[Signal]], letters: list[Letter]) -> list[list[Letter]]:
    """Cut one list of answers into everybody's own."""
    dealt = iter(letters)
    return [[next(dealt) for _ in ask] for ask in asks]


def _letters(conn: apsw.Connection, where: str, values: tuple[int | str, ...]) -> list[Letter]:
    return [_letter(row) for row in fetch(conn, _LETTER + where, values)]


def _letter(row: tuple[Any, ...]) -> Letter:
    number, channel, received_ms, message, state, attempts, position, signal, line = row
    return Letter(
        id=number,
        channel=channel,
        received_ms=received_ms,
        message=message,
        state=state,
        attempts=attempts,
        position=position,
        signal=signal,
        line=line,
    )


def _prune(conn: apsw.Connection, *, site: str, before_ms: int, after: int) -> tuple[int, int, bool]:
    """Look at the next letters by id; return (last id seen, deleted, whether to go on).

    The newest letter of the file stays, whatever its age: the next id is counted from it.
    """
    window = "SELECT id, received_ms FROM letter WHERE site = ? AND id > ? ORDER BY id LIMIT ?"
    rows = fetch(conn, window, (site, after, PRUNE_ROWS))
    if not rows:
        return after, 0, False
    last = rows[-1][0]
    conn.execute(
        "DELETE FROM letter WHERE site = ? AND id > ? AND id <= ? AND state = 'settled' AND received_ms < ?"
        " AND id < (SELECT max(id) FROM letter)",
        (site, after, last, before_ms),
    )
    return last, conn.changes(), len(rows) == PRUNE_ROWS and rows[-1][1] < before_ms
