"""What the server has promised: written by the customers and agents themselves when they heard yes. Nothing of ours."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Ledger:
    """Marks are words that stand in exactly one message each.

    `said`: marks of customers' messages by the way they came; `answered`: marks of agents' replies; `mails`: by
    Message-ID when and in which life of the server a relay took a copy, with its marks in `carried`; `files`: what
    was sent along with a mark; `ends`: when each life was ended.
    """

    life: int = 0
    said: dict[str, str] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    mails: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    carried: dict[str, set[str]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    ends: dict[int, float] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def figures(self) -> str:
        """What was promised, in numbers."""
        ways = {way: sum(1 for said in self.said.values() if said == way) for way in sorted(set(self.said.values()))}
        return f"{ways}, {len(self.answered)} replies"

    def keep(self, mark: str, way: str) -> None:
        """A customer heard yes."""
        self.said[mark] = way

    def keep_reply(self, mark: str) -> None:
        """An agent heard yes."""
        self.answered.add(mark)

    def end_life(self, at_s: float) -> None:
        """The server was killed."""
        self.ends[self.life] = at_s
        self.life += 1

    def keep_mail(self, message_id: str, marks: set[str], *, life: int, at_s: float) -> None:
        """A relay took a mail that a life of the server began to send."""
        self.mails.setdefault(message_id, []).append((life, at_s))
        self.carried.setdefault(message_id, set()).update(marks)
