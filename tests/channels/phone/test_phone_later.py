"""What outlives a call: call-backs that keep their place, voicemail, recordings; and what comes in that is no call."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.jwt.access_token import AccessToken

from channels import phone
from channels.contract import Connect, Fetch, LineRef, PartyLeft, TryLater, decode_signal, encode_signal
from channels.phone import documents as doc
from channels.phone import reading, softphone
from channels.phone.documents import Pages, Speech
from channels.phone.reading import HIDDEN, Unreadable, is_number, typed_number
from channels.phone.wording import SAID
from channels.twilio import form_fields
from tests.channels.door import MemoryDoor
from tests.channels.phone.conftest import OURS, PAGES, PUBLIC, THEIRS, Exchange, exchange_with, until
from tests.channels.phone.test_phone_calls import BOTH, connect, found
from tests.channels.vectors.reading import vectors
from tests.providers.twilio import TOKEN
from tests.providers.twilio_calls import Leg

PAYLOADS = Path(__file__).parent / "payloads"


async def called_back(exchange: Exchange, theirs: str = THEIRS, *, keys: tuple[str, ...] = ("1", "1")) -> Leg:
    """A customer asks to be called back, and has hung up."""
    leg = await exchange.waiting(theirs)
    for key in keys:
        leg.keys.put_nowait(key)
    await until(lambda: leg.ended, "good-bye was said")
    await until(lambda: not exchange.twilio.tasks, "all told")
    return leg


async def test_who_asks_for_a_call_back_keeps_the_place_and_is_called_when_an_agent_has_time(
    exchange: Exchange,
) -> None:
    leg = await called_back(exchange)
    assert leg.heard[-1] == SAID["call-back-kept"]["th"]
    assert exchange.parties() == []
    exchange.calls.answers |= {"client:agent_1": "answer", THEIRS: "answer"}
    await exchange.channel.perform(connect(exchange, leg))
    await until(lambda: exchange.calls.together() == BOTH, "together")
    again = next(each for each in exchange.calls.legs.values() if each.direction != "inbound" and each.theirs == THEIRS)
    assert again.ours == OURS
    await exchange.calls.hang_up(again)
    await until(lambda: ("left", "customer", "hung_up") in exchange.parties(), "told")


async def test_a_customer_who_does_not_answer_the_call_back_is_told_to_agent_and_router(exchange: Exchange) -> None:
    leg = await called_back(exchange)
    exchange.calls.answers |= {"client:agent_1": "answer", THEIRS: "no-answer"}
    await exchange.channel.perform(connect(exchange, leg))
    await until(lambda: ("left", "customer", "no-answer") in exchange.parties(), "told")
    agent = next(each for each in exchange.calls.legs.values() if each.theirs == "client:agent_1")
    await until(lambda: SAID["no-answer"]["en"] in agent.heard, "the agent, too")


async def test_a_hidden_caller_types_the_number_to_be_called_on(exchange: Exchange) -> None:
    leg = await called_back(exchange, "anonymous", keys=("1", "0066812340000"))
    exchange.calls.answers |= {"client:agent_1": "answer", "+66812340000": "answer"}
    await exchange.channel.perform(connect(exchange, leg))
    await until(lambda: exchange.calls.together() == BOTH, "together")


async def test_who_does_not_agree_goes_back_to_the_line(exchange: Exchange) -> None:
    leg = await exchange.waiting()
    leg.keys.put_nowait("1")
    await until(lambda: SAID["call-back"]["th"] in leg.heard, "asked")
    await until(lambda: leg.heard[-1] == SAID["waiting"]["th"] or bool(leg.queue), "waits again")
    await exchange.calls.hang_up(leg)
    await until(lambda: exchange.parties() == [("left", "customer", "hung_up")], "told")


async def test_a_call_back_to_nobody_is_refused_by_name(exchange: Exchange) -> None:
    leg = await called_back(exchange, "anonymous", keys=("1", "0066812340000"))
    await exchange.channel._book.change(leg.sid, number="")
    exchange.calls.answers["client:agent_1"] = "answer"
    await exchange.channel.perform(connect(exchange, leg))
    await until(lambda: ("left", "customer", "number_unusable") in exchange.parties(), "told")


# --- voicemail ----------------------------------------------------------------------------------------------------


async def closed(exchange: Exchange, leg: Leg) -> None:
    """The queue is closed: the router announces it and keeps the conversation."""
    line = LineRef(channel="phone", key=leg.sid)
    exchange.door.happen(line, kind="notice", notice="off-hours", text="We are closed.")
    exchange.door.happen(line, kind="status", state="deferred")


async def test_off_hours_a_caller_hears_so_and_what_they_say_becomes_a_message(exchange: Exchange) -> None:
    leg = await exchange.waiting()
    await closed(exchange, leg)
    await until(lambda: "beep" in leg.heard, "may speak")
    assert "We are closed." in leg.heard
    leg.voice.put_nowait(34)
    await until(lambda: bool(exchange.door.messages), "a message")
    (message,) = exchange.door.messages
    assert message.line.key == leg.sid
    assert message.text == SAID["voicemail-written"]["th"].replace("{seconds}", "34")
    (sound,) = message.attachments
    done = await exchange.channel.perform(Fetch(key="f", line=exchange.line(leg), url=sound.source))
    assert [(file.content, file.media_type) for file in done.files] == [(b"sound", "audio/mpeg")]
    await until(lambda: leg.ended and not exchange.twilio.tasks, "over")
    assert exchange.parties() == []
    done_with = await exchange.channel.perform(connect(exchange, leg))
    assert done_with.provider == "", "the agent hears the recording; nobody is on the line, and nobody is rung"


async def test_who_says_nothing_hears_good_bye_and_leaves_no_message(exchange: Exchange) -> None:
    leg = await exchange.waiting()
    await closed(exchange, leg)
    await until(lambda: leg.ended, "over")
    assert leg.heard[-1] == SAID["good-bye"]["th"]
    await until(lambda: exchange.parties() == [("left", "customer", "hung_up")], "told")
    assert exchange.door.messages == []


async def test_while_waiting_a_key_leads_to_voicemail(exchange: Exchange) -> None:
    leg = await exchange.waiting()
    leg.keys.put_nowait("2")
    await until(lambda: "beep" in leg.heard, "may speak")
    leg.voice.put_nowait(5)
    await until(lambda: len(exchange.door.messages) == 1, "a message")


async def test_a_conversation_that_was_closed_says_good_bye(exchange: Exchange) -> None:
    leg = await exchange.waiting()
    exchange.door.happen(LineRef(channel="phone", key=leg.sid), kind="status", state="closed")
    await until(lambda: leg.ended, "over")
    assert leg.heard[-1] == SAID["good-bye"]["th"]


async def test_a_recording_whose_callback_was_lost_is_listed_once(exchange: Exchange) -> None:
    exchange.calls.lost.add("recording")
    missed = found(exchange)
    await missed.round()
    leg = await exchange.waiting()
    await closed(exchange, leg)
    await until(lambda: "beep" in leg.heard, "may speak")
    leg.voice.put_nowait(7)
    await until(lambda: leg.ended, "over")
    stranger = exchange.calls.call(f"{PAGES}/voice", theirs=THEIRS, ours="+15550001111")
    exchange.calls.recordings.append(
        {"sid": "RE9", "call_sid": stranger.sid, "duration": "5", "status": "completed", "source": "RecordVerb"}
    )
    for _ in range(2):
        await missed.round()
    (message,) = exchange.door.messages
    assert message.attachments[0].source.endswith(".mp3")
    assert exchange.parties() == []


# --- what is no call ----------------------------------------------------------------------------------------------


async def test_a_bad_signature_is_refused_on_every_page(exchange: Exchange) -> None:
    pages = [route for route in exchange.channel.routes() if route.method == "POST"]
    assert len(pages) > 20
    for route in pages:
        status, _ = await exchange.twilio.post(f"{PAGES}{route.path}", {"CallSid": "CA1"}, signature="nonsense")
        assert status == 403
    assert exchange.door.signals == []


async def test_a_page_asked_for_another_line_than_was_signed_is_refused(exchange: Exchange) -> None:
    url, fields = f"{PAGES}/status?line=CA1&lang=en", {"AccountSid": exchange.twilio.sid, "CallSid": "CA1"}
    signature = exchange.twilio.sign(url, fields)
    status, _ = await exchange.twilio.post(url.replace("CA1", "CA2"), fields, signature=signature)
    assert status == 403


async def test_a_genuine_request_without_a_call_is_a_400_and_a_closed_letterbox_a_503(exchange: Exchange) -> None:
    assert (await exchange.twilio.post(f"{PAGES}/status", {"CallSid": ""}))[0] == 400
    exchange.door.closed = True
    ended = {"CallSid": "CA1", "CallStatus": "completed", "Direction": "inbound", "From": THEIRS, "To": OURS}
    assert (await exchange.twilio.post(f"{PAGES}/status", ended))[0] == 503


async def test_without_an_account_a_call_is_refused_and_nothing_is_done() -> None:
    channel = phone.build(phone.Settings(), MemoryDoor(), {})
    await channel.listen()
    assert [route.path for route in channel.routes()] == ["/voice"]
    with pytest.raises(TryLater, match="not_configured"):
        await channel.perform(
            Connect(key="k", line=LineRef(channel="phone", key="x"), party="agent:1", address="agent_1")
        )
    with pytest.raises(TryLater, match="not_configured"):
        channel.softphone_token(1)


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"numbers": ("123",)}, "numbers"),
        ({"menu": {"10": phone.MenuKey()}}, "menu"),
        ({"phones": {"bob": THEIRS}}, "phones"),
    ],
)
def test_a_setting_that_cannot_be_is_said_at_the_start(settings: dict[str, Any], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        phone.build(phone.Settings(**settings), MemoryDoor(), {})


# --- tokens, documents, reading -------------------------------------------------------------------------------------


async def test_an_agents_browser_gets_the_token_the_vendor_would_make(monkeypatch: pytest.MonkeyPatch) -> None:
    vector = vectors("twilio")["twilio-voice-access-token"]
    said = vector["inputs"]
    settings = phone.Settings(
        account_sid=said["account_sid"],
        auth_token_env="TOKEN",
        api_key_sid=said["api_key_sid"],
        api_key_secret_env="SECRET",
        outgoing_app_sid=said["outgoing_application_sid"],
    )
    channel = phone.build(settings, MemoryDoor(), {"TOKEN": TOKEN, "SECRET": said["api_key_secret"]})
    monkeypatch.setattr("time.time", lambda: float(said["now"]))
    assert channel.softphone_token(42) == vector["expected"]["jwt"]
    assert said["ttl"] == softphone.TOKEN_S
    assert AccessToken.ALGORITHM == "HS256"


@given(text=st.text(alphabet=st.characters(blacklist_categories=("Cc", "Cs")), min_size=1))
def test_whatever_a_text_says_it_stays_a_text(text: str) -> None:
    speech = Speech(language="en", texts=lambda _name, _language: "")
    pages = Pages(root=PUBLIC, line="CA1", language="en")
    (say,) = ET.fromstring(doc.menu(speech, pages, text)).iter("Say")
    assert say.text == text


def test_the_vendors_own_documents_have_the_same_shape_as_ours() -> None:
    speech, pages = Speech(language="en", texts=lambda _n, _l: ""), Pages(root="", line="CA1", language="en")
    theirs = ET.fromstring(vectors("twilio")["twiml-enqueue"]["expected"]["xml"])
    ours = ET.fromstring(doc.enqueue(speech, pages, greet=False))
    assert [each.tag for each in ours.iter()] == [each.tag for each in theirs.iter()]
    assert set(theirs[0].attrib) <= set(ours[0].attrib)
    theirs = ET.fromstring(vectors("twilio")["twiml-dial-conference"]["expected"]["xml"])
    ours = ET.fromstring(doc.talk(pages, label="agent_1"))
    assert [each.tag for each in ours.iter()] == [each.tag for each in theirs.iter()]
    assert set(theirs[0][0].attrib) <= set(ours[0][0].attrib)


def test_only_the_customer_ends_a_talk_by_leaving() -> None:
    pages = Pages(root="", line="CA1", language="en")
    ends = {
        label: ET.fromstring(doc.talk(pages, label=label))[0][0].get("endConferenceOnExit")
        for label in ("customer", "agent_1")
    }
    assert ends == {"customer": "true", "agent_1": "false"}


@pytest.mark.parametrize("number", sorted(HIDDEN))
def test_a_spelling_of_hidden_is_no_number(number: str) -> None:
    assert not is_number(number)


@pytest.mark.parametrize(
    ("typed", "number"), [("66812345678", "+66812345678"), ("0066812345678", "+66812345678"), ("12", "")]
)
def test_a_typed_number_needs_its_country(typed: str, number: str) -> None:
    assert typed_number(typed) == number


NAMES = st.sampled_from(
    ["CallSid", "From", "To", "CallStatus", "Direction", "StatusCallbackEvent", "ParticipantLabel", "ConferenceSid"]
)
VALUES = st.text(max_size=30) | st.sampled_from(["CA1", "participant-join", "participant-leave", "customer", "agent_1"])


@given(fields=st.dictionaries(NAMES, VALUES))
def test_whatever_is_sent_is_read_or_refused_by_name(fields: dict[str, str]) -> None:
    reasons = []
    for read in (
        lambda: reading.opened(reading.call_in(fields), language="", facts={}),
        lambda: reading.conference_signal(fields, "CA1"),
    ):
        try:
            signal = read()
            assert signal is None or decode_signal(encode_signal(signal)) == signal
        except Unreadable as fault:
            reasons.append(str(fault))
    assert set(reasons) <= {"sid", "party"}


@pytest.mark.parametrize("payload", sorted(PAYLOADS.glob("*.form")), ids=lambda path: path.stem)
async def test_a_saved_payload_gives_the_document_and_signals_it_says(payload: Path, exchange: Exchange) -> None:
    expected = json.loads((PAYLOADS / "expected.json").read_text())[payload.stem]
    fields = {**dict(form_fields(payload.read_bytes().strip())), "AccountSid": exchange.twilio.sid}
    if talks := expected.get("talks"):
        await exchange.channel._book.change(**talks)
    for _ in range(2):
        status, text = await exchange.twilio.post(f"{PAGES}/{expected['page']}", fields)
        assert status == 200
        assert [each.tag for each in ET.fromstring(text)] == expected["verbs"]
    assert [type(signal).__name__ for signal in exchange.door.signals] == expected["signals"]
    assert all(not isinstance(signal, PartyLeft) or signal.why == expected["why"] for signal in exchange.door.signals)


async def test_keys_may_be_switched_off() -> None:
    async with exchange_with(keys=False) as exchange:
        leg = await exchange.waiting("+420123456789")
        await until(lambda: SAID["waiting"]["en"] in leg.heard, "waits")
        assert SAID["keys"]["en"] not in leg.heard
        leg.keys.put_nowait("1")
        await until(leg.keys.empty, "pressed")
        assert leg.queue


# --- what an agent's browser gets ---------------------------------------------------------------------------------


def with_key(**settings: Any) -> phone.Phone:
    account: dict[str, Any] = {"account_sid": "AC1", "auth_token_env": "T"}
    written = phone.Settings(**account, api_key_sid="SK1", api_key_secret_env="S", **settings)
    return phone.build(written, MemoryDoor(), {"T": TOKEN, "S": "s" * 32})


def test_an_agents_key_names_the_agent_its_end_and_where_the_library_is() -> None:
    channel = with_key()
    key = channel.softphone(42)
    assert (key.identity, key.sdk) == ("agent_42", "/channels/phone/softphone.js")
    assert key.until_ms == channel._door.now_ms() + softphone.TOKEN_S * 1_000
    paths = {route.path for route in channel.routes()}
    assert key.sdk.removeprefix("/channels/phone") in paths, "it is served by the channel itself"


def test_an_agents_page_may_reach_the_provider_only_where_a_softphone_is_configured() -> None:
    assert with_key().capabilities.page_reaches == softphone.HOSTS
    assert with_key(softphone_sdk="/sandbox/ui/softphone.js").capabilities.page_reaches == ()
    assert phone.build(phone.Settings(), MemoryDoor(), {}).capabilities.page_reaches == ()


def test_the_library_is_the_vendors_file_that_is_noted_and_the_module_names_it() -> None:
    body = (softphone.WEB / softphone.LIBRARY).read_bytes()
    assert hashlib.sha256(body).hexdigest() == "35d3cb1b22e309f9884724a89250aecd2de4f1556ad7b67a7bc5e06c73dcb74a"
    assert f'import "./{softphone.LIBRARY}"' in (softphone.WEB / softphone.MODULE).read_text()
    assert b"Apache" in (softphone.WEB / "LICENSES.md").read_bytes()
