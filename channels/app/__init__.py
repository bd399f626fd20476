"""The company's own app over MQTT 5 (CHANNELS.md 4): topics per customer, a broker between, a gate for its tokens."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import msgspec

from channels.app import frames
from channels.app.link import Broker, broker_of
from channels.app.listening import Limits, Listener
from channels.app.presence import Presence
from channels.app.publishing import Publisher
from channels.app.telling import Teller
from channels.contract import AnyEffect, Capabilities, Done, Door, Route, Send, TryLater, Undeliverable
from channels.contract import Settings as CommonSettings

CAPABILITIES = Capabilities(
    delivery="call",
    live=False,
    load=25,
    receipts=True,
    single=True,
    text_chars_max=frames.TEXT_CHARS_MAX,
)
# The broker keeps an answer for a device that is away; afterwards the app asks for it by its number.
ANSWER_EXPIRES_S = 7 * 86_400
NO_BROKER = "no_broker_configured"


class Settings(CommonSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `app` entry of channels.yaml. Without `broker` nothing is taken, and answers wait and say so.

    `facts` maps what an app may declare for the rules to the values it may have.
    """

    broker: str = ""
    user: str = "patchbay"
    password_env: str = ""
    ca_file: str = ""
    topics: str = "cc/v1/app"
    facts: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    messages_a_minute: int = 30


class App:
    """One site's app: its customers, its link to the broker."""

    def __init__(self, settings: Settings, door: Door, broker: Broker | None) -> None:
        self.capabilities = CAPABILITIES
        self._settings = settings
        self._door = door
        self._broker = broker
        self._publisher = Publisher(broker, settings.topics) if broker else None

    def routes(self) -> Sequence[Route]:
        """Apps come to the broker."""
        return ()

    async def listen(self) -> None:
        """Hold the link to the broker until cancelled."""
        if self._broker is None or self._publisher is None:
            self._door.trouble(NO_BROKER)
            await asyncio.Event().wait()
            return
        teller = Teller(self._door, self._publisher, self._settings.topics)
        limits = Limits(self._settings.messages_a_minute, self._settings.facts)
        listener = Listener(self._door, teller, Presence(), prefix=self._settings.topics, limits=limits)
        # One name for all nodes of a site: whoever takes over is given what the other had not acknowledged.
        identifier = f"{self._broker.user}:in:{self._door.secret('link').hex()[:16]}"
        try:
            await listener.run(self._broker, identifier)
        finally:
            await teller.close()
            await self.close()

    async def close(self) -> None:
        """Hang up what is kept between answers."""
        if self._publisher is not None:
            await self._publisher.close()

    async def perform(self, effect: AnyEffect) -> Done:
        """Publish an answer. Once the broker has it, it reaches the app; the app's receipt says when."""
        if not isinstance(effect, Send):
            raise Undeliverable("effect_unknown")
        if self._publisher is None:
            raise TryLater(NO_BROKER)
        if not frames.is_customer(effect.line.key):
            raise Undeliverable("address_unusable")
        if len(effect.text) > frames.TEXT_CHARS_MAX:
            raise Undeliverable("too_long")
        topic = frames.topic(self._settings.topics, effect.line.key, frames.OUT)
        await self._publisher.say(topic, frames.of_send(effect, self._door.now_ms()), expires_s=ANSWER_EXPIRES_S)
        return Done()

    async def find(self, key: str) -> Done | None:
        """A broker cannot be asked; what is published again has the same number, and the app shows it once."""
        del key
        return None


def build(settings: CommonSettings, door: Door, environment: Mapping[str, str]) -> App:
    """Make the channel. Raises ValueError with a sentence when a setting or a named secret is missing."""
    assert isinstance(settings, Settings), "the loader reads this entry by our own Settings"
    password = environment.get(settings.password_env, "") if settings.password_env else ""
    if settings.password_env and not password:
        raise ValueError(f"the environment variable {settings.password_env} is not set")
    if not settings.topics or any(sign in settings.topics for sign in "+#$") or settings.topics.startswith("/"):
        raise ValueError("app.topics must be the beginning of all topics, such as cc/v1/app")
    if not settings.broker:
        return App(settings, door, None)
    try:
        broker = broker_of(settings.broker, user=settings.user, password=password, ca_file=settings.ca_file)
    except ValueError:
        raise ValueError("app.broker must be an address such as mqtt://127.0.0.1:1883 or mqtts://…:8883") from None
    return App(settings, door, broker)


__all__ = ["CAPABILITIES", "App", "Settings", "build"]
