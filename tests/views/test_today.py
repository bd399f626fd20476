"""UI.md 8.27, 8.28: every figure of a day equals a naive recomputation of what happened, on random floors."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from random import Random
from statistics import median_low
from zoneinfo import ZoneInfo

import msgspec
import pytest

from router.core import events as ev
from router.core.bundle import DAY_MS, HOUR_MS, MINUTE_MS, Bundle, Queue, Wallboard
from router.store.port import ViewRow
from router.views.keeper import numbered
from router.views.legs import LEGS_VIEW, Leg
from router.views.tallies import QUARTER_MS, TALLIES, Cell, Tally, cells_of, rough_ms
from router.views.today import BELOW, FAR_BELOW, ON_TARGET, Day, Level, Sums, day_from_ms, day_of_cells
from tests.core.floor_plan import Floor, bundle
from tests.views.watching import LegWatch, cut, folded, rows_of, walked

SEEDS = {"quick": 25, "prove": 400}[os.environ.get("HYPOTHESIS_PROFILE", "quick")]
SHORT_MS = {"chat": 5_000, "phone": 10_000}
# Zones whose clocks change, by whole hours and by half of one, and zones off by quarters.
ZONES = ("Europe/Prague", "Asia/Bangkok", "Australia/Lord_Howe", "Asia/Kathmandu", "America/New_York")


def quarters(tables: dict[str, dict[tuple[int, int], ViewRow]]) -> list[tuple[int, list[Cell]]]:
    return [(row.quarter, cells_of(row)) for row in rows_of(tables, TALLIES) if isinstance(row, Tally)]


# --- the second, naive way: legs as they were watched, looked at one by one -------------------------------------


def ended(leg: Leg) -> int:
    """When a leg was answered, abandoned or moved on; the time on which it counts."""
    return leg.answered_ms or leg.left_ms


def waited(leg: Leg) -> bool:
    """Whether anybody waited for an agent at all."""
    straight = leg.entered_why != "arrived" and leg.offers == 0 and leg.answered_ms == leg.entered_ms
    return not leg.test and not straight


def naive(legs: Sequence[Leg], board: Bundle, *, queue: str = "") -> dict[str, object]:
    """Every figure, by its sentence in the specification."""
    mine = [leg for leg in legs if waited(leg) and (not queue or leg.queue == queue)]
    answered = [leg for leg in mine if leg.answered_ms]
    abandoned = [leg for leg in mine if leg.abandoned_ms and board.channels[leg.channel].live]
    short = [leg for leg in abandoned if leg.wait_ms < SHORT_MS.get(leg.channel, 5_000)]
    flowed = [leg for leg in mine if leg.left_why and not leg.answered_ms and not leg.abandoned_ms]
    rules = board.wallboard
    of = [leg for leg in answered if leg.answer_by_ms]
    if rules.count_abandons:
        of += [leg for leg in abandoned if leg.answer_by_ms and (rules.count_short_abandons or leg not in short)]
    if rules.count_flow_outs:
        of += [leg for leg in flowed if leg.answer_by_ms]
    in_time = [leg for leg in answered if leg.answer_by_ms and leg.answered_ms <= leg.answer_by_ms]
    lost = len(abandoned) - len(short)
    live = [leg for leg in answered if board.channels[leg.channel].live]
    return {
        "level": Level(len(in_time), len(of)) if of else None,
        "abandoned": Level(lost, len(live) + lost) if live or lost else None,
        "answer_ms": sum(leg.wait_ms for leg in answered) // len(answered) if answered else None,
        "median_ms": rough_ms(median_low([leg.wait_ms for leg in answered])) if answered else None,
    }


def told(sums: Sums, rules: Wallboard) -> dict[str, object]:
    return {
        "level": sums.level(rules),
        "abandoned": sums.abandoned(),
        "answer_ms": sums.answer_ms(),
        "median_ms": sums.median_ms(),
    }


def spread(seed: int) -> tuple[list[tuple[int, ev.Entry]], Bundle, Sequence[Leg]]:
    """A random floor's day, with targets and tests strewn over it, and its legs as they were watched."""
    world = walked(seed)
    entries = Strewing(Random(seed)).all(world.entries)
    running = list(world.configurations.values())[-1]
    return numbered(1, entries), running, LegWatch(world.configurations).legs(entries)


class Strewing:
    """Promises some of those in line an answer, and makes some arrivals tests: a log that another site could have.

    Whoever was answered and stands in line again is promised nothing anew, as the core does it.
    """

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._answered: set[int] = set()

    def all(self, entries: Iterable[ev.Entry]) -> list[ev.Entry]:
        return [
            msgspec.structs.replace(entry, events=tuple(self._one(entry.at, event) for event in entry.events))
            for entry in entries
        ]

    def _one(self, at: int, event: ev.AnyEvent) -> ev.AnyEvent:
        if isinstance(event, ev.Accepted | ev.Assigned):
            self._answered.add(event.conv)
        elif isinstance(event, ev.Transferred | ev.TakenBack | ev.Returned):
            self._answered.discard(event.conv)
        elif isinstance(event, ev.Queued) and event.conv not in self._answered and self._chance.random() < 0.7:
            return msgspec.structs.replace(event, answer_by_ms=at + self._chance.choice((1, 5_000, 60_000, HOUR_MS)))
        elif isinstance(event, ev.Received) and event.opened and self._chance.random() < 0.1:
            return msgspec.structs.replace(event, test=True)
        return event


@pytest.mark.parametrize("seed", range(SEEDS))
def test_every_figure_equals_a_naive_recomputation(seed: int) -> None:
    """UI.md 8.27: missed offers, short abandons, flow-outs, tests and reloads are all in these floors."""
    chance = Random(seed)
    entries, running, legs = spread(seed)
    rules = Wallboard(
        count_flow_outs=chance.random() < 0.5,
        count_short_abandons=chance.random() < 0.5,
        count_abandons=chance.random() < 0.7,
    )
    board = msgspec.structs.replace(running, wallboard=rules)
    made = quarters(folded(LEGS_VIEW, cut(entries, chance)))
    first, last = entries[0][1].at, entries[-1][1].at
    for from_ms, to_ms in windows(first, last, chance):
        day = day_of_cells(made, board, from_ms=from_ms, to_ms=to_ms)
        inside = [leg for leg in legs if from_ms <= ended(leg) < to_ms]
        assert told(day.site, rules) == naive(inside, board)
        for queue in {leg.queue for leg in inside}:
            assert told(day.queues.get(queue, Sums()), rules) == naive(inside, board, queue=queue)
        assert_chart(day, inside, board, from_ms)
        assert_handling(day, legs, from_ms, to_ms)


def windows(first: int, last: int, chance: Random) -> Iterable[tuple[int, int]]:
    """The whole log, and stretches of it that begin anywhere at a quarter."""
    yield first // QUARTER_MS * QUARTER_MS, last + QUARTER_MS
    for _ in range(3):
        start = chance.randrange(first, last + 1) // QUARTER_MS * QUARTER_MS
        yield start, start + chance.choice((1, 2, 4, 96)) * QUARTER_MS


def assert_chart(day: Day, inside: Sequence[Leg], board: Bundle, from_ms: int) -> None:
    """Offered is A + B - b of legs with a target, whatever the service level is told to count."""
    plain = msgspec.structs.replace(board, wallboard=Wallboard())
    counted = 0
    for half in day.chart():
        own = [leg for leg in inside if half.from_ms <= ended(leg) < half.from_ms + 30 * MINUTE_MS]
        assert (half.from_ms - from_ms) % (30 * MINUTE_MS) == 0
        assert (half.in_time, half.offered) == (naive(own, plain)["level"] or (0, 0))
        counted += half.offered
    whole = naive(inside, plain)["level"]
    assert counted == (whole.of if isinstance(whole, Level) else 0)


def assert_handling(day: Day, legs: Sequence[Leg], from_ms: int, to_ms: int) -> None:
    over = [leg for leg in legs if leg.answered_ms and from_ms <= leg.left_ms < to_ms and not leg.test]
    handled = [leg for leg in over if leg.left_why != "parked"]
    mean = sum(leg.left_ms - leg.answered_ms for leg in over) // len(handled) if handled else None
    assert day.site.handling_ms() == mean


def test_random_floors_hold_all_that_a_figure_may_get_wrong() -> None:
    """A property that never meets a short abandon or a flow-out would prove nothing about them."""
    met = {"short": 0, "left": 0, "flowed": 0, "answered": 0, "late": 0, "missed": 0, "straight": 0, "test": 0}
    for seed in range(25):
        for leg in spread(seed)[2]:
            met["short"] += bool(leg.abandoned_ms) and leg.wait_ms < 5_000
            met["left"] += bool(leg.abandoned_ms)
            met["flowed"] += bool(leg.left_why) and not leg.answered_ms and not leg.abandoned_ms
            met["answered"] += bool(leg.answered_ms)
            met["late"] += leg.answered_late
            met["missed"] += bool(leg.lapses)
            met["straight"] += not waited(leg) and not leg.test
            met["test"] += leg.test
    assert all(met.values()), met


# --- days and zones ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ZONES)
def test_a_business_day_begins_at_the_sites_own_clock_also_when_it_changes(zone: str) -> None:
    """UI.md 8.27: midnight and time-zone change. The naive way walks the clock back by the minute."""
    chance = Random(zone)
    for _ in range(40):
        at = 1_740_000_000_000 + chance.randrange(600 * DAY_MS)
        start_minute = chance.choice((0, 8 * 60, 5 * 60 + 30, 23 * 60 + 45, 2 * 60 + 15))
        began = day_from_ms(at, zone, start_minute)
        assert began <= at < began + 25 * HOUR_MS + 30 * MINUTE_MS
        assert began % QUARTER_MS == 0
        assert began == walked_back(at, zone, start_minute)


def walked_back(at: int, zone: str, start_minute: int) -> int:
    """Return the last moment at which the clock showed the start of the day or leapt over it."""
    moment = datetime.fromtimestamp(at // MINUTE_MS * 60, ZoneInfo(zone))
    place, utc = ZoneInfo(zone), ZoneInfo("UTC")
    for _ in range(27 * 60):
        before = (moment.astimezone(utc) - timedelta(minutes=1)).astimezone(place)
        shown, earlier = (each.hour * 60 + each.minute for each in (moment, before))
        leapt = before.date() == moment.date() and earlier < start_minute <= shown
        leapt = leapt or (before.date() != moment.date() and (start_minute > earlier or start_minute <= shown))
        if leapt and not _comes_again(moment, start_minute, at):
            return round(moment.timestamp() * 1_000)
        moment = before
    raise AssertionError("no beginning in a day and more")


def _comes_again(moment: datetime, start_minute: int, at: int) -> bool:
    """Whether the clock is set back over the start afterwards, so that the day begins with the second time."""
    fold = moment.replace(fold=1)
    again_ms = round(fold.timestamp() * 1_000)
    return moment.fold == 0 and again_ms > round(moment.timestamp() * 1_000) and again_ms <= at


def test_a_figure_counts_from_the_start_of_the_day_on_and_no_other() -> None:
    floor = Floor(bundle(wallboard=Wallboard()))
    floor.sign_in(7)
    floor.arrive(1)
    floor.accept(1)
    before = floor.at
    floor.wait(DAY_MS)
    made = quarters(folded(LEGS_VIEW, [numbered(1, floor.entries)]))
    today = day_from_ms(before, "UTC", 0)
    day = day_of_cells(made, floor.state.bundle, from_ms=today, to_ms=today + DAY_MS)
    assert day.site.answered == 1
    later = day_of_cells(made, floor.state.bundle, from_ms=today + 2 * DAY_MS, to_ms=today + 3 * DAY_MS)
    assert (later.site.answered, later.site.level(Wallboard()), later.site.median_ms()) == (0, None, None)


# --- levels -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("in_time", "of", "stands"),
    [(80, 100, ON_TARGET), (7_996, 10_000, BELOW), (70, 100, BELOW), (6_999, 10_000, FAR_BELOW), (0, 1, FAR_BELOW)],
)
def test_a_level_is_judged_by_the_raw_value(in_time: int, of: int, stands: str) -> None:
    """UI.md 8.28: 79.96 % against 80 % reads below target."""
    assert Level(in_time, of).stands(80) == stands


def test_the_sites_level_is_a_quotient_of_sums_and_no_mean_of_percentages() -> None:
    """UI.md 8.28: a small queue that fails does not pull a large one that keeps its promise down to the mean."""
    day = Day(0)
    for queue, answered, in_time in (("large", 98, 98), ("small", 2, 0)):
        sums = day.queues.setdefault(queue, Sums())
        for each in (sums, day.site):
            each.answered, each.targeted, each.in_time = (
                each.answered + answered, each.targeted + answered, each.in_time + in_time,
            )  # fmt: skip
    assert day.site.level(Wallboard()) == Level(98, 100)


def test_a_missed_offer_does_not_reset_the_wait() -> None:
    floor = Floor(
        bundle(
            queues={
                **bundle().queues,
                "general": Queue(name="general", hours="office", answer_within_ms={"chat": MINUTE_MS}),
            }
        )
    )
    floor.sign_in(1)
    floor.arrive(1)
    floor.wait(25_000)
    floor.sign_in(2)
    floor.accept(1)
    made = quarters(folded(LEGS_VIEW, [numbered(1, floor.entries)]))
    day = day_of_cells(made, floor.state.bundle, from_ms=0, to_ms=2**62)
    assert (day.site.answer_ms(), day.site.level(Wallboard())) == (25_000, Level(1, 1))
