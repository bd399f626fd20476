"""The board's figures: kept by following commits, equal to counting everything, whatever the day brings."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from router.core import commands as cmd
from router.core.answers import Made
from router.core.events import Entry
from router.core.facts import Facts
from router.core.lifecycle import ACTIVE, HELD, OFFERED, WAITING
from router.core.state import Agent, Conv, State
from router.views.board import Board, Figures, somebody_is_free
from router.views.waiting import lines, page, why_waiting
from tests.core.floor_plan import Floor, at_work
from tests.views.floor_day import FloorDay, bundle

IN_LINE = {WAITING, HELD, OFFERED}


def counted(state: State, entered: dict[int, tuple[str, int]]) -> dict[str, Figures]:
    """Count everything by looking at everybody: the definition, in other words than the board's."""
    assert state.bundle is not None
    found = {name: Figures() for name in state.queues}
    for conv in state.convs.values():
        figures = found.setdefault(conv.queue, Figures())
        figures.waiting += conv.state in {WAITING, HELD}
        figures.offered += conv.state == OFFERED
        figures.active += conv.state == ACTIVE
        figures.escalated += conv.escalated
        if conv.state in IN_LINE:
            since = entered[conv.id][1]
            figures.oldest_ms = min(since, figures.oldest_ms) if figures.oldest_ms else since
    for agent in state.agents.values():
        levels = dict(agent.abilities)
        loads = [spec.load for name, spec in state.bundle.channels.items() if f"channel:{name}" in levels]
        for name, queue in state.bundle.queues.items():
            if loads and all(levels.get(f"skill:{skill}", 0) >= level for skill, level in queue.skills.items()):
                found[name].staffed += 1
                found[name].free += agent.available and agent.capacity - agent.used >= min(loads)
    return found


def follow(state: State, entered: dict[int, tuple[str, int]]) -> None:
    """Keep who entered which queue when: a decline or a time-out does not begin a wait anew."""
    for conv in state.convs.values():
        if conv.state not in IN_LINE:
            entered.pop(conv.id, None)
        elif conv.id not in entered or entered[conv.id][0] != conv.queue:
            entered[conv.id] = (conv.queue, conv.since_ms if conv.answered else conv.opened_ms)
    for gone in set(entered) - set(state.convs):
        del entered[gone]


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_following_commits_equals_counting_everything(seed: int) -> None:
    day, entered = FloorDay(seed), dict[int, tuple[str, int]]()
    state = day.engine.state
    board = Board(lambda: state)
    for _ in range(120):
        committed = day.step()
        board.apply(committed)
        follow(state, entered)
        expected = counted(state, entered)
        assert {name: board.figures(name) for name in expected} == expected


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32), behind=st.integers(2, 30))
def test_a_follower_that_lags_behind_ends_with_the_same_counts(seed: int, behind: int) -> None:
    day, piled = FloorDay(seed), list[Entry]()
    state = day.engine.state
    board = Board(lambda: state)
    for number in range(90):
        piled += day.step()
        if number % behind == 0:
            for entry in piled:
                board.apply([entry])
            piled.clear()
            anew = Board(lambda: state)
            for name in anew.queues():
                assert without_wait(board, name) == without_wait(anew, name)


def without_wait(board: Board, name: str) -> tuple[int, int, int, int, int]:
    figures = board.figures(name)
    return (figures.waiting, figures.offered, figures.active, figures.staffed, figures.free)


def test_a_replica_that_was_made_anew_is_counted_anew() -> None:
    days = [FloorDay(3), FloorDay(4)]
    for day in days:
        for _ in range(60):
            day.step()
    states = [day.engine.state for day in days]
    board = Board(lambda: states[0])
    states.reverse()
    board.apply(days[1].step())
    anew = Board(lambda: states[0])
    assert [without_wait(board, name) for name in anew.queues()] == [without_wait(anew, name) for name in anew.queues()]


def test_a_decline_does_not_begin_a_wait_anew() -> None:
    state, board, day = queued()
    opened_ms = day.at
    day.at += 9_000
    (conv,) = state.convs.values()
    assert conv.offer is not None
    decline = cmd.Decline(id="no", agent=1, conv=conv.id, offer=conv.offer.id)
    answer = day.engine.handle(decline, day.at)
    assert isinstance(answer, Made)
    assert answer.entry is not None
    assert board.apply([answer.entry]) == {"general", "vip", "billing"} & board_queues(state)
    assert board.figures("general").oldest_ms == opened_ms
    assert board.entered_ms(conv.id) == opened_ms
    assert board.entered_ms(999) == 0


def test_an_agent_is_told_the_queues_they_can_serve_and_no_other() -> None:
    state, board, _ = queued()
    (agent,) = state.agents.values()
    mine = board_queues(state)
    assert 0 < len(mine) < len(board.queues())
    assert set(board.queues_of(agent)) == mine


def board_queues(state: State) -> set[str]:
    """The queues an agent without skills can serve."""
    assert state.bundle is not None
    return {name for name, queue in state.bundle.queues.items() if not queue.skills}


def queued() -> tuple[State, Board, FloorDay]:
    """One agent without skills, and one chat that rings at their desk."""
    day = FloorDay(1)
    state = day.engine.state
    board = Board(lambda: state)
    for command in (
        cmd.SignIn(id="in", agent=1, abilities=(("channel:chat", 1),), capacity=100),
        cmd.AttachDesk(id="desk", agent=1, node="n1", desk="d1"),
        cmd.Receive(
            id="L1",
            message=1,
            line=1,
            customer=1,
            channel="chat",
            facts=Facts(channel="chat"),
            arrived_ms=day.at,
            seen=0,
        ),
    ):
        answer = day.engine.handle(command, day.at)
        assert isinstance(answer, Made)
        assert answer.entry is not None
        board.apply([answer.entry])
    return state, board, day


def test_an_unknown_queue_has_no_figures() -> None:
    _, board, _ = queued()
    assert board.figures("nowhere") == Figures()


def test_a_queue_that_was_dropped_is_shown_until_the_last_one_has_left() -> None:
    state, board, day = queued()
    kept = {name: queue for name, queue in bundle().queues.items() if name != "billing"}
    rules = tuple(rule for rule in bundle().rules if rule.queue != "billing")
    answer = day.engine.handle(day.configured(bundle(queues=kept, rules=rules)), day.at)
    assert isinstance(answer, Made)
    assert answer.entry is not None
    assert board.apply([answer.entry]) == {"general", "vip"}
    assert board.queues() == ["general", "vip"]
    assert "billing" not in state.queues


def test_entries_of_the_heap_do_not_pile_up() -> None:
    state, board, day = queued()
    (conv,) = state.convs.values()
    for number in range(3_000):
        day.at += 60_000
        reply = day.engine.tick(day.at)
        if reply is not None:
            board.apply([reply])
        back = day.engine.handle(cmd.SetPresence(id=f"b{number}", agent=1, presence="available"), day.at)
        if isinstance(back, Made) and back.entry is not None:
            board.apply([back.entry])
    assert conv.state in IN_LINE
    assert len(board._lines["general"].entered) < 600


# --- who waits ------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_pages_of_who_waits_are_the_routers_own_order(seed: int) -> None:
    day = FloorDay(seed)
    for _ in range(80):
        day.step()
    state = day.engine.state
    for queue in ("", "general", "vip"):
        found = lines(state, lambda cls: True, queue)
        paged = [conv.id for after in range(0, 60, 7) for conv in page(state, found, after=after, limit=7)]
        waiting = state.matching.in_order(queue or None)
        waiting.sort(key=lambda conv: (-conv.cls.slope.score(state.at, conv.key_ms), conv.key_ms, conv.id))
        assert paged == [conv.id for conv in waiting][:63]
        assert sum(cls.waiting for cls in found) == len(state.matching.in_order(queue or None))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_why_somebody_waits_is_true(seed: int) -> None:
    day = FloorDay(seed)
    for _ in range(80):
        day.step()
    state = day.engine.state
    waiting = state.matching.in_order()
    for conv, code in zip(waiting, why_waiting(state, waiting), strict=True):
        able = [agent for agent in state.agents.values() if meets(agent, conv)]
        room = [agent for agent in able if agent.available and agent.free >= conv.load]
        expected = {
            "queue_closed": not state.queue_state(conv.queue).serves(state.at),
            "nobody_can_serve": not able,
            "all_busy": bool(able) and not room,
            "resting": bool(room) and bool(conv.resting),
            "in_line": bool(room) and not conv.resting,
        }
        assert expected[code], code


def meets(agent: Agent, conv: Conv) -> bool:
    levels = dict(agent.abilities)
    return all(levels.get(name, -1) >= level for name, level in conv.cls.needs)


def test_a_test_is_in_no_figure() -> None:
    floor = at_work(7)
    board = Board(lambda: floor.state)
    for line in (1, 2):
        board.apply([*_decided(floor, line, test=line == 1)])
    figures = board.figures("general")
    assert (figures.waiting, figures.offered, figures.active) == (0, 1, 0)
    floor.accept(1)
    board.apply(floor.entries[-1:])
    assert board.figures("general").active == 0
    board.rebuild()
    assert (board.figures("general").offered, board.figures("general").active) == (1, 0)


def _decided(floor: Floor, line: int, *, test: bool) -> list[Entry]:
    floor.do(msgspec.structs.replace(floor.message(line), test=test))
    return floor.entries[-1:]


def test_somebody_is_free_for_a_channel_of_a_queue_or_nobody_is() -> None:
    floor = Floor()
    assert not somebody_is_free(floor.state, "general", "chat")
    floor.sign_in(1, capacity=30, abilities=(("channel:chat", 1),))
    assert somebody_is_free(floor.state, "general", "chat")
    for queue, channel in (("general", "email"), ("billing", "chat"), ("nowhere", "chat"), ("general", "nowhere")):
        assert not somebody_is_free(floor.state, queue, channel)
    floor.arrive(1)
    floor.accept(1)
    assert not somebody_is_free(floor.state, "general", "chat"), "one chat fills who has room for 30"
