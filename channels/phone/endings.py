"""The end of a leg, whoever tells it: a callback, the talk, or the provider's list. Told once, if it is new."""

from __future__ import annotations

from channels.phone import reading
from channels.phone.asked import Hands
from channels.phone.legs import CALL_BACK, Legs


async def customer_ended(hands: Hands, line: str, leg: str, status: str) -> None:
    """The customer's leg is over: they have gone, or a call to them was in vain."""
    legs = await hands.book.of(line)
    if leg == line or (status == "completed" and legs.kept != CALL_BACK):
        await customer_left(hands, line, "hung_up" if status == "completed" else status)
        return
    # The router says when it is tried again. Who answered and pressed no key may have been a machine.
    await hands.accept(reading.unreached(line, leg, "machine" if status == "completed" else status))
    await hands.book.change(line, kept=CALL_BACK, talking=False)
    await hands.talk.tell_agent(line, "no-answer")


async def customer_left(hands: Hands, line: str, why: str) -> None:
    """The customer has gone, once, whoever tells it; nobody rings for them any longer, or waits in an empty talk."""
    legs = await hands.book.of(line)
    if legs.kept:
        return
    await hands.accept(reading.left(line, legs.customer, why))
    # Who is being called just now, and has no leg yet, is let go by whoever calls them.
    legs = await hands.book.change(line, gone=True)
    await hands.talk.end_all(legs.agent, *(side.sid for side in legs.sides.values()))


async def party_ended(hands: Hands, line: str, party: str, leg: str, *, why: str) -> None:
    """Somebody's leg is over; one that was let go, or belongs to an earlier round, is told of no more.

    A talk ends for all with its customer, and nobody knows whose end is told first: the customer's is, here.
    """
    legs = await hands.book.of(line)
    if not _is_current(legs, party, leg):
        return
    if legs.talking and not legs.kept and not await hands.talk.is_alive(legs.customer):
        await customer_left(hands, line, "hung_up")
    await hands.accept(reading.party_left(line, party, leg, why))
    if party == legs.party:
        await hands.book.owner_left(line, party, leg=leg)
    else:
        await hands.book.drop_side(line, party, leg=leg)


def _is_current(legs: Legs, party: str, leg: str) -> bool:
    """Return whether this leg is how a party takes part now. One that is being made has no name yet."""
    side = legs.sides.get(party)
    if side is not None:
        return side.sid in {"", leg}
    return legs.party == party and legs.agent in {"", leg}
