"""Who is there: sockets by visitor, and who has been away for so long that the line is closed. No sockets, no clock."""

from __future__ import annotations

from dataclasses import dataclass, field

# Sessions watched for leaving. Beyond it the one away longest is let go at once.
VISITORS_MAX = 50_000


@dataclass(slots=True)
class Presence:
    """`away` maps a visitor without sockets to the time at which their line is closed."""

    away_ms: int
    sockets: dict[str, int] = field(default_factory=dict)
    away: dict[str, int] = field(default_factory=dict)
    talking: set[str] = field(default_factory=set)
    changed: bool = False

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
        if visitor in self.talking:
            self.away[visitor] = now_ms + self.away_ms

    def talks(self, visitor: str) -> None:
        """A visitor has said something: their leaving matters now."""
        if visitor not in self.talking:
            self.talking.add(visitor)
            self.changed = True

    def closed(self, visitor: str) -> None:
        """Their line is closed: nobody waits for them any more."""
        self.away.pop(visitor, None)
        if visitor in self.talking:
            self.talking.discard(visitor)
            self.changed = True

    def gone(self, now_ms: int) -> list[str]:
        """Return whose time is up."""
        over = len(self.away) - VISITORS_MAX
        due = [visitor for visitor, until_ms in self.away.items() if until_ms <= now_ms]
        return due if over <= len(due) else sorted(self.away, key=lambda visitor: self.away[visitor])[:over]

    def restore(self, talking: list[str], now_ms: int) -> None:
        """After a restart everybody who was talking has the time to come back."""
        for visitor in talking[-VISITORS_MAX:]:
            self.talking.add(visitor)
            if visitor not in self.sockets:
                self.away[visitor] = now_ms + self.away_ms
