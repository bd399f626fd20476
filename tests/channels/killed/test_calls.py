"""kill -9 of Patchbay amid calls that ring, wait, talk, are held, given away and hung up, and what the exchange knows.

Nothing here looks inside: the exchange's own legs and talks, the desks' interface and the database judge.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.channels.killed.telephone import telephone
from tests.providers.twilio import TOKEN

ROUNDS = int(os.environ.get("PATCHBAY_ROUNDS", "2"))
SEED = int(os.environ.get("PATCHBAY_SEED", "7"))
CALLERS = 4
LIVE_S_MIN, LIVE_S_MAX = 0.8, 3.0


@pytest.mark.crash
async def test_every_call_is_found_again_after_a_kill_and_nobody_is_called_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TW_TOKEN", TOKEN)
    kept = talked = 0
    async with telephone(tmp_path, SEED) as made:
        for number in range(ROUNDS):
            talks = await made.round(CALLERS, made.chance.uniform(LIVE_S_MIN, LIVE_S_MAX))
            await made.settles()
            assert made.broken(talks) == [], f"talks that nobody ended, in round {number} of seed {SEED}"
            kept, talked = kept + len(talks), talked + len(made.calls.together())
            await made.everybody_hangs_up()
            await made.settles()
            assert made.calls.together() == []
        assert made.doubled == [], "an agent's telephone rings once for a caller"
        rung = [leg for leg in made.calls.legs.values() if leg.theirs.startswith("client:")]
        assert len(rung) <= sum(desk.accepts for desk in made.desks), "once for each time it was accepted"
        assert made.calls.twilio.wrong == []
        assert made.house.stop() == 0
    verified = made.house.command("verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    print(f"{made.restarts} kills, {len(made.callers)} calls, {kept} talks went on, {talked} talked in the end")
