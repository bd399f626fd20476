"""What Weibo pushes to an account, as signals. Pure: no network, no clock, no secret.

https://open.weibo.com/wiki/Receive_General_Message
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec

from channels.contract import (
    AnySignal,
    Attachment,
    Identity,
    KeyPressed,
    LineOpened,
    LineRef,
    MessageIn,
    OptedOut,
)
from channels.typed import typed

CHANNEL = "weibo"
# A person's number on Weibo; the signature says that Weibo says so.
IDENTITY, PROOF = "weibo", "weibo"
# The answer to an @mention: one, and no more.
MENTION_QUOTA = 1
_UID = re.compile(r"[0-9]{1,20}")
_DEGREES = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,16})?")
_CREATED = re.compile(
    r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([0-9]{2}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) ([+-])([0-9]{2})([0-9]{2}) ([0-9]{4})"
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MEDIA_TYPES = {"image": "image/jpeg", "voice": "audio/amr"}
# The words by which Weibo's older service is joined and left.
_JOIN, _LEAVE = "dy", "td"


def is_uid(text: str) -> bool:
    """Return whether this can be the number of a person, an account or a file."""
    return _UID.fullmatch(text) is not None


class Unreadable(ValueError):
    """A body that cannot be read; the code says why."""


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """What ops have said about pushes. `menu`: what pressing the menu entry of a key says."""

    menu: Mapping[str, str] = {}
    mentions: bool = False


class Push(msgspec.Struct, frozen=True, kw_only=True):
    """One push. Numbers are of 64 bits, and come as numbers or as text."""

    type: str
    receiver_id: int | str
    sender_id: int | str
    created_at: str
    text: str = ""
    data: Any = None

    @property
    def sender(self) -> str:
        return str(self.sender_id)

    def of_data(self, name: str) -> str:
        """Return a field of `data`, whose fields are numbers or texts as it pleases Weibo."""
        value = self.data.get(name) if isinstance(self.data, dict) else None
        return str(value) if isinstance(value, str | int | float) else ""


_reader = msgspec.json.Decoder(Push)


def read_push(body: bytes) -> Push:
    """Read a push, whatever type its sender declares. Raises Unreadable."""
    try:
        push = _reader.decode(body)
    except (ValueError, RecursionError):
        raise Unreadable("json_unreadable") from None
    if not _UID.fullmatch(push.sender) or not _UID.fullmatch(str(push.receiver_id)):
        raise Unreadable("fields_missing")
    return push


def created_ms(text: str) -> int:
    """Return the time of `Mon Jul 16 18:09:20 +0800 2012`, in any locale. Raises Unreadable."""
    found = _CREATED.fullmatch(text)
    if found is None or found[1] not in _MONTHS:
        raise Unreadable("time_unreadable")
    away = timedelta(hours=int(found[7]), minutes=int(found[8])) * (-1 if found[6] == "-" else 1)
    try:
        day = (int(found[9]), _MONTHS.index(found[1]) + 1, int(found[2]))
        moment = datetime(*day, int(found[3]), int(found[4]), int(found[5]), tzinfo=timezone(away))
    except ValueError:
        raise Unreadable("time_unreadable") from None
    return int(moment.astimezone(UTC).timestamp()) * 1_000


def signals_of(push: Push, wishes: Wishes) -> tuple[AnySignal, ...]:
    """Return what a push means; nothing for what no person said or did. Raises Unreadable."""
    if push.type == "event":
        return EVENTS.get(push.of_data("subtype"), _nothing)(push, wishes)
    if push.type == "text" and push.text.strip().lower() in (_JOIN, _LEAVE):
        return _joins_or_leaves(push, out=push.text.strip().lower() == _LEAVE)
    return KINDS.get(push.type, _unknown)(push, wishes)


def _text(push: Push, _wishes: Wishes) -> tuple[AnySignal, ...]:
    return (_message(push, push.text),)


def _media(push: Push, _wishes: Wishes) -> tuple[AnySignal, ...]:
    """`tovfid` is the file as its receiver may read it. Weibo puts words of its own beside a medium."""
    source = push.of_data("tovfid")
    if not _UID.fullmatch(source):
        return _unknown(push, _wishes)
    file = Attachment(name=push.type, media_type=_MEDIA_TYPES[push.type], size_bytes=0, source=source)
    return (msgspec.structs.replace(_message(push, push.text), attachments=(file,)),)


def _position(push: Push, wishes: Wishes) -> tuple[AnySignal, ...]:
    latitude, longitude = push.of_data("latitude"), push.of_data("longitude")
    if not _DEGREES.fullmatch(latitude) or not _DEGREES.fullmatch(longitude):
        return _unknown(push, wishes)
    where = {"latitude": latitude, "longitude": longitude}
    return (msgspec.structs.replace(_message(push, f"{push.text}\n{latitude}, {longitude}"), extra=where),)


def _mention(push: Push, wishes: Wishes) -> tuple[AnySignal, ...]:
    """A post that names us. It is kept in any case; ops say whether it is a request."""
    message = msgspec.structs.replace(
        _message(push, push.text),
        reply_quota=MENTION_QUOTA,
        set_aside="" if wishes.mentions else "mention",
        extra={"mention": push.of_data("subtype")[:40], "post": push.of_data("key")[:40]},
    )
    return (message,)


def _unknown(push: Push, _wishes: Wishes) -> tuple[AnySignal, ...]:
    """Kinds of a later year: words are kept, what has none is the platform's own business."""
    kind = typed(push.type, lines=False)[:40]
    return (
        (msgspec.structs.replace(_message(push, f"[{kind}] {push.text}"), extra={"kind": kind}),) if push.text else ()
    )


def _joins_or_leaves(push: Push, *, out: bool) -> tuple[AnySignal, ...]:
    said = msgspec.structs.replace(_message(push, push.text), set_aside="opt_out")
    return (OptedOut(line=_line(push), dedupe=f"{said.dedupe}:out", out=out), said)


def _follows(push: Push, _wishes: Wishes) -> tuple[AnySignal, ...]:
    dedupe = _dedupe(push)
    opened = LineOpened(line=_line(push), dedupe=dedupe, identities=_identities(push))
    return (OptedOut(line=_line(push), dedupe=f"{dedupe}:in", out=False), opened)


def _leaves(push: Push, _wishes: Wishes) -> tuple[AnySignal, ...]:
    return (OptedOut(line=_line(push), dedupe=_dedupe(push), out=True),)


def _scanned(push: Push, _wishes: Wishes) -> tuple[AnySignal, ...]:
    declared = {"scene": push.of_data("key")[:128]}
    return (LineOpened(line=_line(push), dedupe=_dedupe(push), identities=_identities(push), declared=declared),)


def _pressed(push: Push, wishes: Wishes) -> tuple[AnySignal, ...]:
    key = push.of_data("key")
    if key in wishes.menu:
        return (msgspec.structs.replace(_message(push, wishes.menu[key]), extra={"menu": key[:128]}),)
    return (KeyPressed(line=_line(push), dedupe=_dedupe(push), keys=key[:128], prompt="click"),)


def _nothing(_push: Push, _wishes: Wishes) -> tuple[AnySignal, ...]:
    return ()


Reading = Callable[[Push, Wishes], tuple[AnySignal, ...]]
KINDS: Mapping[str, Reading] = {
    "text": _text,
    "image": _media,
    "voice": _media,
    "position": _position,
    "mention": _mention,
}
EVENTS: Mapping[str, Reading] = {
    "follow": _follows,
    "subscribe": _follows,
    "unfollow": _leaves,
    "unsubscribe": _leaves,
    "scan": _scanned,
    "scan_follow": _scanned,
    "click": _pressed,
}


def _message(push: Push, text: str) -> MessageIn:
    return MessageIn(
        line=_line(push),
        dedupe=_dedupe(push),
        text=typed(text, lines=True),
        sent_ms=created_ms(push.created_at),
        identities=_identities(push),
    )


def _line(push: Push) -> LineRef:
    return LineRef(channel=CHANNEL, key=push.sender, peer=push.sender)


def _identities(push: Push) -> tuple[Identity, ...]:
    return (Identity(kind=IDENTITY, value=push.sender, verified=PROOF),)


def _dedupe(push: Push) -> str:
    """A push has no number, and its time is one of whole seconds: so what was said counts as well."""
    what = msgspec.json.encode([push.type, push.text, push.data], order="deterministic")
    return f"{push.sender}:{push.created_at[:40]}:{hashlib.sha256(what).hexdigest()[:16]}"
