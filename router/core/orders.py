"""Which of those who wait goes first: every order is a straight line in the time waited, so orders can be compared.

Whoever waits scores `gain` thousandths for each `per_ms` of waiting, and `base` besides. Conversations with the same
three numbers keep the order of their places for ever, so only the first of each such *slope* is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from router.core.bundle import HOUR_MS, MINUTE_MS, Bundle, Queue
from router.core.calendar import FOREVER_MS, business_ms, next_change, open_since
from router.core.heads import Head, Heads

# Scores are counted in thousandths: 1,000 is a target used up at weight 1, or one level of priority.
ONE = 1_000
# A priority so high that whoever has it goes before everybody else, whatever the order: a window is about to close.
URGENT = 1_000_000
# What a queue without a target promises: somebody on the line is answered in a minute, a letter in half a day.
LIVE_TARGET_MS = MINUTE_MS
LATER_TARGET_MS = 4 * HOUR_MS
# Orders that know no target count in minutes, so that beside other queues they weigh as if a minute were their target.
YARDSTICK_MS = MINUTE_MS
# One level of strict priority outweighs any waiting: two thousand years of it.
STRICT = 10**12

Line = tuple[int, int, int]  # gain in thousandths, per so many ms, base in thousandths
Grade = tuple[int, int, int, str]  # the same, and the calendar that waiting is counted by; empty counts all time


def _balanced(queue: Queue, target_ms: int, priority: int) -> Line:
    return queue.weight * ONE, target_ms, priority * ONE


def _fifo(queue: Queue, target_ms: int, priority: int) -> Line:
    del queue, target_ms, priority
    return ONE, YARDSTICK_MS, 0


def _strict(queue: Queue, target_ms: int, priority: int) -> Line:
    del queue, target_ms
    return ONE, YARDSTICK_MS, priority * STRICT


def _deadline(queue: Queue, target_ms: int, priority: int) -> Line:
    del queue
    return ONE, YARDSTICK_MS, ONE * priority + ONE - ONE * target_ms // YARDSTICK_MS


def _age(queue: Queue, target_ms: int, priority: int) -> Line:
    del queue, target_ms
    return ONE, MINUTE_MS, ONE * priority


# The orders a queue may have: weight · wait / target plus priority (ROUTING.md E3), arrival, strict priority, earliest
# deadline, minutes waited plus priority.
ORDERS: dict[str, Callable[[Queue, int, int], Line]] = {
    "balanced": _balanced,
    "fifo": _fifo,
    "priority": _strict,
    "deadline": _deadline,
    "age": _age,
}
DEFAULT_ORDER = "balanced"

# Why somebody was taken before one who has waited longer, by order.
OVERTAKING = {
    "balanced": "most_urgent",
    "fifo": "most_urgent",
    "priority": "higher_priority",
    "deadline": "earliest_deadline",
    "age": "highest_score",
}
# Said besides where somebody was taken before one who scores more on the same slope: far fewer people can serve them.
FEW_CAN = "few_can"
# So many times the wait of somebody whom few can serve counts against that of others on their slope: more helps the few
# a little and costs the others more (docs/BENCHMARKS.md).
FEW_CAN_TIMES = 5
# Why the one who has waited longest was taken: nobody stood against it, or it was its turn though others scored more.
IN_LINE, FAIR_TURN = "next_in_line", "fair_turn"
OVERTOOK = frozenset(OVERTAKING.values())


def grade_of(bundle: Bundle | None, queue: str, channel: str, *, live: bool, priority: int) -> Grade:
    """Return the slope on which conversations of a queue, channel and priority wait."""
    spec = bundle.queues.get(queue) if bundle else None
    if spec is None:
        spec = Queue(name=queue, hours="")
    target_ms = spec.answer_within_ms.get(channel) or (LIVE_TARGET_MS if live else LATER_TARGET_MS)
    gain, per_ms, base = ORDERS[spec.order](spec, target_ms, priority)
    if priority >= URGENT:
        base = max(base, URGENT * STRICT)
    return gain, per_ms, base, spec.hours if spec.clock == "business" else ""


@dataclass(slots=True, eq=False)
class Slope:
    """The heads of all classes of one grade, the oldest first, and how they score.

    From `from_ms` until before `until_ms` whoever has waited since `since_ms` or less long scores by the clock: the
    calendar was open all the time, or there is none.
    """

    grade: Grade
    calendar: Sequence[int] = ()
    heads: Heads = field(default_factory=Heads)
    waiting: int = 0  # classes of this slope that somebody waits in
    gain: int = field(init=False)
    per_ms: int = field(init=False)
    base: int = field(init=False)
    from_ms: int = 0
    until_ms: int = 0
    since_ms: int = 0

    def __post_init__(self) -> None:
        self.gain, self.per_ms, self.base, _ = self.grade
        if not self.calendar:
            self.from_ms, self.until_ms, self.since_ms = -FOREVER_MS, FOREVER_MS, -FOREVER_MS

    def exchange(self, gone: int, come: list[Head]) -> None:
        """Some classes stand here no more, and others do."""
        self.heads.exchange(gone, come)
        self.waiting &= ~gone
        for _, _, cls in come:
            self.waiting |= cls.bit

    def score(self, at: int, key_ms: int) -> int:
        """Return the score of somebody with this place."""
        if self.from_ms <= at < self.until_ms and key_ms >= self.since_ms:
            return self.base + self.gain * (at - key_ms) // self.per_ms
        return self.base + self.gain * self.waited_ms(at, key_ms) // self.per_ms

    def waited_ms(self, at: int, key_ms: int) -> int:
        """Return how long somebody with this place has waited: by the clock, or only while the calendar was open."""
        if not self.from_ms <= at < self.until_ms and self.calendar:
            self._look(at)
        return at - key_ms if key_ms >= self.since_ms else business_ms(self.calendar, key_ms, at)

    def _look(self, at: int) -> None:
        """Note since when the calendar has been open, and until when that stays so."""
        self.from_ms, self.until_ms = at, next_change(self.calendar, at) or FOREVER_MS
        opened_ms = open_since(self.calendar, at)
        self.since_ms = FOREVER_MS if opened_ms < 0 else opened_ms
