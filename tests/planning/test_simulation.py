"""What people do around the core in a run: each habit of theirs, seen in figures that can be told beforehand."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from bench.quality_floor import UNIT_MS, floor
from router.core.bundle import HOUR_MS, MINUTE_MS, SECOND_MS
from router.core.engine import Engine
from router.core.events import Offered
from router.planning.chance import Arrivals, Customers, draw_of, stream
from router.planning.runs import run_all, run_seeds
from router.planning.scenario import START_MS, Duration, Rate, Scenario
from router.planning.simulation import Simulation, SimulationError
from router.planning.tally import Outcome
from router.verify.findings import Report
from router.verify.invariants import Invariants

POOL = {"all": (3, frozenset("a"), 1.0)}


def small(**changes: object) -> Scenario:
    return floor({"a": 2.0}, POOL, arrived=600, **changes)  # type: ignore[arg-type]


def fixed(scenario: Scenario, *, handle_ms: int, every_ms: int, **changes: object) -> Scenario:
    """Return a floor on which nearly nothing is left to chance but the arrivals."""
    classes = tuple(
        replace(each, rate=Rate(((START_MS, 1 / every_ms),)), handle=Duration(handle_ms, "fixed"), **changes)  # type: ignore[arg-type]
        for each in scenario.classes
    )
    return replace(scenario, classes=classes)


def live(scenario: Scenario, seed: int = 1) -> Outcome:
    return Simulation(scenario, seed).run()


def test_the_same_seed_gives_the_same_run_here_and_in_another_process() -> None:
    first, again = live(small()), live(small())
    (elsewhere,) = run_all([(small(), 1, None)])
    assert first.classes == again.classes == elsewhere.classes
    assert first.groups == again.groups == elsewhere.groups
    assert live(small(), seed=2).classes != first.classes


def test_customers_are_the_same_whatever_is_done_with_them() -> None:
    scenario = small(patience=1.0)
    faster = replace(scenario, groups=(replace(scenario.groups[0], agents=30),))
    slow, quick = Simulation(scenario, 1), Simulation(faster, 1)
    slow.run()
    quick.run()
    assert len(slow.tally.classes[0].waits_ms) == len(quick.tally.classes[0].waits_ms)
    ours, theirs = (Customers(scenario.classes[0], 1, START_MS) for _ in range(2))
    drawn = [(ours.arrivals.next_ms(), ours.wishes()) for _ in range(50)]
    arrived = [theirs.arrivals.next_ms() for _ in range(50)]
    assert [at for at, _ in drawn] == arrived, "how long somebody is served moves nobody's arrival"


def test_with_more_agents_than_customers_nobody_waits() -> None:
    scenario = replace(small(), groups=(replace(small().groups[0], agents=200),))
    (figures,) = live(scenario).classes
    assert (figures.wait_mean_ms, figures.abandoned, figures.level, figures.delayed) == (0.0, 0, 1.0, 0.0)
    assert figures.curve[0] == figures.curve[-1] == 1.0


def test_who_finds_every_line_taken_is_turned_away_and_not_let_in() -> None:
    (figures,) = live(small(lines=1)).classes
    assert figures.wait_mean_ms == 0.0, "with one line for three agents nobody can wait"
    share = 2.0 / (1.0 + 2.0)
    assert figures.blocking == pytest.approx(share, abs=0.08)


def test_impatient_customers_leave_before_they_are_answered() -> None:
    overloaded = floor({"a": 9.0}, POOL, arrived=2_000, patience=1.0)
    (figures,) = live(overloaded).classes
    assert figures.abandonment == pytest.approx(1 - 3 / 9, abs=0.06)
    assert figures.answered + figures.abandoned + figures.waiting == figures.offered


def test_who_waits_for_ever_on_a_floor_that_is_too_small_is_still_counted() -> None:
    (figures,) = live(floor({"a": 9.0}, POOL, arrived=2_000)).classes
    assert figures.waiting > 0
    assert figures.answered + figures.waiting == figures.offered
    assert figures.level < 0.2


def test_agents_are_slower_with_what_they_do_second_and_with_several_at_once() -> None:
    scenario = fixed(small(), handle_ms=60_000, every_ms=600_000)
    one = replace(scenario.groups[0], agents=1, speeds={"a": 0.5})
    alone = replace(scenario, groups=(one,), horizon_ms=HOUR_MS * 60)
    (group,) = live(alone).groups
    handled = 120_000 / 600_000
    assert group.occupancy_mean == pytest.approx(handled, rel=0.2)
    chats = msgspec.structs.replace(alone.bundle, channels={"call": msgspec.structs.replace(_call(alone), load=25)})
    crowd = replace(
        fixed(alone, handle_ms=60_000, every_ms=1_000),
        bundle=chats,
        groups=(replace(alone.groups[0], speeds={}, slowing=1.0),),
    )
    (figures,) = live(replace(crowd, horizon_ms=HOUR_MS, warm_up_ms=0)).classes
    # Four at once take four times as long as one alone: in the end no more than one is done each minute.
    assert figures.answered == pytest.approx(60, abs=12)


def _call(scenario: Scenario) -> object:
    return scenario.bundle.channels["call"]


def test_a_shift_that_ends_takes_nothing_new_and_finishes_what_it_has() -> None:
    calendars = {
        **small().bundle.calendars,
        "shift": (START_MS, START_MS + HOUR_MS, START_MS + 3 * HOUR_MS, START_MS + 4 * HOUR_MS),
    }
    scenario = fixed(small(), handle_ms=10 * MINUTE_MS, every_ms=20 * MINUTE_MS)
    scenario = replace(
        scenario,
        bundle=msgspec.structs.replace(scenario.bundle, calendars=calendars),
        groups=(replace(scenario.groups[0], agents=2, calendar="shift"),),
        horizon_ms=4 * HOUR_MS,
        warm_up_ms=0,
    )
    run = Simulation(scenario, 3)
    asked: list[int] = []
    run.watch = lambda entry: asked.extend(entry.at for event in entry.events if isinstance(event, Offered))
    outcome = run.run()
    assert asked
    assert not [at for at in asked if START_MS + HOUR_MS < at < START_MS + 3 * HOUR_MS]
    assert outcome.classes[0].wait_mean_ms > 10 * MINUTE_MS, "who came in between has waited for the second shift"


def test_who_answers_too_late_misses_the_offer_and_comes_back() -> None:
    scenario = fixed(small(), handle_ms=SECOND_MS, every_ms=MINUTE_MS)
    deaf = replace(scenario.groups[0], answers_after=Duration(21_000, "fixed"), returns_after_ms=30_000)
    quick = replace(scenario.groups[0], name="quick", answers_after=Duration(2_000, "fixed"))
    slow, fast = (live(replace(scenario, groups=(each,), horizon_ms=HOUR_MS)) for each in (deaf, quick))
    assert fast.classes[0].wait_mean_ms == pytest.approx(2_000, rel=0.2)
    assert slow.classes[0].answered == 0, "an offer rings for twenty seconds"
    assert slow.groups[0].occupancy_max == 0.0


def test_a_wrap_up_keeps_an_agent_for_as_long_as_it_takes() -> None:
    scenario = fixed(small(), handle_ms=60_000, every_ms=600_000, wrap_up=Duration(30_000, "fixed"))
    queues = {
        name: msgspec.structs.replace(queue, wrap_up_ms=120_000) for name, queue in scenario.bundle.queues.items()
    }
    scenario = replace(
        scenario, bundle=msgspec.structs.replace(scenario.bundle, queues=queues), horizon_ms=100 * HOUR_MS, warm_up_ms=0
    )
    whole = replace(scenario, classes=tuple(replace(each, wrap_up=None) for each in scenario.classes))
    said, unsaid = (live(each).groups[0].occupancy_mean for each in (scenario, whole))
    assert said / unsaid == pytest.approx(90 / 180, rel=0.02)


def test_a_scenario_that_the_core_refuses_says_so() -> None:
    scenario = small()
    classes = tuple(
        replace(each, facts=msgspec.structs.replace(each.facts, channel="fax")) for each in scenario.classes
    )
    unknown = replace(scenario, classes=classes)
    channels = {**scenario.bundle.channels, "fax": scenario.bundle.channels["call"]}

    def forget(engine: Engine) -> None:
        del engine

    staged = replace(unknown, bundle=msgspec.structs.replace(scenario.bundle, channels=channels))
    run = Simulation(staged, 1, forget)
    run.scenario = replace(staged, bundle=scenario.bundle)
    with pytest.raises(SimulationError, match="channel_unknown"):
        run.run()


def test_a_run_says_how_far_it_is() -> None:
    said: list[float] = []
    run_seeds(replace(small(), seeds=2), progress=said.append)
    assert said == sorted(said)
    assert said[-1] == 1.0


# --- chance -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("duration", "spread"),
    [(Duration(UNIT_MS), 1.0), (Duration(UNIT_MS, "lognormal", 1.3), 1.3), (Duration(UNIT_MS, "fixed"), 0.0)],
    ids=["exponential", "lognormal", "fixed"],
)
def test_a_law_has_its_mean_and_its_spread(duration: Duration, spread: float) -> None:
    draw = draw_of(duration, stream(1, "a", "test"))
    drawn = [draw() for _ in range(40_000)]
    mean = sum(drawn) / len(drawn)
    deviation = (sum((value - mean) ** 2 for value in drawn) / len(drawn)) ** 0.5
    assert mean == pytest.approx(UNIT_MS, rel=0.03)
    assert deviation / mean == pytest.approx(spread, abs=0.08)


def test_a_rate_that_changes_is_followed_to_the_minute() -> None:
    quiet, busy = 1 / HOUR_MS, 60 / HOUR_MS
    pieces = tuple((START_MS + hour * HOUR_MS, busy if hour % 2 else quiet) for hour in range(400))
    arrivals = Arrivals(Rate(pieces), stream(1, "a", "arrival"), START_MS)
    counts = [0, 0]
    while (at := arrivals.next_ms()) < START_MS + 400 * HOUR_MS:
        counts[(at - START_MS) // HOUR_MS % 2] += 1
    assert counts[0] == pytest.approx(200, abs=60)
    assert counts[1] == pytest.approx(12_000, rel=0.03)


def test_a_rate_that_ends_lets_nobody_come_any_more() -> None:
    arrivals = Arrivals(
        Rate(((START_MS, 1 / SECOND_MS), (START_MS + MINUTE_MS, 0.0))), stream(1, "a", "arrival"), START_MS
    )
    came = []
    while at := arrivals.next_ms():
        came.append(at)
    assert came
    assert max(came) <= START_MS + MINUTE_MS


def test_the_journal_of_a_run_keeps_every_promise_that_verify_folds() -> None:
    report = Report(site="simulation")
    invariants = Invariants(report)
    run = Simulation(small(patience=0.5), 1)
    run.watch = invariants.entry
    outcome = run.run()
    assert outcome.classes[0].abandoned
    assert report.ok, [finding.sentence for finding in report.findings]
