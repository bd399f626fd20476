"""The demo's agents: what they end they close, or promise to come back to, with a note."""

from __future__ import annotations

import time
from random import Random
from typing import Any

import pytest

from dashboard.sandbox.day.agents import PROMISES_MAX, Agent
from dashboard.sandbox.day.sayings import PROMISES


class Heard(Agent):
    """An agent whose deeds are written down instead of sent."""

    def __init__(self) -> None:
        super().__init__("", "mai", "", chance=Random(1), presence=lambda: "available")
        self.deeds: list[tuple[str, dict[str, Any]]] = []

    async def _call(self, method: str, path: str, **body: Any) -> Any:
        self.deeds.append((f"{method} {path}", body))


@pytest.fixture
def mai() -> Heard:
    return Heard()


async def test_the_first_one_is_promised_with_a_note_and_a_time_to_come(mai: Heard) -> None:
    await mai._end({"ref": "A1"}, may_promise=True)
    (noted, note), (parked, park) = mai.deeds
    assert (noted, parked) == ("POST /conversations/A1/note", "POST /conversations/A1/park")
    assert note["text"] in PROMISES
    assert park["until_ms"] > time.time() * 1_000


async def test_nobody_promises_more_than_they_keep_and_talks_are_closed(mai: Heard) -> None:
    await mai._end({"ref": "P1"}, may_promise=False)
    assert mai.deeds[0][0] == "POST /conversations/P1/close"
    for number in range(200):
        await mai._end({"ref": f"A{number}"}, may_promise=True)
    assert sum(path.endswith("/park") for path, _ in mai.deeds) == PROMISES_MAX
    assert sum(path.endswith("/close") for path, _ in mai.deeds) == 201 - PROMISES_MAX
