"""What apps publish, kept and only then acknowledged. One at a time in a site; who is told what is another's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import NamedTuple

import aiomqtt

from channels.app import frames
from channels.app.link import SESSION_S, Broker, Link, Lost, Refused, opened
from channels.app.presence import Presence
from channels.app.telling import Teller
from channels.contract import AnySignal, Door, LetterboxClosed
from channels.frames import write
from router.intake.rates import Buckets

# A broker that restarts is back within a second or two; one that is gone is asked twice a minute.
AGAIN_S, AGAIN_S_MAX = 0.5, 30.0
# A link that breaks sooner was none: another may have taken it over, and would again.
STEADY_S = 10.0
# Wrong credentials do not become right by themselves, and brokers ban who keeps trying.
REFUSED_AGAIN_S = 60.0
# While the letterbox is closed nothing is acknowledged, and the broker keeps the rest.
CLOSED_AGAIN_S, CLOSED_AGAIN_S_MAX = 0.1, 2.0
# Everything an app sends beside messages: greetings, signs of typing, receipts. More is a script.
FRAMES_PER_WINDOW, FRAMES_WINDOW_MS = 240, 10_000
MINUTE_MS = 60_000


class Limits(NamedTuple):
    """What one customer may do."""

    messages_a_minute: int
    facts: Mapping[str, tuple[str, ...]]


class Listener:
    """The site's one subscriber. `run` holds the link until it is cancelled."""

    def __init__(self, door: Door, teller: Teller, presence: Presence, *, prefix: str, limits: Limits) -> None:
        self._door = door
        self._teller = teller
        self._presence = presence
        self._prefix = prefix
        self._limits = limits
        self._frames = Buckets(FRAMES_PER_WINDOW, FRAMES_WINDOW_MS)
        self._messages = Buckets(limits.messages_a_minute, MINUTE_MS)
        self._random = Random()  # noqa: S311 - jitter, no secret
        self._ways: dict[type[object], Callable[[str, frames.AnyFrame], AnySignal | None]] = {
            frames.Say: self._said,
            frames.Hello: self._hello,
            frames.Typing: self._typing,
            frames.State: self._state,
            frames.Ack: self._acknowledged,
        }

    async def run(self, broker: Broker, identifier: str) -> None:
        """Hold the link, and take it up again whenever it breaks."""
        clock, wait_s = asyncio.get_running_loop().time, AGAIN_S
        while True:
            began = clock()
            try:
                async with opened(broker, identifier, session_s=SESSION_S) as link:
                    await link.want({self._topic(frames.IN): False, self._topic(frames.ACK): False})
                    await link.want({self._topic(frames.STATE): True})
                    self._door.trouble("")
                    while True:
                        await self._take(link, await link.come())
            except Refused:
                self._door.trouble("broker_refused_us")
                wait_s = REFUSED_AGAIN_S
            except Lost:
                self._door.trouble("broker_unreachable")
            if clock() - began > STEADY_S:
                wait_s = AGAIN_S
            await asyncio.sleep(wait_s * self._random.uniform(0.5, 1))
            wait_s = min(2 * wait_s, AGAIN_S_MAX)

    def _topic(self, end: str) -> str:
        return frames.topic(self._prefix, "+", end)

    async def _take(self, link: Link, messages: Sequence[aiomqtt.Message]) -> None:
        """Keep what came in one commit; only then the broker hears that it may forget it, in the order it came."""
        said: list[tuple[str, AnySignal]] = []
        refused: list[tuple[str, bytes]] = []
        for message in messages:
            try:
                published = frames.parse(self._prefix, message.topic.value, _bytes(message.payload))
                signal = self._signal(published)
            except frames.Unreadable as fault:
                if fault.customer:
                    refused.append((fault.customer, write("error", code=fault.code, client_msg_id=fault.client)))
            else:
                if signal is not None:
                    said.append((published.customer, signal))
        await self._keep([signal for _, signal in said])
        for message in messages:
            link.acknowledge(message)
        kept = [(customer, word) for customer, signal in said if (word := frames.accepted(signal))]
        await asyncio.gather(*(self._teller.tell(customer, word) for customer, word in (*kept, *refused)))

    async def _keep(self, signals: list[AnySignal]) -> None:
        wait_s = CLOSED_AGAIN_S
        while signals:
            try:
                await self._door.accept(signals)
            except LetterboxClosed:
                await asyncio.sleep(wait_s)
                wait_s = min(2 * wait_s, CLOSED_AGAIN_S_MAX)
            else:
                return

    # --- one frame ----------------------------------------------------------------------------------------------------

    def _signal(self, published: frames.Published) -> AnySignal | None:
        """Return what shall be kept. Raises Unreadable for what the app must hear of."""
        customer, frame = published.customer, published.frame
        if not self._frames.take(customer, self._door.now_ms()):
            raise frames.Unreadable("slow_down", customer=customer, client=frames.client_of(frame))
        return self._ways[type(frame)](customer, frame)

    def _said(self, customer: str, frame: frames.AnyFrame) -> AnySignal:
        assert isinstance(frame, frames.Say)
        signal = frames.message_of(customer, frame, self._limits.facts)
        if not self._messages.take(customer, self._door.now_ms()):
            raise frames.Unreadable("slow_down", customer=customer, client=frame.client_msg_id)
        self._teller.watch(customer)
        return signal

    def _hello(self, customer: str, frame: frames.AnyFrame) -> None:
        assert isinstance(frame, frames.Hello)
        self._teller.replay(customer, frame.since)
        self._teller.watch(customer)

    def _typing(self, customer: str, frame: frames.AnyFrame) -> None:
        assert isinstance(frame, frames.Typing)
        self._door.typing(frames.line_of(customer), frame.on)

    def _state(self, customer: str, frame: frames.AnyFrame) -> None:
        assert isinstance(frame, frames.State)
        if frame.online:
            self._presence.came(customer, frame.device)
            return
        self._presence.went(customer, frame.device)
        if not self._presence.is_there(customer):
            self._teller.leave(customer)

    def _acknowledged(self, customer: str, frame: frames.AnyFrame) -> AnySignal:
        assert isinstance(frame, frames.Ack)
        return frames.receipt_of(customer, frame)


def _bytes(payload: object) -> bytes:
    return bytes(payload) if isinstance(payload, bytes | bytearray) else b""
