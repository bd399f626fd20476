"""Every kind of item that WeCom documents, saved as it is listed, against the signals it means."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.contract import AnySignal, decode_signal, encode_signal
from channels.wecom.messages import EVENTS, KINDS, signals_of

PAYLOADS = sorted((Path(__file__).parent / "payloads").glob("*.item.json"))
HEAD = {"msgid": "m1", "open_kfid": "wk1", "external_userid": "wm1", "origin": 3, "send_time": 1}


@pytest.mark.parametrize("path", PAYLOADS, ids=lambda path: path.name.partition(".")[0])
def test_each_saved_item_means_what_stands_beside_it(path: Path) -> None:
    expected = json.loads(path.with_name(path.name.replace(".item", "")).read_text())
    signals = signals_of(json.loads(path.read_bytes()))
    wanted = [msgspec.convert(each, AnySignal, strict=False) for each in expected]
    assert list(signals) == wanted
    assert [decode_signal(encode_signal(signal)) for signal in signals] == wanted


def test_every_kind_and_event_that_we_read_has_a_saved_item() -> None:
    items = [json.loads(path.read_bytes()) for path in PAYLOADS]
    assert {item["msgtype"] for item in items} >= {*KINDS, "event"}
    assert {item["event"]["event_type"] for item in items if "event" in item} >= set(EVENTS)


@pytest.mark.parametrize(
    "item",
    [
        {},
        {**HEAD, "msgid": 5},
        {**HEAD, "external_userid": "a:b", "msgtype": "text"},
        {**HEAD, "open_kfid": "", "msgtype": "text"},
        {**HEAD, "origin": "3", "msgtype": "text"},
        {"msgid": "m", "origin": 4, "msgtype": "event", "event": []},
    ],
)
def test_an_item_that_names_nobody_is_nothing_and_stops_nobody(item: dict[str, Any]) -> None:
    assert signals_of(item) == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
INSIDE = st.dictionaries(
    st.sampled_from(["content", "media_id", "menu_id", "title", "name", "latitude", "longitude", "head_content"]), JSON
)
EVENT = st.dictionaries(st.sampled_from(["scene", "welcome_code", "fail_msgid", "fail_type", "recall_msgid"]), JSON)


@given(st.sampled_from([*KINDS, "hologram", ""]), INSIDE | JSON, JSON)
def test_no_message_breaks_the_reader_and_what_it_makes_can_be_written_down(kind: str, said: Any, sent: Any) -> None:
    for signal in signals_of({**HEAD, "send_time": sent, "msgtype": kind, kind: said}):
        assert decode_signal(encode_signal(signal)) == signal


@given(st.sampled_from([*EVENTS, "x"]), EVENT)
def test_no_event_breaks_the_reader_and_what_it_makes_can_be_written_down(kind: str, event: dict[str, Any]) -> None:
    inside = {**event, "event_type": kind, "open_kfid": "wk1", "external_userid": "wm1"}
    for signal in signals_of({"msgid": "m1", "origin": 4, "msgtype": "event", "event": inside}):
        assert decode_signal(encode_signal(signal)) == signal
