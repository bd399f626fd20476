"""A body to the signals it means, by what an operator has written. Pure: no request, no network, no provider."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from channels.contract import (
    AnySignal,
    Attachment,
    Identity,
    LineClosed,
    LineOpened,
    LineRef,
    MessageIn,
    OptedOut,
    Recalled,
    Receipt,
)
from channels.typed import typed
from channels.webhook.paths import Expression, Item, items, matches
from channels.webhook.proof import name_of
from channels.webhook.settings import File, Incoming

ID_CHARS_MAX, NAME_CHARS_MAX, TEXT_CHARS_MAX, WORD_CHARS_MAX = 500, 120, 100_000, 1_000
FILES_MAX, FIELDS_MAX = 20, 200
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_MS_MAX = 4_102_444_800_000  # The year 2100: what is later is no time.


class Unreadable(Exception):
    """A body that cannot be read; its text is a short code."""


class Reader:
    """Reads the bodies of one entry. `channel` is its name, the channel of all its lines."""

    def __init__(self, channel: str, incoming: tuple[Incoming, ...], *, window_ms: int, quota: int) -> None:
        self._channel = channel
        self._kinds = [_Kind(each) for each in incoming]
        self._window_ms, self._quota = window_ms, quota
        self._makers: Mapping[str, Callable[[_Kind, Item, LineRef], AnySignal]] = {
            "message": self._message,
            "receipt": self._receipt,
            "recalled": lambda kind, item, line: Recalled(
                line=line, dedupe=kind.dedupe(item), provider=kind.word("provider", item)
            ),
            "opted_out": lambda kind, item, line: OptedOut(line=line, dedupe=kind.dedupe(item), out=kind.given.out),
            "opened": self._opened,
            "closed": lambda kind, item, line: LineClosed(line=line, dedupe=kind.dedupe(item)),
        }

    def signals(self, body: Any) -> list[AnySignal]:
        """Return the signals of a body. What fits no kind is not ours to know. Raises Unreadable."""
        return [signal for kind, item in self._found(body) if (signal := self._signal(kind, item)) is not None]

    def _found(self, body: Any) -> Iterator[tuple[_Kind, Item]]:
        """Each item counts once, as the first kind that it fits."""
        taken: set[int] = set()
        for kind in self._kinds:
            for item in items(kind.given.each, body):
                if id(item.value) not in taken and matches(item, kind.given.when):
                    taken.add(id(item.value))
                    yield kind, item

    def _signal(self, kind: _Kind, item: Item) -> AnySignal | None:
        make = self._makers.get(kind.given.kind)
        if make is None:
            return None
        peer = kind.word("peer", item)[:ID_CHARS_MAX]
        if not peer or not kind.word("id", item):
            raise Unreadable("id_missing")
        key = kind.word("line", item) or peer
        # A key of any length is kept short; one that is short stays as it is.
        line = LineRef(channel=self._channel, key=key if len(key) <= WORD_CHARS_MAX // 10 else name_of(key), peer=peer)
        return make(kind, item, line)

    def _message(self, kind: _Kind, item: Item, line: LineRef) -> MessageIn:
        reply_to = kind.word("reply_to", item)
        return MessageIn(
            line=line,
            dedupe=kind.dedupe(item),
            text=typed(kind.word("text", item)[:TEXT_CHARS_MAX], lines=True),
            subject=typed(kind.word("subject", item)[:WORD_CHARS_MAX], lines=False),
            provider=kind.word("provider", item)[:ID_CHARS_MAX],
            sent_ms=stamp_ms(kind.word("at", item), kind.given.at_in),
            name=kind.name(item),
            language=kind.language(item),
            identities=kind.identities(item),
            declared=kind.declared(item),
            in_reply_to=(reply_to,) if reply_to else (),
            attachments=kind.attachments(item),
            reply_window_ms=self._window_ms,
            reply_quota=self._quota,
        )

    def _opened(self, kind: _Kind, item: Item, line: LineRef) -> LineOpened:
        return LineOpened(
            line=line,
            dedupe=kind.dedupe(item),
            name=kind.name(item),
            language=kind.language(item),
            identities=kind.identities(item),
            declared=kind.declared(item),
        )

    def _receipt(self, kind: _Kind, item: Item, line: LineRef) -> AnySignal:
        said = kind.word("status", item)
        status = kind.given.statuses.get(said, "")
        if not status:
            raise Unreadable("status_unknown")
        provider, reason = kind.word("provider", item)[:ID_CHARS_MAX], kind.word("reason", item)
        code = re.sub(r"[^a-z0-9_]+", "_", reason.lower()[:40]).strip("_")
        return Receipt(line=line, dedupe=kind.dedupe(item), provider=provider, status=status, reason=code)


class _Kind:
    """What an operator has written about one kind, ready to be used."""

    def __init__(self, given: Incoming) -> None:
        self.given = given
        fields = ("id", "peer", "line", "text", "subject", "name", "language", "provider", "reply_to", "at")
        self._ways = {field: Expression(getattr(given, field)) for field in (*fields, "status", "reason")}
        self._declared = {name: Expression(path) for name, path in given.declared.items()}
        self._known = [(each, Expression(each.value)) for each in given.identities]
        self._files = [_FileAt(each) for each in given.files]

    def word(self, field: str, item: Item) -> str:
        return self._ways[field].of(item)

    def dedupe(self, item: Item) -> str:
        """Return the name under which a repeat is known again. Two kinds may count separately."""
        return f"{self.given.kind}:{name_of(self.word('id', item), self.word('status', item))}"

    def name(self, item: Item) -> str:
        return typed(self.word("name", item)[:NAME_CHARS_MAX], lines=False)

    def language(self, item: Item) -> str:
        found = _LANGUAGE.fullmatch(re.split(r"[-_]", self.word("language", item).lower(), maxsplit=1)[0])
        return found[0] if found else ""

    def identities(self, item: Item) -> tuple[Identity, ...]:
        said = ((each, way.of(item)[:ID_CHARS_MAX]) for each, way in self._known)
        return tuple(Identity(kind=each.kind, value=value, verified=each.proof) for each, value in said if value)

    def declared(self, item: Item) -> dict[str, str]:
        said = ((name, typed(way.of(item)[:WORD_CHARS_MAX], lines=False)) for name, way in self._declared.items())
        return {name: value for name, value in said if value}

    def attachments(self, item: Item) -> tuple[Attachment, ...]:
        found = (file.attachment(item) for file in self._files if matches(item, file.given.when))
        return tuple(file for file in found if file is not None)[:FILES_MAX]


class _FileAt:
    """Where a message names a file, ready to be used."""

    def __init__(self, given: File) -> None:
        self.given = given
        self._ways = {field: Expression(getattr(given, field)) for field in ("source", "name", "media_type", "size")}

    def attachment(self, item: Item) -> Attachment | None:
        said = {field: typed(way.of(item)[:WORD_CHARS_MAX], lines=False) for field, way in self._ways.items()}
        if not said["source"]:
            return None
        size = said["size"]
        return Attachment(
            name=(said["name"] or said["source"])[:NAME_CHARS_MAX],
            media_type=said["media_type"][:NAME_CHARS_MAX] or "application/octet-stream",
            size_bytes=int(size) if size.isascii() and size.isdigit() and len(size) <= 12 else 0,
            source=said["source"],
        )


def stamp_ms(said: str, written_in: str) -> int:
    """Return a time in UTC milliseconds, 0 for none and for what is no time."""
    if written_in == "iso":
        try:
            moment = datetime.fromisoformat(said)
        except ValueError:
            return 0
        found = moment.timestamp() * 1_000 if moment.tzinfo else 0
    else:
        digits = said.partition(".")[0]
        found = int(digits) * (1_000 if written_in == "s" else 1) if digits.isascii() and digits.isdigit() else 0
    return int(found) if 0 < found < _MS_MAX else 0


def body_of(data: bytes, written_in: str) -> Any:
    """Return a body as plain values. Raises Unreadable."""
    try:
        if written_in == "form":
            return dict(parse_qsl(data.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX))
        return msgspec.json.decode(data)
    except (ValueError, RecursionError):
        raise Unreadable("body_unreadable") from None
