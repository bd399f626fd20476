"""Webhooks of providers that give five seconds and three tries: is it signed, is it of now, is it kept. No channel."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Sequence

import msgspec
from aiohttp import web

from channels.contract import Accepted, AnySignal, Door, LetterboxClosed, MessageIn

# These providers hang up after 5 s and ask again at once. A closed letterbox is asked for so long before we refuse, so
# that three tries reach over twelve seconds, in which a store comes back or a leader changes.
PATIENCE_MS, LOOK_AGAIN_MS = 4_000, 250
# Requests that may be held open meanwhile: beyond it a flood would fill the memory of a node that cannot help it.
HELD_MAX = 1_000
# A signature holds for any body in plain mode, so it ages: longer than clocks of servers part and tries take.
SIGNATURE_MS_MAX = 600_000
SIGNATURE_HEX_CHARS = 40
STAMP_CHARS_MAX, NONCE_CHARS_MAX = 16, 128


def sorted_sha1(*parts: str) -> str:
    """Return the signature of these providers: SHA-1, in hex, of the parts in the order of their characters."""
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def is_signed(given: str, *parts: str) -> bool:
    """Return whether a signature is right. An empty secret or part signs nothing."""
    if len(given) != SIGNATURE_HEX_CHARS or not given.isascii() or not all(parts):
        return False
    return hmac.compare_digest(given.lower(), sorted_sha1(*parts))


def is_stamp(timestamp: str, nonce: str) -> bool:
    """Return whether the two fields beside a signature are such that one may hash and read them."""
    digits = timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= STAMP_CHARS_MAX
    return digits and 0 < len(nonce) <= NONCE_CHARS_MAX and nonce.isprintable()


def is_of_now(stamp_ms: int, now_ms: int) -> bool:
    """Return whether a signature was made just now, by clocks that part a little."""
    return abs(now_ms - stamp_ms) <= SIGNATURE_MS_MAX


def timed(signal: AnySignal, now_ms: int) -> AnySignal:
    """A clock that runs ahead must not sort a message above what comes after it."""
    if isinstance(signal, MessageIn) and signal.sent_ms > now_ms:
        return msgspec.structs.replace(signal, sent_ms=0)
    return signal


def come_again() -> web.Response:
    """Refuse for now, so that the provider asks once more."""
    return web.Response(status=503, headers={"Retry-After": "5"})


class Patience:
    """Puts signals into the letterbox before the provider hangs up, and says whether that has worked."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._held = 0

    async def kept(self, signals: Sequence[AnySignal]) -> bool:
        """Return True when the signals are durable; False when the provider has to come again."""
        if not signals:
            return True
        signals = [timed(signal, self._door.now_ms()) for signal in signals]
        end = asyncio.get_running_loop().time() + PATIENCE_MS / 1_000
        accepting = asyncio.ensure_future(self._accept_until(signals, end))
        # A write that takes too long is not cut off: it may still be kept, and the next try is known by its name then.
        done, _ = await asyncio.wait({accepting}, timeout=PATIENCE_MS / 1_000)
        if not done:
            accepting.add_done_callback(_heard)
            return False
        return accepting.result()

    async def _accept_until(self, signals: Sequence[AnySignal], end: float) -> bool:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted: list[Accepted] = await self._door.accept(signals)
            except LetterboxClosed:
                if self._held >= HELD_MAX or loop.time() + LOOK_AGAIN_MS / 1_000 >= end:
                    return False
                await self._hold()
            else:
                return bool(accepted)

    async def _hold(self) -> None:
        self._held += 1
        try:
            await asyncio.sleep(LOOK_AGAIN_MS / 1_000)
        finally:
            self._held -= 1


def _heard(task: asyncio.Future[bool]) -> None:
    """Hear out what became of a write nobody waits for any more; its letters are found by the sweep."""
    if not task.cancelled():
        task.exception()
