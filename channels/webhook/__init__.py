"""Any provider that posts JSON: handshake, proof, messages and answers as an operator describes them. No provider here.

An entry of any other name is served by this channel with `by: webhook`; docs/channels/webhook.md has whole examples.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from aiohttp import web

from channels.contract import (
    AnyEffect,
    Capabilities,
    Done,
    Door,
    Fetch,
    LetterboxClosed,
    Route,
    Send,
    TryLater,
    Undeliverable,
)
from channels.contract import Settings as CommonSettings
from channels.five_seconds import Patience, come_again
from channels.parts import Progress
from channels.webhook.files import files_of
from channels.webhook.paths import Expression, Item
from channels.webhook.proof import Signature, fault_of
from channels.webhook.reading import Reader, Unreadable, body_of
from channels.webhook.sending import Fetcher, Sender
from channels.webhook.settings import Settings

CAPABILITIES = Capabilities(
    delivery="call",
    live=False,
    load=25,
    effects=("Send", "Fetch"),
    receipts=True,
    media=True,
    many=True,
)
BODY_BYTES_MAX = 1024 * 1024
CHALLENGE_CHARS_MAX = 256


class Webhook:
    """One entry: one account at one provider."""

    def __init__(self, settings: Settings, door: Door, secrets: Mapping[str, str]) -> None:
        self.capabilities = msgspec.structs.replace(CAPABILITIES, files=files_of(settings.send))
        self._settings, self._door = settings, door
        self._proofs = (secrets["secret_env"], secrets["old_secret_env"])
        self._check_word = secrets["check_env"]
        access = secrets["access_env"]
        self._signature = settings.signature or Signature(header="X-Signature")
        self._reader = Reader(
            door.name, settings.receive, window_ms=settings.reply_window_ms, quota=settings.reply_quota
        )
        self._challenge = Expression(settings.handshake.field)
        self._sender = Sender(settings.send, access) if settings.send is not None else None
        self._fetcher = Fetcher(settings.fetch, access, settings.fetch_mebibytes_max)
        self._patience = Patience(door)

    def routes(self) -> Sequence[Route]:
        """One address: checked by GET where the provider does so, posted to by POST."""
        return (
            Route(method="GET", path="/hook", handler=self._checked),
            Route(method="POST", path="/hook", handler=self._posted, body_bytes_max=BODY_BYTES_MAX),
        )

    async def listen(self) -> None:
        """The provider comes to us."""
        return

    # --- in -----------------------------------------------------------------------------------------------------

    async def _checked(self, request: web.Request) -> web.StreamResponse:
        mark, echo = self._settings.handshake.mark, self._settings.handshake.echo
        if not mark:
            return _said(405, "post_here")
        given = request.query.get(mark, "").encode("utf-8", "replace")
        if not self._check_word or not hmac.compare_digest(given, self._check_word.encode()):
            return _said(403, "check_word")
        return web.Response(text=request.query.get(echo, "")[:CHALLENGE_CHARS_MAX], content_type="text/plain")

    async def _posted(self, request: web.Request) -> web.StreamResponse:
        if not self._settings.receive:
            return _said(404, "nothing_is_received_here")
        data = await request.read()
        fault = fault_of(self._signature, self._proofs, request.headers, body=data, now_ms=self._door.now_ms())
        if fault:
            return _said(403, fault)
        try:
            body = body_of(data, self._settings.format)
            challenge = self._challenge.of(Item((body,)))
            if challenge:
                return web.Response(text=challenge[:CHALLENGE_CHARS_MAX], content_type="text/plain")
            signals = self._reader.signals(body)
        except Unreadable as unreadable:
            return _said(400, str(unreadable))
        if not await self._patience.kept(signals):
            return come_again()
        return web.Response(text=self._settings.answer, content_type=self._settings.answer_type)

    # --- out ----------------------------------------------------------------------------------------------------

    async def perform(self, effect: AnyEffect) -> Done:
        """Send a message, or bring a file."""
        if not isinstance(effect, Send | Fetch):
            raise Undeliverable("effect_unknown")
        if isinstance(effect, Fetch):
            return await self._fetcher.fetch(effect)
        if self._sender is None:
            raise TryLater("not_configured")
        try:
            return await self._sender.send(effect, Progress(self._door.book, effect.key))
        except LetterboxClosed:
            raise TryLater("store_away") from None

    async def find(self, key: str) -> Done | None:
        """Nothing is asked: where the provider knows `{key}` again (`repeatable`), a repeat does no harm."""
        del key
        return None


def _said(status: int, code: str) -> web.Response:
    return web.Response(status=status, text=code, content_type="text/plain")


def build(settings: CommonSettings, door: Door, environment: Mapping[str, str]) -> Webhook:
    """Make the channel. Raises ValueError with a sentence when a named secret is missing."""
    assert isinstance(settings, Settings), "the loader reads this entry by our own Settings"
    secrets: dict[str, Any] = {}
    for field in ("secret_env", "old_secret_env", "check_env", "access_env"):
        name = getattr(settings, field)
        secrets[field] = environment.get(name, "") if name else ""
        if name and not secrets[field]:
            raise ValueError(f"the environment variable {name} is not set")
    return Webhook(settings, door, secrets)


__all__ = ["CAPABILITIES", "Settings", "Webhook", "build"]
