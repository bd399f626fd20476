"""Rows for the store's tests, with everything that does not matter filled in."""

from __future__ import annotations

from typing import Any

from router.core.facts import Facts
from router.core.record import Record, encode_record
from router.store.port import (
    Account,
    Body,
    Caller,
    Commit,
    ConversationRow,
    Identity,
    NewEffect,
    NewLetter,
    Store,
    TimelineRow,
)

SITE = "main"


def body(text: str = "hello", **given: Any) -> Body:
    return Body(**{"direction": "in", "author": "customer", "text": text, "created_ms": 1_000, **given})


def letter(dedupe: str, **given: Any) -> NewLetter:
    plain = {"channel": "chat", "received_ms": 1_000, "signal": b"signal " + dedupe.encode(), "body": body(dedupe)}
    return NewLetter(dedupe=dedupe, **{**plain, **given})


def effect(position: int, lane: str, **given: Any) -> NewEffect:
    plain = {"channel": "email", "effect": "send", "conv": 1, "line": 1}
    return NewEffect(position=position, lane=lane, **{**plain, **given})


def row(position: int, kind: str, **given: Any) -> TimelineRow:
    return TimelineRow(position=position, kind=kind, **{"conv": 1, "line": 1, "at": 1_000 + position, **given})


def conversation(conv: int, state: str = "waiting", **given: Any) -> ConversationRow:
    plain = {
        "reference": f"R{conv}",
        "customer": 1,
        "line": 1,
        "channel": "chat",
        "queue": "general",
        "owner": 0,
        "opened_ms": 1_000,
        "changed_ms": 1_000 + conv,
    }
    return ConversationRow(conv=conv, state=state, **{**plain, **given})


def record(conv: int, **given: Any) -> bytes:
    plain = {
        "version": 1,
        "customer": 1,
        "line": 1,
        "channel": "chat",
        "queue": "general",
        "needs": (),
        "load": 25,
        "key_ms": 1_000,
        "opened_ms": 1_000,
        "owner": 0,
        "facts": Facts(channel="chat"),
        "left_ms": 2_000,
        "state": "parked",
    }
    return encode_record(Record(conv=conv, **{**plain, **given}))


def caller(key: str, *identities: Identity, **given: Any) -> Caller:
    return Caller(key=key, identities=identities, **{"channel": "chat", "peer": "peer of " + key, **given})


def proved(value: str, kind: str = "email") -> Identity:
    return Identity(kind=kind, value=value, verified="smtp")


def typed(value: str, kind: str = "email") -> Identity:
    return Identity(kind=kind, value=value)


def account(login: str, **given: Any) -> Account:
    return Account(login=login, **{"id": 0, "name": login.title(), "role": "agent", "password": "$argon2$", **given})


async def lead(store: Store, owner: str = "node-1", *, now_ms: int = 0, site: str = SITE) -> int:
    return await store.leases.acquire(site, "lead", owner, now_ms=now_ms, ttl_ms=10_000)


async def commit(store: Store, *, epoch: int = 1, count: int = 1, site: str = SITE, **given: Any) -> int:
    """Commit at the journal's end and return the first position."""
    first = (await store.journal.end(site))[0] + 1
    plain = {"at": 1_000 + first, "entries": b"entries"}
    await store.journal.commit(site, Commit(epoch=epoch, first=first, count=count, **{**plain, **given}))
    return first
