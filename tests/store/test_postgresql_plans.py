"""Every statement that PostgreSQL runs for us finds its rows by an index, also those within our functions.

The server itself says how it ran each, beside five thousand rows of everything: what it still reads from end to end,
or walks for a whole site, has no index for that question.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Any

import pytest
import pytest_asyncio

from router.store.hashing import keyed_hasher
from router.store.postgresql.address import connect
from router.store.postgresql.connections import Connection, Connections
from router.store.postgresql.store import PostgresqlStore
from tests.servers.postgresql import PostgresqlServer
from tests.store import test_moving
from tests.store.articling import ask_of_articles
from tests.store.complaining import ask_of_complaints
from tests.store.customering import ask_of_customers
from tests.store.makers import SITE, body, caller, effect, letter, proved
from tests.store.makers import commit as commit_rows
from tests.store.postgresql import Database
from tests.store.reviewing import ask_of_reviews

SAYS = {
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_nested_statements": "on",
    "auto_explain.log_format": "json",
    "client_min_messages": "log",
}
# Small for ever: a handful of rows for a site, or for the database.
SMALL = {
    *("meta", "schema_version", "test_clock", "view_place", "bundle", "snapshot", "account"),
    *("article", "article_revision"),
}
ROWS = 5_000
BULK = """
INSERT INTO letter(site, id, channel, hash, received_ms, message, state, signal)
  SELECT 'main', n, 'chat', decode(md5('l' || n), 'hex'), n, n, 'settled', '' FROM generate_series($1, $2) n;
INSERT INTO message(site, id, conv, line, direction, kind, author, provider, body)
  SELECT 'main', n, n, n, 'in', 'message', 'customer', decode(md5('p' || n), 'hex'), '{}'
  FROM generate_series($1, $2) n;
INSERT INTO line(site, id, channel, hash, key, peer, customer, extra)
  SELECT 'main', n, 'chat', decode(md5('n' || n), 'hex'), '', '', n, '{}' FROM generate_series($1, $2) n;
INSERT INTO customer(site, id, name, language, created_ms) SELECT 'main', n, '', '', n FROM generate_series($1, $2) n;
INSERT INTO identity(site, customer, kind, hash, value, verified)
  SELECT 'main', n, 'email', decode(md5('i' || n), 'hex'), '', 'smtp' FROM generate_series($1, $2) n;
INSERT INTO timeline SELECT 'main', n, n, n, 'Received', n, n, 0, '', 0, '' FROM generate_series($1, $2) n;
INSERT INTO conversation SELECT 'main', n, 'B' || n, n, n, 'chat', 'closed', 'general', n % 50, n, n, 0, n, '', ''
  FROM generate_series($1, $2) n;
INSERT INTO conversation_line SELECT 'main', n, n FROM generate_series($1, $2) n;
INSERT INTO outbox(site, id, lane, channel, effect, conv, line, message, notice, until_ms, position, created_ms, go_ms,
  state) SELECT 'other', n, 'b' || n, 'chat', 'send', n, n, n, '', 0, n, n, n, 'dead' FROM generate_series($1, $2) n;
INSERT INTO performed SELECT 'main', n, n FROM generate_series($1, $2) n;
INSERT INTO hint SELECT 'main', 'email', decode(md5('h' || n), 'hex'), n FROM generate_series($1, $2) n;
INSERT INTO aside SELECT 'main', n, decode(md5('a' || n), 'hex') FROM generate_series($1, $2) n;
INSERT INTO merge(site, id, one, other, why, agent, at) SELECT 'main', n, n, n + 1, 'by_hand', 1, n
  FROM generate_series($1, $2) n;
INSERT INTO erasure SELECT 'other', n, n, 1, n, n FROM generate_series($1, $2) n;
INSERT INTO sender(site, id, kind, hash, value, mark, reason, agent, created_ms, until_ms)
  SELECT 'main', n, 'email', decode(md5('s' || n), 'hex'), '', 'test', '', 1, 1, 0 FROM generate_series($1, $2) n;
INSERT INTO complaint SELECT 'main', n, 'c' || n, n, 'closed', '', '', '', 1, 1, n, n, 0, 1, n % 2 = 0,
  '{"customer":1,"kind":"","severity":"","queue":"","opened_ms":1,"begun_ms":1}', '{}'
  FROM generate_series($1, $2) n;
INSERT INTO complaint_step SELECT 'main', n, 1, 's' || n, n, 1, '', '{}', '""' FROM generate_series($1, $2) n;
INSERT INTO complaint_link SELECT 'main', n, n, 'first', n, 1 FROM generate_series($1, $2) n;
INSERT INTO placement SELECT 'main', n, 'p' || n, n, 1, 7, '', 'vip', '' FROM generate_series($1, $2) n;
INSERT INTO article SELECT 'main', n, 'a' || n, 1, '{"slug":""}' FROM generate_series($1, $2) n;
INSERT INTO article_version SELECT 'main', n, 1, 'a' || n, n, 1, '', '{"slug":""}' FROM generate_series($1, $2) n;
INSERT INTO article_count SELECT 'main', n % 19000, n, 1, 1, 1 FROM generate_series($1, $2) n;
INSERT INTO article_vote SELECT 'main', n, '', true, 10 + n FROM generate_series($1, $2) n;
INSERT INTO article_missed SELECT 'main', 10 + n % 19000, n::text, 1 FROM generate_series($1, $2) n;
INSERT INTO timeline(site, position, conv, line, kind, at, message, agent, notice, until_ms, detail)
  SELECT 'main', 10000000 + n, n, 0, 'Rated', n, 0, 0, '', 0, '3' FROM generate_series($1, $2) n;
INSERT INTO remark SELECT 'main', n, n, 1, '""', 0, 0, n % 2 = 0 FROM generate_series($1, $2) n;
INSERT INTO review SELECT 'main', n, n, n, n, 'handed', n, n, n, 1, n % 2 = 0,
  '{"conv":1,"reference":"","agent":1,"reviewer":1,"begun_ms":1,"week":1}', '{}' FROM generate_series($1, $2) n;
INSERT INTO draft SELECT 'main', n, 'B' || n, 'x', n FROM generate_series($1, $2) n;
INSERT INTO session SELECT 'main', n::text, n, '', 1, n FROM generate_series($1, $2) n;
INSERT INTO notebook SELECT 'main', 'b', n::text, '' FROM generate_series($1, $2) n;
INSERT INTO relay SELECT 'other', n::text, n, '', '' FROM generate_series($1, $2) n;
INSERT INTO lease SELECT 'main', 'node:' || n, '', 0, 1 FROM generate_series($1, $2) n;
INSERT INTO journal SELECT 'other', n, 1, n, 1, '' FROM generate_series($1, $2) n;
INSERT INTO snapshot_chunk SELECT 'other', n, 0, '' FROM generate_series($1, $2) n;
ANALYZE;
"""

# Read whole because that is what is asked for: everything of a queue that is as long as what waits.
WALKED = {"outbox_oldest", "outbox_dead", "letter_new", "letter_quarantined"}


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresqlServer]:
    server = PostgresqlServer(durable=False).start()
    yield server
    server.close()


class Listening:
    """A store whose connections say how each statement was run."""

    def __init__(self, address: str) -> None:
        self.plans: list[dict[str, Any]] = []
        opener = partial(self._connect, address)
        connections = Connections(opener, 2)
        self.store = PostgresqlStore(connections, connections, opener, hasher=keyed_hasher(b"k" * 32))

    async def _connect(self, address: str) -> Connection:
        conn = await connect(address)
        await conn.execute("LOAD 'auto_explain'")
        for name, value in SAYS.items():
            await conn.execute(f"SET {name} = '{value}'")
        conn.add_log_listener(self._hear)  # type: ignore[attr-defined]
        return conn

    def _hear(self, _conn: Connection, message: Any) -> None:
        _, found, plan = message.message.partition("plan:\n")
        # The driver asks for the shape of types by itself, once for each connection.
        if found and "pg_type" not in plan:
            self.plans.append(json.loads(plan))


@pytest_asyncio.fixture
async def listening(server: PostgresqlServer) -> AsyncIterator[Listening]:
    database = await Database.made_on(server)
    first = 1_000_000
    await database.run(BULK.replace("$1", str(first)).replace("$2", str(first + ROWS)))
    made = Listening(database.address)
    yield made
    await made.store.close()


def _steps(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _steps(child)


def _faults(plan: dict[str, Any]) -> list[str]:
    faults = []
    for step in _steps(plan["Plan"]):
        table = step.get("Relation Name", "")
        if step["Node Type"] == "Seq Scan" and table not in SMALL:
            faults.append(f"{table} is read from end to end")
        condition, index = step.get("Index Cond", ""), step.get("Index Name", "")
        by_site_alone = condition.count("=") <= 1 and "(site = " in condition and index not in WALKED
        growing = table in {"message", "letter", "line", "customer", "timeline", "conversation", "identity"}
        ordered = index in {"conversation_changed", "journal_pkey", "timeline_position"} or table == "snapshot_chunk"
        if by_site_alone and growing and not ordered and "<" not in condition and ">" not in condition:
            faults.append(f"{table} is walked for the whole site by {index}")
    return faults


async def _everything(store: PostgresqlStore) -> None:
    """Ask the store everything there is to ask."""
    await test_moving._fill(store)
    await test_moving._seen(store)
    archive, care = store.archive, store.care
    await store.letterbox.put(SITE, [letter("0"), letter("x", body=None)])
    await store.letterbox.waiting(SITE, before_ms=9_999, limit=5)
    await store.letterbox.tried(SITE, [2, 3])
    await store.letterbox.quarantined(SITE, 5)
    await store.prune(SITE, now_ms=10**13)
    await archive.meet(SITE, [caller("a", proved("m@x"), replies_to=["<1@x>"]), caller("new", proved("n@x"))], 9)
    await archive.write(SITE, [body("again")])
    await archive.set_extra(SITE, 1, "files", old="", new="[]")
    await archive.remember_provider(SITE, 1, "<z@x>")
    await archive.line_by_key(SITE, "chat", "a")
    await archive.open_line(SITE, "chat", "opened", "peer", 1)
    await archive.conversation_by_reference(SITE, "R1")
    for choice in ({"customer": 1}, {"owner": 7}, {}, {"owner": 7, "states": ["active"]}):
        await archive.conversations(SITE, limit=5, **choice)  # type: ignore[arg-type]
    await archive.story_at(SITE, 1, 1)
    await archive.on_line(SITE, 1, after=0, limit=5)
    await archive.last_words(SITE, [1, 2])
    await commit_rows(store, effects=[effect(3, "a"), effect(3, "z")])
    for one in await store.outbox.claim(SITE, "w", now_ms=10**12, until_ms=10**12, limit=1):
        assert not await store.outbox.holds(SITE, one.id, "w", now_ms=10**12)
        await store.outbox.later(SITE, one.id, not_before_ms=1, reason="r", unsure=False)
        await store.outbox.hasten(SITE, "email", now_ms=10**12, limit=9)
        await store.outbox.dead(SITE, one.id, "gone")
        await store.outbox.dead_letters(SITE, 5)
        assert await store.outbox.revive(SITE, one.id)
    await store.outbox.next_due_ms(SITE)
    await store.outbox.free_claims(SITE, now_ms=1)
    await store.leases.expired(SITE, "node:", now_ms=1)
    await store.leases.release(SITE, "lead", "node-1")
    await store.accounts.by_login(SITE, "ana")
    await store.accounts.by_id(SITE, 1)
    await store.accounts.close_sessions_of(SITE, 1)
    await store.senders.of(SITE, [("email", "m@x")], now_ms=5)
    await store.senders.unmark(SITE, 1)
    await care.alike(SITE, 1, limit=5)
    await care.unmerge(SITE, 1, agent=1, at=5)
    await care.keep_apart(SITE, 1, 2, agent=1, at=6)
    await care.drafts_on(SITE, [1], limit=5)
    await care.drafts_before(SITE, before_ms=99, limit=5)
    await care.messages_after(SITE, after=0, limit=5)
    await care.marks_on(SITE, [("email", "m@x")])
    await care.blank(SITE, [1])
    await ask_of_complaints(store)
    await ask_of_reviews(store)
    await ask_of_customers(store)
    await ask_of_articles(store)
    await store.relay.answer(SITE, [("command", b"!")])
    await store.relay.take(SITE, "command")
    await store.relay.sweep(SITE, before_ms=9)


async def test_no_growing_table_is_read_from_end_to_end(listening: Listening) -> None:
    await _everything(listening.store)
    assert len(listening.plans) > 150
    asked = {plan["Query Text"]: _faults(plan) for plan in listening.plans}
    wrong = {query: faults for query, faults in asked.items() if faults}
    assert wrong == {}, json.dumps(wrong, indent=1)
    tables = {step.get("Relation Name") for plan in listening.plans for step in _steps(plan["Plan"])}
    assert {"journal", "timeline", "outbox", "letter", "message", "hint", "merge"} <= tables
