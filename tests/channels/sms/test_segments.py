"""Segments are counted as the vendor counts them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sms.segments import count, in_gsm
from tests.channels.sms.conftest import Desk
from tests.channels.vectors.reading import vectors

COUNTED = [vector for vector in vectors("twilio").values() if vector["id"].startswith("sms-segments")]


@pytest.mark.parametrize("vector", COUNTED, ids=lambda vector: vector["id"])
def test_every_vector_is_counted_as_the_vendor_counts_it(vector: dict[str, Any]) -> None:
    text, expected = vector["inputs"]["text"], vector["expected"]
    counted = count(text)
    assert (counted.encoding, counted.segments) == (expected["encoding"], expected["segments"])
    smart = count(in_gsm(text))
    assert (smart.encoding, smart.segments) == (
        expected["smart_encoding"]["encoding"],
        expected["smart_encoding"]["segments"],
    )


@given(st.text(max_size=400))
def test_segments_hold_all_and_no_more_than_they_can(text: str) -> None:
    counted = count(text)
    room = {"GSM-7": 153, "UCS-2": 67}[counted.encoding]
    assert counted.left >= 0
    assert counted.units <= counted.segments * (room if counted.segments > 1 else room + 7)
    assert counted.units > (counted.segments - 1) * (room - 1) or counted.segments == 1


def test_a_character_of_two_units_is_not_cut() -> None:
    assert count("a" * 152 + "€" + "a" * 152).segments == 3
    assert count("ก" * 66 + "😀" + "ก" * 66).segments == 3


def test_plain_quotes_are_used_only_where_they_help() -> None:
    assert in_gsm("It’s “here” – now…") == 'It\'s "here" - now...'
    assert in_gsm("它“在”这里") == "它“在”这里"


async def test_whoever_writes_can_ask_what_a_text_costs(desk: Desk) -> None:
    async with desk.client.post("/channels/sms/segments", json={"text": "ก" * 71}) as answer:
        assert await answer.json() == {
            "encoding": "UCS-2",
            "segments": 2,
            "units": 71,
            "left": 63,
            "text_chars_max": 1600,
        }
    async with desk.client.post("/channels/sms/segments", data=b"nonsense") as answer:
        assert answer.status == 400
