"""The first packet of an MQTT connection, read and written again without its password. Pure: bytes in, bytes out.

https://docs.oasis-open.org/mqtt/mqtt/v5.0/os/mqtt-v5.0-os.html, 3.1 and 3.2.
"""

from __future__ import annotations

from typing import NamedTuple

# An identifier, a name, a token of some kilobytes with its claims, and a last will.
PACKET_BYTES_MAX = 16 * 1024
VERSION = 5
CONNECT, CONNACK = 0x10, 0x20
WILL, PASSWORD, USER = 0x04, 0x40, 0x80
# Four bytes of seven bits are the longest number MQTT can write.
NUMBER_BYTES_MAX = 4
# What CONNACK says, by the name of the reason (3.2.2.2).
REASONS = {
    "malformed": 0x81,
    "version": 0x84,
    "identifier": 0x85,
    "credentials": 0x86,
    "unavailable": 0x88,
    "too_many": 0x97,
}
OLD_VERSION_REFUSED = bytes([CONNACK, 2, 0, 1])


class Malformed(Exception):
    """These bytes begin no MQTT 5 connection. `reason` is one of REASONS."""

    def __init__(self, reason: str = "malformed") -> None:
        super().__init__(reason)
        self.reason = reason


class Connect(NamedTuple):
    """Who wants to connect. `forwarded` is the same packet without the password; `rest` is what came after it."""

    client: str
    user: str
    password: bytes
    forwarded: bytes
    rest: bytes


class _Reader:
    """Takes fields from the front; what is missing is malformed."""

    def __init__(self, data: bytes, place: int = 0) -> None:
        self.data, self.place = data, place

    def take(self, count: int) -> bytes:
        taken = self.data[self.place : self.place + count]
        if len(taken) < count:
            raise Malformed
        self.place += count
        return taken

    def binary(self) -> bytes:
        return self.take(int.from_bytes(self.take(2), "big"))

    def text(self) -> str:
        try:
            text = self.binary().decode()
        except UnicodeError:
            raise Malformed from None
        if "\0" in text:
            raise Malformed
        return text

    def skip_properties(self) -> None:
        length = number(self.data, self.place)
        if length is None:
            raise Malformed
        value, self.place = length
        self.take(value)


def number(data: bytes, place: int) -> tuple[int, int] | None:
    """Read a number of variable length; returns it and the place after it, None where bytes are missing."""
    value = 0
    for count in range(NUMBER_BYTES_MAX):
        if place + count >= len(data):
            return None
        byte = data[place + count]
        value |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:
            return value, place + count + 1
    raise Malformed


def written(value: int) -> bytes:
    """Write a number of variable length."""
    out = bytearray()
    while True:
        value, low = divmod(value, 0x80)
        out.append(low | (0x80 if value else 0))
        if not value:
            return bytes(out)


def read(data: bytes) -> Connect | None:
    """Read the first packet; None while it is not whole yet. Raises Malformed."""
    if not data:
        return None
    if data[0] != CONNECT:
        raise Malformed
    length = number(data, 1)
    if length is None:
        return None
    size_bytes, begin = length
    if begin + size_bytes > PACKET_BYTES_MAX:
        raise Malformed
    if len(data) < begin + size_bytes:
        return None
    return _read(data[begin : begin + size_bytes], data[begin + size_bytes :])


def _read(body: bytes, rest: bytes) -> Connect:
    packet = _Reader(body)
    if packet.text() != "MQTT" or packet.take(1)[0] != VERSION:
        raise Malformed("version")
    flags_at = packet.place
    flags = packet.take(1)[0]
    if flags & 1:
        raise Malformed
    packet.take(2)
    packet.skip_properties()
    client = packet.text()
    if flags & WILL:
        packet.skip_properties()
        packet.text()
        packet.binary()
    user = packet.text() if flags & USER else ""
    end = packet.place
    password = packet.binary() if flags & PASSWORD else b""
    if packet.place != len(body):
        raise Malformed
    kept = body[:flags_at] + bytes([flags & ~PASSWORD]) + body[flags_at + 1 : end]
    return Connect(client, user, password, bytes([CONNECT]) + written(len(kept)) + kept, rest)


def refusal(reason: str) -> bytes:
    """Write the CONNACK that refuses a connection. An older version is told in its own words."""
    if reason == "version":
        return OLD_VERSION_REFUSED
    return bytes([CONNACK, 3, 0, REASONS[reason], 0])
