"""Which class somebody waits in: the one that is formed, or a new one with its number. It places nobody."""

from __future__ import annotations

from collections.abc import Generator

from router.core import events as ev
from router.core.answers import LookAgain, Refused
from router.core.matching import Class
from router.core.state import State

Forming = Generator[ev.Event | Refused | LookAgain, None, Class]


def class_for(
    s: State,
    queue: str,
    channel: str,
    needs: ev.Needs,
    *,
    load: int,
    priority: int = 0,
    also: tuple[ev.Needs, ...] = (),
) -> Forming:
    """Return the class of these needs, formed when nobody asked for them before."""
    known = known_class(s, queue, channel, needs, load=load, priority=priority, also=also)
    if known is not None:
        return known
    known = s.matching.class_of(queue, channel, needs, load=load, priority=priority, also=also)
    spec = s.bundle.channels.get(channel) if s.bundle else None
    number = len(s.matching.classes) if known else _class_number(s)
    yield ev.ClassFormed(number, queue, channel, needs, load, bool(spec and spec.live), priority, also)
    return s.matching.classes[number]


def known_class(
    s: State,
    queue: str,
    channel: str,
    needs: ev.Needs,
    *,
    load: int,
    priority: int = 0,
    also: tuple[ev.Needs, ...] = (),
) -> Class | None:
    """Return the class of these needs if it is formed, and its channel is still live or not as it was then."""
    known = s.matching.by_key.get((queue, channel, needs, load, priority, also))
    if known is None or s.bundle is None:
        return known
    spec = s.bundle.channels.get(channel)
    return known if spec is None or spec.live == known.live else None


def _class_number(s: State) -> int:
    """Return that of a class which is over (its queue is no more, and nobody has it), or a new one.

    Who sleeps waits, so whoever has a class that nobody waits in is awake.
    """
    if s.matching.of_queue.keys() <= s.queues.keys():
        return len(s.matching.classes)
    over = [cls.id for cls in s.matching.classes if not cls.waiting and cls.queue not in s.queues]
    having = {conv.cls.id for conv in s.convs.awake()} if over else set[int]()
    return next((number for number in over if number not in having), len(s.matching.classes))
