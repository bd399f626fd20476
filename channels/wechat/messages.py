"""What WeChat pushes to an Official Account, as signals. Pure: no network, no clock, no secret.

https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Receiving_standard_messages.html
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping

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
from channels.tencent.envelope import Unreadable
from channels.typed import typed

CHANNEL = "wechat"
# An openid says who it is within one account, and the signature says that WeChat says so.
IDENTITY, PROOF = "openid", "wechat"
_OPENID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MEDIA_ID = re.compile(r"[A-Za-z0-9_-]{1,256}")
_NUMBER = re.compile(r"[0-9]{1,20}")
_STAMP = re.compile(r"[0-9]{1,11}")
_DEGREES = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,16})?")
_KIND = re.compile(r"[A-Za-z_]{1,40}")
# WeChat makes JPEG of every picture and MP4 of every film.
_MEDIA_TYPES = {"image": "image/jpeg", "video": "video/mp4", "shortvideo": "video/mp4"}
_VOICE_TYPES = {"amr": "audio/amr", "speex": "audio/x-speex", "mp3": "audio/mpeg"}
_SCENE_PREFIX = "qrscene_"
# Menu entries that a person presses to get an answer. Pictures and places of a menu arrive as messages of their own.
_PRESSED = frozenset({"CLICK", "scancode_waitmsg"})
# Who has only pressed may be answered three times within a minute; words of theirs open the whole window.
PRESSED_WINDOW_MS, PRESSED_QUOTA = 60_000, 3

Fields = Mapping[str, str]


class Said:
    """What a message says: its words, its files, and what else a screen may show of it."""

    def __init__(self, text: str = "", *files: Attachment, **extra: str) -> None:
        self.text, self.files, self.extra = text, files, extra


def signals_of(fields: Fields, menu: Mapping[str, str]) -> tuple[AnySignal, ...]:
    """Return what a push means; nothing for events that no person made. Raises Unreadable.

    `menu`: what somebody says who presses the menu entry of this key.
    """
    if not _OPENID.fullmatch(fields.get("FromUserName", "")) or not _STAMP.fullmatch(fields.get("CreateTime", "")):
        raise Unreadable("fields_missing")
    kind = fields.get("MsgType", "")
    if not _KIND.fullmatch(kind):
        raise Unreadable("fields_missing")
    return _event(fields, menu) if kind == "event" else (_message(fields, kind),)


# --- messages ------------------------------------------------------------------------------------------------


def _message(fields: Fields, kind: str) -> MessageIn:
    number = fields.get("MsgId", "")
    if not _NUMBER.fullmatch(number):
        raise Unreadable("fields_missing")
    return _said(fields, f"m:{_from(fields)}:{number}", KINDS.get(kind, _unknown)(fields), provider=number)


def _said(fields: Fields, dedupe: str, said: Said, *, provider: str = "") -> MessageIn:
    return MessageIn(
        line=_line(fields),
        dedupe=dedupe,
        text=typed(said.text, lines=True),
        provider=provider,
        sent_ms=int(fields["CreateTime"]) * 1_000,
        identities=_identities(fields),
        attachments=said.files,
        extra=said.extra,
    )


def _text(fields: Fields) -> Said:
    """A press on a `msgmenu` that we have sent comes as its words, with the key beside them."""
    pressed = fields.get("bizmsgmenuid", "")[:128]
    return Said(fields.get("Content", ""), **({"menu": pressed} if pressed else {}))


def _picture_or_film(fields: Fields) -> Said:
    kind = fields["MsgType"]
    return Said("", *_files(fields, kind, _MEDIA_TYPES[kind]))


def _voice(fields: Fields) -> Said:
    media_type = _VOICE_TYPES.get(fields.get("Format", "").lower(), "application/octet-stream")
    return Said(fields.get("Recognition", ""), *_files(fields, "voice", media_type))


def _file(fields: Fields) -> Said:
    """A file cannot be fetched by this interface: its name is kept, so that the agent can ask for it otherwise."""
    return Said(f"[file] {fields.get('Title', '')}", kind="file")


def _location(fields: Fields) -> Said:
    latitude, longitude = fields.get("Location_X", ""), fields.get("Location_Y", "")
    if not _DEGREES.fullmatch(latitude) or not _DEGREES.fullmatch(longitude):
        return _unknown(fields)
    return Said(f"{fields.get('Label', '')}\n{latitude}, {longitude}", latitude=latitude, longitude=longitude)


def _link(fields: Fields) -> Said:
    return Said("\n".join(fields[name] for name in ("Title", "Description", "Url") if fields.get(name)))


def _unknown(fields: Fields) -> Said:
    """A kind of a later year is a message, too: that something came is said, and nothing is lost."""
    kind = fields["MsgType"]
    words = fields.get("Content") or fields.get("Title") or ""
    return Said(f"[{kind}] {words}", *_files(fields, kind, "application/octet-stream"), kind=kind)


KINDS: Mapping[str, Callable[[Fields], Said]] = {
    "text": _text,
    "image": _picture_or_film,
    "video": _picture_or_film,
    "shortvideo": _picture_or_film,
    "voice": _voice,
    "file": _file,
    "location": _location,
    "link": _link,
}


def _files(fields: Fields, name: str, media_type: str) -> tuple[Attachment, ...]:
    """A medium that WeChat keeps for three days; only what can be a media id is ever asked for."""
    source = fields.get("MediaId", "")
    if not is_media_id(source):
        return ()
    return (Attachment(name=name, media_type=media_type, size_bytes=0, source=source),)


def is_media_id(source: str) -> bool:
    """Return whether this can name a medium."""
    return _MEDIA_ID.fullmatch(source) is not None


# --- events --------------------------------------------------------------------------------------------------


def _event(fields: Fields, menu: Mapping[str, str]) -> tuple[AnySignal, ...]:
    event = fields.get("Event", "")
    if event in _PRESSED:
        return (_pressed(fields, event, menu),)
    make = EVENTS.get(event)
    return make(fields) if make else ()


def _follows(fields: Fields) -> tuple[AnySignal, ...]:
    again = OptedOut(line=_line(fields), dedupe=f"{_event_key(fields)}:in", out=False)
    return (again, *_scanned(fields))


def _scanned(fields: Fields) -> tuple[AnySignal, ...]:
    scene = fields.get("EventKey", "").removeprefix(_SCENE_PREFIX)
    declared = {"scene": scene[:128]} if scene else {}
    opened = LineOpened(
        line=_line(fields), dedupe=_event_key(fields), identities=_identities(fields), declared=declared
    )
    return (opened,)


def _leaves(fields: Fields) -> tuple[AnySignal, ...]:
    return (OptedOut(line=_line(fields), dedupe=_event_key(fields), out=True),)


def _pressed(fields: Fields, event: str, menu: Mapping[str, str]) -> MessageIn | KeyPressed:
    key, read = fields.get("EventKey", ""), fields.get("ScanCodeInfo.ScanResult", "")
    if key in menu:
        said = Said(f"{menu[key]}\n{read}", menu=key[:128])
        message = _said(fields, _event_key(fields), said)
        return msgspec.structs.replace(message, reply_window_ms=PRESSED_WINDOW_MS, reply_quota=PRESSED_QUOTA)
    return KeyPressed(line=_line(fields), dedupe=_event_key(fields), keys=key[:128], prompt=event)


# Events that a person made and a router may want to know. All others are news of the platform and are answered only.
EVENTS: Mapping[str, Callable[[Fields], tuple[AnySignal, ...]]] = {
    "subscribe": _follows,
    "SCAN": _scanned,
    "unsubscribe": _leaves,
}


def _event_key(fields: Fields) -> str:
    """Events have no number: WeChat says that sender and second name them; we add which one it was."""
    what = f"{fields.get('Event', '')}\0{fields.get('EventKey', '')}".encode()
    return f"e:{_from(fields)}:{fields['CreateTime']}:{hashlib.sha256(what).hexdigest()[:16]}"


def _line(fields: Fields) -> LineRef:
    return LineRef(channel=CHANNEL, key=_from(fields), peer=_from(fields))


def _identities(fields: Fields) -> tuple[Identity, ...]:
    return (Identity(kind=IDENTITY, value=_from(fields), verified=PROOF),)


def _from(fields: Fields) -> str:
    return fields["FromUserName"]
