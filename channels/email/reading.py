"""A raw mail to its parts: ids, people, text, HTML, files. Never raises on what senders do; decides nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import policy
from email.errors import MessageError
from email.header import decode_header
from email.message import EmailMessage, Message
from email.parser import BytesParser
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any

import msgspec
import nh3

from channels.contract import Attachment
from channels.email.charsets import decode
from channels.email.html import to_text

# RFC 5322 ids as senders write them: everything in angle brackets without blanks.
_ID = re.compile(r"<[^<>\s]+>")
# Deeper or wider mails are somebody's attack or accident: what lies beyond is not read (CHANNELS.md 8.2).
PARTS_MAX = 200
DEPTH_MAX = 20
TEXT_CHARS_MAX = 100_000
_REPLACED = re.compile("[\udc80-\udcff]")


class Mail(msgspec.Struct, kw_only=True):
    """One mail, read. `ids` are References and In-Reply-To, newest first; addresses are lower-cased."""

    message_id: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    subject: str = ""
    sender: str = ""
    sender_name: str = ""
    senders: int = 0
    reply_to: str = ""
    recipients: tuple[str, ...] = ()
    sent_ms: int = 0
    language: str = ""
    text: str = ""
    html: str = ""
    attachments: tuple[Attachment, ...] = ()
    headers: dict[str, str] = {}

    @property
    def ids(self) -> tuple[str, ...]:
        """Return the ids of earlier mails, the most likely parent first, each once."""
        ordered = [*([self.in_reply_to] if self.in_reply_to else []), *reversed(self.references)]
        return tuple(dict.fromkeys(ordered))


def parse_message(data: bytes) -> EmailMessage:
    """Parse the structure. Every access to its parts is guarded by the functions below."""
    return BytesParser(policy=policy.default).parsebytes(data)


def read_mail(message: EmailMessage) -> Mail:
    """Return everything we use of a mail."""
    senders = addresses(message, "From")
    name, sender = senders[0] if senders else ("", "")
    replies = addresses(message, "Reply-To")
    plain, html, files = _content(message)
    text = plain or to_text(html)
    return Mail(
        message_id=_first_id(message, "Message-ID"),
        in_reply_to=_first_id(message, "In-Reply-To"),
        references=tuple(dict.fromkeys(_ids(message, "References"))),
        subject=header(message, "Subject"),
        sender=sender,
        sender_name=name,
        senders=len(message.get_all("From", [])),
        reply_to=replies[0][1] if replies else "",
        recipients=tuple(
            address
            for field in ("To", "Cc", "Delivered-To", "X-Original-To")
            for _, address in addresses(message, field)
        ),
        sent_ms=_date_ms(message),
        language=header(message, "Content-Language")[:35],
        text=text[:TEXT_CHARS_MAX],
        html=nh3.clean(html)[:TEXT_CHARS_MAX] if html else "",
        attachments=tuple(files),
        headers={name.lower(): header(message, name) for name in dict.fromkeys(message.keys())},
    )


def header(message: Message[Any, Any], name: str) -> str:
    """Return the first header of a name as text, decoded; empty when it is missing or beyond reading."""
    try:
        value = message.get(name)
        text = "" if value is None else str(value)
    except (ValueError, LookupError, AttributeError, IndexError, TypeError, MessageError):
        text = next((str(raw) for key, raw in message.raw_items() if key.lower() == name.lower()), "")
    if "=?" in text:
        text = _decoded_words(text)
    if _REPLACED.search(text):
        text = decode(text.encode("utf-8", "surrogateescape"))
    return re.sub(r"\s+", " ", text).strip()


def _decoded_words(text: str) -> str:
    """Encoded words that the standard parser leaves as they are: unknown charsets, words inside quotes."""
    try:
        parts = decode_header(text)
    except (ValueError, LookupError, MessageError):
        return text
    return "".join(part if isinstance(part, str) else decode(part, label or "") for part, label in parts)


def addresses(message: Message[Any, Any], name: str) -> list[tuple[str, str]]:
    """Return (display name, lower-cased address) of every address in a header that may occur several times."""
    raw = [_raw_header(message, name, index) for index in range(len(message.get_all(name, [])))]
    pairs = [pair for value in raw for pair in getaddresses([value])]
    return [
        (_decoded_words(person).strip("\"' "), address.strip().lower()) for person, address in pairs if "@" in address
    ]


def _raw_header(message: Message[Any, Any], name: str, index: int) -> str:
    found = [str(value) for key, value in message.raw_items() if key.lower() == name.lower()]
    return re.sub(r"\s*\r?\n\s*", " ", found[index]) if index < len(found) else ""


def _ids(message: Message[Any, Any], name: str) -> list[str]:
    found = [str(value) for key, value in message.raw_items() if key.lower() == name.lower()]
    return _ID.findall(" ".join(re.sub(r"\r?\n\s*", " ", value) for value in found))


def _first_id(message: Message[Any, Any], name: str) -> str:
    return next(iter(_ids(message, name)), "")


def _date_ms(message: Message[Any, Any]) -> int:
    try:
        return int(parsedate_to_datetime(header(message, "Date")).timestamp() * 1_000)
    except (ValueError, TypeError, OverflowError, IndexError):
        return 0


# --- content --------------------------------------------------------------------------------------------


def leaves(message: Message[Any, Any], depth: int = 0) -> Iterator[Message[Any, Any]]:
    """Yield the parts that hold something, in order, up to a depth."""
    payload = message.get_payload()
    if isinstance(payload, list) and depth < DEPTH_MAX and message.get_content_type() != "message/rfc822":
        for part in payload:
            if isinstance(part, Message):
                yield from leaves(part, depth + 1)
    else:
        yield message


def _content(message: EmailMessage) -> tuple[str, str, list[Attachment]]:
    """Return plain text, HTML and files. A text part without a file name, or the only text there is, is the body."""
    plain: list[str] = []
    html: list[str] = []
    files: list[Attachment] = []
    for number, part in enumerate(leaves(message)):
        if number >= PARTS_MAX:
            break
        kind = part.get_content_type()
        if kind == "text/plain" and not _is_file(part, plain or html):
            plain.append(part_text(part))
        elif kind == "text/html" and not _is_file(part, plain or html):
            html.append(part_text(part))
        elif not kind.startswith(("multipart/", "message/delivery-status")):
            files.append(_attachment(part))
    return "\n".join(piece.strip() for piece in plain).strip(), "\n".join(html), files


def _is_file(part: Message[Any, Any], body: list[str]) -> bool:
    """An attached part is a file; an inline part with a file name is one once there is a body (sample 37)."""
    placed = part.get_content_disposition()
    return placed == "attachment" or (bool(file_name(part)) and bool(body))


def part_text(part: Message[Any, Any]) -> str:
    """Return a text part decoded and unfolded (format=flowed)."""
    text = decode(_bytes(part), _charset(part)).replace("\r\n", "\n")
    try:
        flowed = str(part.get_param("format", "")).lower() == "flowed"
        delsp = str(part.get_param("delsp", "")).lower() == "yes"
    except (ValueError, TypeError):
        flowed = delsp = False
    return _unfold(text, delsp=delsp) if flowed else text


def _unfold(text: str, *, delsp: bool) -> str:
    """RFC 3676: a line that ends in a space goes on in the next, unless it is the signature mark."""
    lines: list[str] = []
    joined = False
    for line in text.split("\n"):
        body = line.removeprefix(" ") if not line.startswith(">") else line
        if joined and not body.startswith(">"):
            lines[-1] += body
        else:
            lines.append(body)
        joined = body.endswith(" ") and body != "-- " and not body.startswith(">")
        if joined and delsp:
            lines[-1] = lines[-1][:-1]
    return "\n".join(line.rstrip() for line in lines)


def _bytes(part: Message[Any, Any]) -> bytes:
    try:
        payload = part.get_payload(decode=True)
    except (ValueError, LookupError, TypeError, AssertionError):
        payload = None
    if isinstance(payload, bytes):
        return payload
    raw = part.get_payload()
    return raw.encode("utf-8", "surrogateescape") if isinstance(raw, str) else b""


def _charset(part: Message[Any, Any]) -> str:
    try:
        return str(part.get_content_charset() or "")
    except (ValueError, LookupError, TypeError):
        return ""


def file_name(part: Message[Any, Any]) -> str:
    """Return a part's file name without any path; raw eight-bit names are read as what their bytes prove."""
    try:
        name = str(part.get_filename() or "")
    except (ValueError, LookupError, TypeError):
        name = ""
    if _REPLACED.search(name):
        name = decode(name.encode("utf-8", "surrogateescape"))
    return re.split(r"[\\/]", _decoded_words(name) if "=?" in name else name)[-1].strip()[:200]


def _attachment(part: Message[Any, Any]) -> Attachment:
    inner = part.get_payload(0) if part.get_content_type() == "message/rfc822" and part.is_multipart() else None
    content = bytes(inner) if isinstance(inner, Message) else _bytes(part)
    return Attachment(
        name=file_name(part) or ("mail.eml" if inner is not None else "file"),
        media_type=part.get_content_type(),
        size_bytes=len(content),
        content=content,
        content_id=str(part.get("Content-ID", "")).strip("<> "),
    )
