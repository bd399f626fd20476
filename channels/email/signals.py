"""A mail to the signals it means: a message on a thread, a receipt for a bounce, or something set aside by name."""

from __future__ import annotations

import hashlib
import re

import msgspec

from channels.contract import Attachment, Identity, LineRef, MessageIn, Receipt
from channels.email.automatic import is_auto_reply, is_loop, no_auto_answer
from channels.email.bounces import Report, read_report
from channels.email.proof import vouched_for
from channels.email.quotes import new_text
from channels.email.reading import Mail, parse_message, read_mail
from channels.email.threads import Threads
from channels.typed import typed

CHANNEL = "email"
_LANGUAGE = re.compile(r"[a-z]{2,3}")
# Longer names and subjects are written by machines, for machines; a screen shows a line of them.
NAME_CHARS_MAX, SUBJECT_CHARS_MAX = 250, 998
RAW_NAME = "mail.eml"
# Beyond this it is a circular, and nobody answers to all of it.
OTHERS_MAX = 20
_OTHER = re.compile(r"[!-~]{1,64}@[!-~]{1,255}")


class Ours(msgspec.Struct, frozen=True, kw_only=True):
    """What the parser must know of our own mailbox."""

    threads: Threads
    addresses: frozenset[str]
    trusted_authority: str = ""


def parse(data: bytes, ours: Ours, *, envelope_sender: str | None = None) -> MessageIn | Receipt:
    """Return the signal a raw mail means. Pure; never raises: what cannot be read becomes a message with the file."""
    try:
        message = parse_message(data)
        mail, report = read_mail(message), read_report(message)
    except Exception:
        # The standard parser has raised a dozen kinds of errors on what senders have sent it; each such mail is kept.
        return _unparsed(data, ours, envelope_sender)
    dedupe = dedupe_key(mail, data)
    if report is not None:
        return _bounce(mail, report, ours, dedupe)
    if mail.cut:
        mail = msgspec.structs.replace(mail, attachments=(*mail.attachments, _raw(data)))
    return _message(mail, ours, dedupe=dedupe, envelope_sender=envelope_sender)


def unread(header: bytes, ours: Ours, *, why: str, size_bytes: int, place: str) -> MessageIn | Receipt:
    """Return the signal of a mail of which only the header is here, or not even that. `place` names it then."""
    signal = parse(header, ours)
    if isinstance(signal, Receipt):
        return signal
    name = signal.dedupe if header else place
    dedupe = hashlib.sha256(f"{name}\0{size_bytes}".encode()).hexdigest()
    line = signal.line if header else msgspec.structs.replace(signal.line, key=ours.threads.new_key(dedupe))
    file = Attachment(name=RAW_NAME, media_type="message/rfc822", size_bytes=size_bytes)
    extra = {**signal.extra, "unread": why}
    return msgspec.structs.replace(signal, line=line, dedupe=dedupe, attachments=(file,), extra=extra)


def dedupe_key(mail: Mail, data: bytes) -> str:
    """Return a name that a redelivery of this mail has too, and that nobody can take from another's mail.

    A Message-ID alone could be copied to make a foreign mail disappear, so sender, date and body count as well.
    """
    body = re.split(rb"\r?\n\r?\n", data, maxsplit=1)[-1]
    parts = (mail.message_id, mail.sender, str(mail.sent_ms), mail.subject)
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "replace") + b"\0" + body)
    return digest.hexdigest()


def _bounce(mail: Mail, report: Report, ours: Ours, dedupe: str) -> MessageIn | Receipt:
    key = ours.threads.line_of_id(report.original_id) or _line_in_addresses(mail, ours)
    if key and report.failed and report.original_id:
        line = LineRef(channel=CHANNEL, key=key)
        return Receipt(line=line, dedupe=dedupe, provider=report.original_id, status="failed", reason=report.failed)
    return MessageIn(
        line=LineRef(channel=CHANNEL, key=ours.threads.new_key(dedupe)),
        dedupe=dedupe,
        text=mail.text,
        subject=typed(mail.subject[:SUBJECT_CHARS_MAX], lines=False),
        provider=mail.message_id,
        sent_ms=mail.sent_ms,
        set_aside="bounce" if report.failed or not report.failures else "delayed",
    )


def _message(mail: Mail, ours: Ours, *, dedupe: str, envelope_sender: str | None) -> MessageIn:
    answer = new_text(mail.text)
    extra = {"full_text": mail.text} if answer != mail.text.strip() else {}
    if mail.cut:
        extra["cut"] = "yes"
    others = _others(mail, ours)
    if others:
        extra["cc"] = " ".join(others)
    if mail.senders > 1:
        extra["suspicious"] = "several_senders"
    message_id = mail.message_id or f"<{dedupe[:32]}@missing.invalid>"
    return MessageIn(
        line=LineRef(
            channel=CHANNEL,
            key=_known_line(mail, ours) or ours.threads.new_key(message_id),
            peer=mail.sender if mail.reply_to in ours.addresses else mail.reply_to or mail.sender,
        ),
        dedupe=dedupe,
        text=answer,
        html=mail.html,
        subject=typed(mail.subject[:SUBJECT_CHARS_MAX], lines=False),
        provider=message_id,
        sent_ms=mail.sent_ms,
        name=typed(mail.sender_name[:NAME_CHARS_MAX], lines=False),
        language=_language(mail.language),
        identities=(Identity(kind="email", value=mail.sender, verified=_proof(mail, ours)),) if mail.sender else (),
        in_reply_to=mail.ids,
        attachments=mail.attachments,
        set_aside="loop" if is_loop(mail, ours.addresses, ours.threads.loop_mark) else "",
        automatic=is_auto_reply(mail),
        no_auto_answer=no_auto_answer(mail, envelope_sender),
        extra=extra,
    )


def _others(mail: Mail, ours: Ours) -> list[str]:
    """Return to whom else a mail went by name: neither to us nor by whom it is."""
    us = {address for address in mail.beside if address in ours.addresses or ours.threads.line_of_address(address)}
    found = dict.fromkeys(each for each in mail.beside if each not in us and each != mail.sender)
    return [each for each in found if _OTHER.fullmatch(each)][:OTHERS_MAX]


def _known_line(mail: Mail, ours: Ours) -> str:
    """Return the line of one of our own ids or secret addresses; other ids are looked up in the archive."""
    keys = (ours.threads.line_of_id(message_id) for message_id in mail.ids)
    return next((key for key in keys if key), "") or _line_in_addresses(mail, ours)


def _line_in_addresses(mail: Mail, ours: Ours) -> str:
    keys = (ours.threads.line_of_address(address) for address in mail.recipients)
    return next((key for key in keys if key), "")


def _proof(mail: Mail, ours: Ours) -> str:
    """Return `email-auth` when our own relay says that the sender's domain has vouched for this mail (RFC 8601)."""
    results = mail.headers.get("authentication-results", "")
    domain = mail.sender.rpartition("@")[2]
    # Of several From headers nobody knows which one the relay has looked at.
    return "email-auth" if mail.senders == 1 and vouched_for(results, ours.trusted_authority, domain) else ""


def _language(header: str) -> str:
    found = _LANGUAGE.fullmatch(re.split(r"[,-]", header, maxsplit=1)[0].strip().lower())
    return found.group(0) if found else ""


def _raw(data: bytes) -> Attachment:
    return Attachment(name=RAW_NAME, media_type="message/rfc822", size_bytes=len(data), content=data)


def _unparsed(data: bytes, ours: Ours, envelope_sender: str | None) -> MessageIn:
    """The mail as a file. Its envelope's sender is all that is known of who wrote it, and answers go there."""
    digest, peer = hashlib.sha256(data).hexdigest(), (envelope_sender or "").lower()
    return MessageIn(
        line=LineRef(channel=CHANNEL, key=ours.threads.new_key(digest), peer=peer if peer.isascii() else ""),
        dedupe=digest,
        attachments=(_raw(data),),
        no_auto_answer=True,
        extra={"unparsed": "yes"},
    )
