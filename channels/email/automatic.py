"""Which mails no person wrote, and which no machine may answer (RFC 3834, CHANNELS.md 8.5). Decides by headers."""

from __future__ import annotations

import re

from channels.email.reading import Mail

LOOP_HEADER = "X-Patchbay-Loop"
_DAEMONS = re.compile(r"^(mailer-daemon|postmaster|no-?reply|do-?not-?reply|bounces?)([+@._-]|$)", re.IGNORECASE)
# The colon belongs to it: "Automatic reply does not work" is a customer's question.
_SUBJECTS = re.compile(
    r"^\s*(automatic reply|auto[- ]?reply|out of (the )?office( reply)?|auto|abwesenheit(snotiz)?|automatische antwort"
    r"|réponse automatique|respuesta automática|automatická odpověď|自动回复|自動回覆|自動応答|ตอบกลับอัตโนมัติ)"
    r"\s*[:\uff1a]",
    re.IGNORECASE,
)
# Headers whose presence says that a program answers for somebody who is away.
_REPLY_HEADERS = ("x-autoreply", "x-autorespond", "x-auto-reply", "x-qq-auto-reply")
# Exchange and mass mailers; a person's mail that a rule has passed on carries the first, so it is no reply by itself.
_QUIET_HEADERS = ("x-ms-exchange-inbox-rules-loop", "feedback-id")
_SUPPRESS = ("all", "oof", "autoreply")
_LIST_HEADERS = ("list-id", "list-unsubscribe", "list-post")


def is_auto_reply(mail: Mail) -> bool:
    """Return whether a program wrote this for a person who is away, or to acknowledge."""
    headers = mail.headers
    submitted = headers.get("auto-submitted", "no").split(";")[0].strip().lower()
    if submitted not in {"", "no"} or any(name in headers for name in _REPLY_HEADERS):
        return True
    if headers.get("x-apple-action", "").strip().upper() == "VACATION":
        return True
    if headers.get("precedence", "").strip().lower() == "auto_reply" or _is_machine_report(headers):
        return True
    # A subject alone proves little, and a mail taken for a machine's wakes nobody: a second sign must agree (Exchange).
    return bool(_SUBJECTS.match(mail.subject)) and (_suppresses(headers) or _comes_from_nobody(headers))


def _is_machine_report(headers: dict[str, str]) -> bool:
    """Read receipts and complaints (RFC 8098, 5965) are multipart/report like bounces."""
    return headers.get("content-type", "").lower().startswith("multipart/report")


def _suppresses(headers: dict[str, str]) -> bool:
    suppress = headers.get("x-auto-response-suppress", "").lower()
    return any(word in suppress for word in _SUPPRESS)


def _comes_from_nobody(headers: dict[str, str]) -> bool:
    return headers.get("return-path", "?").strip() == "<>"


def is_list_mail(mail: Mail) -> bool:
    """Return whether a mailing list sent it: RFC 2919 and 2369 want angle brackets, and forged headers lack them."""
    return any("<" in mail.headers.get(name, "") for name in _LIST_HEADERS)


def no_auto_answer(mail: Mail, envelope_sender: str | None) -> bool:
    """Return whether a machine must not answer; `envelope_sender` is None where it is not known."""
    headers = mail.headers
    return (
        is_auto_reply(mail)
        or is_list_mail(mail)
        or envelope_sender == ""
        or bool(_SUBJECTS.match(mail.subject))
        or _comes_from_nobody(headers)
        or any(name in headers for name in _QUIET_HEADERS)
        or headers.get("precedence", "").strip().lower() in {"bulk", "junk", "list"}
        or _suppresses(headers)
        or bool(_DAEMONS.match(mail.sender))
    )


def is_loop(mail: Mail, our_addresses: frozenset[str], our_mark: str) -> bool:
    """Return whether this is our own mail come back. Another company's Patchbay has another mark."""
    return mail.headers.get(LOOP_HEADER.lower(), "").strip() == our_mark or mail.sender in our_addresses
