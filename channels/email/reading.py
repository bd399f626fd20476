"""A raw mail to its parts: ids, people, text, HTML, files. Never raises on what senders do; decides nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC
from email.errors import MessageError
from email.header import decode_header
from email.message import EmailMessage, Message
from email.parser import BytesParser
from email.policy import Compat32
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any, cast

import msgspec

from channels.contract import Attachment
from channels.email.charsets import decode
from channels.email.html import HTML_CHARS_MAX, is_too_deep, safe_html, to_text

# RFC 5322 ids as senders write them: everything in angle brackets without blanks.
_ID = re.compile(r"<[^<>\s]+>")
# Deeper or wider mails are somebody's attack or accident: what lies beyond is not read (CHANNELS.md 8.2).
PARTS_MAX = 200
DEPTH_MAX = 20
TEXT_CHARS_MAX = 100_000
# A mail server's own limit of a mail's headers (Postfix: header_size_limit); and no single one has so many words.
HEAD_BYTES_MAX = 100_000
HEADER_CHARS_MAX = 8_000
# Encoded words have up to 75 characters: a header of more of them than fit is no text.
ENCODED_WORDS_MAX = 200
# Five times the parts that are read, and more recipients than a report has.
BOUNDARIES_MAX = 1_000
BLOCKS_MAX = 5_000
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_MEDIA_TYPE = re.compile(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,120}")
_REPLACED = re.compile("[\udc80-\udcff]")


class TooMuch(Exception):
    """A mail of more parts than anybody sends: it is kept as a file."""


class BoundedHeaders(Compat32):
    """Headers as they stand, each up to a length; of a longer one its beginning and its end, where the ids are."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        """Return name and value of a header as the parser has found it."""
        name, value = super().header_source_parse(sourcelines)
        if len(value) > HEADER_CHARS_MAX:
            value = value[: HEADER_CHARS_MAX // 2] + " " + value[-HEADER_CHARS_MAX // 2 :]
        return name, value

    def header_fetch_parse(self, name: str, value: str) -> str:
        """Return the value; the library would replace eight-bit bytes, which `_whole` can read."""
        del name
        return value


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
    beside: tuple[str, ...] = ()
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
    """Parse the structure. Raises TooMuch for what nobody writes; what follows guards every access to parts.

    The library's parsers of structure and of values take ever longer, the more somebody has made of it.
    """
    boundaries = data.count(b"\n--")
    blocks = data.count(b"\n\n") + data.count(b"\n\r\n") if b"delivery-status" in data.lower() else 0
    if boundaries > BOUNDARIES_MAX or blocks > BLOCKS_MAX:
        raise TooMuch
    parser = BytesParser(EmailMessage, policy=BoundedHeaders())
    return cast(EmailMessage, parser.parsebytes(_with_bounded_head(data)))


def _with_bounded_head(data: bytes) -> bytes:
    """Return a mail whose own headers end where a mail server would cut them."""
    end = _BLANK_LINE.search(data)
    size = end.start() if end else len(data)
    if size <= HEAD_BYTES_MAX:
        return data
    kept = data[: data.rfind(b"\n", 0, HEAD_BYTES_MAX) + 1]
    return kept + b"\r\n" + (data[end.end() :] if end else b"")


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
        beside=tuple(address for field in ("To", "Cc") for _, address in addresses(message, field)),
        sent_ms=_date_ms(message),
        language=header(message, "Content-Language")[:35],
        text=text[:TEXT_CHARS_MAX],
        html=safe_html(html),
        attachments=tuple(files),
        cut=more or len(text) > TEXT_CHARS_MAX or _is_cut(message, html),
        headers=_headers(message),
    )


def _headers(message: Message[Any, Any]) -> dict[str, str]:
    """Return every header by its lower-cased name; of several the first."""
    first: dict[str, str] = {}
    for name, value in message.raw_items():
        first.setdefault(name.lower(), str(value))
    return {name: _text(_whole(value)) for name, value in first.items()}


def _is_cut(message: Message[Any, Any], html: str) -> bool:
    """Return whether something was too long or too deep to be read whole."""
    if len(html) > HTML_CHARS_MAX or is_too_deep(html):
        return True
    return any(len(str(value)) > HEADER_CHARS_MAX for _, value in message.raw_items())


def header(message: Message[Any, Any], name: str) -> str:
    """Return the first header of a name as text, decoded; empty when it is missing or beyond reading."""
    return _text(next(iter(_raw_values(message, name)), ""))


def _text(value: str) -> str:
    """Return a header's value on one line, decoded."""
    line = " ".join(value.split())
    return " ".join(_decoded_words(line).split()) if "=?" in line else line


def _decoded_words(text: str) -> str:
    """Read encoded words by our own charsets: the standard parser garbles those that it does not know."""
    if text.count("=?") > ENCODED_WORDS_MAX:
        return text
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
    raw = [" ".join(piece.strip() for piece in value.split("\n")) for value in _raw_values(message, name)]
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
