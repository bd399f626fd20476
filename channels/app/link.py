"""One connection to the broker: what comes is acknowledged by hand, what goes is believed when the broker says so.

The library acknowledges on receipt and ignores refusals, so both are done here, on the client below it. No payloads.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import aiomqtt
import msgspec
from paho.mqtt.client import MQTT_ERR_SUCCESS, MQTTMessage
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from channels.contract import TryLater, Undeliverable

# Together shorter than the outbox's bound on a call (30 s), so that the reason is ours to name.
CONNECT_S, SAY_S = 8.0, 8.0
KEEPALIVE_S = 20
# The broker keeps what comes for us for so long while nobody of us is there.
SESSION_S = 7 * 86_400
# What the broker may send us before we have acknowledged: one commit's worth.
UNACKNOWLEDGED_MAX = 200
# What we may have sent before the broker has confirmed: more than an outbox has under way, and a page of a replay.
UNCONFIRMED_MAX = 200
# Beyond it what was sent with QoS 0 is dropped, as its sender allows; QoS 1 is bounded by the number above.
QUEUE_MAX = 2_000
# The library logs what a peer did to a socket, in words of its own. What matters is said by the channel, by name.
SILENT = logging.CRITICAL + 1
PORTS = {"mqtt": 1883, "mqtts": 8883}
# The broker will not take this one, whenever it comes: too large, or no payload it knows.
NEVER = {0x95: "too_long", 0x99: "payload_refused", 0x90: "address_unusable"}
AUTH_CODES = frozenset({0x84, 0x85, 0x86, 0x87, 0x8A, 0x8C})


class Broker(msgspec.Struct, frozen=True, kw_only=True):
    """Where the broker is and who we are there. `password` is shown by nothing."""

    host: str
    port: int
    tls: bool = False
    user: str = ""
    password: str = ""
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""

    def __repr__(self) -> str:
        return f"Broker({self.host}:{self.port})"


class Refused(Exception):
    """The broker does not let us in: a setting is wrong, and asking again soon may get us banned."""


class Lost(Exception):
    """The connection is gone, or never came."""


def broker_of(url: str, **more: str) -> Broker:
    """Read `mqtt://host:port` or `mqtts://host:port`. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname or parts.username or parts.path not in {"", "/"}:
        raise ValueError("no broker's address")
    return Broker(host=parts.hostname, port=parts.port or PORTS[parts.scheme], tls=parts.scheme == "mqtts", **more)


class Link(aiomqtt.Client):
    """A connected client of the broker. Made by `opened`."""

    def __init__(self, broker: Broker, identifier: str, *, session_s: int) -> None:
        properties = _properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = session_s
        properties.ReceiveMaximum = UNACKNOWLEDGED_MAX
        super().__init__(
            broker.host,
            broker.port,
            username=broker.user or None,
            password=broker.password or None,
            identifier=identifier,
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=session_s == 0,
            keepalive=KEEPALIVE_S,
            timeout=CONNECT_S,
            logger=logging.Logger("mqtt", SILENT),
            properties=properties,
            max_inflight_messages=UNCONFIRMED_MAX,
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
            tls_context=tls_context(broker) if broker.tls else None,
        )
        self._client.manual_ack_set(True)
        self._client.connect_timeout = CONNECT_S
        self._come: asyncio.Queue[aiomqtt.Message] = asyncio.Queue(QUEUE_MAX + UNACKNOWLEDGED_MAX)
        self._said: dict[int, asyncio.Future[int]] = {}

    @property
    def is_open(self) -> bool:
        """Whether nothing is known yet of its end."""
        return not self._disconnected.done()

    async def ended(self) -> None:
        """Wait for the end of the connection, whatever its reason."""
        await asyncio.wait({self._disconnected})
        if not self._disconnected.cancelled():
            self._disconnected.exception()

    def _on_disconnect(self, client: Any, userdata: Any, flags: Any, reason_code: Any, properties: Any = None) -> None:
        """A connection that ends before it is open is over at once; the library would wait for its time to run out."""
        if not self._connected.done():
            self._connected.set_exception(aiomqtt.MqttError("closed before it was open"))
        super()._on_disconnect(client, userdata, flags, reason_code, properties)

    # --- in ---------------------------------------------------------------------------------------------------------

    async def want(self, topics: dict[str, bool]) -> None:
        """Subscribe with QoS 1; the value says whether what is retained shall come at once."""
        asked = [
            (name, SubscribeOptions(qos=1, retainHandling=0 if retained else 2)) for name, retained in topics.items()
        ]
        try:
            await self.subscribe(asked)
        except aiomqtt.MqttError:
            raise Lost from None

    async def come(self) -> list[aiomqtt.Message]:
        """Wait for messages and return all that are here, oldest first. Raises Lost at the end of the connection."""
        first = asyncio.ensure_future(self._come.get())
        try:
            await _first({first, self._disconnected})
        finally:
            if not first.done():
                first.cancel()
        if first.cancelled() or not first.done():
            raise Lost
        messages = [first.result()]
        while len(messages) < UNACKNOWLEDGED_MAX:
            try:
                messages.append(self._come.get_nowait())
            except asyncio.QueueEmpty:
                break
        return messages

    def acknowledge(self, message: aiomqtt.Message) -> None:
        """Tell the broker that a message is ours now. On a broken connection this is nothing: it comes again."""
        if self.is_open and message.qos:
            self._client.ack(message.mid, message.qos)

    def _on_message(self, client: Any, userdata: Any, message: MQTTMessage) -> None:
        """Queue what came. Only what its sender did not ask to be kept may be dropped."""
        del client, userdata
        if message.qos or self._come.qsize() < QUEUE_MAX:
            with suppress(asyncio.QueueFull):
                self._come.put_nowait(aiomqtt.Message._from_paho_message(message))  # noqa: SLF001 - see the module

    # --- out --------------------------------------------------------------------------------------------------------

    async def say(self, name: str, payload: bytes, *, expires_s: int) -> None:
        """Publish with QoS 1 and wait for the broker's word. Raises TryLater or Undeliverable.

        Where its word is lost the message may have left; it carries its number, so the app shows a repeat once.
        """
        properties = _properties(PacketTypes.PUBLISH)
        properties.MessageExpiryInterval = expires_s
        properties.ContentType = "application/json"
        properties.PayloadFormatIndicator = 1
        info = self._client.publish(name, payload, qos=1, properties=properties)
        if info.rc != MQTT_ERR_SUCCESS:
            raise TryLater("broker_unreachable")
        word: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._said[info.mid] = word
        try:
            await _first({word, self._disconnected}, timeout_s=SAY_S)
        finally:
            self._said.pop(info.mid, None)
        if not word.done():
            raise TryLater("broker_silent")
        code = word.result()
        if code in NEVER:
            raise Undeliverable(NEVER[code])
        if code >= 0x80:
            raise TryLater(f"broker_refused_{code}")

    def _on_publish(self, client: Any, userdata: Any, mid: int, reason_code: ReasonCode, properties: Any) -> None:
        del client, userdata, properties
        word = self._said.get(mid)
        if word is not None and not word.done():
            word.set_result(reason_code.value)


@asynccontextmanager
async def opened(broker: Broker, identifier: str, *, session_s: int) -> AsyncIterator[Link]:
    """Hold a connection. Raises Refused or Lost where there is none; its end is `come` or `ended`."""
    link = await connect(broker, identifier, session_s=session_s)
    try:
        yield link
    finally:
        await close(link)


async def connect(broker: Broker, identifier: str, *, session_s: int) -> Link:
    """Connect. Raises Refused or Lost."""
    try:
        link = Link(broker, identifier, session_s=session_s)
        await link.__aenter__()
    except aiomqtt.MqttCodeError as fault:
        raise (Refused if _code(fault) in AUTH_CODES else Lost)(str(_code(fault))) from None
    except (aiomqtt.MqttError, OSError, ValueError):
        raise Lost from None
    return link


async def close(link: Link) -> None:
    """Say good-bye where somebody listens."""
    with suppress(aiomqtt.MqttError):
        await link.__aexit__(None, None, None)
    await link.ended()


async def _first(futures: set[asyncio.Future[Any]], *, timeout_s: float | None = None) -> None:
    await asyncio.wait(futures, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)


def _properties(packet: int) -> Properties:
    return Properties(packet)  # type: ignore[no-untyped-call]


def _code(fault: aiomqtt.MqttCodeError) -> int:
    return fault.rc.value if isinstance(fault.rc, ReasonCode) else int(fault.rc or 0)


def tls_context(broker: Broker) -> ssl.SSLContext:
    """Return what proves the broker to us, and us to the broker where it asks for that."""
    context = ssl.create_default_context(cafile=broker.ca_file or None)
    if broker.cert_file:
        context.load_cert_chain(broker.cert_file, broker.key_file or None)
    return context
