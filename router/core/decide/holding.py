"""A customer on a live line hears music while owner and consulted speak, and comes off hold when that is over."""

from __future__ import annotations

from collections.abc import Iterator

from router.core import events as ev
from router.core.lifecycle import ACTIVE
from router.core.state import Conv, State

CONSULT = "consult"


def can_connect(s: State, conv: Conv) -> bool:
    """Return whether others can be brought onto a conversation's line, and its customer is there."""
    spec = s.bundle.channels.get(conv.channel) if s.bundle else None
    return spec is not None and spec.connects and not conv.gone


def set_aside(s: State, conv: Conv) -> Iterator[ev.Event]:
    """Somebody who is consulted is there: the customer is put on hold. The owner may end that, and all three speak."""
    if can_connect(s, conv) and not conv.on_hold:
        yield ev.LineHeld(conv.id, conv.owner, conv.line, True)


def bring_forth(s: State, conv: Conv) -> Iterator[ev.Event]:
    """The last who was consulted is gone: the customer hears the owner again."""
    parts = (conv.participants or {}).values()
    consulting = conv.outside is not None or any(each.role == CONSULT and not each.until_ms for each in parts)
    if conv.state == ACTIVE and conv.on_hold and can_connect(s, conv) and not consulting:
        yield ev.LineHeld(conv.id, conv.owner, conv.line, False)
