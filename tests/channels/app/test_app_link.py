"""What apps publish is kept before it is acknowledged, and answers arrive: against a real Mosquitto with rights."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from channels import app
from channels.app.frames import PAYLOAD_BYTES_MAX, line_of
from channels.app.link import Link, broker_of, opened
from channels.app.listening import AGAIN_S
from channels.contract import Receipt, TryLater, Undeliverable
from tests.channels.app.account import ENVIRONMENT, linked, mosquitto, phone, send, settings_of, until
from tests.channels.app.broker import ANYBODY, Mosquitto
from tests.channels.app.wire import wire
from tests.channels.door import MemoryDoor
from tests.channels.vectors.reading import vectors


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Mosquitto]:
    async with mosquitto(tmp_path) as made:
        yield made


# --- in ---------------------------------------------------------------------------------------------------------------


async def test_a_message_is_kept_with_its_customer_from_the_topic_and_accepted(broker: Mosquitto) -> None:
    door = MemoryDoor()
    async with linked(broker, door), phone(broker) as ann:
        await ann.says("ของฉันอยู่ที่ไหน", language="th")
        assert (await ann.hears("accepted"))[0]["client_msg_id"] == "message-1"
    (message,) = door.messages
    assert (message.line.key, message.text, message.language) == ("cust-1", "ของฉันอยู่ที่ไหน", "th")
    assert [(each.kind, each.value, each.verified) for each in message.identities] == [("app", "cust-1", "broker")]


async def test_a_repeat_under_the_same_name_is_the_same_message_and_is_accepted_again(broker: Mosquitto) -> None:
    door = MemoryDoor()
    async with linked(broker, door), phone(broker) as ann:
        for _ in range(3):
            await ann.says("Where is my parcel?")
        await ann.hears("accepted", 3)
    assert [message.text for message in door.messages] == ["Where is my parcel?"]


async def test_the_same_name_from_two_customers_is_two_messages(broker: Mosquitto) -> None:
    door = MemoryDoor()
    async with linked(broker, door), phone(broker) as ann, phone(broker, "cust-2") as bob:
        await ann.says("I am Ann")
        await bob.says("I am Bob")
        await ann.hears("accepted")
        await bob.hears("accepted")
    assert {(message.line.key, message.text) for message in door.messages} == {
        ("cust-1", "I am Ann"),
        ("cust-2", "I am Bob"),
    }


async def test_nobody_can_speak_for_another_customer(broker: Mosquitto) -> None:
    door = MemoryDoor()
    async with linked(broker, door), phone(broker) as ann:
        with pytest.raises(TryLater, match="broker_refused_135"):
            await ann.publishes("in", {"type": "send", "client_msg_id": "message-1", "text": "I am Bob"}, "cust-2")
        await ann.says("I am Ann")
        await ann.hears("accepted")
    assert [message.line.key for message in door.messages] == ["cust-1"]


async def test_nobody_hears_what_is_said_to_another_customer(broker: Mosquitto) -> None:
    door = MemoryDoor()
    async with linked(broker, door) as channel, phone(broker) as ann, phone(broker, "cust-2") as bob:
        await bob.link.want({"cc/v1/app/+/out": False, "#": False})
        await channel.perform(send("for Ann", "cust-1", seq=7))
        await channel.perform(send("for Bob", "cust-2", seq=8))
        await ann.hears("msg")
        assert {frame["text"] for frame in await bob.hears("msg")} == {"for Bob"}


async def test_while_the_letterbox_is_closed_nothing_is_acknowledged_and_nothing_is_lost(broker: Mosquitto) -> None:
    door = MemoryDoor(closed=True)
    async with phone(broker) as ann:
        async with linked(broker, door):
            await ann.says("one", "message-1")
            await ann.says("two", "message-2")
            await until(lambda: broker.log().count("Sending PUBLISH to patchbay:in") == 2, "both are with us")
            assert not ann.of("accepted")
            assert not door.letters
        # That process ended before anything was kept. The next one is given both.
        assert "PUBACK from patchbay:in" not in broker.log()
        door.closed = False
        async with linked(broker, door):
            await ann.hears("accepted", 2)
            await until(lambda: broker.log().count("Received PUBACK from patchbay:in") == 2, "acknowledged")
    assert [message.text for message in door.messages] == ["one", "two"]


async def test_what_was_kept_and_not_acknowledged_comes_again_and_is_one_message(
    broker: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = MemoryDoor()
    async with phone(broker) as ann:
        with monkeypatch.context() as dead:
            dead.setattr(Link, "acknowledge", lambda _link, _message: None)
            async with linked(broker, door):
                await ann.says("once")
                await ann.hears("accepted")
        assert "Received PUBACK from patchbay:in" not in broker.log()
        async with linked(broker, door):
            await ann.hears("accepted", 2)
            await until(lambda: "Received PUBACK from patchbay:in" in broker.log(), "acknowledged")
    assert broker.log().count("Sending PUBLISH to patchbay:in") == 2
    assert [message.text for message in door.messages] == ["once"]


async def test_a_link_that_is_cut_is_taken_up_again_and_what_came_meanwhile_is_kept(broker: Mosquitto) -> None:
    door = MemoryDoor()
    async with wire(broker.port) as ours, phone(broker) as ann:
        async with linked(broker, door, broker=f"mqtt://127.0.0.1:{ours.port}"):
            await ann.says("before", "message-1")
            await ann.hears("accepted")
            ours.away = True
            ours.cut()
            await until(lambda: door.troubles == ["broker_unreachable"], "said")
            await ann.says("meanwhile", "message-2")
            ours.away = False
            await ann.hears("accepted", 2)
        assert door.troubles[-1] == ""
    assert [message.text for message in door.messages] == ["before", "meanwhile"]


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"\xff\xfe{", "bad_frame"),
        ('{"type":"send","client_msg_id":"message-1","text":"grüß"}'.encode("latin-1"), "bad_frame"),
        (b'{"type":"dance"}', "bad_frame"),
        (b"", "bad_frame"),
        (b'{"type":"send","client_msg_id":"message-1","text":"\\u0000 "}', "empty"),
        (b'{"type":"send","client_msg_id":"message-1","text":"a","declared":{"vip":"yes"}}', "declared"),
        (b" " * (PAYLOAD_BYTES_MAX + 1), "too_long"),
    ],
)
async def test_what_is_not_of_the_contract_is_refused_by_name_and_holds_up_nobody(
    broker: Mosquitto, payload: bytes, code: str
) -> None:
    door = MemoryDoor()
    async with linked(broker, door), phone(broker) as ann:
        await ann.publishes("in", payload)
        await ann.says("good", "message-2")
        assert [frame["code"] for frame in await ann.hears("error")] == [code]
        await ann.hears("accepted")
    assert [message.text for message in door.messages] == ["good"]


async def test_who_says_too_much_is_told_to_slow_down_and_what_was_refused_is_not_kept(broker: Mosquitto) -> None:
    door = MemoryDoor()
    async with linked(broker, door, messages_a_minute=2), phone(broker) as ann:
        for number in range(3):
            await ann.says(f"number {number}", f"message-{number}")
        assert await ann.hears("error") == [{"type": "error", "code": "slow_down", "client_msg_id": "message-2"}]
        door.at_ms += 60_000
        await ann.says("number 2", "message-2")
        await ann.hears("accepted", 3)
    assert [message.text for message in door.messages] == ["number 0", "number 1", "number 2"]


async def test_a_receipt_speaks_of_the_line_it_came_by(broker: Mosquitto) -> None:
    door = MemoryDoor()
    async with linked(broker, door), phone(broker) as ann:
        for status in ("delivered", "read", "read"):
            await ann.publishes("ack", {"message": 41, "status": status})
        await until(lambda: len(door.signals) == 2, "two receipts")
    assert all(isinstance(signal, Receipt) and signal.line.key == "cust-1" for signal in door.signals)
    assert [(signal.provider, signal.status) for signal in door.signals if isinstance(signal, Receipt)] == [
        ("41", "delivered"),
        ("41", "read"),
    ]


async def test_typing_is_passed_on_and_never_kept(broker: Mosquitto) -> None:
    door = MemoryDoor()
    async with linked(broker, door), phone(broker) as ann:
        await ann.publishes("in", {"type": "typing", "on": True})
        await until(lambda: door.typed == [("cust-1", True)], "typed")
    assert not door.letters


# --- out --------------------------------------------------------------------------------------------------------------


async def test_an_answer_carries_its_number_and_reaches_every_device(broker: Mosquitto) -> None:
    door = MemoryDoor()
    async with (
        linked(broker, door) as channel,
        phone(broker) as ann,
        phone(broker, device="tablet") as anns_tablet,
    ):
        await channel.perform(send("Here it is.", seq=12, author="Bo"))
        for device in (ann, anns_tablet):
            (heard,) = await device.hears("msg")
            assert (heard["seq"], heard["id"], heard["kind"], heard["text"]) == (12, 12, "out", "Here it is.")


async def test_an_answer_to_who_is_away_waits_at_the_broker(broker: Mosquitto) -> None:
    door = MemoryDoor()
    async with linked(broker, door) as channel:
        async with phone(broker):
            assert not door.letters
        await channel.perform(send("Are you there?", seq=12))
        async with phone(broker) as ann:
            assert [frame["text"] for frame in await ann.hears("msg")] == ["Are you there?"]


async def test_an_answer_that_cannot_leave_says_why_and_leaves_when_the_broker_is_back(broker: Mosquitto) -> None:
    door = MemoryDoor()
    channel = app.build(settings_of(broker), door, ENVIRONMENT)
    broker.stop()
    with pytest.raises(TryLater, match="broker_unreachable"):
        await channel.perform(send("now?"))
    await broker.start()
    await channel.perform(send("now."))
    await channel.close()


async def test_a_wrong_password_is_said_by_name_and_not_tried_again_soon(broker: Mosquitto) -> None:
    door = MemoryDoor()
    channel = app.build(settings_of(broker), door, {"MQTT_PASSWORD": "wrong"})
    link = asyncio.create_task(channel.listen())
    await until(lambda: door.troubles == ["broker_refused_us"], "said")
    with pytest.raises(TryLater, match="broker_refused_us"):
        await channel.perform(send("now?"))
    await asyncio.sleep(2 * AGAIN_S)
    link.cancel()
    await asyncio.gather(link, return_exceptions=True)
    assert broker.log().count("(0, 135)") == 2


async def test_without_a_broker_the_channel_is_off_and_says_so() -> None:
    door = MemoryDoor()
    channel = app.build(app.Settings(), door, {})
    link = asyncio.create_task(channel.listen())
    await until(lambda: door.troubles == ["no_broker_configured"], "said")
    with pytest.raises(TryLater, match="no_broker_configured"):
        await channel.perform(send("hello"))
    link.cancel()
    await asyncio.gather(link, return_exceptions=True)


async def test_a_line_that_is_no_customer_of_an_app_and_a_text_without_end_are_undeliverable(broker: Mosquitto) -> None:
    channel = app.build(settings_of(broker), MemoryDoor(), ENVIRONMENT)
    for wrong in ("a/b", "+", "#", ""):
        with pytest.raises(Undeliverable, match="address_unusable"):
            await channel.perform(send("hello", wrong))
    with pytest.raises(Undeliverable, match="too_long"):
        await channel.perform(send("x" * 4_001))


# --- what was missed --------------------------------------------------------------------------------------------------


async def test_what_was_missed_is_told_again_by_number_and_then_resumed_is_said(broker: Mosquitto) -> None:
    door = MemoryDoor()
    happened = [door.happen(line_of("cust-1"), kind="out", message=n, text=f"text {n}") for n in range(1, 251)]
    async with linked(broker, door), phone(broker) as ann:
        await ann.publishes("in", {"type": "hello", "since": happened[9].seq})
        (resumed,) = await ann.hears("resumed")
        assert resumed == {"type": "resumed", "seq": happened[-1].seq, "more": False}
        assert [frame["seq"] for frame in ann.of("msg")] == [item.seq for item in happened[10:]]


async def test_a_number_of_a_time_that_was_lost_makes_the_app_begin_anew(broker: Mosquitto) -> None:
    door = MemoryDoor()
    door.happen(line_of("cust-1"), kind="out", message=1, text="the only one")
    async with linked(broker, door), phone(broker) as ann:
        await ann.publishes("in", {"type": "hello", "since": 9_999})
        await ann.hears("resumed")
        assert [frame["type"] for frame in ann.heard] == ["reset", "msg", "resumed"]


async def test_who_is_there_hears_who_serves_them_and_their_own_words_from_another_device(broker: Mosquitto) -> None:
    door = MemoryDoor()
    async with linked(broker, door), phone(broker) as ann:
        await ann.publishes("state", {"online": True, "device": "phone"})
        await ann.publishes("in", {"type": "hello"})
        await ann.hears("resumed")
        door.happen(line_of("cust-1"), kind="status", state="active", author="Bo")
        door.sign(line_of("cust-1"), on=True)
        assert (await ann.hears("status"))[0]["author"] == "Bo"
        assert (await ann.hears("typing"))[0]["on"] is True
        await ann.says("hello")
        assert (await ann.hears("msg"))[0]["client_msg_id"] == "message-1"
        await ann.publishes("state", {"online": False, "device": "phone"})
        await ann.says("are you there", "message-2")
        await ann.hears("accepted", 2)


async def test_while_the_archive_is_away_a_replay_ends_and_the_app_asks_again(broker: Mosquitto) -> None:
    door = MemoryDoor()
    door.happen(line_of("cust-1"), kind="out", message=1, text="kept")
    async with linked(broker, door), phone(broker) as ann:
        door.book.away = True
        await ann.publishes("in", {"type": "hello"})
        await ann.says("still here")
        await ann.hears("accepted")
        assert not ann.of("resumed")
        door.book.away = False
        await ann.publishes("in", {"type": "hello"})
        await ann.hears("resumed")
        assert "kept" in [frame["text"] for frame in ann.of("msg")]


# --- the counterpart --------------------------------------------------------------------------------------------------


async def test_filters_match_topics_as_the_samples_say(broker: Mosquitto) -> None:
    place = broker_of(broker.url, user=ANYBODY, password=f"of-{ANYBODY}")
    async with opened(place, "looks-on", session_s=0) as link:
        await link.want({"$SYS/broker/uptime": True})
        await link.come()
    for vector in vectors("mqtt").values():
        pattern, topic = vector["inputs"]["filter"], vector["inputs"]["topic"]
        async with opened(place, "looks-on", session_s=0) as link:
            await link.want({pattern: True, "the/end": False})
            if not topic.startswith("$"):
                await link.say(topic, b"", expires_s=60)
            await link.say("the/end", b"", expires_s=60)
            heard: set[str] = set()
            while "the/end" not in heard:
                heard |= {message.topic.value for message in await link.come()}
        assert (topic in heard) is vector["expected"]["matches"], vector["id"]
