"""Who may not write, who only tests, who floods: what is known of a sender before anybody is met."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from channels.contract import Identity, LineRef
from router.intake.rates import Buckets
from router.store.port import Senders

BLOCKED, TEST, FLOOD = "blocked", "test", "flood"
MARKS = (BLOCKED, TEST)
# A mark may also be on one line, named by its channel and its address there.
LINE = "line"
MINUTE_MS = 60_000
# No person writes five times a second for a minute, and no relay sends so many mails of one sender. Above it what comes
# is set aside by name, so that one sender never fills the floor.
MESSAGES_A_MINUTE_MAX = 300
# A letter is looked up again when it was overtaken or nobody led: it counts once. More than are in hand are remembered.
COUNTED_MAX = 20_000


def line_value(channel: str, key: str) -> str:
    """Return how a line is named in a mark."""
    return f"{channel}:{key}"


def names_of(line: LineRef, identities: Iterable[Identity]) -> list[tuple[str, str]]:
    """Return all a sender may be marked by. A claim counts, proved or not: nothing is given for it."""
    return [(LINE, line_value(line.channel, line.key)), *((each.kind, each.value) for each in identities)]


class Watch:
    """Looks senders up by their marks, and counts what each of them sends."""

    def __init__(self, site: str, senders: Senders) -> None:
        self._site = site
        self._senders = senders
        self._messages = Buckets(MESSAGES_A_MINUTE_MAX, MINUTE_MS)
        self._counted: OrderedDict[int, bool] = OrderedDict()

    async def marks(self, signals: Sequence[Any], now_ms: int) -> list[str]:
        """Return the mark of each signal's sender, empty for none; `blocked` where one of several is."""
        names = [names_of(signal.line, signal.identities) for signal in signals]
        flat = [(index, name) for index, of in enumerate(names) for name in of]
        found = await self._senders.of(self._site, [name for _, name in flat], now_ms=now_ms)
        marks = [""] * len(signals)
        for key, mark in found.items():
            index = flat[key][0]
            marks[index] = BLOCKED if BLOCKED in {mark, marks[index]} else mark
        return marks

    def floods(self, letter: int, signal: Any, received_ms: int) -> bool:
        """Return whether this is more than anybody may send, by when it came. Counts it, once."""
        if letter not in self._counted:
            taken = [self._messages.take(name, received_ms) for name in names_of(signal.line, signal.identities)]
            self._counted[letter] = not all(taken)
            if len(self._counted) > COUNTED_MAX:
                self._counted.popitem(last=False)
        return self._counted[letter]


def refusal_of(marks: Mapping[int, str]) -> str:
    """Return by what mark a sender is refused, empty for none."""
    return BLOCKED if BLOCKED in marks.values() else ""
