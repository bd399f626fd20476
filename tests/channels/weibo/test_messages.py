"""Every kind of push that Weibo documents, saved as it comes, against the signals it means."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.contract import AnySignal, decode_signal, encode_signal
from channels.weibo.messages import EVENTS, KINDS, Unreadable, Wishes, created_ms, read_push, signals_of
from tests.channels.vectors.reading import vectors

PAYLOADS = sorted((Path(__file__).parent / "payloads").glob("*.push.json"))
WISHES = Wishes(menu={"TALK": "I would like to talk to somebody."})
HEAD = {"receiver_id": 1, "sender_id": 2, "created_at": "Mon Jul 16 18:09:20 +0800 2012"}


def pushed(**fields: object) -> bytes:
    return json.dumps({**HEAD, "type": "text", **fields}).encode()


@pytest.mark.parametrize("path", PAYLOADS, ids=lambda path: path.name.partition(".")[0])
def test_each_saved_push_means_what_stands_beside_it(path: Path) -> None:
    expected = json.loads(path.with_name(path.name.replace(".push", "")).read_text())
    signals = signals_of(read_push(path.read_bytes()), WISHES)
    wanted = [msgspec.convert(each, AnySignal, strict=False) for each in expected]
    assert list(signals) == wanted
    assert [decode_signal(encode_signal(signal)) for signal in signals] == wanted


def test_every_kind_that_we_read_has_a_saved_push() -> None:
    kinds = {json.loads(path.read_bytes())["type"] for path in PAYLOADS}
    assert kinds >= {*KINDS, "event"}


def test_the_vendors_sample_has_its_time_and_its_name() -> None:
    sample = vectors("weibo")["weibo-official-inbound-text"]
    push = read_push(json.dumps(sample["inputs"]["body"]).encode())
    (message,) = signals_of(push, WISHES)
    assert message.dedupe.startswith(sample["expected"]["dedupe_key"])
    wanted = datetime.fromisoformat(sample["expected"]["created_at_utc"])
    assert created_ms(push.created_at) == wanted.timestamp() * 1_000


def test_two_messages_of_one_second_are_two_and_a_redelivery_is_none() -> None:
    one, other, again = (signals_of(read_push(pushed(text=text)), WISHES)[0].dedupe for text in ("a", "b", "a"))
    assert one == again
    assert one != other


def test_a_post_that_names_us_opens_a_conversation_only_where_ops_say_so() -> None:
    push = read_push(pushed(type="mention", text="@us", data={"subtype": "status", "key": 1}))
    (kept,), (taken,) = signals_of(push, WISHES), signals_of(push, Wishes(mentions=True))
    assert (getattr(kept, "set_aside", ""), getattr(taken, "set_aside", "x")) == ("mention", "")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"type=text&text=hello",
        '{"text": "你好"}'.encode("gbk"),
        b"[" * 5_000,
        pushed(sender_id="x"),
        pushed(sender_id=-5),
        pushed(sender_id=1.5),
        pushed(receiver_id=None),
        pushed(text=["a"]),
        pushed(created_at="yesterday"),
        pushed(created_at="Mon Feb 31 18:09:20 +0800 2012"),
        pushed(created_at="Mon Foo 16 18:09:20 +0800 2012"),
        pushed(created_at="Mon Jul 16 18:09:20 +9900 2012"),
        pushed(created_at="Mon Jul 16 18:09:20 +0800 0000"),
        b'{"type":"text","receiver_id":1,"sender_id":2,"created_at":"x","text":"\\ud800"}',
    ],
)
def test_what_is_no_push_is_unreadable_by_a_name(body: bytes) -> None:
    with pytest.raises(Unreadable, match=r"json_unreadable|fields_missing|time_unreadable"):
        signals_of(read_push(body), WISHES)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
DATA = st.dictionaries(st.sampled_from(["subtype", "key", "tovfid", "latitude", "longitude"]), JSON)


@given(st.sampled_from([*KINDS, "event", "x"]), st.text(max_size=30), DATA | JSON, st.sampled_from([*EVENTS, ""]))
def test_no_push_breaks_the_reader_and_what_it_makes_can_be_written_down(
    kind: str, text: str, data: object, event: str
) -> None:
    if isinstance(data, dict) and event:
        data = {**data, "subtype": event}
    try:
        signals = signals_of(read_push(pushed(type=kind, text=text, data=data)), WISHES)
    except Unreadable:
        return
    for signal in signals:
        assert decode_signal(encode_signal(signal)) == signal
