"""E-mail: in through an SMTP listener, out through a relay. https://www.rfc-editor.org/rfc/rfc5321 and 5322.

Every thread is a line; replies find theirs by ids and secret addresses. IMAP will be one more way to `take`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence

import msgspec

from channels.contract import (
    AnyEffect,
    Capabilities,
    Done,
    Door,
    LetterboxClosed,
    MessageIn,
    Route,
    Send,
    TryLater,
    Undeliverable,
)
from channels.contract import Settings as CommonSettings
from channels.email.compose import compose, wire_address
from channels.email.signals import Ours, parse
from channels.email.smtp_in import Mailbox, listen
from channels.email.smtp_out import Relay, Submission
from channels.email.threads import Threads

CAPABILITIES = Capabilities(delivery="call", live=False, load=10, media=True)
_ADDRESS = re.compile(r"[^@\s<>,;:\"]{1,64}@[^@\s<>,;:\"]{1,255}")
_TLS = ("starttls", "tls", "none")
MEBIBYTE_BYTES = 1024 * 1024


class Settings(CommonSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `email` entry of channels.yaml.

    `in_port` 0: no listener. `out_host` empty: nothing is sent, replies wait in the outbox and say so.
    `trusted_authority` is the authserv-id of your own relay whose Authentication-Results may be believed.
    """

    address: str = "support@example.com"
    name: str = "Support"
    also: tuple[str, ...] = ()
    plus_addressing: bool = False
    in_host: str = "127.0.0.1"
    in_port: int = 0
    size_mebibytes_max: int = 25
    out_host: str = ""
    out_port: int = 587
    out_tls: str = "starttls"
    out_user: str = ""
    out_password_env: str = ""
    trusted_authority: str = ""


class Email:
    """One mailbox: the listener, the relay, the threads."""

    def __init__(self, settings: Settings, door: Door, relay: Relay | None) -> None:
        self.capabilities = CAPABILITIES
        self._settings = settings
        self._door = door
        self._submission = Submission(relay) if relay else None
        self._threads = Threads(door.secret("threads"), settings.address.lower(), _domain(settings.address))
        addresses = frozenset(each.lower() for each in (settings.address, *settings.also))
        self._ours = Ours(threads=self._threads, addresses=addresses, trusted_authority=settings.trusted_authority)

    def routes(self) -> Sequence[Route]:
        """Mail has no pages."""
        return ()

    async def listen(self) -> None:
        """Take mail by SMTP, where a port is set, and keep the way to the relay, until cancelled."""
        try:
            if self._settings.in_port:
                await self._listen()
            else:
                await asyncio.Event().wait()
        finally:
            if self._submission is not None:
                self._submission.close()

    async def _listen(self) -> None:
        await listen(
            Mailbox(self.take, self._is_ours),
            host=self._settings.in_host,
            port=self._settings.in_port,
            size_bytes_max=self._settings.size_mebibytes_max * MEBIBYTE_BYTES,
        )

    def _is_ours(self, address: str) -> bool:
        return address in self._ours.addresses or bool(self._threads.line_of_address(address))

    async def take(self, data: bytes, envelope_sender: str) -> bool:
        """Read a raw mail and put it into the letterbox. False: it is closed, the sender must come again."""
        signal = await asyncio.to_thread(parse, data, self._ours, envelope_sender=envelope_sender)
        if isinstance(signal, MessageIn) and signal.sent_ms > self._door.now_ms():
            # A sender's clock that runs ahead, or a forged date, must not sort above what comes after.
            signal = msgspec.structs.replace(signal, sent_ms=0)
        try:
            await self._door.accept([signal])
        except LetterboxClosed:
            return False
        return True

    async def perform(self, effect: AnyEffect) -> Done:
        """Send one mail. Automatic mail has an empty envelope sender, so that no machine answers it."""
        if not isinstance(effect, Send):
            raise Undeliverable("effect_unknown")
        if self._submission is None:
            raise TryLater("no_relay_configured")
        if not _ADDRESS.fullmatch(effect.line.peer):
            raise Undeliverable("address_unusable")
        try:
            mail = compose(
                effect,
                self._threads,
                sender=self._settings.address,
                sender_name=effect.author or self._settings.name,
                plus=self._settings.plus_addressing,
                at=self._door.now_ms(),
            )
        except ValueError:
            raise Undeliverable("mail_unusable") from None
        envelope_sender = "" if effect.automatic else self._settings.address
        recipient = wire_address(effect.line.peer)
        await self._submission.submit(mail.data, envelope_sender=envelope_sender, recipient=recipient)
        return Done(provider=mail.message_id)

    async def find(self, key: str) -> Done | None:
        """A relay cannot be asked: after a lost answer a customer may see one mail twice, under one Message-ID."""
        del key
        return None


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


def build(settings: CommonSettings, door: Door, environment: Mapping[str, str]) -> Email:
    """Make the channel. Raises ValueError with a sentence when a setting or a named secret is missing."""
    assert isinstance(settings, Settings), "the loader reads this entry by our own Settings"
    for address in (settings.address, *settings.also):
        if not _ADDRESS.fullmatch(address):
            raise ValueError("email.address and email.also must be mail addresses such as support@example.com")
    if settings.out_tls not in _TLS:
        raise ValueError(f"email.out_tls must be one of {', '.join(_TLS)}")
    password = environment.get(settings.out_password_env, "") if settings.out_password_env else ""
    if settings.out_password_env and not password:
        raise ValueError(f"the environment variable {settings.out_password_env} is not set")
    relay = None
    if settings.out_host:
        relay = Relay(
            host=settings.out_host,
            port=settings.out_port,
            hello=_domain(settings.address),
            tls=settings.out_tls,
            user=settings.out_user,
            password=password,
        )
    return Email(settings, door, relay)


__all__ = ["CAPABILITIES", "Email", "Settings", "build"]
