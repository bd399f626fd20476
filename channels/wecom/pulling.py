"""Brings what customers have said: a callback only tells that there is something. The cursor moves behind the letters.

A callback that is lost costs a minute, a crash costs nothing: what was not accepted is listed again for three days.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import msgspec

from channels.contract import Door, EffectFailed, LetterboxClosed, TryLater
from channels.five_seconds import timed
from channels.http_out import Ask
from channels.tencent.api import Api
from channels.wecom.messages import Item, signals_of, welcome_code, word
from channels.wecom.sending import Sender

# The most that one call may list; its answer is then some hundred kilobytes.
LIMIT = 1_000
ANSWER_BYTES_MAX = 8 * 1024 * 1024
# Without a callback's token the platform allows few calls, so the clock looks rarely, and once for all nodes.
LOOK_MS = 60_000
# A callback's token lives for ten minutes.
TOKEN_MS = 600_000
TOKEN_INVALID = 95007
# After a failure: soon, for a customer waits; then as rarely as the clock looks.
AGAIN_MS, AGAIN_MS_MAX = 1_000, 60_000
# A platform that says "more" for ever would keep us from the other accounts.
ROUNDS_MAX = 1_000


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One answer of `kf/sync_msg`."""

    next_cursor: str = ""
    has_more: int = 0
    msg_list: list[dict[str, Any]] = []


class Puller:
    """Pulls for all accounts of one corporation, one after the other."""

    def __init__(self, door: Door, api: Api, sender: Sender, *, base_url: str, greeting: str) -> None:
        self._door, self._api, self._sender = door, api, sender
        self._base_url, self._greeting = base_url, greeting
        self._called: dict[str, tuple[str, int]] = {}
        self._news = asyncio.Event()

    def called(self, open_kfid: str, token: str) -> None:
        """A callback says that an account has something."""
        self._called[open_kfid] = (token, self._door.now_ms())
        self._news.set()

    async def run(self, accounts: tuple[str, ...]) -> None:
        """Pull until cancelled: at once, on each callback, and by the clock."""
        wait_ms = AGAIN_MS
        while True:
            self._news.clear()
            looked = [await self._looked(open_kfid) for open_kfid in accounts]
            rest_ms = LOOK_MS if all(looked) else wait_ms
            wait_ms = AGAIN_MS if all(looked) else min(2 * wait_ms, AGAIN_MS_MAX)
            with suppress(TimeoutError):
                async with asyncio.timeout(rest_ms / 1_000):
                    await self._news.wait()

    async def _looked(self, open_kfid: str) -> bool:
        """Look after one account; one that fails keeps nobody from the others."""
        try:
            await self._look(open_kfid)
        except (EffectFailed, LetterboxClosed):
            return False
        return True

    async def _look(self, open_kfid: str) -> None:
        called = self._called.get(open_kfid)
        now_ms = self._door.now_ms()
        looked_ms = int(await self._door.book.read(f"looked:{open_kfid}") or 0)
        if called is None and 0 <= now_ms - looked_ms < LOOK_MS:
            return
        await self._pull(open_kfid, called[0] if called and now_ms - called[1] < TOKEN_MS else "")
        # A callback that came meanwhile is another one, and is looked after in the next round.
        if called is not None and self._called.get(open_kfid) is called:
            del self._called[open_kfid]
        await self._door.book.note(f"looked:{open_kfid}", str(now_ms))

    async def _pull(self, open_kfid: str, token: str) -> None:
        """Pull until there is no more. The platform may list nothing and still have more."""
        page_name = f"cursor:{open_kfid}"
        cursor = await self._door.book.read(page_name) or ""
        for _ in range(ROUNDS_MAX):
            page = await self._page(open_kfid, cursor, token)
            await self._accept(page.msg_list)
            if page.next_cursor and page.next_cursor != cursor:
                cursor = page.next_cursor
                await self._door.book.note(page_name, cursor)
            if not page.has_more:
                return

    async def _page(self, open_kfid: str, cursor: str, token: str) -> Page:
        asked = {"cursor": cursor, "token": token, "limit": LIMIT, "voice_format": 0, "open_kfid": open_kfid}
        said = {name: value for name, value in asked.items() if value != ""}
        request = Ask(
            method="POST",
            url=f"{self._base_url}/cgi-bin/kf/sync_msg",
            json=msgspec.json.encode(said),
            harmless=True,
            answer_bytes_max=ANSWER_BYTES_MAX,
        )
        code, answer = await self._api.answer(request)
        if code == TOKEN_INVALID and token:
            return await self._page(open_kfid, cursor, "")
        if code:
            raise self._api.failure(code)
        try:
            return msgspec.convert(answer, Page)
        except msgspec.ValidationError:
            raise TryLater("answer_unreadable") from None

    async def _accept(self, items: list[dict[str, Any]]) -> None:
        found = [(item, signal) for item in items for signal in signals_of(item)]
        if not found:
            return
        accepted = await self._door.accept([timed(signal, self._door.now_ms()) for _, signal in found])
        for (item, _), each in zip(found, accepted, strict=True):
            if each.fresh:
                await self._greet(item)

    async def _greet(self, item: Item) -> None:
        """A welcome must be said within twenty seconds, or not at all: so it is never tried again."""
        code = welcome_code(item) if self._greeting else ""
        text = self._door.text(self._greeting, "zh") if code else ""
        if text:
            with suppress(EffectFailed):
                await self._sender.greet(code, text, word(item, "msgid"))


def is_news(fields: Mapping[str, str]) -> bool:
    """Return whether a callback says that there is something to pull; other events of WeCom are not ours."""
    return fields.get("Event") == "kf_msg_or_event"
