"""SMS, MMS and WhatsApp through Twilio: webhooks in, REST out, and a reconciler for what no webhook brought.

https://www.twilio.com/docs/messaging. Every pair of a customer's address and a number of ours is a line.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress

import msgspec
from aiohttp import web

from channels.contract import (
    AnyEffect,
    AnySignal,
    Attachment,
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
from channels.sms.attempts import Attempt, Attempts, Heard
from channels.sms.lending import FILE_BYTES_MAX, FILES_MAX, Lending
from channels.sms.missed import Missed
from channels.sms.reading import Lines, Unreadable, ends_of, receipt_in, said_in, sendable, signals_of
from channels.sms.segments import count, in_gsm
from channels.twilio import API_URL, Account, AccountSettings, Rest, TooMany, account_of, read_webhook

# What the provider takes of a text in one message: error 21617 above it.
TEXT_CHARS_MAX = 1_600
CAPABILITIES = Capabilities(
    delivery="call",
    live=False,
    load=15,
    effects=("Send", "Fetch"),
    text_chars_max=TEXT_CHARS_MAX,
    receipts=True,
    media=True,
    files={"*": FILE_BYTES_MAX},
    files_max=FILES_MAX,
    files_bytes_max=FILE_BYTES_MAX,
    single=True,
    can_find=True,
)
# A status may come while the call that sent the message still waits for its answer: so long it waits, too.
IN_FLIGHT_S = 5.0
# The provider tries a status again when we are away: five times, on every error.
STATUS_RETRIES = "#rc=5&rp=all"
RECONCILE_S_MIN = 10
# An unsure message is looked for on so many pages of what was sent since.
FIND_PAGES_MAX = 5
BODY_BYTES_MAX = 64 * 1024


class Settings(CommonSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `sms` entry of channels.yaml.

    `numbers`: ours, as the provider writes them (`+66600000001`, `whatsapp:+14155238886`); what came to them is looked
    for again every `reconcile_s` seconds. `plain_quotes`: typographer's quotes become plain ones, which alone can halve
    what a text costs.
    """

    account_sid: str = ""
    auth_token_env: str = ""
    old_auth_token_env: str = ""
    api_key_sid: str = ""
    api_key_secret_env: str = ""
    api_url: str = API_URL
    numbers: tuple[str, ...] = ()
    messaging_service_sid: str = ""
    plain_quotes: bool = True
    reconcile_s: int = 180


class Sms:
    """One account's messages."""

    def __init__(self, settings: Settings, door: Door, account: Account | None) -> None:
        self.capabilities = CAPABILITIES
        self._settings = settings
        self._door = door
        self._account = account
        self._rest = Rest(account) if account else None
        self._lines = Lines(channel="sms", secret=door.secret("lines"))
        self._attempts = Attempts(door.book, door.secret("attempts"))
        self._lending = Lending(door.secret("files"))
        self._heard = Heard()
        self._in_flight: dict[str, asyncio.Event] = {}

    def routes(self) -> Sequence[Route]:
        """Messages in, what became of ours, files on loan, and the count of segments for whoever writes."""
        return (
            Route(method="POST", path="/in", handler=self._in, body_bytes_max=BODY_BYTES_MAX),
            Route(method="POST", path="/status", handler=self._status, body_bytes_max=BODY_BYTES_MAX),
            Route(method="GET", path="/files/{name}", handler=self._file),
            Route(method="POST", path="/segments", handler=self._segments, body_bytes_max=BODY_BYTES_MAX),
        )

    # --- in ---------------------------------------------------------------------------------------------------

    async def _in(self, request: web.Request) -> web.StreamResponse:
        fields = await read_webhook(request, self._door, self._account)
        try:
            signals = signals_of(said_in(fields), self._lines)
        except Unreadable:
            return web.Response(status=400, text="not a message")
        return await self._accepted(signals)

    async def _status(self, request: web.Request) -> web.StreamResponse:
        fields = await read_webhook(request, self._door, self._account)
        await self._sent(request.query.get("key", ""))
        try:
            receipt = receipt_in(fields, self._lines)
        except Unreadable:
            return web.Response(status=400, text="not a status")
        if receipt is None or not self._heard.is_news(receipt):
            return _heard_it()
        answer = await self._accepted([receipt])
        if answer.status == 200:
            self._heard.note(receipt)
        return answer

    async def _accepted(self, signals: Sequence[AnySignal]) -> web.StreamResponse:
        try:
            await self._door.accept(signals)
        except LetterboxClosed:
            return web.Response(status=503, text="come again")
        return _heard_it()

    async def _sent(self, key: str) -> None:
        running = self._in_flight.get(key)
        if running is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(IN_FLIGHT_S):
                    await running.wait()

    async def _file(self, request: web.Request) -> web.StreamResponse:
        return self._lending.answer(request.match_info["name"], self._door.now_ms())

    async def _segments(self, request: web.Request) -> web.StreamResponse:
        try:
            said = msgspec.json.decode(await request.read(), type=dict[str, str])
        except msgspec.MsgspecError:
            return web.json_response({"error": {"code": "unreadable", "message": "Post {text}."}}, status=400)
        counted = count(said.get("text", ""))
        return web.json_response({**msgspec.structs.asdict(counted), "text_chars_max": TEXT_CHARS_MAX})

    async def listen(self) -> None:
        """Look for what was missed until cancelled; return at once where no number is named."""
        if self._rest is None or not self._settings.numbers:
            return
        missed = Missed(self._rest, self._door, self._lines, numbers=self._settings.numbers, heard=self._heard)
        while True:
            done = True
            with suppress(TryLater, Undeliverable, LetterboxClosed):
                done = await missed.round()
            await asyncio.sleep(self._settings.reconcile_s if done else 1)

    # --- out --------------------------------------------------------------------------------------------------

    async def perform(self, effect: AnyEffect) -> Done:
        """Send one message, or fetch one medium."""
        if not isinstance(effect, (Send, Fetch)):
            raise Undeliverable("effect_unknown")
        if self._rest is None:
            raise TryLater("not_configured")
        if isinstance(effect, Fetch):
            content, kind = await self._rest.fetch(effect.url)
            name = effect.url.rstrip("/").rpartition("/")[2][:80]
            file = Attachment(name=name, media_type=kind, size_bytes=len(content), content=content, source=effect.url)
            return Done(files=(file,))
        running = self._in_flight[effect.key] = asyncio.Event()
        try:
            return await self._send(self._rest, effect)
        finally:
            running.set()
            self._in_flight.pop(effect.key, None)

    async def _send(self, rest: Rest, effect: Send) -> Done:
        try:
            theirs, ours = ends_of(effect.line.peer)
        except ValueError:
            raise Undeliverable("number_unusable") from None
        # What the provider would change in a text, we change before: so it can be known again in its list.
        text = in_gsm(effect.text) if self._settings.plain_quotes else effect.text
        form = [("To", theirs), ("From", ours), *self._content(text, effect)]
        print_ = self._attempts.print_of(theirs, text)
        attempt = Attempt(key=effect.key, at_ms=self._door.now_ms(), ours=ours, print=print_, known=effect.thread)
        try:
            await self._attempts.note(attempt)
        except LetterboxClosed:
            raise TryLater("store_away") from None
        made = await rest.post("Messages.json", form)
        sid = str(made.get("sid") or "")
        self._attempts.confirm(sid, effect.key)
        return Done(provider=sid)

    def _content(self, text: str, effect: Send) -> list[tuple[str, str]]:
        files = effect.files
        if len(text) > TEXT_CHARS_MAX:
            raise Undeliverable("text_too_long")
        if len(files) > FILES_MAX or sum(len(file.content) for file in files) > FILE_BYTES_MAX:
            raise Undeliverable("files_too_large")
        if not (text or files) or not all(file.content for file in files):
            raise Undeliverable("empty")
        pages = f"{self._door.public_url}/channels/sms"
        form = [("StatusCallback", f"{pages}/status?key={effect.key}{STATUS_RETRIES}")]
        if text:
            form += [("Body", text), ("SmartEncoded", "false")]
        if self._settings.messaging_service_sid:
            form.append(("MessagingServiceSid", self._settings.messaging_service_sid))
        lent = self._lending.lend(files, effect.key, self._door.now_ms())
        return form + [("MediaUrl", f"{pages}/files/{name}") for name in lent]

    async def find(self, key: str) -> Done | None:
        """Ask the provider for a message of that text to that address, made since the attempt."""
        try:
            attempt = await self._attempts.of(key)
        except LetterboxClosed:
            raise TryLater("store_away") from None
        if self._rest is None or attempt is None:
            return None
        with suppress(TooMany):
            async for records in self._rest.pages(
                "Messages.json", {"From": attempt.ours}, of="messages", pages_max=FIND_PAGES_MAX
            ):
                for record in records:
                    if self._attempts.fits(attempt, record):
                        return Done(provider=str(record.get("sid") or ""))
        return None


def _heard_it() -> web.Response:
    """An empty document: received, and nothing to say. Plain text would be sent to the customer."""
    return web.Response(text="<Response/>", content_type="text/xml")


def build(settings: CommonSettings, door: Door, environment: Mapping[str, str]) -> Sms:
    """Make the channel. Raises ValueError with a sentence when a setting or a named secret is missing."""
    assert isinstance(settings, Settings), "the loader reads this entry by our own Settings"
    for number in settings.numbers:
        if not sendable(number):
            raise ValueError(f"sms.numbers: write '+66600000001' or 'whatsapp:+66600000001', unlike '{number}'")
    if settings.reconcile_s < RECONCILE_S_MIN:
        raise ValueError(f"sms.reconcile_s must be at least {RECONCILE_S_MIN}")
    written = AccountSettings(**{name: getattr(settings, name) for name in AccountSettings.__struct_fields__})
    return Sms(settings, door, account_of(written, environment))


__all__ = ["CAPABILITIES", "Settings", "Sms", "build"]
