"""What goes out by SMS: the four ways a sending ends, media both ways, unsure sendings found, what was missed."""

from __future__ import annotations

import asyncio

import pytest

from channels import contract as sig
from channels import sms
from channels.contract import Attachment, Fetch, LineRef, Receipt, Send, TryLater, Undeliverable, Unsure
from channels.sms.missed import CURSOR, OVERLAP_MS, Missed
from tests.channels.door import MemoryDoor
from tests.channels.sms.conftest import OURS, PUBLIC, Desk
from tests.providers.twilio import TOKEN, Fault

THEIRS = "+66812345678"
LINE = LineRef(channel="sms", key="k", peer=f"{THEIRS} via {OURS}")


def send(text: str = "hello", key: str = "e1", **more: object) -> Send:
    return Send(**{"key": key, "line": LINE, "text": text, **more})  # type: ignore[arg-type]


async def test_a_reply_goes_out_from_the_number_that_was_written_to(desk: Desk) -> None:
    done = await desk.channel.perform(send("ahoj"))
    (message,) = desk.twilio.sent()
    assert (message["from"], message["to"], message["body"], message["sid"]) == (OURS, THEIRS, "ahoj", done.provider)
    assert desk.twilio.asked[0].get("StatusCallback") == f"{PUBLIC}/channels/sms/status?key=e1#rc=5&rp=all"


async def test_typographers_quotes_become_plain_ones(desk: Desk) -> None:
    await desk.channel.perform(send("It’s “here”"))
    assert desk.twilio.sent()[0]["body"] == 'It\'s "here"'


@pytest.mark.parametrize(
    ("fault", "kind", "reason"),
    [
        (Fault(status=429, code=20429), TryLater, "provider_busy"),
        (Fault(status=503), TryLater, "provider_503"),
        (Fault(status=401, code=20003), TryLater, "provider_auth_401"),
        (Fault(status=500), Unsure, "provider_silent"),
        (Fault(status=0), Unsure, "provider_silent"),
        (Fault(status=0, after=True), Unsure, "provider_silent"),
        (Fault(status=400, code=21614), Undeliverable, "number_not_mobile"),
        (Fault(status=400, code=63016), Undeliverable, "window_closed"),
        (Fault(status=400, code=29999), Undeliverable, "twilio_29999"),
    ],
)
async def test_each_way_a_sending_fails_has_its_name(desk: Desk, fault: Fault, kind: type, reason: str) -> None:
    desk.twilio.faults.append(fault)
    with pytest.raises(kind) as failed:
        await desk.channel.perform(send())
    assert failed.value.reason == reason
    assert TOKEN not in repr(failed.value)


async def test_a_provider_that_is_away_is_tried_later(desk: Desk) -> None:
    channel = sms.build(
        sms.Settings(account_sid=desk.twilio.sid, auth_token_env="T", api_url="http://127.0.0.1:9"),
        desk.door,
        {"T": "x"},
    )
    with pytest.raises(TryLater, match="provider_unreachable"):
        await channel.perform(send())


async def test_who_opted_out_gets_nothing_and_the_agent_is_told_why(desk: Desk) -> None:
    desk.twilio.opted_out.add(THEIRS)
    with pytest.raises(Undeliverable, match="opted_out"):
        await desk.channel.perform(send())


@pytest.mark.parametrize(
    ("effect", "reason"),
    [
        (send("x" * 1601), "text_too_long"),
        (send(""), "empty"),
        (send(line=LineRef(channel="sms", key="k", peer=f"BANK via {OURS}")), "number_unusable"),
        (
            send(files=(Attachment(name="a", media_type="image/png", size_bytes=6_000_000, content=b"x" * 6_000_000),)),
            "files_too_large",
        ),
    ],
)
async def test_what_cannot_be_sent_never_leaves(desk: Desk, effect: Send, reason: str) -> None:
    with pytest.raises(Undeliverable, match=reason):
        await desk.channel.perform(effect)
    assert desk.twilio.asked == []


# --- unsure -------------------------------------------------------------------------------------------------------


async def test_an_unsure_sending_is_found_when_it_happened_and_not_when_it_did_not(desk: Desk) -> None:
    desk.twilio.faults += [Fault(after=True), Fault()]
    desk.door.at_ms = 0
    for key in ("e1", "e2"):
        with pytest.raises(Unsure):
            await desk.channel.perform(send(f"text of {key}", key=key))
    found = await desk.channel.find("e1")
    assert found is not None
    assert found.provider == desk.twilio.sent()[0]["sid"]
    assert await desk.channel.find("e2") is None
    assert await desk.channel.find("never tried") is None


async def test_an_unsure_sending_is_found_after_a_restart_too(desk: Desk) -> None:
    desk.door.at_ms = 0
    desk.twilio.faults.append(Fault(after=True))
    with pytest.raises(Unsure):
        await desk.channel.perform(send())
    reborn = sms.build(desk.channel._settings, desk.door, {"TOKEN": TOKEN})
    assert await reborn.find("e1") is not None


async def test_an_earlier_message_of_the_same_words_is_not_taken_for_the_unsure_one(desk: Desk) -> None:
    desk.door.at_ms = 0
    first = await desk.channel.perform(send("ok", key="e1"))
    desk.twilio.faults.append(Fault())
    with pytest.raises(Unsure):
        await desk.channel.perform(send("ok", key="e2"))
    assert await desk.channel.find("e2") is None
    reborn = sms.build(desk.channel._settings, desk.door, {"TOKEN": TOKEN})
    desk.twilio.faults.append(Fault())
    with pytest.raises(Unsure):
        await reborn.perform(send("ok", key="e3", thread=(first.provider,)))
    assert await reborn.find("e3") is None


async def test_the_book_holds_neither_text_nor_number_of_a_customer(desk: Desk) -> None:
    await desk.channel.perform(send("private words"))
    pages = str(desk.door.book.pages)
    assert "private" not in pages
    assert THEIRS not in pages


async def test_a_status_that_overtakes_the_answer_waits_for_it(desk: Desk) -> None:
    desk.twilio.auto_statuses = ("sent", "delivered")
    desk.twilio.faults.append(Fault(path="Messages.json", status=0, after=True, delay_s=0))
    with pytest.raises(Unsure):
        await desk.channel.perform(send())
    for _ in range(3_000):
        if len(desk.door.signals) == 2:
            break
        await asyncio.sleep(0.01)
    assert [s.status for s in desk.door.signals if isinstance(s, Receipt)] == ["sent", "delivered"]


# --- media --------------------------------------------------------------------------------------------------------


async def test_a_medium_is_fetched_and_our_password_stays_with_the_provider(desk: Desk) -> None:
    desk.twilio.media["MM1"] = [("ME" + "1" * 32, "image/png", b"\x89PNG")]
    url = f"{desk.twilio.url}/2010-04-01/Accounts/{desk.twilio.sid}/Messages/MM1/Media/ME{'1' * 32}"
    done = await desk.channel.perform(Fetch(key="f", line=LINE, url=url))
    assert [(file.content, file.media_type, file.source) for file in done.files] == [(b"\x89PNG", "image/png", url)]
    (headers,) = desk.twilio.storage_headers
    assert "Authorization" not in headers


@pytest.mark.parametrize("url", ["https://evil.example/x", "file:///etc/passwd", "http://127.0.0.1:1/x"])
async def test_an_address_that_is_not_the_providers_is_never_asked(desk: Desk, url: str) -> None:
    with pytest.raises(Undeliverable, match="source_foreign"):
        await desk.channel.perform(Fetch(key="f", line=LINE, url=url))


async def test_a_medium_that_is_gone_is_gone(desk: Desk) -> None:
    url = f"{desk.twilio.url}/2010-04-01/Accounts/{desk.twilio.sid}/Messages/MM1/Media/ME{'1' * 32}"
    with pytest.raises(Undeliverable, match="gone"):
        await desk.channel.perform(Fetch(key="f", line=LINE, url=url))


async def test_a_file_is_lent_to_the_provider_under_a_name_nobody_can_guess(desk: Desk) -> None:
    file = Attachment(name="map.png", media_type="image/png", size_bytes=3, content=b"map")
    await desk.channel.perform(send("look", files=(file,)))
    for _ in range(3_000):
        if desk.twilio.fetched:
            break
        await asyncio.sleep(0.01)
    assert desk.twilio.fetched == [b"map"]
    name = desk.twilio.asked[0].get("MediaUrl").rpartition("/")[2]
    assert len(name) == 40
    desk.door.at_ms += 16 * 60_000
    async with desk.client.get(f"/channels/sms/files/{name}") as answer:
        assert answer.status == 404


# --- what was missed ------------------------------------------------------------------------------------------------


def missed(desk: Desk) -> Missed:
    rest, lines, heard = desk.channel._rest, desk.channel._lines, desk.channel._heard
    assert rest is not None, "configured"
    return Missed(rest, desk.door, lines, numbers=(OURS,), heard=heard)


async def test_a_message_that_no_webhook_brought_is_fetched_once(desk: Desk) -> None:
    listed = missed(desk)
    await listed.round()
    for number in range(120):
        desk.twilio.list_message(
            desk.twilio.new_sid("SM"), direction="inbound", From=THEIRS, To=OURS, Body=f"n{number}"
        )
    await desk.hear("this one came by webhook")
    desk.door.at_ms += 60_000
    for _ in range(2):
        assert await listed.round()
    texts = [message.text for message in desk.door.messages]
    assert len(texts) == len(set(texts)) == 121


async def test_what_was_missed_comes_with_its_media_and_its_time(desk: Desk) -> None:
    listed = missed(desk)
    await listed.round()
    sid = desk.twilio.new_sid("SM")
    desk.twilio.list_message(sid, direction="inbound", From=THEIRS, To=OURS, Body="", NumMedia="1")
    desk.twilio.media[sid] = [("ME" + "2" * 32, "image/png", b"p")]
    await listed.round()
    (message,) = desk.door.messages
    assert message.sent_ms > 0
    assert message.attachments[0].source.endswith(f"/Messages/{sid}/Media/ME{'2' * 32}")
    done = await desk.channel.perform(Fetch(key="f", line=LINE, url=message.attachments[0].source))
    assert done.files[0].content == b"p"


async def test_a_status_that_no_callback_brought_is_fetched(desk: Desk) -> None:
    listed = missed(desk)
    await listed.round()
    done = await desk.channel.perform(send())
    desk.twilio.messages[0]["status"] = "delivered"
    await listed.round()
    await listed.round()
    assert [(s.provider, s.status) for s in desk.door.signals if isinstance(s, Receipt)] == [
        (done.provider, "delivered")
    ]


async def test_a_round_that_fails_moves_no_cursor(desk: Desk) -> None:
    listed = missed(desk)
    await listed.round()
    before = desk.door.book.pages[CURSOR]
    desk.door.at_ms += 60_000
    desk.twilio.faults.append(Fault(status=500))
    with pytest.raises(TryLater):
        await listed.round()
    desk.twilio.list_message(desk.twilio.new_sid("SM"), direction="inbound", From=THEIRS, To=OURS, Body="x")
    desk.door.closed = True
    with pytest.raises(sig.LetterboxClosed):
        await listed.round()
    assert desk.door.book.pages[CURSOR] == before
    desk.door.closed = False
    await listed.round()
    assert len(desk.door.messages) == 1
    assert int(desk.door.book.pages[CURSOR]) == desk.door.at_ms


async def test_a_long_absence_is_worked_off_in_steps(desk: Desk) -> None:
    listed = missed(desk)
    await listed.round()
    desk.door.at_ms += 7 * 3_600_000
    assert not await listed.round()
    assert await listed.round()
    bounds = [asked.get("DateSent>") for asked in desk.twilio.asked if asked.get("To")]
    assert len(set(bounds)) == 2
    assert OVERLAP_MS > 0


async def test_without_an_account_nothing_is_sent_and_nothing_is_lost() -> None:
    channel = sms.build(sms.Settings(), MemoryDoor(), {})
    await channel.listen()
    with pytest.raises(TryLater, match="not_configured"):
        await channel.perform(send())


@pytest.mark.parametrize("number", ["0812345678", "whatsapp:1", "BANK"])
def test_a_number_that_cannot_be_ours_is_said_at_the_start(number: str) -> None:
    with pytest.raises(ValueError, match="numbers"):
        sms.build(sms.Settings(numbers=(number,)), MemoryDoor(), {})
