"""kill -9 of Patchbay, death of the exchange and broken lines amid calls that ring, wait, talk and are given away.

Nothing here looks inside: the exchange's own legs and talks, the desks' interface and the database judge.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.channels.killed.blows import BLOWS
from tests.channels.killed.telephone import telephone
from tests.providers.twilio import TOKEN

ROUNDS = int(os.environ.get("PATCHBAY_ROUNDS", str(len(BLOWS))))
SEED = int(os.environ.get("PATCHBAY_SEED", "7"))
CALLERS = 4
LIVE_S_MIN, LIVE_S_MAX = 0.8, 3.0


@pytest.mark.crash
async def test_every_call_is_found_again_whoever_dies_and_whatever_breaks_and_nobody_is_called_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TW_TOKEN", TOKEN)
    kept = talked = 0
    async with telephone(tmp_path, SEED) as made:
        for number in range(ROUNDS):
            name = list(BLOWS)[number % len(BLOWS)]
            talks = await made.round(CALLERS, made.chance.uniform(LIVE_S_MIN, LIVE_S_MAX), BLOWS[name])
            await made.settles()
            assert made.broken(talks) == [], f"talks that nobody ended, in round {number} of seed {SEED}: {name}"
            kept, talked = kept + len(talks), talked + len(made.calls.together())
            await made.everybody_hangs_up()
            await made.settles()
            assert made.calls.together() == [], f"nobody is called who has hung up, in round {number}: {name}"
            assert made.doubled == [], f"an agent's telephone rings once at a time: {name}"
            assert made.called_again() == [], f"once for each time it was accepted: {name}"
        back = sum(
            leg.direction != "inbound" and not leg.theirs.startswith("client:") for leg in made.calls.legs.values()
        )
        assert made.calls.twilio.wrong == []
        assert made.house.stop() == 0
    verified = made.house.command("verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    print(f"{ROUNDS} blows, {len(made.callers)} calls, {back} called back, {kept} talks went on, {talked} in the end")
