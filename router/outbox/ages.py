"""How old an effect may become before it is given up. A table and one question; performs nothing."""

from __future__ import annotations

from typing import Literal

from router.core.bundle import DAY_MS, HOUR_MS, MINUTE_MS
from router.floor.effects import COPY, FETCH

# After this an answer is old news: it is given up as `expired` and the agent is told. Live lines forget sooner.
AGE_MS_MAX: dict[str, int] = {
    "send": 2 * DAY_MS,
    "announce": 2 * DAY_MS,
    COPY: 2 * DAY_MS,
    "play": MINUTE_MS,
    "connect": MINUTE_MS,
    "join": MINUTE_MS,
    "outside": MINUTE_MS,
    "part": HOUR_MS,
    "hold": MINUTE_MS,
    "move": MINUTE_MS,
    "hang_up": HOUR_MS,
    # Providers keep media for some days; WeChat, which forgets soonest, for three.
    FETCH: 3 * DAY_MS,
}
# What may have happened is asked for so much longer: a talk that has begun is not told as one that never did.
DOUBT_MS_MAX = 10 * MINUTE_MS

Age = Literal["fresh", "old", "gone"]


def age_of(effect: str, age_ms: int) -> Age:
    """Return whether an effect may still be done, may only still be found to have happened, or is given up."""
    over_ms = age_ms - AGE_MS_MAX[effect]
    if over_ms <= 0:
        return "fresh"
    return "old" if over_ms <= DOUBT_MS_MAX else "gone"
