"""Which mails no person wrote, and which no machine may answer (RFC 3834, CHANNELS.md 8.5). Decides by headers."""

from __future__ import annotations

import re

from channels.email.reading import Mail

LOOP_HEADER = "X-Patchbay-Loop"
_DAEMONS = re.compile(r"^(mailer-daemon|postmaster|no-?reply|do-?not-?reply|bounces?)([+@._-]|$)", re.IGNORECASE)
_SUBJECTS = re.compile(
    r"^\s*(automatic reply|auto[- ]?reply|out of (the )?office|auto:|abwesenheit|automatische antwort"
    r"|réponse automatique"
    r"|respuesta automática|automatická odpověď|自动回复|自動回覆|自動応答|ตอบกลับอัตโนมัติ)",
    re.IGNORECASE,
)
# Headers whose presence says that a program answers for somebody who is away.
_REPLY_HEADERS = ("x-autoreply", "x-autorespond", "x-auto-reply", "x-ms-exchange-inbox-rules-loop", "x-qq-auto-reply")
_LIST_HEADERS = ("list-id", "list-unsubscribe", "list-post")


def is_auto_reply(mail: Mail) -> bool:
    """Return whether a program wrote this for a person who is away, or to acknowledge."""
    headers = mail.headers
    submitted = headers.get("auto-submitted", "no").split(";")[0].strip().lower()
    if submitted not in {"", "no"} or any(name in headers for name in _REPLY_HEADERS):
        return True
    if headers.get("x-apple-action", "").strip().upper() == "VACATION":
        return True
    if headers.get("precedence", "").strip().lower() == "auto_reply":
        return True
    return bool(_SUBJECTS.match(mail.subject))


def is_list_mail(mail: Mail) -> bool:
    """Return whether a mailing list sent it: RFC 2919 and 2369 want angle brackets, and forged headers lack them."""
    return any("<" in mail.headers.get(name, "") for name in _LIST_HEADERS)


def no_auto_answer(mail: Mail, envelope_sender: str | None) -> bool:
    """Return whether a machine must not answer; `envelope_sender` is None where it is not known."""
    headers = mail.headers
    suppress = headers.get("x-auto-response-suppress", "").lower()
    return (
        is_auto_reply(mail)
        or is_list_mail(mail)
        or envelope_sender == ""
        or headers.get("return-path", "?").strip() == "<>"
        or headers.get("precedence", "").strip().lower() in {"bulk", "junk", "list"}
        or any(word in suppress for word in ("all", "oof", "autoreply"))
        or bool(_DAEMONS.match(mail.sender))
    )


def is_loop(mail: Mail, our_addresses: frozenset[str]) -> bool:
    """Return whether this is our own mail come back."""
    return LOOP_HEADER.lower() in mail.headers or mail.sender in our_addresses
