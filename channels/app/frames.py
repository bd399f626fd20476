"""What the app and we say to each other: topics, payloads and their limits, both ways. No broker and no clock here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from channels import frames
from channels.contract import AnySignal, Attachment, Identity, LineFile, LineItem, LineRef, MessageIn, Receipt, Send
from channels.frames import NUMBER_MAX, TEXT_CHARS_MAX, ClientId, Frame, Number
from channels.typed import typed

CHANNEL, IDENTITY, PROOF = "app", "app", "broker"
# 4,000 characters of four bytes each, twice as long where JSON escapes them, and the fields around them.
PAYLOAD_BYTES_MAX = 64 * 1024
# The customer is a level of a topic and a broker's user name: what has a meaning in either is not in it.
CUSTOMER = re.compile(r"[A-Za-z0-9_.@=-]{1,64}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
IN, OUT, STATE, ACK = "in", "out", "state", "ack"


class Say(Frame, frozen=True, kw_only=True, tag="send"):
    """A message to `in`, as the next two. The same `client_msg_id` is the same message, however often it comes."""

    client_msg_id: ClientId
    text: Annotated[str, Meta(min_length=1, max_length=TEXT_CHARS_MAX)]
    name: Annotated[str, Meta(max_length=100)] = ""
    language: Annotated[str, Meta(max_length=16)] = ""
    declared: dict[Annotated[str, Meta(max_length=40)], Annotated[str, Meta(max_length=80)]] = msgspec.field(
        default_factory=dict
    )


class Hello(Frame, frozen=True, kw_only=True, tag="hello"):
    """The app is there again and has seen its line up to `since`."""

    since: Number = 0


class Typing(Frame, frozen=True, kw_only=True, tag="typing"):
    on: bool = True


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What an app, or its last will, publishes to its `state`, retained."""

    online: bool
    device: Annotated[str, Meta(max_length=64)] = ""


class Ack(msgspec.Struct, frozen=True, kw_only=True):
    """What an app publishes to its `ack`: a reply of ours has come to the device, or was seen."""

    message: Annotated[int, Meta(ge=1, le=NUMBER_MAX)]
    status: Annotated[str, Meta(pattern=r"^(delivered|read)$(?!\n)")]


AnyFrame = Say | Hello | Typing | State | Ack


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """A payload that was read, and by whose topic it came: the broker has proved that, a payload proves nothing."""

    customer: str
    frame: AnyFrame


class Unreadable(Exception):
    """What came is not of this contract. `customer` is empty where the topic is not, either; `code` is for the app."""

    def __init__(self, code: str, *, customer: str = "", client: str = "") -> None:
        super().__init__(code)
        self.code, self.customer, self.client = code, customer, client


class _Named(msgspec.Struct):
    client_msg_id: ClientId


_names = msgspec.json.Decoder(_Named)
_decoders: dict[str, msgspec.json.Decoder[Any]] = {
    IN: msgspec.json.Decoder(Say | Hello | Typing),
    STATE: msgspec.json.Decoder(State),
    ACK: msgspec.json.Decoder(Ack),
}


def is_customer(name: str) -> bool:
    """Return whether a name can stand in a topic and means nothing else there."""
    return CUSTOMER.fullmatch(name) is not None


def topic(prefix: str, customer: str, end: str) -> str:
    """Return a customer's topic."""
    return f"{prefix}/{customer}/{end}"


def parse(prefix: str, name: str, payload: bytes) -> Published:
    """Read what was published. Raises Unreadable."""
    customer, end = _address(prefix, name)
    if len(payload) > PAYLOAD_BYTES_MAX:
        raise Unreadable("too_long", customer=customer)
    if end == STATE and not payload:
        # So MQTT takes back what is retained.
        return Published(customer=customer, frame=State(online=False))
    try:
        frame = _decoders[end].decode(payload)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise Unreadable("bad_frame", customer=customer, client=_named(payload)) from None
    return Published(customer=customer, frame=frame)


def _named(payload: bytes) -> str:
    """Return the name of a message that cannot be read, so that its app does not send it for ever."""
    try:
        return _names.decode(payload).client_msg_id
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return ""


def _address(prefix: str, name: str) -> tuple[str, str]:
    if not name.startswith(f"{prefix}/"):
        raise Unreadable("topic")
    customer, _, end = name[len(prefix) + 1 :].partition("/")
    if end not in _decoders or not is_customer(customer):
        raise Unreadable("topic")
    return customer, end


def line_of(customer: str) -> LineRef:
    """Return the line of a customer: one, whatever devices they have."""
    return LineRef(channel=CHANNEL, key=customer, peer=customer)


def message_of(customer: str, said: Say, facts: Mapping[str, tuple[str, ...]]) -> MessageIn:
    """Return the signal of a message. Raises Unreadable where nothing is said, or a fact that settings do not list."""
    text = typed(said.text, lines=True)
    if not text:
        raise Unreadable("empty", customer=customer, client=said.client_msg_id)
    if not all(value in facts.get(name, ()) for name, value in said.declared.items()):
        raise Unreadable("declared", customer=customer, client=said.client_msg_id)
    return MessageIn(
        line=line_of(customer),
        dedupe=f"{customer}:{said.client_msg_id}",
        text=text,
        name=typed(said.name, lines=False),
        language=said.language if _LANGUAGE.fullmatch(said.language) else "",
        identities=(Identity(kind=IDENTITY, value=customer, verified=PROOF),),
        declared=dict(said.declared),
        extra={"client": said.client_msg_id},
    )


def file_message_of(customer: str, client: str, file: Attachment) -> MessageIn:
    """Return the signal of a file that an app has sent: a message of its own."""
    return MessageIn(
        line=line_of(customer),
        dedupe=f"{customer}:{client}",
        identities=(Identity(kind=IDENTITY, value=customer, verified=PROOF),),
        attachments=(file,),
        extra={"client": client},
    )


def receipt_of(customer: str, ack: Ack) -> Receipt:
    """Return the signal of an acknowledgement."""
    return Receipt(
        line=line_of(customer),
        dedupe=f"{ack.status}:{customer}:{ack.message}",
        provider=str(ack.message),
        status=ack.status,
    )


# --- to the app -------------------------------------------------------------------------------------------------------


def client_of(frame: AnyFrame) -> str:
    """Return the name that an app has given to what it sent; empty where it gives none."""
    return frame.client_msg_id if isinstance(frame, Say) else ""


def accepted(signal: AnySignal) -> bytes:
    """Write that a message is kept; empty for signals of which an app expects no word."""
    if not isinstance(signal, MessageIn):
        return b""
    return frames.write("accepted", client_msg_id=signal.extra["client"])


def link_of(message: int, number: int) -> str:
    """Return where an app gets a file of its line, below the channel's address, with its token."""
    return f"files/{message}-{number}"


def of_item(item: LineItem) -> bytes:
    """Write what happened on the line earlier, or a sign that somebody types."""
    return frames.of_item(item, link_of)


def of_send(send: Send, at: int) -> bytes:
    """Write a reply or a notice that leaves now."""
    files = tuple(
        LineFile(number=number, name=file.name, media_type=file.media_type, size_bytes=file.size_bytes)
        for number, file in enumerate(send.files)
    )
    return of_item(
        LineItem(
            seq=send.seq,
            kind="notice" if send.automatic else "out",
            at=at,
            message=send.message,
            text=send.text,
            author=send.author,
            notice=send.notice,
            files=files,
        )
    )
