"""The letterbox's rows: signals accepted once, and what became of each. No parsing, no decisions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from router.store.hashing import Hashes
from router.store.limits import DAY_MS, DEDUPE_DAYS, PRUNE_ROWS
from router.store.port import Letter, NewLetter, Note, StoreError
from router.store.postgresql.bodies import Written, written
from router.store.postgresql.connections import Connections
from router.store.postgresql.grouping import Group
from router.store.postgresql.texts import kept

_FIELDS = "id, channel, received_ms, message, state, attempts, position, signal, line"

# Everything in one statement: the notes, those letters that are not known, and their bodies. Ids are drawn in the
# order in which the letters came; rows are written in the order of their keys, so that two nodes that were sent the
# same ones wait for each other and never in a circle.
_PUT = """
WITH given AS MATERIALIZED (
  SELECT e.*, nextval('letter_id') AS id, CASE WHEN e.direction <> '' THEN nextval('message_id') ELSE 0 END AS message
  FROM unnest($1::text[], $2::text[], $3::bytea[], $4::bigint[], $5::bytea[], $6::text[], $7::text[], $8::text[],
    $9::text[], $10::text[], $11::bytea[], $12::text[], $13::text[], $18::bytea[]) WITH ORDINALITY
    e(site, channel, hash, received_ms, signal, direction, kind, author, client, extras, provider, provider_id, body,
      line, number)
), noted AS (
  INSERT INTO notebook(site, book, key, value)
  SELECT * FROM unnest($14::text[], $15::text[], $16::text[], $17::text[]) n(site, book, key, value)
  ORDER BY site, book, key
  ON CONFLICT (site, book, key) DO UPDATE SET value = excluded.value
), fresh AS (
  INSERT INTO letter(site, id, channel, hash, received_ms, message, signal, line)
  SELECT site, id, channel, hash, received_ms, message, signal, line FROM given ORDER BY site, channel, hash
  ON CONFLICT (site, channel, hash) DO NOTHING RETURNING site, id, message
), bodies AS (
  INSERT INTO message(site, id, channel, direction, kind, author, client, extras, provider, provider_id, body)
  SELECT g.site, g.message, g.channel, g.direction, g.kind, g.author, g.client,
    CASE WHEN g.extras = '' THEN '{}' ELSE string_to_array(g.extras, chr(31)) END, g.provider, g.provider_id, g.body
  FROM given g JOIN fresh f ON f.site = g.site AND f.id = g.id WHERE g.direction <> ''
)
SELECT g.number, f.id, f.message, coalesce((
  SELECT l.id FROM letter l WHERE l.site = g.site AND l.line = g.line AND l.line <> '' AND l.state = 'new'
  ORDER BY l.id DESC LIMIT 1), 0)
FROM fresh f JOIN given g ON g.site = f.site AND g.id = f.id
"""

_KNOWN = f"""
SELECT k.number, l.* FROM unnest($1::text[], $2::text[], $3::bytea[]) WITH ORDINALITY k(site, channel, hash, number)
CROSS JOIN LATERAL (
  SELECT {_FIELDS} FROM letter l WHERE l.site = k.site AND l.channel = k.channel AND l.hash = k.hash) l
"""  # noqa: S608 - the fields are the constant above

_WAITING = f"""
SELECT {_FIELDS} FROM letter WHERE site = $1 AND state = 'new' AND received_ms < $2 AND (received_ms, id) > ($4, $5)
ORDER BY received_ms, id LIMIT $3
"""  # noqa: S608

_GET = f"SELECT {_FIELDS} FROM letter WHERE site = $1 AND id = $2"  # noqa: S608

_QUARANTINED = f"""
SELECT {_FIELDS}, reason FROM letter WHERE site = $1 AND state = 'quarantined' ORDER BY received_ms DESC, id DESC
LIMIT $2
"""  # noqa: S608

_TRIED = "UPDATE letter SET attempts = attempts + 1 WHERE site = $1 AND id = ANY($2::bigint[])"

_SPARED = "UPDATE letter SET attempts = greatest(attempts - 1, 0) WHERE site = $1 AND id = ANY($2::bigint[])"

_UNSETTLED = "SELECT id FROM letter WHERE site = $1 AND id = ANY($2::bigint[]) AND state = 'new'"

_SET_ASIDE = "UPDATE letter SET state = 'quarantined', reason = $3 WHERE site = $1 AND id = $2 AND state = 'new'"

_DEPTH = """
SELECT (SELECT count(*) FROM letter WHERE site = $1 AND state = 'new'),
  (SELECT coalesce(min(received_ms), 0) FROM letter WHERE site = $1 AND state = 'new'),
  (SELECT count(*) FROM letter WHERE site = $1 AND state = 'quarantined')
"""

_PRUNE = """
WITH seen AS MATERIALIZED (SELECT id, received_ms FROM letter WHERE site = $1 AND id > $2 ORDER BY id LIMIT $3),
gone AS (
  DELETE FROM letter WHERE site = $1 AND state = 'settled'
    AND id = ANY(ARRAY(SELECT id FROM seen WHERE received_ms < $4)) RETURNING 1)
SELECT (SELECT max(id) FROM seen), (SELECT count(*) FROM gone),
  (SELECT count(*) FROM seen) = $3 AND (SELECT received_ms FROM seen ORDER BY id DESC LIMIT 1) < $4
"""


class Signal(NamedTuple):
    """A new letter made ready for its row."""

    site: str
    channel: str
    hash: bytes
    received_ms: int
    signal: bytes
    line: bytes
    body: Written | None

    @property
    def key(self) -> tuple[str, str, bytes]:
        """What makes it the same letter again."""
        return self.site, self.channel, self.hash


class Put(NamedTuple):
    """What one caller wants written."""

    signals: list[Signal]
    notes: list[tuple[str, str, str, str]]


NO_BODY = Written("", "", "", "", [], None, "", "")


class PostgresqlLetterbox:
    """The port's Letterbox."""

    def __init__(self, connections: Connections, hashes: Hashes) -> None:
        self._connections = connections
        self._hashes = hashes
        self._puts: Group[Put, list[Letter]] = Group(self._put_all)

    async def put(self, site: str, letters: Sequence[NewLetter], notes: Sequence[Note] = ()) -> list[Letter]:
        """See the port."""
        signals = [self._signal(site, letter) for letter in letters]
        noted = [(site, kept(note.book), kept(note.key), kept(note.value)) for note in notes]
        return await self._puts.do(Put(signals, noted)) if signals or noted else []

    async def waiting(self, site: str, *, before_ms: int, limit: int, after: tuple[int, int] = (0, 0)) -> list[Letter]:
        """See the port."""
        return [_letter(row) for row in await self._connections.read(_WAITING, site, before_ms, limit, *after)]

    async def get(self, site: str, letter: int) -> Letter | None:
        """See the port."""
        rows = await self._connections.read(_GET, site, letter)
        return _letter(rows[0]) if rows else None

    async def tried(self, site: str, letters: Sequence[int]) -> None:
        """See the port."""
        await self._connections.write(_TRIED, site, sorted(set(letters)))

    async def unsettled(self, site: str, letters: Collection[int]) -> set[int]:
        """See the port."""
        return {number for (number,) in await self._connections.read(_UNSETTLED, site, sorted(letters))}

    async def spared(self, site: str, letters: Sequence[int]) -> None:
        """See the port."""
        await self._connections.write(_SPARED, site, sorted(set(letters)))

    async def quarantine(self, site: str, letter: int, reason: str) -> None:
        """See the port."""
        await self._connections.write(_SET_ASIDE, site, letter, reason)

    async def depth(self, site: str) -> tuple[int, int, int]:
        """See the port."""
        [(new, oldest_ms, quarantined)] = await self._connections.read(_DEPTH, site)
        return new, oldest_ms, quarantined

    async def quarantined(self, site: str, limit: int) -> list[tuple[Letter, str]]:
        """See the port."""
        rows = await self._connections.read(_QUARANTINED, site, limit)
        return [(_letter(tuple(row)[:-1]), row[-1]) for row in rows]

    async def prune(self, site: str, *, now_ms: int, days: int = DEDUPE_DAYS) -> int:
        """Forget the dedupe hashes of settled letters older than so many days; return how many."""
        before_ms, after, gone, more = now_ms - days * DAY_MS, 0, 0, True
        while more:
            [(last, count, more)] = await self._connections.write(_PRUNE, site, after, PRUNE_ROWS, before_ms)
            after, gone = last or after, gone + count
        return gone

    async def finish(self) -> None:
        """Wait until nothing is under way."""
        await self._puts.finish()

    def _signal(self, site: str, letter: NewLetter) -> Signal:
        body = written(self._hashes, site, letter.body) if letter.body else None
        hashed = self._hashes.dedupe(site, letter.channel, letter.dedupe)
        line = self._hashes.line(site, letter.channel, letter.line) if letter.line else b""
        return Signal(site, letter.channel, hashed, letter.received_ms, letter.signal, line, body)

    async def _put_all(self, puts: list[Put]) -> list[list[Letter]]:
        """Write everybody's letters and notes in one statement; only repeats cost a second one, a reading."""
        first: dict[tuple[str, str, bytes], Signal] = {}
        for put in puts:
            for signal in put.signals:
                first.setdefault(signal.key, signal)
        new = list(first.values())
        notes = {note[:3]: note for put in puts for note in put.notes}
        lines = [signal.line for signal in new]
        rows = await self._connections.write(_PUT, *_columns(new), *_turned(list(notes.values()), 4), lines)
        fresh = {
            new[number - 1].key: _fresh(new[number - 1], letter, body, behind=behind)
            for number, letter, body, behind in rows
        }
        known = await self._known([key for key in first if key not in fresh])
        return [_answers(put, fresh, known) for put in puts]

    async def _known(self, keys: list[tuple[str, str, bytes]]) -> dict[tuple[str, str, bytes], Letter]:
        """Read earlier letters. They were there a moment ago, so one that is missing has just been pruned."""
        if not keys:
            return {}
        rows = await self._connections.read(_KNOWN, *_turned(keys, 3))
        found = {keys[number - 1]: _letter(row) for number, *row in rows}
        if len(found) < len(keys):
            raise StoreError("a letter was forgotten in the moment in which it came again")
        return found


def _answers(
    put: Put, fresh: dict[tuple[str, str, bytes], Letter], known: dict[tuple[str, str, bytes], Letter]
) -> list[Letter]:
    """Return one caller's answers; a letter is fresh for the first who brought it."""
    answers = []
    for signal in put.signals:
        letter = fresh.pop(signal.key, None)
        if letter is not None:
            known[signal.key] = _again(letter)
        answers.append(letter or known[signal.key])
    return answers


def _columns(signals: list[Signal]) -> list[list[Any]]:
    """Turn letters into one list for each column. The names of extras go as one text: arrays of arrays must be even."""
    rows = []
    for one in signals:
        body = one.body or NO_BODY
        extras = "\x1f".join(name.replace("\x1f", " ") for name in body.extras)
        rows.append((*one[:5], *body[:4], extras, *body[5:]))
    return _turned(rows, 13)


def _turned(rows: Sequence[Sequence[Any]], width: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]


def _fresh(signal: Signal, letter: int, message: int, *, behind: int) -> Letter:
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


def _again(letter: Letter) -> Letter:
    return Letter(
        id=letter.id,
        channel=letter.channel,
        received_ms=letter.received_ms,
        message=letter.message,
        state=letter.state,
        attempts=letter.attempts,
        position=letter.position,
        signal=letter.signal,
        line=letter.line,
    )


def _letter(row: Sequence[Any]) -> Letter:
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
