"""What we send: one mail, threaded so that every program keeps it in its conversation. Sends nothing."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape

import msgspec

from channels.contract import Send
from channels.email.automatic import LOOP_HEADER
from channels.email.threads import Threads
from channels.email.wire import address_header, alternative, copies_header, header, ids_header, mixed

# CHANNELS.md 8.7: the first id keeps the thread together, the last ten suffice for every program we know.
REFERENCES_LAST_MAX = 10
SUBJECT_CHARS_MAX = 200
# Room behind the subject for the reference in its brackets.
REFERENCE_CHARS_MAX = 40
# An id longer than a line may be cannot be written, and no program makes one (RFC 5322, 2.1.1).
_USABLE_ID = re.compile(r"<[!-;=?-~]{1,900}>")
FIRST_PRINTABLE, DELETE = 0x20, "\x7f"
_DEFAULT_SUBJECTS = {"en": "Your request", "zh": "您的请求", "th": "คำขอของคุณ"}


class Mail(msgspec.Struct, frozen=True):
    """A mail ready for the relay: its Message-ID, and all its bytes in ASCII."""

    message_id: str
    data: bytes


def compose(effect: Send, threads: Threads, *, sender: str, sender_name: str, plus: bool, at: int) -> Mail:
    """Return the mail of an effect. Raises ValueError for an address that only SMTPUTF8 could carry."""
    line, name = effect.line.key, _one_line(sender_name)
    message_id = threads.message_id(effect.key, line)
    ids = [each for each in effect.thread if _USABLE_ID.fullmatch(each)]
    # A confirmation and the first answer to a form have no mail before them, and belong together all the same.
    references = [ids[0], *ids[1:][-REFERENCES_LAST_MAX:]] if ids else [threads.root_id(line)]
    words = alternative(effect.text, effect.html or as_html(effect.text, effect.language))
    parts = [
        address_header("From", name, sender),
        address_header("To", "", wire_address(effect.line.peer)),
        copies_header(_copies(effect)) if effect.cc else b"",
        header("Subject", subject_of(effect)),
        header("Date", format_datetime(datetime.fromtimestamp(at / 1_000, UTC))),
        ids_header("Message-ID", [message_id]),
        address_header("Reply-To", name, threads.reply_address(line)) if plus else b"",
        ids_header("In-Reply-To", ids[-1:]) if ids else b"",
        ids_header("References", references),
        header(LOOP_HEADER, threads.loop_mark),
        *(_automatic_headers(answers=bool(ids)) if effect.automatic else ()),
        header("Content-Language", effect.language) if effect.language else b"",
        mixed(words, effect.files) if effect.files else words,
    ]
    return Mail(message_id, b"".join(parts))


def _automatic_headers(*, answers: bool) -> tuple[bytes, bytes]:
    return (
        header("Auto-Submitted", "auto-replied" if answers else "auto-generated"),
        header("X-Auto-Response-Suppress", "All"),
    )


def subject_of(effect: Send) -> str:
    """Return the subject, with the reference where it is not yet named, on one line."""
    subject = _one_line(effect.subject) or _DEFAULT_SUBJECTS.get(effect.language, _DEFAULT_SUBJECTS["en"])
    if effect.reference and f"[{effect.reference}]" not in subject:
        subject = f"{subject[:SUBJECT_CHARS_MAX]} [{effect.reference}]"
    return subject[: SUBJECT_CHARS_MAX + REFERENCE_CHARS_MAX]


def wire_address(address: str) -> str:
    """Return an address in ASCII, its domain by IDNA. Raises ValueError where only SMTPUTF8 could carry it."""
    local, _, domain = address.rpartition("@")
    if not local.isascii():
        raise ValueError("this mailbox's name needs SMTPUTF8")
    return f"{local}@{domain.encode('idna').decode()}"


def recipients(effect: Send) -> tuple[str, ...]:
    """Return whom the envelope names: the customer first, and who gets a copy. Raises ValueError like `compose`."""
    return tuple(dict.fromkeys((wire_address(effect.line.peer), *_copies(effect))))


def _copies(effect: Send) -> list[str]:
    return [wire_address(each) for each in effect.cc]


def as_html(text: str, language: str) -> str:
    """Return plain text as the HTML alternative: escaped, line ends kept."""
    lines = escape(text).replace("\n", "<br>\n")
    mark = f' lang="{escape(language)}"' if language else ""
    return f"<!doctype html><html{mark}><body>{lines}</body></html>\n"


def _one_line(text: str) -> str:
    """Return text on one line, without what no header may hold."""
    return "".join(char for char in " ".join(text.split()) if ord(char) >= FIRST_PRINTABLE and char != DELETE)
