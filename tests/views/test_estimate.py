"""Estimated waits: no basis and no figure, by which predictor, how often it comes true on simulated floors."""

from __future__ import annotations

import random

import pytest

from bench.estimate import Floor, Watched, watched
from router.core import commands as cmd
from router.core.answers import Made
from router.core.engine import Engine
from router.core.facts import Facts
from router.core.lifecycle import WAITING
from router.core.state import State
from router.planning.simulation import Simulation
from router.views.ahead import Ahead
from router.views.estimate import OPEN_MAX, Estimates
from router.views.pace import ERRORS_KEPT, HEAD, LAST, PACE, Errors, Guess, Line, queue_wait
from router.views.waiting import in_order, lines
from tests.views.floor_day import START_MS, FloorDay, bundle

SHARED = Floor({"sales": (9.0,), "help": (10.0,)}, {("sales",): 4, ("sales", "help"): 14}, patience_ms=300_000)


@pytest.fixture(scope="module")
def overloaded() -> Watched:
    return watched(Floor({"calls": (22.0,)}, {("calls",): 20}, patience_ms=300_000), hours=24, seed=4)


@pytest.fixture(scope="module")
def shared() -> Watched:
    return watched(SHARED, hours=24, seed=5)


# --- the figures -----------------------------------------------------------------------------------------------------


def test_the_wait_is_the_sum_of_the_steps_of_the_line() -> None:
    mean, spread = queue_wait(3, 0.5, 0.0)
    assert mean == pytest.approx(8.0)
    assert spread == pytest.approx(4.0)
    assert queue_wait(2, 1.0, 1.0)[0] == pytest.approx(1 + 1 / 2 + 1 / 3)


@pytest.mark.parametrize("impatience", [0.0, 1e-6, 3e-3])
def test_a_long_line_is_summed_as_exactly_by_the_integral(impatience: float) -> None:
    steps = [0.1 + step * impatience for step in range(5_001)]
    mean, spread = queue_wait(5_000, 0.1, impatience)
    assert mean == pytest.approx(sum(1 / step for step in steps), rel=1e-5)
    assert spread**2 == pytest.approx(sum(1 / step**2 for step in steps), rel=1e-4)


def test_customers_who_give_up_shorten_the_wait() -> None:
    assert queue_wait(20, 1 / 6_000, 1 / 300_000)[0] < 0.9 * queue_wait(20, 1 / 6_000, 0.0)[0]


def test_without_errors_measured_there_is_no_range() -> None:
    line = Line(able=2, moves=50.0, able_ms=1e6, errors={PACE: Errors()})
    for _ in range(19):
        line.errors[PACE].learn(Guess(PACE, 10_000, 10_000), 11_000)
    assert line.wait(3, head_ms=0) is None
    line.errors[PACE].learn(Guess(PACE, 10_000, 10_000), 12_000)
    found = line.wait(3, head_ms=0)
    assert found is not None
    assert (found.basis, found.measured) == (PACE, 20)
    assert found.error_share == pytest.approx(0.097, abs=0.001)


def test_errors_that_are_like_those_before_them_are_inside_the_range_as_often_as_others() -> None:
    """Between neighbours little changes: the middle four fifths of the last errors held 76 of 100 of these."""
    chance, errors, guess = random.Random(4), Errors(), Guess(PACE, 600_000, 100_000)
    off, inside, said = 0.0, 0, 0
    for _ in range(6_000):
        off = 0.95 * off + chance.gauss(0.0, 0.31)
        waited_ms, bounds = round(600_000 + 100_000 * off), errors.bounds(guess)
        if bounds is not None:
            said += 1
            inside += bounds[0] <= waited_ms <= bounds[1]
        errors.learn(guess, waited_ms, bounds)
    assert 0.79 < inside / said < 0.81


def test_nobody_able_is_no_basis_whatever_was_measured() -> None:
    line = Line(able=0, moves=50.0, able_ms=1e6)
    assert line.guesses(3, head_ms=60_000) == []


def test_the_predictor_that_was_least_off_here_speaks() -> None:
    line = Line(able=1, moves=50.0, able_ms=1e6, waiting=3, errors={PACE: Errors(), HEAD: Errors()})
    for off in (-1, 1) * 20:
        line.errors[PACE].learn(Guess(PACE, 60_000, 30_000), 60_000 + off * 50_000)
        line.errors[HEAD].learn(Guess(HEAD, 60_000, 60_000), 60_000 + off * 6_000)
    found = line.wait(2, head_ms=80_000)
    assert found is not None
    assert (found.basis, found.low_ms, found.high_ms) == (HEAD, 72_000, 88_000)


def test_too_few_moves_leave_the_age_of_the_first_in_line() -> None:
    line = Line(able=1, moves=3.0, able_ms=1e6, waiting=4)
    assert [guess.basis for guess in line.guesses(3, head_ms=60_000)] == [HEAD]
    assert line.guesses(1, head_ms=60_000)[0].ms == pytest.approx(30_000)
    assert Line(able=1, waiting=4).guesses(3, head_ms=60_000) == []


def test_only_so_many_errors_are_kept() -> None:
    errors = Errors()
    for number in range(3 * ERRORS_KEPT):
        errors.learn(Guess(PACE, 0, 1), 1_000 if number < 2 * ERRORS_KEPT else 10)
    assert len(errors.off_ms) == ERRORS_KEPT
    assert set(errors.waited_ms) == {10.0}


# --- simulated floors ------------------------------------------------------------------------------------------------


def test_with_customers_who_give_up_the_pace_is_the_best_predictor(overloaded: Watched) -> None:
    shares = {basis: score.share for basis, score in overloaded.scores.items()}
    assert shares[PACE] < 0.85 * shares[HEAD]
    assert shares[HEAD] < 1.1 * shares[LAST]
    assert abs(overloaded.scores[PACE].bias) < 0.1


def test_four_in_five_waits_fall_into_the_range(overloaded: Watched, shared: Watched) -> None:
    for run in (overloaded, shared):
        assert run.promised > 1_000
        assert 0.7 < run.kept / run.promised < 0.9


def test_the_rate_and_the_impatience_of_a_line_are_those_of_the_floor(overloaded: Watched) -> None:
    line = overloaded.estimates._lines["calls"]
    assert line.able == 20
    assert line.rate == pytest.approx(20 / 300_000, rel=0.25)
    assert line.impatience == pytest.approx(1 / 300_000, rel=0.6)


def test_queues_that_share_their_agents_have_their_own_share_of_the_pace(shared: Watched) -> None:
    sales, support = (shared.estimates._lines[name] for name in ("sales", "help"))
    assert (sales.able, support.able) == (18, 14)
    assert 0.6 < (sales.rate + support.rate) * 300_000 / 18 < 1.4
    for name in ("sales", "help"):
        assert shared.estimates.errors(name)[PACE].share < 1.2


def test_little_is_kept_however_long_it_follows(overloaded: Watched) -> None:
    followed = overloaded.estimates
    assert len(followed._open) <= OPEN_MAX
    assert len(followed._rung) <= 20
    assert all(len(errors.scaled) <= ERRORS_KEPT for errors in followed.errors("calls").values())


def test_two_nodes_that_follow_the_same_commits_say_the_same() -> None:
    found = [watched(SHARED, hours=3, seed=1).estimates for _ in range(2)]
    assert found[0].newcomer("sales") == found[1].newcomer("sales")
    assert found[0].newcomer("sales") is not None


# --- no basis --------------------------------------------------------------------------------------------------------


def _came(engine: Engine, line: int, at: int) -> Made:
    command = cmd.Receive(
        id=f"m{line}",
        message=line,
        line=line,
        customer=line,
        channel="chat",
        facts=Facts(channel="chat"),
        arrived_ms=at,
        seen=engine.state.position,
    )
    answer = engine.handle(command, at)
    assert isinstance(answer, Made)
    return answer


def test_who_waits_for_nobody_is_told_no_time() -> None:
    engine = Engine()
    estimates = Estimates(lambda: engine.state)
    for command in (cmd.TakeLead(id="lead", epoch=1, gap_ms=0, release="test"), FloorDay.configured(bundle())):
        answer = engine.handle(command, START_MS)
        assert isinstance(answer, Made)
        assert answer.entry is not None
        estimates.follow([answer.entry])
    for line in range(1, 40):
        answer = _came(engine, line, START_MS + line * 1_000)
        assert answer.entry is not None
        estimates.follow([answer.entry])
    waits = [conv for conv in engine.state.convs.values() if conv.state == WAITING]
    assert len(waits) == 39
    assert [estimates.remaining(conv) for conv in waits] == [None] * 39
    assert estimates.newcomer("general") is None
    assert estimates.newcomer("nowhere") is None


def test_after_a_recovery_what_was_measured_still_counts(overloaded: Watched) -> None:
    run = Watched(Simulation(SHARED.scenario(2), 3))
    run.simulation.run()
    measured = {name: len(each.scaled) for name, each in run.estimates.errors("sales").items()}
    run.estimates._state = None
    run.estimates.follow([])
    assert {name: len(each.scaled) for name, each in run.estimates.errors("sales").items()} == measured
    assert run.estimates._lines["sales"].able == 18
    assert not run.estimates._open


# --- the place in line -----------------------------------------------------------------------------------------------


def _places(state: State, queue: str) -> list[int]:
    ahead = Ahead()
    return [ahead.of(state, conv) for conv in in_order(state, lines(state, lambda _: True, queue))]


@pytest.mark.parametrize("seed", range(4))
def test_a_place_is_told_without_walking_and_is_that_of_the_walk(seed: int) -> None:
    day, looked = FloorDay(seed), 0
    for step in range(600):
        day.step()
        if step % 20 == 0:
            state = day.engine.state
            for queue in state.queues:
                places = _places(state, queue)
                assert places == list(range(len(places)))
                looked += len(places) > 2
    assert looked > 3


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_on_a_floor_the_lines_are_counted_as_they_are(seed: int) -> None:
    day = FloorDay(seed)
    estimates = Estimates(lambda: day.engine.state)
    for _ in range(500):
        for entry in day.step():
            estimates.follow([entry])
        state = day.engine.state
        assert {name: line.waiting for name, line in estimates._lines.items() if line.waiting} == {
            name: count for name, count in state.matching.queued.items() if count
        }
        anew = Estimates(lambda: day.engine.state)
        assert {n: line.able for n, line in estimates._lines.items() if line.able} == {
            n: line.able for n, line in anew._lines.items() if line.able
        }
        assert all(line.open >= 0 for line in estimates._lines.values())
    assert sum(line.open for line in estimates._lines.values()) == len(estimates._open)
