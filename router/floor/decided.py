"""What a batch of commands came to, before it is written down. Decides nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

from router.core.answers import Answered
from router.core.events import Entry
from router.floor.inbox import Waiting
from router.store.port import EffectEnd


class TickBroken(Exception):
    """Firing what is due broke the core: our bug, and no command's fault."""


@dataclass(slots=True)
class Decided:
    """What a batch came to, before it is written down."""

    entries: list[Entry] = field(default_factory=list)
    answers: list[tuple[Waiting, Answered]] = field(default_factory=list)
    letters: dict[str, int] = field(default_factory=dict)
    ended: list[EffectEnd] = field(default_factory=list)
