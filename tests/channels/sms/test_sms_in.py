"""What comes in by SMS and WhatsApp: messages, media, opt-out words, statuses in any order, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.contract import MessageIn, OptedOut, Receipt, decode_signal, encode_signal
from channels.sms.reading import Lines, Unreadable, ends_of, receipt_in, said_in, signals_of
from channels.twilio import form_fields
from tests.channels.sms.conftest import OURS, PUBLIC, Desk

PAYLOADS = Path(__file__).parent / "payloads"
LINES = Lines(channel="sms", secret=b"s" * 32)
IN, STATUS = f"{PUBLIC}/channels/sms/in", f"{PUBLIC}/channels/sms/status"


async def test_a_message_is_kept_and_answered_with_an_empty_document(desk: Desk) -> None:
    status, text = await desk.hear("สวัสดีครับ 😀 1+1=2 & 50%")
    assert (status, text) == (200, "<Response/>")
    (message,) = desk.door.messages
    assert message.text == "สวัสดีครับ 😀 1+1=2 & 50%"
    assert [(one.kind, one.value, one.verified) for one in message.identities] == [("phone", "+66812345678", "carrier")]
    assert ends_of(message.line.peer) == ("+66812345678", OURS)
    assert "812345678" not in message.line.key


async def test_the_same_webhook_twice_is_one_message(desk: Desk) -> None:
    sid = "SM" + "a" * 32
    for _ in range(2):
        assert (await desk.hear("hello", MessageSid=sid))[0] == 200
    assert len(desk.door.messages) == 1


async def test_two_numbers_of_ours_are_two_lines_and_two_messages_of_one_customer_are_one(desk: Desk) -> None:
    await desk.hear("a")
    await desk.hear("b")
    await desk.hear("c", To="+66600000002")
    keys = [message.line.key for message in desk.door.messages]
    assert keys[0] == keys[1] != keys[2]


async def test_media_come_with_their_place_and_their_claimed_type(desk: Desk) -> None:
    url = f"{desk.twilio.url}/2010-04-01/Accounts/x/Messages/MM1/Media/ME1"
    await desk.hear("", NumMedia="1", MediaUrl0=url, MediaContentType0="image/jpeg")
    (message,) = desk.door.messages
    assert message.text == ""
    (file,) = message.attachments
    assert (file.name, file.media_type, file.source, file.content) == ("media-1.jpg", "image/jpeg", url, b"")


async def test_whatsapp_comes_through_the_same_door_with_its_name(desk: Desk) -> None:
    await desk.hear("hi", From="whatsapp:+14155551234", To="whatsapp:+14155238886", ProfileName="José 王")
    (message,) = desk.door.messages
    assert (message.name, message.identities[0].value, message.identities[0].verified) == (
        "José 王",
        "+14155551234",
        "whatsapp",
    )


@pytest.mark.parametrize(("theirs", "hours"), [("whatsapp:+14155551234", 24), ("+14155551234", 0)])
async def test_what_is_written_by_whatsapp_may_be_answered_for_a_day_and_an_sms_for_ever(
    desk: Desk, theirs: str, hours: int
) -> None:
    await desk.hear("hi", From=theirs)
    assert desk.door.messages[0].reply_window_ms == hours * 3_600_000


async def test_a_shared_place_is_text(desk: Desk) -> None:
    await desk.hear("", From="whatsapp:+14155551234", Latitude="50.08", Longitude="14.42", Label="Bridge")
    assert desk.door.messages[0].text == "Bridge\n50.08, 14.42"


@pytest.mark.parametrize(
    ("word", "more", "out"),
    [
        ("STOP", {}, True),
        (" unsubscribe ", {}, True),
        ("start", {}, False),
        ("whatever", {"OptOutType": "STOP"}, True),
        ("YES", {"OptOutType": "START"}, False),
    ],
)
async def test_an_opt_out_word_is_set_aside_and_told(desk: Desk, word: str, more: dict[str, str], out: bool) -> None:
    await desk.hear(word, **more)
    message, wish = desk.door.signals
    assert isinstance(message, MessageIn)
    assert message.set_aside == ("opted_out" if out else "opted_in")
    assert isinstance(wish, OptedOut)
    assert wish.out is out


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("yes", {}),
        ("stop it please", {}),
        ("help", {"OptOutType": "HELP"}),
        ("stop", {"From": "whatsapp:+14155551234"}),
    ],
)
async def test_what_only_looks_like_an_opt_out_word_is_a_message(desk: Desk, text: str, more: dict[str, str]) -> None:
    await desk.hear(text, **more)
    (message,) = desk.door.signals
    assert isinstance(message, MessageIn)
    assert message.set_aside == ""


async def test_a_short_code_is_nobody(desk: Desk) -> None:
    await desk.hear("your code is 1", From="BANK")
    assert desk.door.messages[0].identities == ()


# --- refusals ---------------------------------------------------------------------------------------------------


async def test_a_bad_signature_is_refused_and_nothing_is_kept(desk: Desk) -> None:
    fields = {"MessageSid": "SM1", "From": "+66812345678", "To": OURS, "Body": "x"}
    for signature in ("", "nonsense", desk.twilio.sign(IN, fields)):
        assert (await desk.twilio.post(IN, fields, signature=signature))[0] == 403
    assert desk.door.signals == []


async def test_a_webhook_of_another_account_is_refused(desk: Desk) -> None:
    fields = {"MessageSid": "SM1", "From": "+66812345678", "To": OURS, "Body": "x", "AccountSid": "AC" + "9" * 32}
    assert (await desk.twilio.post(IN, fields))[0] == 403


async def test_a_wrong_charset_and_another_kind_of_body_are_refused(desk: Desk) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    async with desk.client.post("/channels/sms/in", data=b"Body=%FF%FE", headers=form) as answer:
        assert answer.status == 400
    async with desk.client.post("/channels/sms/in", json={"Body": "x"}) as answer:
        assert answer.status == 415


async def test_fields_that_cannot_be_are_a_400_when_genuine(desk: Desk) -> None:
    for fields in ({"MessageSid": "", "From": "+1", "To": OURS}, {"MessageSid": "SM1", "From": "", "To": OURS}):
        assert (await desk.twilio.post(IN, fields))[0] == 400
    assert (await desk.twilio.post(IN, {"MessageSid": "SM1", "From": "a", "To": "b", "NumMedia": "x"}))[0] == 400


async def test_a_closed_letterbox_is_a_503(desk: Desk) -> None:
    desk.door.closed = True
    assert (await desk.hear("hello"))[0] == 503


# --- statuses ---------------------------------------------------------------------------------------------------


def told(status: str, sid: str = "SM1", **more: str) -> dict[str, str]:
    return {"MessageSid": sid, "MessageStatus": status, "From": OURS, "To": "+66812345678", **more}


async def test_statuses_in_any_order_never_go_back(desk: Desk) -> None:
    for status in ("queued", "delivered", "sent", "delivered", "read", "delivered"):
        assert (await desk.twilio.post(STATUS, told(status)))[0] == 200
    assert [signal.status for signal in desk.door.signals if isinstance(signal, Receipt)] == ["delivered", "read"]


async def test_a_status_speaks_of_the_line_the_message_went_over(desk: Desk) -> None:
    await desk.hear("hello")
    await desk.twilio.post(STATUS, told("sent"))
    message, receipt = desk.door.signals
    assert message.line.key == receipt.line.key


async def test_a_failure_has_a_short_reason(desk: Desk) -> None:
    await desk.twilio.post(STATUS, told("undelivered", ErrorCode="30003"))
    await desk.twilio.post(STATUS, told("failed", "SM2", ErrorCode="12345"))
    await desk.twilio.post(STATUS, told("canceled", "SM3"))
    assert [(s.status, s.reason) for s in desk.door.signals if isinstance(s, Receipt)] == [
        ("failed", "unreachable"),
        ("failed", "twilio_12345"),
        ("failed", "canceled"),
    ]


async def test_a_status_that_could_not_be_kept_may_come_again(desk: Desk) -> None:
    desk.door.closed = True
    assert (await desk.twilio.post(STATUS, told("delivered")))[0] == 503
    desk.door.closed = False
    assert (await desk.twilio.post(STATUS, told("delivered")))[0] == 200
    assert len(desk.door.signals) == 1


# --- whatever comes ---------------------------------------------------------------------------------------------


NAMES = (
    *("MessageSid", "From", "To", "Body", "NumMedia", "MediaUrl0", "OptOutType", "Latitude", "Longitude"),
    *("MessageStatus", "ErrorCode", "MediaContentType0", "ProfileName", "Label"),
)
VALUES = st.text(max_size=40) | st.sampled_from(["SM1", "+66812345678", "1", "sent", "STOP", "whatsapp:+14155551234"])


@given(fields=st.dictionaries(st.sampled_from(NAMES), VALUES))
def test_whatever_is_sent_is_read_or_refused_by_name(fields: dict[str, str]) -> None:
    reasons = []
    try:
        for signal in signals_of(said_in(fields), LINES):
            assert decode_signal(encode_signal(signal)) == signal
    except Unreadable as fault:
        reasons.append(str(fault))
    try:
        receipt = receipt_in(fields, LINES)
        assert receipt is None or receipt.status in {"sent", "delivered", "read", "failed"}
    except Unreadable as fault:
        reasons.append(str(fault))
    assert set(reasons) <= {"sid", "address", "media_count"}


@pytest.mark.parametrize("payload", sorted(PAYLOADS.glob("*.form")), ids=lambda path: path.stem)
async def test_a_saved_payload_gives_what_it_says(desk: Desk, payload: Path) -> None:
    fields = {**dict(form_fields(payload.read_bytes().strip())), "AccountSid": desk.twilio.sid}
    status, _ = await desk.twilio.post(IN, fields)
    again, _ = await desk.twilio.post(IN, fields)
    (message,) = desk.door.messages
    expected = json.loads((PAYLOADS / "expected.json").read_text())[payload.stem]
    said = {"text": message.text, "name": message.name, "set_aside": message.set_aside}
    found = {**said, "files": [file.media_type for file in message.attachments]}
    assert (status, again, found) == (200, 200, expected)
