"""Every kind of push that WeChat documents, saved as it comes, against the signals it means."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.contract import AnySignal, MessageIn, decode_signal, encode_signal
from channels.tencent.envelope import Unreadable, fields_of
from channels.wechat.messages import KINDS, signals_of

PAYLOADS = sorted((Path(__file__).parent / "payloads").glob("*.xml"))
MENU = {"TALK": "I would like to talk to somebody.", "PARCEL": "Where is my parcel?"}
HEAD = {"FromUserName": "oCust", "CreateTime": "1760000000"}


@pytest.mark.parametrize("path", PAYLOADS, ids=lambda path: path.stem)
def test_each_saved_push_means_what_stands_beside_it(path: Path) -> None:
    expected = json.loads(path.with_suffix(".json").read_text())
    signals = signals_of(fields_of(path.read_bytes().strip()), MENU)
    wanted = [msgspec.convert(each, AnySignal, strict=False) for each in expected]
    assert list(signals) == wanted
    assert [decode_signal(encode_signal(signal)) for signal in signals] == wanted


def test_every_kind_that_we_read_has_a_saved_push() -> None:
    kinds = {fields_of(path.read_bytes().strip())["MsgType"] for path in PAYLOADS}
    assert kinds >= {*KINDS, "event"}


def test_two_events_of_one_second_are_two() -> None:
    first, second = (
        signals_of({**HEAD, "MsgType": "event", "Event": "CLICK", "EventKey": key}, {})[0] for key in ("A", "B")
    )
    assert first.dedupe != second.dedupe


def test_the_number_of_one_customers_message_cannot_hide_anothers() -> None:
    one, other = (
        signals_of({**HEAD, "FromUserName": who, "MsgType": "text", "Content": "hi", "MsgId": "1"}, {})[0]
        for who in ("oAnn", "oBen")
    )
    assert one.dedupe != other.dedupe


@pytest.mark.parametrize(
    "fields",
    [
        {},
        HEAD,
        {**HEAD, "MsgType": "text", "Content": "no number"},
        {**HEAD, "MsgType": "text", "MsgId": "x"},
        {**HEAD, "MsgType": "<b>", "MsgId": "1"},
        {**HEAD, "CreateTime": "now", "MsgType": "text", "MsgId": "1"},
        {**HEAD, "CreateTime": "9" * 30, "MsgType": "text", "MsgId": "1"},
        {**HEAD, "FromUserName": "a b", "MsgType": "text", "MsgId": "1"},
        {**HEAD, "FromUserName": "o" * 65, "MsgType": "text", "MsgId": "1"},
    ],
)
def test_a_push_without_what_every_push_has_is_unreadable(fields: dict[str, str]) -> None:
    with pytest.raises(Unreadable, match="fields_missing"):
        signals_of(fields, {})


def test_a_place_or_a_medium_that_is_none_is_said_and_asked_for_nowhere() -> None:
    place = {**HEAD, "MsgType": "location", "Location_X": "javascript:1", "Location_Y": "2", "MsgId": "1"}
    picture = {**HEAD, "MsgType": "image", "MediaId": "../../token?x=", "MsgId": "2"}
    (located,), (pictured,) = signals_of(place, {}), signals_of(picture, {})
    assert isinstance(located, MessageIn)
    assert isinstance(pictured, MessageIn)
    assert (located.text, located.extra) == ("[location]", {"kind": "location"})
    assert pictured.attachments == ()


NAMES = st.sampled_from(["Content", "MediaId", "Event", "EventKey", "Location_X", "Format", "Title", "Recognition"])
KIND_NAMES = st.sampled_from([*KINDS, "event", "hologram"])


@given(st.dictionaries(NAMES, st.text(max_size=40)), KIND_NAMES)
def test_no_fields_break_the_reader_and_what_it_makes_can_be_written_down(said: dict[str, str], kind: str) -> None:
    for signal in signals_of({**said, **HEAD, "MsgType": kind, "MsgId": "1"}, MENU):
        assert decode_signal(encode_signal(signal)) == signal
