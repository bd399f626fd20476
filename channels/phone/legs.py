"""What is known of a call beside its line: the legs at the provider, and whether its end ends the conversation."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable
from weakref import WeakValueDictionary

import msgspec

from channels.contract import Book

# The book has no way to forget, so attempts share so many pages; an attempt is asked about within minutes.
PAGES = 4096
# So many legs wait to be ended; a provider that is away for longer than that many calls is asked for its list anyway.
OWED_MAX = 500
OWED = "owed"
# Why a hang-up does not end what the caller wanted.
CALL_BACK, VOICEMAIL = "call_back", "voicemail"


class Side(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The leg of somebody who takes part besides the owner: how they take part, and whether they are in the talk.

    `key`, `tried_ms`, `target` are of the connection tried, as in `Legs`.
    """

    role: str
    sid: str = ""
    joined: bool = False
    key: str = ""
    tried_ms: int = 0
    target: str = ""


class Legs(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One call. `customer`: the leg the customer is on now; `agent`, `party`: the one that was called last.

    `joined`: the agent's leg that took the call. `kept`: why a hang-up does not end it. `number`: one that was typed to
    be called back on, `peer` the line's ends once it is done. `heard`: the last notice said; `language`: in which.
    What was decided up to `since` was of an earlier call. `recorded`: the customer was told, or has agreed.
    `key`, `tried_ms`, `target`: the last connection tried. `talking`: the customer is in the talk. `sides`: who takes
    part besides the owner, by party. `handed`: an outside party has it, or is called to have it, and no agent any more.
    `gone`: the customer has left for good. `back_ms`, `back_by`: since when they are being called back and for which
    agent's leg, while nobody knows whether it rings.
    """

    customer: str = ""
    agent: str = ""
    party: str = ""
    joined: str = ""
    kept: str = ""
    asked: str = ""
    number: str = ""
    peer: str = ""
    heard: int = 0
    since: int = 0
    recorded: bool = False
    language: str = ""
    key: str = ""
    tried_ms: int = 0
    target: str = ""
    talking: bool = False
    sides: dict[str, Side] = {}
    handed: bool = False
    gone: bool = False
    back_ms: int = 0
    back_by: str = ""

    @property
    def awaited(self) -> bool:
        """Whether somebody is in the talk for whom the customer leaves the hold line."""
        return bool(self.joined) or (self.handed and any(each.joined for each in self.sides.values()))


def called_back(leg: str) -> dict[str, object]:
    """Return what is known of who was called back: their call's end ends the conversation, like any other call's."""
    return {"customer": leg, "gone": False, "kept": "", "back_ms": 0, "back_by": ""}


class LegBook:
    """The calls of this channel, in its book."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def of(self, line: str) -> Legs:
        """Return what is known; a call nobody has done anything to has one leg, its own."""
        found = await self._book.read(f"call:{line}")
        legs = msgspec.json.decode(found, type=Legs) if found else Legs()
        return legs if legs.customer else msgspec.structs.replace(legs, customer=line)

    async def change(self, line: str, **changes: object) -> Legs:
        """Write down what has changed, and return it all. Changes of one call come one after the other."""

        def replaced(legs: Legs) -> Legs:
            return msgspec.structs.replace(legs, **changes)

        return await self._rewrite(line, replaced)

    async def keep(self, line: str, *, number: str, peer: str) -> Legs:
        """Write down that the customer is to be called back; whoever talks to somebody by then need not be."""

        def kept(legs: Legs) -> Legs:
            if legs.talking:
                return legs
            return msgspec.structs.replace(legs, kept=CALL_BACK, number=number, peer=legs.peer or peer)

        return await self._rewrite(line, kept)

    async def owner_left(self, line: str, party: str, *, leg: str) -> Legs:
        """Write down that the owner's leg is over; whoever has become the owner meanwhile stays that."""

        def left(legs: Legs) -> Legs:
            if legs.party != party or legs.agent not in {"", leg}:
                return legs
            return msgspec.structs.replace(legs, joined="", agent="")

        return await self._rewrite(line, left)

    async def comes_in(self, line: str, leg: str) -> None:
        """Write down that the customer is in the talk, on this leg where they were called back."""

        def talks(legs: Legs) -> Legs:
            back = called_back(leg) if legs.kept == CALL_BACK else {}
            return msgspec.structs.replace(legs, talking=True, **back)

        await self._rewrite(line, talks)

    async def put_side(self, line: str, party: str, side: Side) -> Legs:
        """Write down how somebody takes part besides the owner."""

        def put(legs: Legs) -> Legs:
            return msgspec.structs.replace(legs, sides={**legs.sides, party: side})

        return await self._rewrite(line, put)

    async def drop_side(self, line: str, party: str, *, leg: str = "") -> Side | None:
        """Forget who takes part no longer, and return what was known; with a `leg` only if it is theirs."""
        dropped: list[Side] = []

        def drop(legs: Legs) -> Legs:
            side = legs.sides.get(party)
            if side is None or (leg and side.sid not in {"", leg}):
                return legs
            dropped.append(side)
            others = {other: each for other, each in legs.sides.items() if other != party}
            return msgspec.structs.replace(legs, sides=others)

        await self._rewrite(line, drop)
        return dropped[0] if dropped else None

    async def _rewrite(self, line: str, rewrite: Callable[[Legs], Legs]) -> Legs:
        lock = self._locks.setdefault(line, asyncio.Lock())
        async with lock:
            legs = await self.of(line)
            changed = rewrite(legs)
            if changed != legs:
                await self._book.note(f"call:{line}", msgspec.json.encode(changed).decode())
            return changed

    async def note_leg(self, sid: str, line: str, party: str) -> None:
        """Write down whose leg this is: the provider's list tells of legs, and of nothing else."""
        await self._book.note(f"leg:{sid}", f"{line} {party}")

    async def of_leg(self, sid: str) -> tuple[str, str]:
        """Return line and party of a leg of ours, empty where it is none."""
        line, _, party = (await self._book.read(f"leg:{sid}") or "").partition(" ")
        return line, party

    # --- where somebody is, and whom nobody has rung off yet --------------------------------------------------------

    async def note_at(self, target: str, line: str, sid: str) -> None:
        """Write down on which leg an agent was called last."""
        await self._book.note(f"at:{target}", f"{line} {sid}")

    async def elsewhere(self, target: str, line: str) -> tuple[str, str]:
        """Return line and leg of an agent who is not known to have left another line, else no line.

        There is no leg where they are being called and the answer has not come, or never came.
        """
        other, _, sid = (await self._book.read(f"at:{target}") or "").partition(" ")
        if not other or other == line:
            return "", ""
        legs = await self.of(other)
        up = {legs.agent, *(side.sid for side in legs.sides.values())}
        return (other, sid) if not sid or sid in up or sid in await self.owed() else ("", "")

    async def owe(self, sid: str) -> None:
        """Write down a leg that is to end, and that the provider could not be told of."""
        await self._change_owed(lambda owed: [*(each for each in owed if each != sid), sid][-OWED_MAX:])

    async def owed(self) -> list[str]:
        """Return the legs that are still to be ended, the oldest first."""
        return (await self._book.read(OWED) or "").split()

    async def settle(self, sid: str) -> None:
        """A leg that was owed is over."""
        await self._change_owed(lambda owed: [each for each in owed if each != sid])

    async def _change_owed(self, change: Callable[[list[str]], list[str]]) -> None:
        """Replace what was read; another node may have been faster, and then it is read again."""
        while True:
            old = await self._book.read(OWED) or ""
            new = " ".join(change(old.split()))
            if new == old or await self._book.replace(OWED, old=old, new=new):
                return

    # --- what is tried ----------------------------------------------------------------------------------------------

    async def note_try(self, key: str, line: str) -> None:
        """Write down for which line an effect is tried."""
        await self._book.note(_page(key), f"{key} {line}")

    async def line_tried(self, key: str) -> str:
        """Return the line of an effect, empty where its page was taken by a later one."""
        noted, _, line = (await self._book.read(_page(key)) or "").partition(" ")
        return line if noted == key else ""


def _page(key: str) -> str:
    return f"try:{zlib.crc32(key.encode()) % PAGES}"
