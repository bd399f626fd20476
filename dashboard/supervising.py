"""Routes with which a supervisor steps in: closures, sending an agent off, dead letters, quarantine."""

from __future__ import annotations

from dashboard.errors import ApiError
from dashboard.parts import Parts
from dashboard.requests import ClosureRequest, Nothing, SendOffRequest
from dashboard.routes import Call, Route
from dashboard.shapes import DeadLetter, Quarantined, Reached
from router.core import commands as cmd

# What a person can work through; the figures say how many there are in all.
LISTED_MAX = 200


class Supervising:
    """The handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._out = parts, parts.out

    async def close_queue(self, call: Call) -> Reached:
        """Close a queue from now until a time; 0 lifts the closure."""
        command = cmd.OrderClosure(
            id=self._parts.commands.id(call.me, "closure", call.ask.command_id),
            queue=call.part("name"),
            until_ms=call.ask.until_ms,
            by=call.me,
            reason=call.ask.reason,
        )
        return Reached(position=(await self._parts.commands.submit(command)).position)

    async def send_off(self, call: Call) -> Reached:
        """Sign an agent out of the floor, whatever they have; it goes back to where it came from."""
        command = cmd.SignOut(
            id=self._parts.commands.id(call.me, "send_off", call.ask.command_id),
            agent=number_in(call.part("id")),
            why=call.ask.reason,
            forced=True,
            by=call.me,
        )
        return Reached(position=(await self._parts.commands.submit(command)).position)

    async def dead_letters(self, call: Call) -> list[DeadLetter]:
        del call
        found = await self._out.store.outbox.dead_letters(self._out.floor.site, LISTED_MAX)
        return [
            DeadLetter(
                id=each.id,
                channel=each.channel,
                effect=each.effect,
                ref=self._out.reference(each.conv) if each.conv else "",
                reason=each.reason,
                attempts=each.attempts,
                created_ms=each.created_ms,
            )
            for each in found
        ]

    async def retry(self, call: Call) -> None:
        if not await self._out.store.outbox.revive(self._out.floor.site, number_in(call.part("id"))):
            raise ApiError("not_found")
        self._out.nudge_outbox()

    async def quarantine(self, call: Call) -> list[Quarantined]:
        del call
        found = await self._out.store.letterbox.quarantined(self._out.floor.site, LISTED_MAX)
        return [
            Quarantined(
                id=letter.id,
                channel=letter.channel,
                received_ms=letter.received_ms,
                attempts=letter.attempts,
                reason=reason,
            )
            for letter, reason in found
        ]


def number_in(text: str) -> int:
    """Return a number of an address. Raises ApiError where there is none."""
    if not text.isascii() or not text.isdecimal() or len(text) > 15:
        raise ApiError("not_found")
    return int(text)


def routes(parts: Parts) -> list[Route]:
    """Return the routes of this file."""
    supervising = Supervising(parts)
    return [
        Route(
            method="POST", path="/queues/{name}/closure", role="supervisor", refusals=True,
            summary="Close a queue until a time; 0 lifts it",
            ask=ClosureRequest, answers=Reached, handler=supervising.close_queue,
        ),
        Route(
            method="POST", path="/agents/{id}/sign-out", role="supervisor", refusals=True,
            summary="Sign an agent out of the floor",
            ask=SendOffRequest, answers=Reached, handler=supervising.send_off,
        ),
        Route(
            method="GET", path="/outbox/dead", role="supervisor", summary="What could not be sent",
            answers=list[DeadLetter], handler=supervising.dead_letters,
        ),
        Route(
            method="POST", path="/outbox/dead/{id}/retry", role="supervisor", summary="Try to send it again",
            ask=Nothing, answers=None, handler=supervising.retry,
        ),
        Route(
            method="GET", path="/letterbox/quarantine", role="supervisor", summary="What broke and was set aside",
            answers=list[Quarantined], handler=supervising.quarantine,
        ),
    ]  # fmt: skip
