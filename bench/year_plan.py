"""What the simulated year is like: its configuration of each day, who works when, how many write. Pure figures."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from router.core.bundle import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    SECOND_MS,
    Bundle,
    ChannelSpec,
    Closing,
    OffHours,
    Presence,
    Queue,
    Rule,
    Widening,
)

START_MS = 1_767_571_200_000  # Monday, 5 January 2026, 00:00 UTC
AHEAD_DAYS = 400
LANGUAGES = ("en", "zh", "th")
TOPICS = ("billing", "delivery", "complaint", "")
# A product is a declared fact, and so is an order: of those there is no end.
PRODUCTS = 400
LIVE = {"chat", "call"}
CHANNEL_SHARES = {"chat": 40, "email": 30, "call": 20, "form": 10}
HANDLE_MS = {"chat": 6 * MINUTE_MS, "email": 4 * MINUTE_MS, "call": 4 * MINUTE_MS, "form": 5 * MINUTE_MS}
OFFICE = (8, 18)
# How busy each hour of a day is, in parts of the busiest.
BY_HOUR = (1, 1, 1, 1, 1, 2, 4, 10, 30, 50, 60, 55, 45, 50, 55, 50, 45, 35, 15, 10, 8, 5, 3, 2)
WEEKEND_SHARE = 0.3
# Of so many messages half a million open a conversation; the others join one.
ARRIVALS_A_YEAR = 540_000
YEAR_DAYS = 365


@dataclass(frozen=True, slots=True)
class Worker:
    """One agent of the year: when their shift begins and ends, in hours, on which days of the week, what they can."""

    id: int
    days: tuple[int, ...]
    from_hour: int
    to_hour: int
    abilities: tuple[tuple[str, int], ...]


WEEKDAYS, WEEKEND = (0, 1, 2, 3, 4), (5, 6)


def staff() -> list[Worker]:
    """Return sixty people of two office shifts, six for the nights and six for weekends."""
    workers = [Worker(n, WEEKDAYS, *((8, 16) if n % 2 else (10, 18)), _abilities(n)) for n in range(1, 61)]
    workers += [
        Worker(n, (*WEEKDAYS, *WEEKEND), *((18, 23) if n % 2 else (0, 8)), _abilities(n)) for n in range(61, 67)
    ]
    return workers + [Worker(n, WEEKEND, 8, 18, _abilities(n)) for n in range(67, 73)]


def _abilities(number: int) -> tuple[tuple[str, int], ...]:
    skills = {f"channel:{name}": 1 for name in CHANNEL_SHARES}
    skills |= {f"skill:{language}": 1 for at, language in enumerate(LANGUAGES) if at == 0 or number % 3 == at}
    skills["skill:billing"] = 1 + number % 3
    return tuple(sorted(skills.items()))


def new_abilities(number: int, day: int) -> tuple[tuple[str, int], ...]:
    """Return what somebody can do after a training on some day: over a year hardly two are alike."""
    return tuple(sorted({**dict(_abilities(number)), f"skill:training{(number + day) % 90}": 1 + day // 90}.items()))


@cache
def rates() -> tuple[float, ...]:
    """Return arrivals a millisecond for each hour of a week that add up to the year's."""
    week = [BY_HOUR[hour] * (WEEKEND_SHARE if day in WEEKEND else 1) for day in range(7) for hour in range(24)]
    a_week = ARRIVALS_A_YEAR / YEAR_DAYS * 7
    return tuple(part * a_week / sum(week) / HOUR_MS for part in week)


def bundle_of(day: int) -> Bundle:
    """Return the configuration of a day: hours go 400 days ahead, and each month has a queue of its own."""
    season = f"season-{day // 30}"
    return Bundle(
        site="main",
        zone="UTC",
        languages=LANGUAGES,
        queues=_queues(season, strict=day // 30 % 2 == 1),
        rules=(
            Rule(name="season", when='"delivery" in topics && customer.segment == "vip"', queue=season),
            Rule(name="bills", when='"billing" in topics', queue="billing"),
            Rule(name="thai", when='language == "th"', queue="general", skills={"th": 1}),
            Rule(name="vip", when='customer.segment == "vip"', queue="general", head_start_ms=MINUTE_MS),
            Rule(name="rest", queue="general"),
        ),
        topics=(),
        calendars={"office": _office(day), "always": (0, 2**53 - 1)},
        skills={"billing": 3, "en": 1, "zh": 1, "th": 1},
        presences={
            "available": Presence(name="available", accepts=True),
            "lunch": Presence(name="lunch", accepts=False),
        },
        channels={
            "chat": ChannelSpec(load=25, live=True),
            "call": ChannelSpec(load=100, live=True),
            "email": ChannelSpec(load=10, live=False, confirm="received"),
            "form": ChannelSpec(load=10, live=False, confirm="received"),
        },
        dispositions=("solved",),
        decline_reasons=("busy",),
    )


def _queues(season: str, *, strict: bool) -> dict[str, Queue]:
    leave = OffHours(notices={"chat": "leave-message"}, then="night")
    queues = (
        Queue(name="general", hours="office", off_hours=leave),
        Queue(
            name="billing",
            hours="office",
            skills={"billing": 2 if strict else 1},
            widen=(Widening(after_ms=30 * SECOND_MS, needs=(("skill:billing", 1),), priority=1),),
            closing=Closing(serve_ms=10 * MINUTE_MS),
            wrap_up_ms=30 * SECOND_MS,
        ),
        Queue(name="night", hours="always", wrap_up_ms=0),
        Queue(name=season, hours="office", off_hours=OffHours(then="general")),
    )
    return {queue.name: queue for queue in queues}


def _office(day: int) -> tuple[int, ...]:
    first, last = OFFICE
    days = [START_MS + each * DAY_MS for each in range(day - 1, day + AHEAD_DAYS) if each % 7 in WEEKDAYS]
    return tuple(at for midnight in days for at in (midnight + first * HOUR_MS, midnight + last * HOUR_MS))
