"""A raw mail to its parts: ids, people, text, HTML, files. Never raises on what senders do; decides nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC
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
HTML_CHARS_MAX = 300_000
_MEDIA_TYPE = re.compile(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,120}")
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
    cut: bool = False  # something was too long, too deep or too much to be read

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
    plain, html, files, more = _content(message)
    text = plain or to_text(html)
    return Mail(
        message_id=_first_id(message, "Message-ID"),
        in_reply_to=_first_id(message, "In-Reply-To"),
        references=tuple(dict.fromkeys(_ids(message, "References"))),
        subject=header(message, "Subject"),
        sender=sender,
        sender_name=name,
        senders=len(_raw_values(message, "From")),
        reply_to=replies[0][1] if replies else "",
        recipients=tuple(
            address
            for field in ("To", "Cc", "Delivered-To", "X-Original-To")
            for _, address in addresses(message, field)
        ),
        sent_ms=_date_ms(message),
        language=header(message, "Content-Language")[:35],
        text=text[:TEXT_CHARS_MAX],
        html=_safe_html(html),
        attachments=tuple(files),
        cut=more or len(text) > TEXT_CHARS_MAX,
        headers={name.lower(): header(message, name) for name in dict.fromkeys(message.keys())},
    )


def header(message: Message[Any, Any], name: str) -> str:
    """Return the first header of a name as text, decoded; empty when it is missing or beyond reading."""
    text = next(iter(_raw_values(message, name)), "")
    if "=?" in text:
        text = _decoded_words(re.sub(r"\s*\r?\n\s*", " ", text))
    return re.sub(r"\s+", " ", text).strip()


def _decoded_words(text: str) -> str:
    """Read encoded words by our own charsets: the standard parser garbles those that it does not know."""
    try:
        parts = decode_header(text)
    except (ValueError, LookupError, MessageError):
        return text
    return "".join(part if isinstance(part, str) else _word(part, label) for part, label in parts)


def _word(part: bytes, label: str | None) -> str:
    """One piece of a header: without a label it is what stood between encoded words, as the library escapes it."""
    if label is None:
        return part.decode("raw-unicode-escape", "replace").encode("utf-8", "ignore").decode()
    # RFC 2231 lets a language follow the charset: iso-8859-1*es.
    return decode(part, label.partition("*")[0])


def addresses(message: Message[Any, Any], name: str) -> list[tuple[str, str]]:
    """Return (display name, lower-cased address) of every address in a header that may occur several times."""
    raw = [re.sub(r"\s*\r?\n\s*", " ", value) for value in _raw_values(message, name)]
    pairs = [pair for value in raw for pair in getaddresses([value])]
    return [
        (_decoded_words(person).strip("\"' "), address.strip().lower()) for person, address in pairs if "@" in address
    ]


def _raw_values(message: Message[Any, Any], name: str) -> list[str]:
    """Return every header of a name as it stands: the parser of values raises on some that senders send."""
    return [_whole(str(value)) for key, value in message.raw_items() if key.lower() == name.lower()]


def _whole(text: str) -> str:
    """Return text whose raw eight-bit bytes are read as what they prove to be."""
    return decode(text.encode("utf-8", "surrogateescape")) if _REPLACED.search(text) else text


def _ids(message: Message[Any, Any], name: str) -> list[str]:
    return _ID.findall(" ".join(re.sub(r"\r?\n\s*", " ", value) for value in _raw_values(message, name)))


def _first_id(message: Message[Any, Any], name: str) -> str:
    return next(iter(_ids(message, name)), "")


def _date_ms(message: Message[Any, Any]) -> int:
    try:
        sent = parsedate_to_datetime(header(message, "Date"))
        # "-0000" says that the sender's zone is unknown: UTC, and never the zone of this machine.
        return max(0, int((sent if sent.tzinfo else sent.replace(tzinfo=UTC)).timestamp() * 1_000))
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


def _content(message: EmailMessage) -> tuple[str, str, list[Attachment], bool]:
    """Return plain text, HTML, files, and whether there is more than is read.

    A text part without a file name, or the only text there is, is the body.
    """
    plain: list[str] = []
    html: list[str] = []
    files: list[Attachment] = []
    more = False
    for number, part in enumerate(leaves(message)):
        kind = part.get_content_type()
        more = more or (part.is_multipart() and kind.startswith("multipart/"))
        if number >= PARTS_MAX:
            more = True
            break
        if kind == "text/plain" and not _is_file(part, plain or html):
            plain.append(part_text(part))
        elif kind == "text/html" and not _is_file(part, plain or html):
            html.append(part_text(part))
        elif not kind.startswith(("multipart/", "message/delivery-status")):
            files.append(_attachment(part))
    return "\n".join(piece.strip() for piece in plain).strip(), "\n".join(html), files, more


def _safe_html(html: str) -> str:
    """Return HTML that a desk may show: nothing that runs, and no image from afar, which would tell the sender.

    HTML is cut before it is cleaned, so that what is kept is whole; what grows too long is left to the text.
    """
    clean = nh3.clean(
        html[:HTML_CHARS_MAX],
        url_schemes={"http", "https", "mailto", "tel", "cid"},
        attribute_filter=lambda tag, name, value: (
            None if tag == "img" and name == "src" and not value.lower().startswith("cid:") else value
        ),
    )
    return clean if len(clean) <= HTML_CHARS_MAX else ""


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
    name = _whole(name)
    whole = re.split(r"[\\/]", _decoded_words(name) if "=?" in name else name)[-1]
    return "".join(char for char in whole if char.isprintable()).strip()[:200]


def _attachment(part: Message[Any, Any]) -> Attachment:
    inner = part.get_payload(0) if part.get_content_type() == "message/rfc822" and part.is_multipart() else None
    content = bytes(inner) if isinstance(inner, Message) else _bytes(part)
    return Attachment(
        name=file_name(part) or ("mail.eml" if inner is not None else "file"),
        media_type=kind if _MEDIA_TYPE.fullmatch(kind := part.get_content_type()) else "application/octet-stream",
        size_bytes=len(content),
        content=content,
        content_id=header(part, "Content-ID").strip("<> "),
    )
