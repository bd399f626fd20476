"""A message's body, taken apart into its row and put together again. No SQL.

What is searched for has a column of its own, because PostgreSQL cannot look into a JSON text that spells out a NUL.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from router.store.hashing import Hashes
from router.store.port import Body, MessageRow, StoreError
from router.store.postgresql.texts import given, kept

CLIENT = "client"
"""The `extra` under which an author's own id of a message stands."""

_decoder = msgspec.json.Decoder(Body)


class Written(NamedTuple):
    """A body made ready for its row: what costs time is done before the connection is taken."""

    direction: str
    kind: str
    author: str
    client: str
    extras: list[str]
    provider: bytes | None
    provider_id: str
    body: str


def written(hashes: Hashes, site: str, body: Body) -> Written:
    """Make a body ready for its row."""
    return Written(
        direction=body.direction,
        kind=body.kind,
        author=kept(body.author),
        client=kept(body.extra.get(CLIENT, "")),
        extras=[kept(name) for name in body.extra],
        provider=hashes.provider(site, body.provider) if body.provider else None,
        provider_id=kept(body.provider),
        body=encoded(body),
    )


def encoded(body: Body) -> str:
    """Return the text of a body's row. The provider's id stands beside it, because it may change."""
    alone = msgspec.structs.replace(body, provider="") if body.provider else body
    try:
        return msgspec.json.encode(alone).decode()
    except UnicodeEncodeError:
        fault = StoreError("a text is not Unicode")
    raise fault


def decoded(text: str, provider_id: str) -> Body:
    """Return the body of a row."""
    body = _decoder.decode(text)
    return msgspec.structs.replace(body, provider=given(provider_id)) if provider_id else body


MESSAGE = "m.id, m.conv, m.line, m.body, m.provider_id, m.status, m.reason"


def message_row(row: Sequence[Any]) -> MessageRow:
    """Return a message from the columns of `MESSAGE`."""
    number, conv, line, body, provider_id, status, reason = row
    return MessageRow(id=number, conv=conv, line=line, body=decoded(body, provider_id), status=status, reason=reason)
