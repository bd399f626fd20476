"""Hands one mail to the relay, and says which of the four ways it went. No retry, no composing."""

from __future__ import annotations

import asyncio
from email.message import EmailMessage

import aiosmtplib
import msgspec

from channels.contract import TryLater, Undeliverable, Unsure

# Shorter than the outbox's bound on a call, so that the reason is ours to name.
CONNECT_S, COMMAND_S = 10.0, 15.0


class Relay(msgspec.Struct, frozen=True, kw_only=True):
    """Where submission goes. `tls` is starttls (587), tls (465) or none (a relay on this machine)."""

    host: str
    port: int
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
        timeout=CONNECT_S,
    )
    try:
        await _envelope(client, relay, envelope_sender, recipient)
        await _data(client, bytes(mail))
    finally:
        client.close()


async def _envelope(client: aiosmtplib.SMTP, relay: Relay, sender: str, recipient: str) -> None:
    """Up to RCPT nothing has left: every failure is certain."""
    try:
        await client.connect()
        if relay.user:
            await client.login(relay.user, relay.password, timeout=COMMAND_S)
        await client.mail(sender, timeout=COMMAND_S)
        await client.rcpt(recipient, timeout=COMMAND_S)
    except aiosmtplib.SMTPAuthenticationError as error:
        raise TryLater(f"relay_auth_{error.code}") from None
    except aiosmtplib.SMTPResponseException as error:
        raise _refused(error.code) from None
    except (aiosmtplib.SMTPException, OSError, TimeoutError, asyncio.IncompleteReadError):
        raise TryLater("relay_unreachable") from None
    except ValueError:
        raise Undeliverable("address_unusable") from None


async def _data(client: aiosmtplib.SMTP, data: bytes) -> None:
    """From DATA on a silent relay may have taken the mail."""
    try:
        await client.data(data, timeout=COMMAND_S)
    except aiosmtplib.SMTPResponseException as error:
        raise _refused(error.code) from None
    except (aiosmtplib.SMTPException, OSError, TimeoutError, asyncio.IncompleteReadError):
        raise Unsure("relay_silent") from None
    await _quit(client)


async def _quit(client: aiosmtplib.SMTP) -> None:
    """The mail is taken: how the relay says good-bye changes nothing."""
    try:
        await client.quit(timeout=COMMAND_S)
    except (aiosmtplib.SMTPException, OSError, TimeoutError, asyncio.IncompleteReadError):
        return


def _refused(code: int) -> TryLater | Undeliverable:
    return Undeliverable(f"smtp_{code}") if code >= 500 else TryLater(f"smtp_{code}")
