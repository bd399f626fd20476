"""What we send: one mail, threaded so that every program keeps it in its conversation. Sends nothing."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from html import escape
from typing import Any

from channels.contract import Send
from channels.email.automatic import LOOP_HEADER
from channels.email.headers import KeptHeaders
from channels.email.threads import Threads

_ID_HEADERS = frozenset({"in-reply-to", "references", "message-id"})
# CHANNELS.md 8.7: the first id keeps the thread together, the last ten suffice for every program we know.
REFERENCES_LAST_MAX = 10
SUBJECT_CHARS_MAX = 200
# Room behind the subject for the reference in its brackets.
REFERENCE_CHARS_MAX = 40
# An id longer than a line may be cannot be written, and no program makes one (RFC 5322, 2.1.1).
_USABLE_ID = re.compile(r"<[!-;=?-~]{1,900}>")
FIRST_PRINTABLE, DELETE = 0x20, "\x7f"
_DEFAULT_SUBJECTS = {"en": "Your request", "zh": "您的请求", "th": "คำขอของคุณ"}


class ThreadingPolicy(EmailPolicy):
    """Writes id headers one id per line and never encoded: the standard folding breaks ids over 64 characters."""

    def fold(self, name: str, value: Any) -> str:
        """Fold one header for text output."""
        if name.lower() in _ID_HEADERS:
            lines: str = "\r\n ".join(str(value).split())
            return f"{name}: {lines}\r\n"
        return str(super().fold(name, value))

    def fold_binary(self, name: str, value: Any) -> bytes:
        """Fold one header for byte output."""
        if name.lower() in _ID_HEADERS:
            return self.fold(name, value).encode("ascii", "ignore")
        return super().fold_binary(name, value)


# The standard folding fills a line with one encoded word, and 75 characters is the most a word may have (RFC 2047, 2).
LINE_CHARS_MAX = 74
POLICY = ThreadingPolicy(linesep="\r\n", cte_type="7bit", max_line_length=LINE_CHARS_MAX, header_factory=KeptHeaders())


def compose(effect: Send, threads: Threads, *, sender: str, sender_name: str, plus: bool, at: int) -> EmailMessage:
    """Return the mail of an effect. Raises ValueError for an address or subject that cannot be one."""
    mail = EmailMessage(policy=POLICY)
    mail["From"] = Address(_one_line(sender_name), addr_spec=sender)
    mail["To"] = Address(addr_spec=wire_address(effect.line.peer))
    mail["Subject"] = subject_of(effect)
    mail["Date"] = format_datetime(datetime.fromtimestamp(at / 1_000, UTC))
    mail["Message-ID"] = threads.message_id(effect.key, effect.line.key)
    if plus:
        mail["Reply-To"] = Address(_one_line(sender_name), addr_spec=threads.reply_address(effect.line.key))
    ids = [name for name in effect.thread if _USABLE_ID.fullmatch(name)]
    if ids:
        mail["In-Reply-To"] = ids[-1]
        mail["References"] = " ".join([ids[0], *ids[1:][-REFERENCES_LAST_MAX:]])
    else:
        # A confirmation and the first answer to a form have no mail before them, and belong together all the same.
        mail["References"] = threads.root_id(effect.line.key)
    mail[LOOP_HEADER] = threads.loop_mark
    if effect.automatic:
        mail["Auto-Submitted"] = "auto-replied" if ids else "auto-generated"
        mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(effect.text)
    mail.add_alternative(effect.html or as_html(effect.text, effect.language), subtype="html")
    if effect.language:
        # Last: making it multipart moves every Content- header into the first part.
        mail["Content-Language"] = effect.language
    return mail


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


def as_html(text: str, language: str) -> str:
    """Return plain text as the HTML alternative: escaped, line ends kept."""
    lines = escape(text).replace("\n", "<br>\n")
    mark = f' lang="{escape(language)}"' if language else ""
    return f"<!doctype html><html{mark}><body>{lines}</body></html>\n"


def _one_line(text: str) -> str:
    """Return text on one line, without what no header may hold."""
    return "".join(char for char in " ".join(text.split()) if ord(char) >= FIRST_PRINTABLE and char != DELETE)
