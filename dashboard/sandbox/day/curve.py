"""How many come when, by which channel, and how a day passes. Pure: a time and a chance come in."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

# An hour of the day lasts a minute, so that a newcomer sees noon and evening within a coffee.
HOUR_S = 60.0
HOURS = 24
BEGINS_HOUR = 9.0
# Arrivals per hour of the day, that is per minute here: the double hump of a contact center, quiet at night.
BY_HOUR = (1, 1, 1, 1, 1, 2, 4, 7, 12, 17, 19, 18, 14, 15, 18, 17, 15, 13, 11, 9, 7, 5, 3, 2)
SHARES: Mapping[str, int] = {
    "chat": 30,
    "phone": 14,
    "email": 15,
    "sms": 12,
    "wechat": 10,
    "app": 8,
    "form": 6,
    "weibo": 5,
}
# The first guests come at once: nobody who has just started it should look at an empty floor.
FIRST = ("chat", "phone", "sms", "email", "wechat", "form", "app", "weibo")
FIRST_GAP_S = 1.5
NIGHT_HOURS = (21.0, 6.5)
LUNCH_HOURS = (11.5, 14.0)
# So many of those on shift stay at night; lunch is taken in thirds.
NIGHT_STAFF = 2
LUNCH_GROUPS = 3


def hour_at(passed_s: float) -> float:
    """Return the hour of the day after so many seconds."""
    return (BEGINS_HOUR + passed_s / HOUR_S) % HOURS


def gap_s(hour: float, chance: Random) -> float:
    """Return how long it is to the next arrival."""
    return chance.expovariate(BY_HOUR[int(hour) % HOURS] / HOUR_S)


def channel_of(chance: Random, playable: Mapping[str, bool]) -> str:
    """Choose by which channel somebody comes, of those that can be played."""
    open_ = {name: share for name, share in SHARES.items() if playable.get(name)}
    return chance.choices(list(open_), list(open_.values()))[0] if open_ else ""


def presence_at(hour: float, place: int) -> str:
    """Return how one of the staff is at an hour; `place` is their number among them."""
    begins, ends = NIGHT_HOURS
    if (hour >= begins or hour < ends) and place >= NIGHT_STAFF:
        return "break"
    begins, ends = LUNCH_HOURS
    span = (ends - begins) / LUNCH_GROUPS
    mine = begins + (place % LUNCH_GROUPS) * span
    return "lunch" if mine <= hour < mine + span else "available"
