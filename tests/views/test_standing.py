"""How a floor stands: kept by following commits, equal to looking at everybody; the states sum to who is signed in."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from router.core.bundle import HOUR_MS, MINUTE_MS, Bundle, Queue
from router.core.lifecycle import ACTIVE, WRAP_UP
from router.core.state import State
from router.views.board import Board
from router.views.standing import IN_LINE, RISK_ASYNC_MS, Standing, Waiting, risk_ms
from router.views.touched import touched
from tests.views.floor_day import FloorDay, bundle

TARGETS = {"general": {"chat": MINUTE_MS, "email": 4 * HOUR_MS}, "billing": {"chat": 10 * MINUTE_MS}, "vip": {}}


def promising() -> Bundle:
    queues = {
        name: Queue(
            name=name,
            hours="always",
            skills=queue.skills,
            answer_within_ms=TARGETS[name],
            next_within_ms={"chat": 2 * MINUTE_MS},
        )
        for name, queue in bundle().queues.items()
    }
    return bundle(queues=queues)


def looked_at(state: State, board: Board, at: int) -> list[Waiting]:
    """Count by looking at every conversation: the definitions, one after the other."""
    found = []
    for cell in sorted({(conv.queue, conv.channel) for conv in state.convs.values()}):
        own = [conv for conv in state.convs.values() if (conv.queue, conv.channel) == cell and not conv.test]
        line = [conv for conv in own if conv.state in IN_LINE]
        owed = [conv.reply_by_ms for conv in own if conv.state == ACTIVE and conv.reply_by_ms]
        if not line and not owed:
            continue
        clocks = [clock - risk_ms(state.bundle, *cell, owed=True) for clock in owed]
        clocks += [conv.reply_by_ms - risk_ms(state.bundle, *cell) for conv in line if conv.reply_by_ms]
        found.append(
            Waiting(
                *cell,
                waiting=len(line),
                oldest_ms=min((board.entered_ms(conv.id) for conv in line), default=0),
                late=sum(0 < conv.reply_by_ms < at for conv in line),
                risk=sum(clock <= at for clock in clocks),
            )
        )
    return found


def state_by_hand(state: State, agent_id: int) -> str:
    agent = state.agents[agent_id]
    assert state.bundle is not None
    if agent.presence == "not_responding" or not state.bundle.presences[agent.presence].accepts:
        return agent.presence
    held = {state.convs[conv].state for conv in agent.work}
    return "handling" if ACTIVE in held else "wrap_up" if WRAP_UP in held else "available"


@pytest.mark.parametrize("seed", range(12))
def test_following_commits_equals_looking_at_everybody_at_any_time(seed: int) -> None:
    day, chance = FloorDay(seed), Random(seed)
    day.engine.handle(day.configured(promising()), day.at)
    board = Board(lambda: day.engine.state)
    standing = Standing(lambda: day.engine.state, board)
    for _ in range(150):
        found = touched(day.step())
        board.follow(found)
        standing.follow(found)
        at, state = day.at + chance.choice((0, 30_000, HOUR_MS)), day.engine.state
        assert standing.waiting(at) == looked_at(state, board, at)


@pytest.mark.parametrize("seed", range(8))
def test_agents_per_state_sum_to_who_is_signed_in_at_every_moment(seed: int) -> None:
    """UI.md 8.29."""
    day = FloorDay(seed)
    board = Board(lambda: day.engine.state)
    standing = Standing(lambda: day.engine.state, board)
    for _ in range(150):
        found = touched(day.step())
        board.follow(found)
        standing.follow(found)
        state = day.engine.state
        assert sum(standing.states.values()) == standing.signed_in == len(state.agents)
        by_hand = Counter(state_by_hand(state, agent) for agent in state.agents)
        assert +standing.states == by_hand
        for name in by_hand:
            assert all(state_by_hand(state, agent) == name for agent in standing.in_state(name))


def test_a_clock_is_at_risk_a_fifth_of_its_target_before_and_at_most_a_minute() -> None:
    running = promising()
    assert risk_ms(running, "general", "chat") == MINUTE_MS // 5
    assert risk_ms(running, "billing", "chat") == MINUTE_MS
    assert risk_ms(running, "general", "email") == RISK_ASYNC_MS
    assert risk_ms(running, "general", "chat", owed=True) == 2 * MINUTE_MS // 5
    assert risk_ms(running, "nowhere", "chat") == MINUTE_MS
