"""Which effect an event asks of its line's channel, by what the channel can do. Tables only; nothing is sent here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from channels.contract import Capabilities
from router.core import events as ev
from router.core.decide.outside import HANDED_OUT, PARTY
from router.core.decide.participants import CONSULTED, LEG_ENDED


class Wanted(NamedTuple):
    """An outbox row to be. `notice` carries the effect's word: a notice's name, a party, `on` or `off`."""

    effect: str
    message: int = 0
    notice: str = ""
    until_ms: int = 0


# Sends what was said on the line that is its `notice`. It begins with the text of the name beside.
COPY, COPY_TEXT = "copy", "chat-copy"
# The closed set of effects, and the capability each of them needs.
NEEDS: dict[str, str] = {
    "send": "Send",
    "announce": "Send",
    COPY: "Send",
    "play": "Play",
    "connect": "Connect",
    "join": "Connect",
    "outside": "Connect",
    "part": "Connect",
    "hold": "Hold",
    "move": "Move",
    "hang_up": "HangUp",
}
# Brings a provider's file. Each has a lane of its own, so that no reply waits for it; `notice` is its number, from 1.
FETCH = "fetch"
# Where a transferred line waits for its next agent, where an outside party has it, and where it is no more ours; the
# channel knows what that is in its world.
WAITING_PLACE, OUTSIDE_PLACE, LEFT_PLACE = "queue", "outside", "left"
# Who was talking to an agent who has gone is in line again, and nobody has moved them there.
LEFT_ALONE = frozenset({"owner_gone", "rescued"})
# Attempts that an agent or a clock has given up: the customer's telephone may still ring, or a machine speak.
RINGS_ON = frozenset({"no_answer"})
# Participants whose part needs no ending: they are gone, or the line has ended or moved on with all who were on it.
OUT_ALREADY = frozenset({"over", LEG_ENDED})
# The party of a call to the customer, who then waits in line.
CUSTOMER = "customer"


def wanted(event: ev.Event, can: Capabilities, *, released: bool) -> Wanted | None:
    """Return what an event asks of a `call` channel; a `push` channel follows committed events instead.

    `released`: nobody has to be rung off: the customer has left, or was rung off when wrap-up began.
    """
    ask = ASKED.get(type(event))
    if ask is None or can.delivery != "call":
        return None
    return next((want for want in ask(event, released) if NEEDS[want.effect] in can.effects), None)


def fetches(event: ev.Event) -> list[Wanted]:
    """Return the fetching of what came with a message, whatever its channel can do: one that cannot says so by name."""
    if not isinstance(event, ev.Received):
        return []
    return [Wanted(FETCH, message=event.message, notice=str(number)) for number in range(1, event.files + 1)]


def lane_of(want: Wanted, line: int) -> str:
    """Return the lane of an effect: that of its line, and one of its own for a file."""
    return f"file:{want.message}:{want.notice}" if want.effect == FETCH else f"line:{line}"


def _announced(event: ev.Announced, _released: bool) -> tuple[Wanted, ...]:
    return tuple(Wanted(way, notice=event.notice, until_ms=event.until_ms) for way in ("announce", "play"))


def _rung_off(_event: ev.Event, released: bool) -> tuple[Wanted, ...]:
    return () if released else (Wanted("hang_up"),)


def _queued(event: ev.Queued, released: bool) -> tuple[Wanted, ...]:
    return (Wanted("move", notice=WAITING_PLACE),) if event.why in LEFT_ALONE and not released else ()


def _transferred(event: ev.Transferred, _released: bool) -> tuple[Wanted, ...]:
    """Who hands over to somebody on the line leaves the two of them; else the line waits for its next agent."""
    if event.why == CONSULTED:
        return (Wanted("part", notice=f"agent:{event.agent}"),)
    return (Wanted("move", notice=WAITING_PLACE),)


def _participant_left(event: ev.ParticipantLeft, _released: bool) -> tuple[Wanted, ...]:
    if not event.agent or event.why in OUT_ALREADY:
        return ()
    return (Wanted("part", notice=f"agent:{event.agent}"),)


def _outside_asked(event: ev.OutsideAsked, _released: bool) -> tuple[Wanted, ...]:
    if event.message:
        return (Wanted("send", message=event.message),)
    return (Wanted("outside", notice=f"{PARTY}{event.contact}", until_ms=event.until_ms),)


def _outside_left(event: ev.OutsideLeft, released: bool) -> tuple[Wanted, ...]:
    """What they had waits for its next agent; who was consulted is let go; what has left us is theirs."""
    if released or event.why == HANDED_OUT:
        return ()
    if event.handed:
        return (Wanted("move", notice=WAITING_PLACE),)
    return (Wanted("part", notice=f"{PARTY}{event.contact}"),)


def _closed(event: ev.Closed, released: bool) -> tuple[Wanted, ...]:
    if released:
        return ()
    return (Wanted("move", notice=LEFT_PLACE),) if event.why == HANDED_OUT else (Wanted("hang_up"),)


# What each event asks for, best first: the first that the channel can do is taken.
ASKED: dict[type[ev.Event], Callable[[Any, bool], tuple[Wanted, ...]]] = {
    ev.Replied: lambda e, _: (Wanted("send", message=e.message),),
    ev.Announced: _announced,
    ev.CopyWanted: lambda e, _: (Wanted(COPY, notice=str(e.of)),),
    ev.Accepted: lambda e, _: (Wanted("connect", notice=f"agent:{e.agent}"),),
    ev.Assigned: lambda e, _: (Wanted("connect", notice=f"agent:{e.agent}"),),
    ev.LineHeld: lambda e, _: (Wanted("hold", notice="on" if e.on else "off"),),
    ev.Queued: _queued,
    ev.Transferred: _transferred,
    ev.ParticipantJoined: lambda e, _: (Wanted("join", notice=f"agent:{e.agent}"),),
    ev.ParticipantLeft: _participant_left,
    ev.OutsideAsked: _outside_asked,
    ev.OutsideLeft: _outside_left,
    ev.HandedOut: lambda e, _: (Wanted("move", notice=OUTSIDE_PLACE),),
    ev.TakenBack: lambda e, _: (Wanted("move", notice=WAITING_PLACE),),
    ev.CustomerCalled: lambda e, _: (Wanted("connect", notice=CUSTOMER, until_ms=e.until_ms),),
    ev.CallbackFailed: lambda e, _: (Wanted("hang_up"),) if e.why in RINGS_ON else (),
    ev.WrapUpStarted: _rung_off,
    ev.Closed: _closed,
}
