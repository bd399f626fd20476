"""E-mail that comes over the wire: a raw client talks to our listener."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from channels import email
from channels.contract import MessageIn
from channels.email import smtp_in
from tests.channels.door import START_MS, MemoryDoor
from tests.channels.relay import Relay, serving, talking
from tests.channels.test_email_wire import LINE, MAIL, channel, send
from tests.ports import free_port


@asynccontextmanager
async def listening(door: MemoryDoor, **changes: object) -> AsyncIterator[int]:
    port = free_port()
    task = asyncio.create_task(channel(0, door, in_port=port, **changes).listen())
    try:
        async with talking(port) as talk:
            assert (await talk.heard()).startswith("220")
        yield port
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_mail_for_us_is_kept_before_it_is_acknowledged() -> None:
    door = MemoryDoor()
    async with listening(door) as port, talking(port) as talk:
        await talk.heard()
        assert (await talk.sends(MAIL)).startswith("250")
        (message,) = door.messages
    assert (message.text, message.subject, message.line.peer) == ("Hello", "Boots", "ann@example.org")


async def test_the_same_mail_twice_is_one_message() -> None:
    door = MemoryDoor()
    async with listening(door) as port, talking(port) as talk:
        await talk.heard()
        assert (await talk.sends(MAIL)).startswith("250")
        assert (await talk.sends(MAIL)).startswith("250")
    assert len(door.messages) == 1


async def test_mail_without_an_envelope_sender_gets_no_automatic_answer() -> None:
    door = MemoryDoor()
    async with listening(door) as port, talking(port) as talk:
        await talk.heard()
        await talk.sends(MAIL, sender="")
        await talk.sends(MAIL.replace(b"<a@x>", b"<b@x>"))
    assert [message.no_auto_answer for message in door.messages] == [True, False]


async def test_mail_for_others_is_refused_and_secret_addresses_are_ours() -> None:
    door = MemoryDoor()
    async with serving(Relay()) as relay:
        await channel(relay.port, door, plus_addressing=True).perform(send())
        secret = relay.taken[0].mail["Reply-To"].addresses[0].addr_spec
    async with listening(door, also=("info@example.com",)) as port, talking(port) as talk:
        await talk.heard()
        await talk.says("EHLO test", "MAIL FROM:<ann@example.org>")
        others = ("bob@example.com", "support@example.net", secret.replace("+0", "+1"), "support+x@example.com")
        for other in others:
            assert (await talk.says(f"RCPT TO:<{other}>")).startswith("550")
        for ours in ("SUPPORT@Example.com", "info@example.com", secret):
            assert (await talk.says(f"RCPT TO:<{ours}>")).startswith("250")


async def test_an_answer_to_our_mail_finds_its_line_by_id_and_by_address() -> None:
    door = MemoryDoor()
    async with serving(Relay()) as relay:
        await channel(relay.port, door, plus_addressing=True).perform(send())
        sent = relay.taken[0].mail
    by_id = MAIL.replace(b"Subject:", b"In-Reply-To: " + sent["Message-ID"].encode() + b"\r\nSubject:")
    address = sent["Reply-To"].addresses[0].addr_spec
    by_address = MAIL.replace(b"support@example.com", address.encode()).replace(b"<a@x>", b"<b@x>")
    async with listening(door) as port, talking(port) as talk:
        await talk.heard()
        await talk.sends(by_id)
        await talk.sends(by_address, to=address)
        await talk.sends(MAIL.replace(b"<a@x>", b"<c@x>"))
    assert [message.line.key == LINE.key for message in door.messages] == [True, True, False]


async def test_a_closed_letterbox_asks_the_sender_to_come_again() -> None:
    door = MemoryDoor(closed=True)
    async with listening(door) as port, talking(port) as talk:
        await talk.heard()
        assert (await talk.sends(MAIL)).startswith("451")
        door.closed = False
        assert (await talk.sends(MAIL)).startswith("250")
    assert len(door.messages) == 1


async def test_a_fault_of_ours_never_bounces_a_customers_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> bool:
        raise RuntimeError("ann@example.org said hello")

    monkeypatch.setattr(email.Email, "take", broken)
    async with listening(MemoryDoor()) as port, talking(port) as talk:
        await talk.heard()
        said = await talk.sends(MAIL)
    assert said.startswith("451")
    assert "ann@example.org" not in said


async def test_a_mail_over_the_limit_is_refused_by_name_and_the_line_goes_on() -> None:
    door = MemoryDoor()
    async with listening(door, size_mebibytes_max=1) as port, talking(port) as talk:
        await talk.heard()
        await talk.says("EHLO test")
        assert (await talk.says("MAIL FROM:<ann@example.org> SIZE=2000000")).startswith("552")
        assert (await talk.sends(MAIL + b"\r\nxxxxxxxx" * 120_000)).startswith("552")
        assert (await talk.sends(MAIL)).startswith("250")
    assert len(door.messages) == 1


async def test_eight_bits_long_lines_and_foreign_scripts_are_taken() -> None:
    door = MemoryDoor()
    eight = MAIL.replace(b"Subject: Boots", b"Content-Type: text/plain; charset=gb2312\r\nSubject: Boots")
    async with listening(door) as port, talking(port) as talk:
        await talk.heard()
        offered = []
        talk.writer.write(b"EHLO test\r\n")
        while not offered or offered[-1][3:4] == "-":
            offered.append((await talk.reader.readline()).decode())
        assert {"8BITMIME", "SMTPUTF8"} <= {line[4:].strip() for line in offered}
        assert (await talk.sends(eight + "账单".encode("gbk"))).startswith("250")
        assert (await talk.sends(MAIL + b"<p>" + b"x" * 50_000, sender="b@example.org")).startswith("250")
        assert (await talk.says("MAIL FROM:<สมชาย@example.org> SMTPUTF8")).startswith("250")
    assert door.messages[0].text == "Hello账单"
    assert len(door.messages[1].text) > 50_000


async def test_a_mail_that_breaks_the_parser_is_kept_raw(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_data: bytes) -> None:
        raise RecursionError

    monkeypatch.setattr("channels.email.signals.parse_message", broken)
    door = MemoryDoor()
    async with listening(door) as port, talking(port) as talk:
        await talk.heard()
        assert (await talk.sends(MAIL)).startswith("250")
    assert door.messages[0].attachments[0].content.strip() == MAIL
    assert door.messages[0].line.peer == "ann@example.org"


@pytest.mark.parametrize("rude", [b"\x16\x03\x01\x02\x00", b"GET / HTTP/1.1\r\n\r\n", b"A" * 600_000 + b"\r\n", b""])
async def test_broken_clients_do_not_stop_the_listener(rude: bytes) -> None:
    door = MemoryDoor()
    async with listening(door) as port:
        async with talking(port) as talk:
            talk.writer.write(rude)
            await talk.writer.drain()
        async with talking(port) as half, talking(port) as talk:
            await half.says("EHLO test", "MAIL FROM:<a@b.example>")
            half.writer.write(b"RCPT TO:<supp")
            await talk.heard()
            assert (await talk.sends(MAIL)).startswith("250")
    assert len(door.messages) == 1


async def test_clients_that_hold_every_session_are_told_and_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp_in, "SESSIONS_MAX", 2)
    async with listening(MemoryDoor()) as port:
        async with talking(port) as one, talking(port) as two:
            await one.heard()
            await two.heard()
            async with talking(port) as three:
                assert (await three.heard()).startswith("421")
        await eventually(lambda: _greets(port))


async def eventually(asks: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not await asks():  # type: ignore[misc]
            await asyncio.sleep(0.02)


async def _greets(port: int) -> bool:
    async with talking(port) as talk:
        return (await talk.heard()).startswith("220")


async def test_addresses_and_words_never_reach_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        async with listening(MemoryDoor(closed=True)) as port, talking(port) as talk:
            await talk.heard()
            await talk.says("PRIVATE ann@example.org")
            await talk.sends(MAIL)
    assert "ann@example.org" not in caplog.text


async def test_stopping_hangs_up_on_those_who_are_still_there() -> None:
    async with listening(MemoryDoor()) as port:
        connected = talking(port)
        talk = await connected.__aenter__()
        await talk.heard()
    assert await asyncio.wait_for(talk.reader.read(), 60) == b""
    await talk.close()


async def test_a_date_in_the_future_is_not_believed() -> None:
    door = MemoryDoor()
    dated = MAIL.replace(b"Subject:", b"Date: Fri, 01 Jan 2100 00:00:00 +0000\r\nSubject:")
    async with listening(door) as port, talking(port) as talk:
        await talk.heard()
        await talk.sends(dated)
    (message,) = door.messages
    assert isinstance(message, MessageIn)
    assert message.sent_ms == 0 < START_MS
