"""A channel as thin as one can be: a signed JSON webhook in, and a provider that says yes at once. For benchmarks only.

What is measured with it is the router; a real provider's protocol and network come on top.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence

import msgspec
from aiohttp import web

from channels.contract import AnyEffect, Capabilities, Done, Door, Identity, LetterboxClosed, LineRef, MessageIn, Route
from channels.contract import Settings as CommonSettings

CAPABILITIES = Capabilities(delivery="call", live=False, load=1)
SECRET = b"a-secret-for-benches-only"
SIGNATURE = "X-Signature"


class Settings(CommonSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nothing beyond what every channel has."""


class Posted(msgspec.Struct, forbid_unknown_fields=True):
    """What the provider posts. `due` is when it wanted to, on this machine's monotonic clock; 0: nobody asks."""

    id: str
    sender: str
    text: str
    due: float = 0.0


def signature(body: bytes) -> str:
    """Return how the provider signs a body."""
    return hmac.digest(SECRET, body, hashlib.sha256).hex()


class Hook:
    """The webhook, and a way out that always succeeds."""

    def __init__(self, door: Door, seen: HookModule) -> None:
        self.capabilities = CAPABILITIES
        self._door = door
        self._seen = seen
        self._decoder = msgspec.json.Decoder(Posted)

    def routes(self) -> Sequence[Route]:
        """One webhook."""
        return (Route(method="POST", path="/in", handler=self._post),)

    async def _post(self, request: web.Request) -> web.Response:
        body = await request.read()
        if not hmac.compare_digest(request.headers.get(SIGNATURE, ""), signature(body)):
            raise web.HTTPForbidden
        posted = self._decoder.decode(body)
        message = MessageIn(
            line=LineRef(channel="hook", key=posted.sender, peer=posted.sender),
            dedupe=posted.id,
            text=posted.text,
            identities=(Identity(kind="hook", value=posted.sender, verified="signature"),),
        )
        try:
            (accepted,) = await self._door.accept([message])
        except LetterboxClosed:
            raise web.HTTPServiceUnavailable from None
        if posted.due:
            self._seen.posted_at[accepted.message] = posted.due
        return web.Response()

    async def listen(self) -> None:
        """There is no link to hold."""

    async def perform(self, effect: AnyEffect) -> Done:
        """Say yes, under an id of the provider's own."""
        self._seen.told.add(effect.key)
        return Done(provider=f"h{effect.key}")

    async def find(self, key: str) -> Done | None:
        """The provider remembers nothing."""
        del key
        return None


class HookModule:
    """What discovery would find. `posted_at`: when each message was due, by its number; `told`: keys of effects."""

    def __init__(self) -> None:
        self.CAPABILITIES = CAPABILITIES
        self.Settings = Settings
        self.posted_at: dict[int, float] = {}
        self.told: set[str] = set()

    def build(self, settings: CommonSettings, door: Door, environment: Mapping[str, str]) -> Hook:
        """Make the channel."""
        del settings, environment
        return Hook(door, self)
