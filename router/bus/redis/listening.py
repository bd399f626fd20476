"""The connection on which Redis pushes: answers to this node's questions, and the hints of other nodes."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from weakref import WeakSet

from router.bus.redis.asking import Asker
from router.bus.redis.keeping import Health, Keeper
from router.bus.redis.limits import BLOCK_MS, PAYLOAD_BYTES_MAX, WAITING_HINTS_MAX
from router.bus.redis.names import Names
from router.bus.redis.packs import Hints, encode, unpack
from router.bus.redis.piles import Pile
from router.bus.redis.sending import Sender
from router.bus.redis.wire import Command, Reply, Wire
from router.telemetry import Telemetry

PART = "listener"
HINTS_PER_TURN_MAX = 128


class Hinter:
    """The source of hints. What does not leave at the first try is gone: a hint is worth something only now."""

    def __init__(self, names: Names, sender: Sender, *, name: str, telemetry: Telemetry) -> None:
        self._names = names
        self._sender = sender
        self._name = name
        self._telemetry = telemetry
        self._waiting: deque[tuple[str, bytes]] = deque()

    def hint(self, site: str, hint: bytes) -> None:
        """Let a hint wait for the next turn."""
        if len(hint) > PAYLOAD_BYTES_MAX or len(self._waiting) >= WAITING_HINTS_MAX:
            self._telemetry.count("link_dropped", "hint")
            return
        self._waiting.append((site, hint))
        self._sender.wake()

    def commands(self) -> list[Command]:
        """Return one message per site."""
        sites: dict[str, list[bytes]] = {}
        for _ in range(min(len(self._waiting), HINTS_PER_TURN_MAX)):
            site, hint = self._waiting.popleft()
            sites.setdefault(site, []).append(hint)
        return [
            ("PUBLISH", self._names.hints(site), encode(Hints(self._name, tuple(hints))))
            for site, hints in sites.items()
        ]

    def done(self, replies: Sequence[Reply]) -> None:
        """Nobody need have heard it."""

    def lost(self) -> None:
        """Nobody need have heard it."""


class Listener:
    """The subscribed connection. The node can ask only while it is there: no answer would be heard."""

    def __init__(
        self, names: Names, asker: Asker, keeper: Keeper, *, name: str, health: Health, telemetry: Telemetry
    ) -> None:
        self._names = names
        self._asker = asker
        self._keeper = keeper
        self._name = name
        self._health = health
        self._telemetry = telemetry
        self._answers = names.answers(name).encode()
        self._sites: dict[bytes, WeakSet[Pile]] = {}
        self._changed = asyncio.Event()
        self._ended = False

    def hints(self, site: str) -> Pile:
        """Return a pile of the hints that others give from now on."""
        pile = Pile(gaps=False)
        if self._ended:
            pile.end()
            return pile
        self._sites.setdefault(self._names.hints(site).encode(), WeakSet()).add(pile)
        self._changed.set()
        return pile

    def end(self) -> None:
        """End every pile."""
        self._ended = True
        for piles in self._sites.values():
            for pile in tuple(piles):
                pile.end()

    async def run(self) -> None:
        """Listen until cancelled."""
        await self._keeper.keep(PART, self._session, reader=True)

    async def _session(self, wire: Wire) -> None:
        await wire.send([("SUBSCRIBE", self._answers)])
        talking = asyncio.create_task(self._talk(wire))
        try:
            while True:
                self._take(await wire.pushed())
        finally:
            talking.cancel()
            await asyncio.gather(talking, return_exceptions=True)

    async def _talk(self, wire: Wire) -> None:
        """Subscribe to what is wanted meanwhile, and ping: a line on which nothing is said may be dead."""
        subscribed: set[bytes] = set()
        while True:
            self._changed.clear()
            self._sites = {channel: piles for channel, piles in self._sites.items() if piles}
            wanted = set(self._sites)
            changes: list[Command] = [("SUBSCRIBE", channel) for channel in sorted(wanted - subscribed)]
            changes += [("UNSUBSCRIBE", channel) for channel in sorted(subscribed - wanted)]
            await wire.send(changes or [("PING",)])
            subscribed = wanted
            try:
                async with asyncio.timeout(BLOCK_MS / 1_000):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def _take(self, message: Reply) -> None:
        kind, channel, body = (*message, b"", b"", b"")[:3] if isinstance(message, list) else (b"", b"", b"")
        if kind == b"subscribe" and channel == self._answers:
            self._health.works(PART)
        elif kind == b"message" and channel == self._answers:
            self._asker.answered(body)
        elif kind == b"message":
            self._hear(channel, body)

    def _hear(self, channel: bytes, body: object) -> None:
        pack = unpack(body, Hints)
        if pack is None:
            self._telemetry.count("link_dropped", "foreign")
        elif pack.sender != self._name:
            for pile in tuple(self._sites.get(channel, ())):
                for hint in pack.hints:
                    pile.give(hint)
