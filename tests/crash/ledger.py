"""What the server has promised: written by the customers and agents themselves when they heard yes. Nothing of ours."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Ledger:
    """Marks are words that stand in exactly one message each.

    `said`: marks of customers' messages by the way they came; `answered`: marks of agents' replies; `mails`: for
    each mail that a relay took, (life of the server, Message-ID), with its marks in `carried`.
    """

    life: int = 0
    said: dict[str, str] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    mails: Counter[tuple[int, str]] = field(default_factory=Counter)
    carried: dict[str, set[str]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def keep(self, mark: str, way: str) -> None:
        """A customer heard yes."""
        self.said[mark] = way

    def keep_reply(self, mark: str) -> None:
        """An agent heard yes."""
        self.answered.add(mark)

    def keep_mail(self, message_id: str, marks: set[str]) -> None:
        """A relay took a mail."""
        self.mails[(self.life, message_id)] += 1
        self.carried.setdefault(message_id, set()).update(marks)
