"""What `kf/sync_msg` lists for a customer-service account, as signals. Pure: no network, no clock, no secret.

https://developer.work.weixin.qq.com/document/path/94670
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from channels.contract import AnySignal, Attachment, Identity, LineOpened, LineRef, MessageIn, Recalled, Receipt
from channels.typed import typed

CHANNEL = "wecom"
IDENTITY, PROOF = "wecom", "wecom"
# Who said it: what staff say in WeCom's own client is theirs, and never a message of the customer.
FROM_CUSTOMER, FROM_SYSTEM = 3, 4
_USER = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MSGID = re.compile(r"[A-Za-z0-9_=+/-]{1,128}")
_MEDIA_ID = re.compile(r"[A-Za-z0-9_-]{1,256}")
# Our own message ids: one per part of an answer, all beginning with the answer's.
_OURS = re.compile(r"(pb[0-9a-f]{24})_[0-9]{1,2}")
_MEDIA_TYPES = {"image": "image/jpeg", "voice": "audio/amr", "video": "video/mp4", "file": "application/octet-stream"}
SEND_FAULTS: Mapping[int, str] = {
    1: "account_deleted",
    2: "app_closed",
    4: "window_closed",
    5: "session_closed",
    6: "quota_used",
    7: "not_bound",
    8: "not_verified",
    9: "not_verified",
    10: "refused_by_customer",
}

Item = Mapping[str, Any]


class Said:
    """What a message says: its words, its files, and what else a screen may show of it."""

    def __init__(self, text: str = "", *files: Attachment, **extra: str) -> None:
        self.text, self.files, self.extra = text, files, extra


def signals_of(item: Item) -> tuple[AnySignal, ...]:
    """Return what an item means; nothing for what no customer said or did, and for what cannot be read.

    An item that cannot be read must not stop the cursor for ever: the platform would list it first each time.
    """
    if not _MSGID.fullmatch(word(item, "msgid")):
        return ()
    if item.get("origin") == FROM_SYSTEM and item.get("msgtype") == "event":
        event = inside(item, "event")
        make = EVENTS.get(word(event, "event_type"))
        return make(item, event) if make and _is_line(event) else ()
    if item.get("origin") != FROM_CUSTOMER or not _is_line(item):
        return ()
    kind = word(item, "msgtype")
    return (_message(item, KINDS.get(kind, _unknown)(item)),)


def welcome_code(item: Item) -> str:
    """Return the code by which somebody who has just entered may be greeted; empty where there is none."""
    event = inside(item, "event")
    return word(event, "welcome_code")[:256] if word(event, "event_type") == "enter_session" else ""


def line_of(open_kfid: str, user: str) -> LineRef:
    """Return the line of a customer with one of our accounts: both are needed to answer."""
    name = f"{open_kfid}:{user}"
    return LineRef(channel=CHANNEL, key=name, peer=name)


def parties_of(peer: str) -> tuple[str, str] | None:
    """Return account and customer of a line's address."""
    open_kfid, _, user = peer.partition(":")
    return (open_kfid, user) if _USER.fullmatch(open_kfid) and _USER.fullmatch(user) else None


def is_account(text: str) -> bool:
    """Return whether this can be an `open_kfid`."""
    return _USER.fullmatch(text) is not None


def is_media_id(source: str) -> bool:
    """Return whether this can name a medium."""
    return _MEDIA_ID.fullmatch(source) is not None


def word(item: Item, name: str) -> str:
    """Return a field that should be text."""
    value = item.get(name)
    return value if isinstance(value, str) else ""


def inside(item: Item, name: str) -> Item:
    """Return a field that should hold fields."""
    value = item.get(name)
    return value if isinstance(value, dict) else {}


# --- messages ------------------------------------------------------------------------------------------------


def _message(item: Item, said: Said) -> MessageIn:
    sent_s = item.get("send_time")
    return MessageIn(
        line=_line(item),
        dedupe=f"m:{word(item, 'msgid')}",
        text=typed(said.text, lines=True),
        provider=word(item, "msgid"),
        sent_ms=sent_s * 1_000 if isinstance(sent_s, int) and 0 < sent_s < 10_000_000_000 else 0,
        identities=_identities(item),
        attachments=said.files,
        extra=said.extra,
    )


def _text(item: Item) -> Said:
    pressed = word(inside(item, "text"), "menu_id")[:128]
    return Said(word(inside(item, "text"), "content"), **({"menu": pressed} if pressed else {}))


def _file(item: Item) -> Said:
    kind = word(item, "msgtype")
    source = word(inside(item, kind), "media_id")
    if not is_media_id(source):
        return _unknown(item)
    return Said("", Attachment(name=kind, media_type=_MEDIA_TYPES[kind], size_bytes=0, source=source))


def _location(item: Item) -> Said:
    place = inside(item, "location")
    latitude, longitude = place.get("latitude"), place.get("longitude")
    if not isinstance(latitude, int | float) or not isinstance(longitude, int | float):
        return _unknown(item)
    where = {"latitude": str(latitude), "longitude": str(longitude)}
    return Said(f"{word(place, 'name')}\n{word(place, 'address')}\n{latitude}, {longitude}", **where)


def _link(item: Item) -> Said:
    link = inside(item, "link")
    return Said("\n".join(text for text in (word(link, name) for name in ("title", "desc", "url")) if text))


def _menu(item: Item) -> Said:
    menu = inside(item, "msgmenu")
    return Said("\n".join(text for text in (word(menu, "head_content"), word(menu, "tail_content")) if text))


def _unknown(item: Item) -> Said:
    """A kind of a later year, or a card: that it came is said, with its title where it has one."""
    kind = typed(word(item, "msgtype"), lines=False)[:40]
    return Said(f"[{kind}] {word(inside(item, word(item, 'msgtype')), 'title')}", kind=kind)


KINDS: Mapping[str, Callable[[Item], Said]] = {
    "text": _text,
    "image": _file,
    "voice": _file,
    "video": _file,
    "file": _file,
    "location": _location,
    "link": _link,
    "msgmenu": _menu,
}


# --- events --------------------------------------------------------------------------------------------------


def _entered(item: Item, event: Item) -> tuple[AnySignal, ...]:
    named = {"scene": word(event, "scene")[:128], "scene_param": word(event, "scene_param")[:128]}
    declared = {name: value for name, value in named.items() if value}
    opened = LineOpened(line=_line(event), dedupe=_key(item), identities=_identities(event), declared=declared)
    return (opened,)


def _not_sent(item: Item, event: Item) -> tuple[AnySignal, ...]:
    """`errcode` 0 was no delivery: this tells, seconds later, that a customer will not see our message."""
    ours = _OURS.fullmatch(word(event, "fail_msgid"))
    fault = event.get("fail_type")
    reason = SEND_FAULTS.get(fault, "not_sent") if isinstance(fault, int) else "not_sent"
    if ours is None:
        return ()
    return (Receipt(line=_line(event), dedupe=_key(item), provider=ours[1], status="failed", reason=reason),)


def _recalled(item: Item, event: Item) -> tuple[AnySignal, ...]:
    recalled = word(event, "recall_msgid")
    return (Recalled(line=_line(event), dedupe=_key(item), provider=recalled),) if _MSGID.fullmatch(recalled) else ()


EVENTS: Mapping[str, Callable[[Item, Item], tuple[AnySignal, ...]]] = {
    "enter_session": _entered,
    "msg_send_fail": _not_sent,
    "user_recall_msg": _recalled,
}


def _key(item: Item) -> str:
    return f"e:{word(item, 'msgid')}"


def _is_line(item: Item) -> bool:
    return all(_USER.fullmatch(word(item, name)) for name in ("open_kfid", "external_userid"))


def _line(item: Item) -> LineRef:
    return line_of(word(item, "open_kfid"), word(item, "external_userid"))


def _identities(item: Item) -> tuple[Identity, ...]:
    return (Identity(kind=IDENTITY, value=word(item, "external_userid"), verified=PROOF),)
