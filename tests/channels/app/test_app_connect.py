"""The first packet of a connection: read whole or not at all, and forwarded without its password."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.app import connect

FIELD = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
REST = st.binary(max_size=40)


def field(data: str | bytes) -> bytes:
    raw = data.encode() if isinstance(data, str) else data
    return len(raw).to_bytes(2, "big") + raw


def packet(
    client: str = "cust-1:phone",
    user: str = "cust-1",
    password: bytes | None = b"token",
    *,
    will: bytes | None = None,
    will_topic: str = "cc/v1/app/cust-1/state",
    properties: bytes = b"",
    version: int = 5,
    tail: bytes = b"",
) -> bytes:
    flags = 0x82 | (0x40 if password is not None else 0) | (0x2C if will is not None else 0)
    body = field("MQTT") + bytes([version, flags, 0, 30]) + connect.written(len(properties)) + properties
    body += field(client)
    if will is not None:
        body += b"\0" + field(will_topic) + field(will)
    body += field(user) + (field(password) if password is not None else b"") + tail
    return bytes([connect.CONNECT]) + connect.written(len(body)) + body


@given(FIELD, FIELD, st.binary(max_size=600), st.none() | st.binary(max_size=60), st.binary(max_size=200), REST)
def test_what_is_forwarded_is_the_same_packet_without_its_password(
    client: str, user: str, password: bytes, will: bytes | None, properties: bytes, rest: bytes
) -> None:
    data = packet(client, user, password, will=will, properties=properties)
    read = connect.read(data + rest)
    assert read is not None
    assert (read.client, read.user, read.password, read.rest) == (client, user, password, rest)
    bare = packet(client, user, None, will=will, properties=properties)
    assert read.forwarded == bare
    again = connect.read(read.forwarded)
    assert again is not None
    assert (again.client, again.user, again.password) == (client, user, b"")


@given(st.integers(0, len(packet()) - 1))
def test_a_packet_that_is_not_whole_is_waited_for(length: int) -> None:
    assert connect.read(packet()[:length]) is None


@given(st.binary(max_size=200))
def test_any_bytes_are_read_waited_for_or_malformed(data: bytes) -> None:
    for begun in (data, b"\x10" + data, packet()[:12] + data):
        with suppress(connect.Malformed):
            read = connect.read(begun)
            assert read is None or begun.endswith(read.rest)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "malformed"),
        (packet(version=4), "version"),
        (packet(tail=b"x"), "malformed"),
        (b"\x10\xff\xff\xff\xff\x01", "malformed"),
        (b"\x10\xff\xff\x7f", "malformed"),
        (packet(client="a\0b"), "malformed"),
        (packet().replace(b"cust-1:phone", b"cust-1:\xff\xff\xff\xff\xff"), "malformed"),
    ],
)
def test_what_begins_no_connection_is_refused_by_name(data: bytes, reason: str) -> None:
    with pytest.raises(connect.Malformed) as fault:
        connect.read(data)
    assert fault.value.reason == reason
    assert connect.refusal(reason)[0] == connect.CONNACK


@given(st.integers(0, 268_435_455))
def test_numbers_are_read_as_they_are_written(value: int) -> None:
    data = connect.written(value)
    assert connect.number(data, 0) == (value, len(data))
