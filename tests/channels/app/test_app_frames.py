"""What apps publish, saved and made up: read as what it is, or refused by name; and from nobody but its topic."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aiomqtt
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.app import frames
from channels.contract import LineItem, Send, decode_signal, encode_signal
from tests.channels.vectors.reading import vectors

PREFIX = "cc/v1/app"
SAVED = Path(__file__).parent / "payloads"
EXPECTED: dict[str, dict[str, Any]] = json.loads((SAVED / "expected.json").read_text())
FACTS = {"screen": ("orders",)}
VECTORS = vectors("mqtt")
TEXT = st.text(st.characters(codec="utf-8"), max_size=300)
ENDS = st.sampled_from(["in", "state", "ack"])


def read(end: str, payload: bytes, customer: str = "cust-1") -> dict[str, Any]:
    """Return what is made of a payload, as the saved ones say it."""
    try:
        published = frames.parse(PREFIX, f"{PREFIX}/{customer}/{end}", payload)
        frame = published.frame
        if isinstance(frame, frames.Say):
            said = frames.message_of(published.customer, frame, FACTS)
            names = ("text", "dedupe", "name", "language", "declared")
            return {name: getattr(said, name) for name in names}
        if isinstance(frame, frames.Ack):
            receipt = frames.receipt_of(published.customer, frame)
            return {name: getattr(receipt, name) for name in ("provider", "status", "dedupe")}
    except frames.Unreadable as fault:
        return {"refused": fault.code, "name": fault.client}
    return {"frame": type(frame).__name__, **msgspec.structs.asdict(frame)}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_saved_payload_is_read_as_expected(name: str) -> None:
    assert read(name.split(".", maxsplit=1)[0], (SAVED / name).read_bytes()) == EXPECTED[name]


def test_every_saved_payload_is_expected() -> None:
    assert {path.name for path in SAVED.iterdir()} == {*EXPECTED, "expected.json"}


@given(ENDS, st.binary(max_size=400))
def test_any_bytes_are_read_or_refused_by_name(end: str, payload: bytes) -> None:
    made = read(end, payload)
    assert made.get("refused", "bad_frame") in {"bad_frame", "empty", "declared"}


@given(ENDS, st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | TEXT, st.lists))
def test_any_json_is_read_or_refused_by_name(end: str, said: Any) -> None:
    for value in (said, {"type": "send", "client_msg_id": "message-1", "text": said}, {"type": said}):
        assert read(end, json.dumps(value).encode())


@given(TEXT, st.from_regex(r"[A-Za-z0-9_-]{8,64}", fullmatch=True))
def test_words_arrive_as_they_were_typed_and_survive_the_letterbox(text: str, name: str) -> None:
    payload = json.dumps({"type": "send", "client_msg_id": name, "text": text}).encode()
    if "refused" in read("in", payload):
        return
    published = frames.parse(PREFIX, f"{PREFIX}/cust-1/in", payload)
    assert isinstance(published.frame, frames.Say)
    said = frames.message_of("cust-1", published.frame, {})
    assert decode_signal(encode_signal(said)) == said
    assert json.loads(frames.accepted(said)) == {"type": "accepted", "client_msg_id": name}
    assert not set(said.text) - set(text) - {"\n", " "}


@given(st.text(max_size=80), ENDS)
def test_a_customer_is_one_level_of_the_topic_and_nothing_else(name: str, end: str) -> None:
    topic = f"{PREFIX}/{name}/{end}"
    try:
        published = frames.parse(PREFIX, topic, b'{"type":"hello"}' if end == "in" else b"")
    except frames.Unreadable as fault:
        assert fault.code == "bad_frame" or not frames.is_customer(name)  # noqa: PT017 - the topic is judged first
    else:
        assert published.customer == name
        assert aiomqtt.Topic(topic).matches(f"{PREFIX}/+/{end}")


@pytest.mark.parametrize("name", ["a/b", "+", "#", "", "$SYS", "a b", "a\n", "x" * 65, "ก"])
def test_what_has_a_meaning_in_topics_is_no_customer(name: str) -> None:
    assert not frames.is_customer(name)


@pytest.mark.parametrize("topic", ["cc/v1/app", "cc/v1/app/cust-1", "cc/v1/app/cust-1/out", "cc/v2/app/cust-1/in", ""])
def test_other_topics_are_nobodys(topic: str) -> None:
    with pytest.raises(frames.Unreadable) as fault:
        frames.parse(PREFIX, topic, b"{}")
    assert (fault.value.code, fault.value.customer) == ("topic", "")


@pytest.mark.parametrize("name", sorted(VECTORS))
def test_a_topic_that_our_filter_does_not_match_is_nobodys(name: str) -> None:
    topic, ours = VECTORS[name]["inputs"]["topic"], VECTORS[name]["inputs"]["filter"] == f"{PREFIX}/+/in"
    if ours and VECTORS[name]["expected"]["matches"]:
        assert frames.parse(PREFIX, topic, b'{"type":"hello"}').customer == topic.split("/")[3]
        return
    with pytest.raises(frames.Unreadable, match="topic"):
        frames.parse(PREFIX, topic, b'{"type":"hello"}')


def test_an_answer_is_told_live_and_later_in_the_same_words() -> None:
    line = frames.line_of("cust-1")
    live = frames.of_send(Send(key="k", line=line, text="Hello", author="Bo", seq=9, message=4), at=5)
    later = frames.of_item(LineItem(seq=9, kind="out", at=5, message=4, text="Hello", author="Bo"))
    assert json.loads(live) == json.loads(later)
