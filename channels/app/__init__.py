"""The company's own app over MQTT 5 (CHANNELS.md 4): topics per customer, a broker between, a gate for its tokens."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import msgspec

from channels.app import frames, tokens
from channels.app.exchange import Exchange
from channels.app.gate import Gate
from channels.app.link import Broker, broker_of
from channels.app.listening import Limits, Listener
from channels.app.presence import Presence
from channels.app.publishing import Publisher
from channels.app.telling import Teller
from channels.contract import AnyEffect, Capabilities, Done, Door, Route, Send, TryLater, Undeliverable
from channels.contract import Settings as CommonSettings
from channels.frames import TEXT_CHARS_MAX
from channels.uploads import FILE_BYTES_MAX, FILE_S_MAX

CAPABILITIES = Capabilities(
    delivery="call",
    live=False,
    load=25,
    receipts=True,
    single=True,
    text_chars_max=TEXT_CHARS_MAX,
    media=True,
    files={"*": FILE_BYTES_MAX},
)
# The broker keeps an answer for a device that is away; afterwards the app asks for it by its number.
ANSWER_EXPIRES_S = 7 * 86_400
NO_BROKER = "no_broker_configured"


class Settings(CommonSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `app` entry of channels.yaml. Without `broker` nothing is taken, and answers wait and say so.

    `facts` maps what an app may declare for the rules to the values it may have. `gate_broker` is the broker's listener
    that only the gate reaches; with it apps come to `/channels/app/mqtt` with a token that `token_key_env` proves.
    Files come and go with the same token.
    """

    broker: str = ""
    user: str = "patchbay"
    password_env: str = ""
    ca_file: str = ""
    topics: str = "cc/v1/app"
    facts: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    messages_a_minute: int = 30
    gate_broker: str = ""
    gate_cert_file: str = ""
    gate_key_file: str = ""
    token_algorithm: str = tokens.SHARED
    token_key_env: str = ""
    token_old_key_env: str = ""
    token_audience: str = ""
    proxies: tuple[str, ...] = ()


class App:
    """One site's app: its customers, its link to the broker, the gate on this node."""

    def __init__(
        self, settings: Settings, door: Door, *, broker: Broker | None, gate: Gate | None, keys: tokens.Keys
    ) -> None:
        self._settings = settings
        self._door = door
        self._broker = broker
        self._gate = gate
        self._publisher = Publisher(broker, settings.topics) if broker else None
        self._exchange = Exchange(door, keys, self._watch) if broker and keys.keys else None
        # Whose a file is must be proved by a token.
        self.capabilities = CAPABILITIES if self._exchange else msgspec.structs.replace(CAPABILITIES, files={})
        self._teller: Teller | None = None

    def routes(self) -> Sequence[Route]:
        """The gate, where there is one; else apps come to the broker. Files, where tokens can be proved."""
        gate = (Route(method="GET", path="/mqtt", handler=self._gate.socket),) if self._gate else ()
        return (*gate, *(self._files(self._exchange) if self._exchange else ()))

    def _files(self, exchange: Exchange) -> Sequence[Route]:
        return (
            Route(
                method="POST",
                path="/files",
                handler=exchange.upload,
                body_bytes_max=FILE_BYTES_MAX,
                body_s_max=FILE_S_MAX,
            ),
            Route(method="GET", path="/files/{file}", handler=exchange.file),
        )

    def _watch(self, customer: str) -> None:
        """Tell a customer what happens on their line, where it is this node that listens."""
        if self._teller is not None:
            self._teller.watch(customer)

    async def listen(self) -> None:
        """Hold the link to the broker until cancelled."""
        if self._broker is None or self._publisher is None:
            self._door.trouble(NO_BROKER)
            await asyncio.Event().wait()
            return
        teller = self._teller = Teller(self._door, self._publisher, self._settings.topics)
        limits = Limits(self._settings.messages_a_minute, self._settings.facts)
        listener = Listener(self._door, teller, Presence(), prefix=self._settings.topics, limits=limits)
        # One name for all nodes of a site: whoever takes over is given what the other had not acknowledged.
        identifier = f"{self._broker.user}:in:{self._door.secret('link').hex()[:16]}"
        try:
            await listener.run(self._broker, identifier)
        finally:
            self._teller = None
            await teller.close()
            await self.close()

    async def close(self) -> None:
        """Hang up: on apps, and on the broker."""
        if self._gate is not None:
            self._gate.close()
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
        if len(effect.text) > TEXT_CHARS_MAX:
            raise Undeliverable("too_long")
        if effect.files and self._exchange is None:
            # An app could not get them: whose they are is proved by a token, and no key for tokens is named.
            raise Undeliverable("files_not_taken")
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
    keys = _keys(settings, environment)
    if not settings.broker:
        return App(settings, door, broker=None, gate=None, keys=keys)
    for key in keys.keys:
        tokens.check_key(keys.algorithm, key)
    ours = {"user": settings.user, "password": password, "ca_file": settings.ca_file}
    broker = _broker("broker", settings.broker, **ours)
    if not settings.gate_broker:
        return App(settings, door, broker=broker, gate=None, keys=keys)
    own = {"ca_file": settings.ca_file, "cert_file": settings.gate_cert_file, "key_file": settings.gate_key_file}
    gate_broker = _broker("gate_broker", settings.gate_broker, **own)
    if not keys.keys:
        raise ValueError("app.token_key_env must name the variable with the key of your tokens")
    gate = Gate(door, gate_broker, keys, us=settings.user, proxies=settings.proxies)
    return App(settings, door, broker=broker, gate=gate, keys=keys)


def _broker(field: str, url: str, **more: str) -> Broker:
    try:
        return broker_of(url, **more)
    except ValueError:
        raise ValueError(f"app.{field} must be an address such as mqtt://127.0.0.1:1883 or mqtts://…:8883") from None


def _keys(settings: Settings, environment: Mapping[str, str]) -> tokens.Keys:
    names = [name for name in (settings.token_key_env, settings.token_old_key_env) if name]
    for name in names:
        if not environment.get(name, ""):
            raise ValueError(f"the environment variable {name} is not set")
    found = tuple(environment[name] for name in names)
    return tokens.Keys(algorithm=settings.token_algorithm, keys=found, audience=settings.token_audience)


__all__ = ["CAPABILITIES", "App", "Settings", "build"]
