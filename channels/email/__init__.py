"""E-mail: in by IMAP or through an SMTP listener, out through a relay. RFC 3501, 5321 and 5322.

Every thread is a line; replies find theirs by ids and secret addresses.
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
    Receipt,
    Route,
    Send,
    TryLater,
    Undeliverable,
)
from channels.contract import Settings as CommonSettings
from channels.email.access import Access, OAuth
from channels.email.compose import Mail, compose, recipients
from channels.email.imap_in import BEGINNINGS, WAYS_AFTER, Folder, Inbox, Unread
from channels.email.imap_link import Server
from channels.email.signals import Ours, parse, unread
from channels.email.smtp_in import Mailbox, listen
from channels.email.smtp_out import Relay, Submission
from channels.email.threads import Threads

MEBIBYTE_BYTES = 1024 * 1024
# What most mailboxes take is 25 MiB, and a file grows by a third on its way.
FILES_BYTES_MAX = 18 * MEBIBYTE_BYTES
CAPABILITIES = Capabilities(
    delivery="call",
    live=False,
    load=10,
    media=True,
    files={"*": FILES_BYTES_MAX},
    files_max=20,
    files_bytes_max=FILES_BYTES_MAX,
    writes_to="email",
    letters=True,
)
_ADDRESS = re.compile(r"[^@\s<>,;:\"]{1,64}@[^@\s<>,;:\"]{1,255}")
_TLS = ("starttls", "tls", "none")


class Settings(CommonSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `email` entry of channels.yaml.

    `in_port` 0: no listener. `out_host` empty: nothing is sent, replies wait in the outbox and say so.
    `imap_host` empty: no folder is read. `imap_begin`: the first look takes `new` mail or `all`; `imap_after`: mails
    that were read stay as they are (`leave`), are marked as seen (`flag`), or `move` to `imap_move_to`. `oauth_…`:
    where the token is that opens the mailbox instead of a password, and the relay, too, with `out_oauth`.
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
    out_oauth: bool = False
    imap_host: str = ""
    imap_port: int = 993
    imap_tls: str = "tls"
    imap_ca_file: str = ""
    imap_user: str = ""
    imap_password_env: str = ""
    imap_folder: str = "INBOX"
    imap_begin: str = "new"
    imap_after: str = "leave"
    imap_move_to: str = ""
    imap_idle_ms: int = 240_000
    oauth_env: str = ""
    oauth_file: str = ""
    oauth_command: tuple[str, ...] = ()
    trusted_authority: str = ""


class Email:
    """One mailbox: the folder, the listener, the relay, the threads."""

    def __init__(self, settings: Settings, door: Door, relay: Relay | None, access: Access) -> None:
        # A folder is read by one node only: its cursor has one hand.
        self.capabilities = msgspec.structs.replace(CAPABILITIES, single=bool(settings.imap_host))
        self._settings = settings
        self._door = door
        self._submission = Submission(relay) if relay else None
        self._threads = Threads(door.secret("threads"), settings.address.lower(), _domain(settings.address))
        addresses = frozenset(each.lower() for each in (settings.address, *settings.also))
        self._ours = Ours(threads=self._threads, addresses=addresses, trusted_authority=settings.trusted_authority)
        self._inbox: Inbox | None = None
        if settings.imap_host:
            folder = _folder(settings)
            self._inbox = Inbox(door, folder, access, take=self._take_from_folder, take_unread=self._take_unread)

    def routes(self) -> Sequence[Route]:
        """Mail has no pages."""
        return ()

    async def listen(self) -> None:
        """Read the folder and take mail by SMTP, where they are set, and keep the way to the relay, until cancelled."""
        ways = [asyncio.create_task(self._idle())]
        if self._inbox is not None:
            ways.append(asyncio.create_task(self._inbox.run()))
        if self._settings.in_port:
            ways.append(asyncio.create_task(self._listen()))
        try:
            await asyncio.gather(*ways)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            if self._submission is not None:
                self._submission.close()

    async def _idle(self) -> None:
        await asyncio.Event().wait()

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
        return await self._accept(await asyncio.to_thread(parse, data, self._ours, envelope_sender=envelope_sender), {})

    async def _take_from_folder(self, data: bytes, notes: Mapping[str, str]) -> bool:
        return await self._accept(await asyncio.to_thread(parse, data, self._ours), notes)

    async def _take_unread(self, header: bytes, mail: Unread, notes: Mapping[str, str]) -> bool:
        signal = unread(header, self._ours, why=mail.why, size_bytes=mail.size_bytes, place=mail.place)
        return await self._accept(signal, notes)

    async def _accept(self, signal: MessageIn | Receipt, notes: Mapping[str, str]) -> bool:
        if isinstance(signal, MessageIn) and signal.sent_ms > self._door.now_ms():
            # A sender's clock that runs ahead, or a forged date, must not sort above what comes after.
            signal = msgspec.structs.replace(signal, sent_ms=0)
        try:
            await self._door.accept([signal], notes)
        except LetterboxClosed:
            return False
        return True

    async def perform(self, effect: AnyEffect) -> Done:
        """Send one mail. Automatic mail has an empty envelope sender, so that no machine answers it."""
        if not isinstance(effect, Send):
            raise Undeliverable("effect_unknown")
        if self._submission is None:
            raise TryLater("no_relay_configured")
        if not all(_ADDRESS.fullmatch(each) for each in (effect.line.peer, *effect.cc)):
            raise Undeliverable("address_unusable")
        try:
            # Many megabytes are encoded beside the loop.
            mail = await asyncio.to_thread(self._compose, effect) if effect.files else self._compose(effect)
        except ValueError:
            raise Undeliverable("mail_unusable") from None
        envelope_sender = "" if effect.automatic else self._settings.address
        await self._submission.submit(mail.data, envelope_sender=envelope_sender, recipients=recipients(effect))
        return Done(provider=mail.message_id)

    def _compose(self, effect: Send) -> Mail:
        return compose(
            effect,
            self._threads,
            sender=self._settings.address,
            sender_name=effect.author or self._settings.name,
            plus=self._settings.plus_addressing,
            at=self._door.now_ms(),
        )

    async def find(self, key: str) -> Done | None:
        """A relay cannot be asked: after a lost answer a customer may see one mail twice, under one Message-ID."""
        del key
        return None


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


def _folder(settings: Settings) -> Folder:
    size_bytes_max = settings.size_mebibytes_max * MEBIBYTE_BYTES
    server = Server(
        host=settings.imap_host,
        port=settings.imap_port,
        tls=settings.imap_tls,
        ca_file=settings.imap_ca_file,
        literal_bytes_max=size_bytes_max + MEBIBYTE_BYTES,
    )
    return Folder(
        server=server,
        name=settings.imap_folder,
        begin=settings.imap_begin,
        after=settings.imap_after,
        move_to=settings.imap_move_to,
        idle_s=settings.imap_idle_ms / 1_000,
        size_bytes_max=size_bytes_max,
    )


def build(settings: CommonSettings, door: Door, environment: Mapping[str, str]) -> Email:
    """Make the channel. Raises ValueError with a sentence when a setting or a named secret is missing."""
    assert isinstance(settings, Settings), "the loader reads this entry by our own Settings"
    _check(settings)
    for variable in (settings.out_password_env, settings.imap_password_env, settings.oauth_env):
        if variable and not environment.get(variable):
            raise ValueError(f"the environment variable {variable} is not set")
    oauth = OAuth(variable=settings.oauth_env, file=settings.oauth_file, command=settings.oauth_command)
    access = Access(settings.imap_user, environment.get(settings.imap_password_env, ""), oauth, environment)
    relay = None
    if settings.out_host:
        relay = Relay(
            host=settings.out_host,
            port=settings.out_port,
            hello=_domain(settings.address),
            tls=settings.out_tls,
            user=settings.out_user,
            password=environment.get(settings.out_password_env, ""),
            oauth=access if settings.out_oauth else None,
        )
    return Email(settings, door, relay, access)


def _check(settings: Settings) -> None:
    for address in (settings.address, *settings.also):
        if not _ADDRESS.fullmatch(address):
            raise ValueError("email.address and email.also must be mail addresses such as support@example.com")
    oauth = settings.oauth_env or settings.oauth_file or settings.oauth_command
    sound = {
        f"email.out_tls must be one of {', '.join(_TLS)}": settings.out_tls in _TLS,
        f"email.imap_tls must be one of {', '.join(_TLS)}": settings.imap_tls in _TLS,
        f"email.imap_begin must be one of {', '.join(BEGINNINGS)}": settings.imap_begin in BEGINNINGS,
        f"email.imap_after must be one of {', '.join(WAYS_AFTER)}": settings.imap_after in WAYS_AFTER,
        "email.imap_move_to must name the folder to which mails are moved": (
            settings.imap_after != "move" or bool(settings.imap_move_to)
        ),
        "email.imap_move_to must be another folder than email.imap_folder": (
            settings.imap_after != "move" or settings.imap_move_to != settings.imap_folder
        ),
        "email.imap_idle must be between 1s and 29m": 1_000 <= settings.imap_idle_ms <= 29 * 60_000,
        "email.imap_user must name the mailbox": not settings.imap_host or bool(settings.imap_user),
        "email.imap_password_env, or one of oauth_env, oauth_file, oauth_command, must be set": (
            not settings.imap_host or bool(settings.imap_password_env or oauth)
        ),
        "email.out_oauth needs one of oauth_env, oauth_file, oauth_command": not settings.out_oauth or bool(oauth),
    }
    for sentence, holds in sound.items():
        if not holds:
            raise ValueError(sentence)


__all__ = ["CAPABILITIES", "Email", "Settings", "build"]
