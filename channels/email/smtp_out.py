"""Hands one mail to the relay, and says which of the four ways it went. No retry, no composing."""

from __future__ import annotations

import asyncio
from email.message import EmailMessage

import aiosmtplib
import msgspec

from channels.contract import TryLater, Undeliverable, Unsure

# Together shorter than the outbox's bound on a call (30 s), so that the reason is ours to name.
ENVELOPE_S, DATA_S, GOODBYE_S = 12.0, 14.0, 2.0
# The relay wants our credentials or TLS: a setting is wrong, not the mail, so it waits until that is mended.
AUTH_CODES = frozenset({530, 534, 535, 538})
_BROKEN = (aiosmtplib.SMTPException, OSError, TimeoutError, asyncio.IncompleteReadError)


class Relay(msgspec.Struct, frozen=True, kw_only=True):
    """Where submission goes. `tls` is starttls (587), tls (465) or none (a relay on this machine).

    `hello` is the name we give ourselves: our mail domain, never this machine's name.
    """

    host: str
    port: int
    hello: str
    tls: str = "starttls"
    user: str = ""
    password: str = ""


async def submit(relay: Relay, mail: EmailMessage, *, envelope_sender: str, recipient: str) -> None:
    """Submit, or raise TryLater, Undeliverable or Unsure. Reasons are codes without addresses."""
    client = aiosmtplib.SMTP(
        hostname=relay.host,
        port=relay.port,
        use_tls=relay.tls == "tls",
        start_tls=relay.tls == "starttls",
        local_hostname=relay.hello,
        timeout=ENVELOPE_S,
    )
    try:
        await _envelope(client, relay, envelope_sender, recipient)
        await _data(client, bytes(mail))
        await _quit(client)
    finally:
        client.close()


async def _envelope(client: aiosmtplib.SMTP, relay: Relay, sender: str, recipient: str) -> None:
    """Up to RCPT nothing has left: every failure is certain."""
    try:
        async with asyncio.timeout(ENVELOPE_S):
            await client.connect()
            if relay.user:
                await client.login(relay.user, relay.password)
            await client.mail(sender)
            await client.rcpt(recipient)
    except aiosmtplib.SMTPAuthenticationError as error:
        raise TryLater(f"relay_auth_{error.code}") from None
    except aiosmtplib.SMTPResponseException as error:
        raise _refused(error.code) from None
    except _BROKEN:
        raise TryLater("relay_unreachable") from None
    except ValueError:
        raise Undeliverable("address_unusable") from None


async def _data(client: aiosmtplib.SMTP, data: bytes) -> None:
    """From DATA on a silent relay may have taken the mail."""
    try:
        async with asyncio.timeout(DATA_S):
            await client.data(data, timeout=DATA_S)
    except aiosmtplib.SMTPResponseException as error:
        raise _refused(error.code) from None
    except _BROKEN:
        raise Unsure("relay_silent") from None


async def _quit(client: aiosmtplib.SMTP) -> None:
    """The mail is taken: how the relay says good-bye changes nothing."""
    try:
        await client.quit(timeout=GOODBYE_S)
    except _BROKEN:
        return


def _refused(code: int) -> TryLater | Undeliverable:
    if code in AUTH_CODES:
        return TryLater(f"relay_auth_{code}")
    return Undeliverable(f"smtp_{code}") if code >= 500 else TryLater(f"smtp_{code}")
