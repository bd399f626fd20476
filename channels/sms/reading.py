"""From a message webhook or a listed message to signals. Pure: no clock, no network, no settings."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from channels.contract import AnySignal, Attachment, Identity, LineRef, MessageIn, OptedOut, Receipt
from channels.twilio import moment_ms, reason_of
from channels.typed import typed

WHATSAPP = "whatsapp:"
# What a customer writes by WhatsApp may be answered freely for a day; an SMS for ever.
WHATSAPP_WINDOW_MS = 24 * 3_600_000
# An SMS body is at most 1,600 characters, a WhatsApp text 4,096; what is longer is cut, never refused.
TEXT_CHARS_MAX = 10_000
NAME_CHARS_MAX = 200
MEDIA_MAX = 10
_SID = re.compile(r"[A-Za-z0-9]{2,64}")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_ADDRESS = re.compile(r"[^\x00-\x1f]{1,100}")
_NUMBER = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,12})?")
# The provider blocks and unblocks by these words itself; the message reaches us all the same. A bare YES also lifts a
# block, but is a common answer: it counts only where the provider says so.
OUT_WORDS = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"})
IN_WORDS = frozenset({"start", "unstop"})
_OPT = {"STOP": True, "START": False}
# What the agent is told of a message on its way; what is not here has not left the provider.
STATUSES = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "undelivered": "failed",
    "failed": "failed",
    "canceled": "failed",
}
# Callbacks come in any order: one of a lower rank than the last is old news. `read` tells more than `delivered`.
RANKS = {"sent": 1, "failed": 2, "delivered": 2, "read": 3}
_PICTURES = {"image/jpeg": "jpg", "image/png": "png", "image/gif": "gif", "audio/ogg": "ogg", "video/mp4": "mp4"}


class Unreadable(ValueError):
    """A genuine request that is not what it should be, by its reason."""


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """One inbound message, from a webhook or a list."""

    sid: str
    theirs: str
    ours: str
    text: str
    name: str = ""
    opt: str = ""
    sent_ms: int = 0
    media: tuple[tuple[str, str], ...] = ()


class Lines(msgspec.Struct, frozen=True, kw_only=True):
    """Makes lines: one per customer's address and number of ours. The key tells neither."""

    channel: str
    secret: bytes

    def of(self, ours: str, theirs: str) -> LineRef:
        """Return the line between a number of ours and a customer's address."""
        key = hmac.digest(self.secret, f"{ours}\0{theirs}".encode(), "sha256").hex()[:32]
        return LineRef(channel=self.channel, key=key, peer=f"{theirs} via {ours}")


def ends_of(peer: str) -> tuple[str, str]:
    """Return a line's (customer's address, number of ours). Raises ValueError where it has not both."""
    theirs, _, ours = peer.partition(" via ")
    if not (sendable(theirs) and ours):
        raise ValueError("no address of this channel")
    return theirs, ours


def sendable(address: str) -> bool:
    """Return whether one can write to an address: a number, by SMS or WhatsApp."""
    return bool(_E164.fullmatch(address.removeprefix(WHATSAPP)))


def said_in(fields: Mapping[str, str]) -> Said:
    """Read a message webhook. Raises Unreadable; fields that we do not know are left alone."""
    count = fields.get("NumMedia", "0") or "0"
    if not (count.isascii() and count.isdigit() and len(count) < 4):
        raise Unreadable("media_count")
    numbers = range(min(int(count), MEDIA_MAX))
    media = ((fields.get(f"MediaUrl{n}", ""), fields.get(f"MediaContentType{n}", "")) for n in numbers)
    return Said(
        sid=_sid(fields.get("MessageSid") or fields.get("SmsMessageSid") or fields.get("SmsSid") or ""),
        theirs=_address(fields.get("From", "")),
        ours=_address(fields.get("To", "")),
        text=fields.get("Body", "") or _place(fields),
        name=fields.get("ProfileName", ""),
        opt=fields.get("OptOutType", ""),
        media=tuple((url, kind) for url, kind in media if url),
    )


def said_of(record: Mapping[str, Any], media: Iterable[tuple[str, str]] = ()) -> Said:
    """Read a message of the provider's list. Raises Unreadable."""
    return Said(
        sid=_sid(_word(record, "sid")),
        theirs=_address(_word(record, "from")),
        ours=_address(_word(record, "to")),
        text=_word(record, "body"),
        sent_ms=moment_ms(_word(record, "date_sent") or _word(record, "date_created")),
        media=tuple(media)[:MEDIA_MAX],
    )


def signals_of(said: Said, lines: Lines) -> list[AnySignal]:
    """Return what a message means to the router: something said, or a wish to hear no more."""
    line = lines.of(said.ours, said.theirs)
    out = _opts_out(said)
    message = MessageIn(
        line=line,
        dedupe=said.sid,
        provider=said.sid,
        text=typed(said.text[:TEXT_CHARS_MAX], lines=True),
        name=typed(said.name[:NAME_CHARS_MAX], lines=False),
        sent_ms=said.sent_ms,
        identities=_identities(said.theirs),
        attachments=tuple(_attachment(number, *each) for number, each in enumerate(said.media, 1)),
        set_aside="" if out is None else "opted_out" if out else "opted_in",
        reply_window_ms=WHATSAPP_WINDOW_MS if said.theirs.startswith(WHATSAPP) else 0,
    )
    if out is None:
        return [message]
    return [message, OptedOut(line=line, dedupe=f"{said.sid}:opt", out=out)]


def receipt_in(fields: Mapping[str, str], lines: Lines) -> Receipt | None:
    """Read a status callback; None for a status that tells nobody anything. Raises Unreadable."""
    sid = _sid(fields.get("MessageSid") or fields.get("SmsSid") or "")
    said = fields.get("MessageStatus") or fields.get("SmsStatus") or ""
    line = lines.of(_address(fields.get("From", "")), _address(fields.get("To", "")))
    return _receipt(sid, said, line, code=fields.get("ErrorCode", ""))


def receipt_of(record: Mapping[str, Any], lines: Lines) -> Receipt | None:
    """Read what became of a listed message of ours. Raises Unreadable."""
    line = lines.of(_address(_word(record, "from")), _address(_word(record, "to")))
    code = record.get("error_code")
    return _receipt(_sid(_word(record, "sid")), _word(record, "status"), line, code=str(code or ""))


def _receipt(sid: str, said: str, line: LineRef, *, code: str) -> Receipt | None:
    status = STATUSES.get(said)
    if status is None:
        return None
    known = code.isascii() and code.isdigit() and len(code) < 8
    reason = reason_of(int(code)) if known and int(code) else said
    return Receipt(
        line=line, dedupe=f"{sid}:{said}", provider=sid, status=status, reason=reason if status == "failed" else ""
    )


def _opts_out(said: Said) -> bool | None:
    """True: wants no more; False: wants again; None: neither. WhatsApp has no such words."""
    if said.opt in _OPT:
        return _OPT[said.opt]
    word = said.text.strip().casefold()
    if said.media or said.theirs.startswith(WHATSAPP):
        return None
    return True if word in OUT_WORDS else False if word in IN_WORDS else None


def _identities(theirs: str) -> tuple[Identity, ...]:
    """A number is a phone by whichever way it writes; a short code or a sender's word is nobody's."""
    number = theirs.removeprefix(WHATSAPP)
    if not _E164.fullmatch(number):
        return ()
    proof = "whatsapp" if theirs.startswith(WHATSAPP) else "carrier"
    return (Identity(kind="phone", value=number, verified=proof),)


def _attachment(number: int, url: str, kind: str) -> Attachment:
    kind = kind.partition(";")[0].strip().lower()
    ending = _PICTURES.get(kind, "bin")
    return Attachment(name=f"media-{number}.{ending}", media_type=kind[:100], size_bytes=0, source=url[:2_000])


def _place(fields: Mapping[str, str]) -> str:
    """Return a shared place as text: where there is one, the body is empty."""
    latitude, longitude = fields.get("Latitude", ""), fields.get("Longitude", "")
    if not (_NUMBER.fullmatch(latitude) and _NUMBER.fullmatch(longitude)):
        return ""
    named = [fields.get("Label", ""), fields.get("Address", "")]
    return "\n".join([*(each for each in named if each), f"{latitude}, {longitude}"])


def _sid(text: str) -> str:
    if not _SID.fullmatch(text):
        raise Unreadable("sid")
    return text


def _address(text: str) -> str:
    if not _ADDRESS.fullmatch(text):
        raise Unreadable("address")
    return text


def _word(record: Mapping[str, Any], name: str) -> str:
    found = record.get(name)
    return found if isinstance(found, str) else ""
