"""Time zones by IANA name, from the `tzdata` package alone, so that every machine makes the same bundle."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from importlib import resources
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def zone_names() -> frozenset[str]:
    """Return the names of all time zones."""
    return frozenset(resources.files("tzdata").joinpath("zones").read_text("utf-8").split())


def zone_of(name: str) -> tzinfo:
    """Return a time zone that `zone_names` has."""
    with resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def to_ms(moment: datetime) -> int:
    """Return UTC milliseconds of a moment with a zone."""
    return (moment - EPOCH) // _MILLISECOND


def day_of(at: int, zone: tzinfo) -> date:
    """Return the date that a zone's calendar shows at a time."""
    return (EPOCH + at * _MILLISECOND).astimezone(zone).date()


def first_ms(day: date, minute: int, zone: tzinfo) -> int:
    """Return when a zone's clock first shows a minute of a day or has passed it."""
    return min(_both(day, minute, zone))


def last_ms(day: date, minute: int, zone: tzinfo) -> int:
    """Return when a zone's clock last comes to a minute of a day, to pass it for good."""
    return max(_both(day, minute, zone))


def _both(day: date, minute: int, zone: tzinfo) -> tuple[int, int]:
    """Return both moments at which a clock shows this time; twice the jump where the clock leaps over it."""
    shown = datetime.combine(day, datetime.min.time()) + timedelta(minutes=minute)
    early, late = (to_ms(shown.replace(tzinfo=zone, fold=fold)) for fold in (0, 1))
    if early <= late:
        return early, late
    jump = _jump(late, early, zone)
    return jump, jump


def _jump(before: int, after: int, zone: tzinfo) -> int:
    """Return the first millisecond at which the zone's offset is that of `after`."""
    old = _offset(before, zone)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(middle, zone) == old:
            before = middle
        else:
            after = middle
    return after


def _offset(at: int, zone: tzinfo) -> timedelta | None:
    return (EPOCH + at * _MILLISECOND).astimezone(zone).utcoffset()
