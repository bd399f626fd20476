"""Hands one mail to the relay, and says which of the four ways it went. No retry, no composing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import aiosmtplib
import msgspec

from channels.contract import TryLater, Undeliverable, Unsure
from channels.email.access import Access, NoToken

# Together shorter than the outbox's bound on a call (30 s), so that the reason is ours to name.
ENVELOPE_S, DATA_S = 12.0, 14.0
# Relays hang up on idle clients after some minutes (RFC 5321, 4.5.3.2.7: five); we are sooner, and polite.
KEPT_S, KEPT_MAX = 15.0, 8
SERVICE_CLOSING = 421
# The relay wants our credentials or TLS: a setting is wrong, not the mail, so it waits until that is mended.
AUTH_CODES = frozenset({530, 534, 535, 538})
_BROKEN = (aiosmtplib.SMTPException, OSError, TimeoutError, asyncio.IncompleteReadError)


class Relay(msgspec.Struct, frozen=True, kw_only=True):
    """Where submission goes. `tls` is starttls (587), tls (465) or none (a relay on this machine).

    `hello` is the name we give ourselves: our mail domain, never this machine's name. With `oauth` a token is given
    instead of the password.
    """

    host: str
    port: int
    hello: str
    tls: str = "starttls"
    user: str = ""
    password: str = ""
    oauth: Access | None = None


class Submission:
    """The way to one relay. Connections are kept a while between mails: a greeting costs more than a mail."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._idle: list[tuple[float, aiosmtplib.SMTP]] = []
        self._sweep: asyncio.TimerHandle | None = None

    async def submit(self, data: bytes, *, envelope_sender: str, recipients: Sequence[str]) -> None:
        """Submit one mail to all or to none, or raise TryLater, Undeliverable or Unsure. Reasons are codes."""
        client = await self._opened(envelope_sender, recipients)
        try:
            await _data(client, data)
        except BaseException:
            client.close()
            raise
        self._keep(client)

    def close(self) -> None:
        """Hang up what is kept. Mails under way are not touched."""
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        for _, client in self._idle:
            client.close()
        self._idle.clear()

    async def _opened(self, sender: str, recipients: Sequence[str]) -> aiosmtplib.SMTP:
        """Return a connection whose envelope is open. Up to RCPT nothing has left: every failure is certain."""
        try:
            async with asyncio.timeout(ENVELOPE_S):
                return await self._kept(sender, recipients) or await self._fresh(sender, recipients)
        except NoToken as fault:
            raise TryLater(fault.reason) from None
        except aiosmtplib.SMTPAuthenticationError as error:
            raise TryLater(f"relay_auth_{error.code}") from None
        except aiosmtplib.SMTPResponseException as error:
            raise _refused(error.code) from None
        except _BROKEN:
            raise TryLater("relay_unreachable") from None
        except ValueError:
            raise Undeliverable("address_unusable") from None

    async def _kept(self, sender: str, recipients: Sequence[str]) -> aiosmtplib.SMTP | None:
        """Use a kept connection; None where there is none, or the relay has meanwhile hung up on all of them."""
        while self._idle:
            _, client = self._idle.pop()
            try:
                await _envelope(client, sender, recipients)
            except aiosmtplib.SMTPResponseException as error:
                client.close()
                if error.code != SERVICE_CLOSING:
                    raise
            except _BROKEN:
                client.close()
            except BaseException:
                client.close()
                raise
            else:
                return client
        return None

    async def _fresh(self, sender: str, recipients: Sequence[str]) -> aiosmtplib.SMTP:
        relay = self._relay
        client = aiosmtplib.SMTP(
            hostname=relay.host,
            port=relay.port,
            use_tls=relay.tls == "tls",
            start_tls=relay.tls == "starttls",
            local_hostname=relay.hello,
            timeout=ENVELOPE_S,
        )
        try:
            await client.connect()
            await _sign_in(client, relay)
            await _envelope(client, sender, recipients)
        except BaseException:
            client.close()
            raise
        return client

    # --- between mails ------------------------------------------------------------------------------------------

    def _keep(self, client: aiosmtplib.SMTP) -> None:
        if len(self._idle) >= KEPT_MAX:
            client.close()
            return
        loop = asyncio.get_running_loop()
        self._idle.append((loop.time() + KEPT_S, client))
        if self._sweep is None:
            self._sweep = loop.call_later(KEPT_S, self._hang_up_idle)

    def _hang_up_idle(self) -> None:
        """Close what was not used for so long; the oldest stand first."""
        loop = asyncio.get_running_loop()
        while self._idle and self._idle[0][0] <= loop.time():
            self._idle.pop(0)[1].close()
        left_s = self._idle[0][0] - loop.time() if self._idle else 0.0
        self._sweep = loop.call_later(left_s, self._hang_up_idle) if self._idle else None


async def _sign_in(client: aiosmtplib.SMTP, relay: Relay) -> None:
    if relay.oauth is not None:
        try:
            await client.auth_xoauth2(relay.user, await relay.oauth.token())
        except aiosmtplib.SMTPAuthenticationError:
            relay.oauth.refused()
            raise
    elif relay.user:
        await client.login(relay.user, relay.password)


async def _envelope(client: aiosmtplib.SMTP, sender: str, recipients: Sequence[str]) -> None:
    await client.mail(sender)
    for each in recipients:
        await client.rcpt(each)


async def _data(client: aiosmtplib.SMTP, data: bytes) -> None:
    """From DATA on a silent relay may have taken the mail."""
    try:
        async with asyncio.timeout(DATA_S):
            await client.data(data, timeout=DATA_S)
    except aiosmtplib.SMTPResponseException as error:
        raise _refused(error.code) from None
    except _BROKEN:
        raise Unsure("relay_silent") from None


def _refused(code: int) -> TryLater | Undeliverable:
    if code in AUTH_CODES:
        return TryLater(f"relay_auth_{code}")
    return Undeliverable(f"smtp_{code}") if code >= 500 else TryLater(f"smtp_{code}")
