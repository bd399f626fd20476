"""Who waits, page by page, in the order in which the router will serve them. It walks lines and sorts nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from heapq import merge
from itertools import islice

from router.core.matching import Class
from router.core.state import Conv, State

May = Callable[[Class], bool]


def lines(state: State, may: May, queue: str = "") -> list[Class]:
    """Return the lines somebody waits in, of one queue or of all, that the reader may see."""
    return [cls for cls in state.matching.classes if cls.waiting and (not queue or cls.queue == queue) and may(cls)]


def in_order(state: State, found: list[Class]) -> Iterator[Conv]:
    """Yield the waiting conversations of these lines, the highest score first: only as far as somebody reads."""

    def rank(conv: Conv) -> tuple[int, int, int]:
        return -conv.cls.slope.score(state.at, conv.key_ms), conv.key_ms, conv.id

    return merge(*(state.matching.in_line(cls) for cls in found), key=rank)


def page(state: State, found: list[Class], *, after: int, limit: int) -> list[Conv]:
    """Return a page: `after` is how many places to pass over."""
    return list(islice(in_order(state, found), after, after + limit))


def why_waiting(state: State, convs: list[Conv]) -> list[str]:
    """Return for each waiting conversation a code of what it waits for. Each line is asked about once."""
    signed_in = _signed_in(state)
    known: dict[int, str] = {}
    codes = []
    for conv in convs:
        if conv.cls.id not in known:
            known[conv.cls.id] = _why(state, conv.cls, signed_in)
        code = known[conv.cls.id]
        codes.append("resting" if code == "in_line" and conv.resting else code)
    return codes


def lines_wait(state: State, found: Iterable[Class]) -> dict[int, str]:
    """Return a code of what everybody in each of these lines waits for."""
    signed_in = _signed_in(state)
    return {cls.id: _why(state, cls, signed_in) for cls in found}


def _signed_in(state: State) -> int:
    mask = 0
    for agent in state.agents.values():
        mask |= 1 << agent.profile.id
    return mask


def _why(state: State, cls: Class, signed_in: int) -> str:
    if not state.queue_state(cls.queue).serves(state.at):
        return "queue_closed"
    able = state.matching.eligible_profiles(cls)
    if not able & signed_in:
        return "nobody_can_serve"
    if not able & state.matching.has_room(cls):
        return "all_busy"
    return "in_line" if state.choosing.agent_for(cls, None) else "kept_free"
