"""Delivery reports (RFC 3464) and their poorer cousins: who could not be reached, and which mail it was."""

from __future__ import annotations

import re
from email.message import EmailMessage, Message
from typing import Any

import msgspec

from channels.email.reading import header, leaves, part_text

# Bounded, as addresses are: a search for what has no end takes the square of its length.
_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w.-]{1,255}")
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_ID_LINE = re.compile(r"^[ \t]*message-id:\s*(<[^<>\s]+>)", re.IGNORECASE | re.MULTILINE)
_TEXT_CHARS_MAX = 20_000


class Failure(msgspec.Struct, frozen=True):
    """One recipient of a report. `action` is failed, delayed, delivered, relayed or expanded."""

    final: str
    action: str
    status: str
    original: str = ""


class Report(msgspec.Struct, frozen=True):
    """A delivery report. `original_id` is the Message-ID of the mail it speaks of, empty when it does not say."""

    failures: tuple[Failure, ...]
    original_id: str = ""

    @property
    def failed(self) -> str:
        """Return the status code of the first permanent failure, empty when all is delayed or delivered."""
        return next((f.status or "5.0.0" for f in self.failures if f.action == "failed"), "")


def read_report(message: EmailMessage) -> Report | None:
    """Return the report a mail is, or None for an ordinary mail."""
    report_type = str(message.get_param("report-type", "") or "").lower()
    is_report = message.get_content_type() == "multipart/report" and report_type in {"delivery-status", ""}
    failures = _status_failures(message)
    if not (is_report or failures or _looks_like_bounce(message)):
        return None
    return Report(tuple(failures or _poor_failures(message)), _original_id(message))


def _looks_like_bounce(message: EmailMessage) -> bool:
    daemon = header(message, "From").lower()
    return bool(message.get("X-Failed-Recipients")) or "mailer-daemon@" in daemon


def _status_failures(message: EmailMessage) -> list[Failure]:
    found: list[Failure] = []
    for part in message.walk():
        if part.get_content_type() != "message/delivery-status":
            continue
        payload = part.get_payload()
        blocks = payload if isinstance(payload, list) else []
        found += [failure for block in blocks if isinstance(block, Message) and (failure := _failure(block))]
    return found


def _failure(block: Message[Any, Any]) -> Failure | None:
    final = _recipient(header(block, "Final-Recipient"))
    original = _recipient(header(block, "Original-Recipient"))
    if not final and not original:
        return None
    status = _STATUS.search(header(block, "Status"))
    action = header(block, "Action").split(" ")[0].lower()
    code = status.group(1) if status else ""
    return Failure(final or original, action or ("failed" if code.startswith("5") else "delayed"), code, original)


def _recipient(value: str) -> str:
    found = _ADDRESS.search(value.split(";", 1)[-1])
    return found.group(0) if found else ""


def _poor_failures(message: EmailMessage) -> list[Failure]:
    """No usable status part: the header that Google and Exim add, and the first code in the text."""
    recipients = _ADDRESS.findall(header(message, "X-Failed-Recipients"))
    text = _words(message)
    status = _STATUS.search(text)
    return [Failure(address, "failed", status.group(1) if status else "5.0.0") for address in recipients]


def _words(message: EmailMessage) -> str:
    texts = (part_text(part) for part in leaves(message) if part.get_content_maintype() == "text")
    return "\n".join(texts)[:_TEXT_CHARS_MAX]


def _original_id(message: EmailMessage) -> str:
    """Return the id of the returned mail: from the third part, else from the text."""
    for part in message.walk():
        if part is message or part.get_content_type() not in {"message/rfc822", "text/rfc822-headers"}:
            continue
        payload = part.get_payload()
        inner = payload[0] if isinstance(payload, list) and payload else None
        words = inner.as_string() if isinstance(inner, Message) else str(payload)
        found = _ID_LINE.search(words)
        if found:
            return found.group(1)
    found = _ID_LINE.search(_words(message))
    return found.group(1) if found else ""
