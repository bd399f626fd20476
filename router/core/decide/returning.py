"""What becomes of a transfer that the agent who was asked does not take: by its queue's rule back to who gave it.

It knows no lines and places nothing: `placing` asks it first, and goes on where nobody takes it back.
"""

from __future__ import annotations

from collections.abc import Iterator

from router.core import events as ev
from router.core.decide.owing import begins_ms
from router.core.decide.windows import bounded_ms
from router.core.state import Conv, State


def comes_back(s: State, conv: Conv) -> bool:
    """Return whether who gave a conversation to an agent waits for the answer, and is there to take it back."""
    if conv.passed is None or not conv.passed.asked:
        return False
    giver = s.agents.get(conv.passed.agent)
    return giver is not None and giver.available


def give_back(s: State, at: int, conv: Conv, why: str) -> Iterator[ev.Event]:
    """Back to who gave it: theirs at once, or held for them until they have room."""
    assert conv.passed is not None, "asked before"
    giver = s.agents[conv.passed.agent]
    yield ev.TransferReturned(conv.id, giver.id, why)
    if s.matching.free_for(giver, conv.cls) >= conv.load:
        yield ev.Assigned(conv.id, giver.id, "transfer_returned", begins_ms(s, at, conv))
    else:
        until_ms = bounded_ms(conv, at, at + s.queue_spec(conv.queue).hold_ms)
        yield ev.HeldFor(conv.id, giver.id, until_ms, "transfer_returned")
