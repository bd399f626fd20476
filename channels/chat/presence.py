"""Who is there: sockets by visitor, and who has been away for so long that the line is closed. No sockets, no clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

# Sessions watched for leaving. Beyond it the one away longest is let go at once.
VISITORS_MAX = 50_000
# Those who talk are noted by pages of the book, so that one more of them costs a small page and not the whole list.
PAGES = tuple(f"{number:02x}" for number in range(256))


@dataclass(slots=True)
class Presence:
    """`away` maps a visitor without sockets to the time at which their line is closed.

    `changed` are the pages of `talking` that have yet to be noted.
    """

    away_ms: int
    sockets: dict[str, int] = field(default_factory=dict)
    away: dict[str, int] = field(default_factory=dict)
    talking: dict[str, set[str]] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)

    def came(self, visitor: str) -> None:
        """One more socket of a visitor."""
        self.sockets[visitor] = self.sockets.get(visitor, 0) + 1
        self.away.pop(visitor, None)

    def went(self, visitor: str, now_ms: int) -> None:
        """One socket less; with the last one the time runs, if they have said anything."""
        left = self.sockets.get(visitor, 1) - 1
        if left > 0:
            self.sockets[visitor] = left
            return
        self.sockets.pop(visitor, None)
        if self.talks(visitor):
            self.away[visitor] = now_ms + self.away_ms

    def talks(self, visitor: str) -> bool:
        """Return whether a visitor has said something that is not over."""
        return visitor in self.talking.get(page_of(visitor), ())

    def said(self, visitor: str) -> None:
        """A visitor has said something: their leaving matters now."""
        if not self.talks(visitor):
            self.talking.setdefault(page_of(visitor), set()).add(visitor)
            self.changed.add(page_of(visitor))

    def closed(self, visitor: str) -> None:
        """Their line is closed: nobody waits for them any more."""
        self.away.pop(visitor, None)
        if self.talks(visitor):
            self.talking[page_of(visitor)].discard(visitor)
            self.changed.add(page_of(visitor))

    def gone(self, now_ms: int) -> list[str]:
        """Return whose time is up."""
        over = len(self.away) - VISITORS_MAX
        due = [visitor for visitor, until_ms in self.away.items() if until_ms <= now_ms]
        return due if over <= len(due) else sorted(self.away, key=lambda visitor: self.away[visitor])[:over]

    def restore(self, talking: Iterable[str], now_ms: int) -> None:
        """After a restart everybody who was talking has the time to come back."""
        for visitor in talking:
            self.talking.setdefault(page_of(visitor), set()).add(visitor)
            if visitor not in self.sockets:
                self.away[visitor] = now_ms + self.away_ms


def page_of(visitor: str) -> str:
    """Return the page on which a visitor (`site:id`, the id in hex) is noted."""
    return visitor.rpartition(":")[2][:2]
