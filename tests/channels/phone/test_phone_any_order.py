"""Callbacks of calls come in any order, twice, or never: a call that is over is nobody's in the end.

Each round is a call with a course of its own, from a seed: people join, consult, hand over, hang up. What the provider
would tell meanwhile is kept back, and delivered shuffled, doubled and with losses; what is lost the list tells.
"""

from __future__ import annotations

import os
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from channels.phone import Phone
from channels.phone.missed import Missed
from router.core import commands as cmd
from router.core.state import Conv
from tests.channels.phone.conftest import OURS
from tests.channels.phone.house import PAGES, exchanging, telephoned
from tests.channels.phone.test_phone_company_house import CONTACTS, PARTNER, TAXI
from tests.floor.nodehouse import CONFIG, NodeHouse
from tests.providers.twilio_calls import Calls, Leg

ROUNDS = int(os.environ.get("PATCHBAY_ROUNDS", "3"))
SEED = int(os.environ.get("PATCHBAY_SEED", "11"))
STEPS = 5
RULES = CONFIG.replace("wrap_up: 1m", "wrap_up: 0s, offer: 5m") + CONTACTS
DOUBLED, LOST = 0.3, 0.3


@dataclass
class Course:
    """One call and what befalls it; `kept` are callbacks that have not been delivered."""

    house: NodeHouse
    calls: Calls
    chance: random.Random
    conv: int
    customer: Leg
    kept: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    commands: int = 0

    def inside(self) -> Conv | None:
        return self.house.served.floor.state.convs.get(self.conv)

    async def tell(self, make: Callable[..., cmd.Command], **more: Any) -> None:
        """Give a command that may be refused: whoever is gone cannot be let go."""
        self.commands += 1
        await self.house.served.floor.submit(make(id=f"{self.conv}-{self.commands}", **more))

    async def deliver(self, share: float) -> None:
        """Let some callbacks come, in any order, some of them twice."""
        self.chance.shuffle(self.kept)
        count = int(len(self.kept) * share + 0.5)
        coming, self.kept = self.kept[:count], self.kept[count:]
        for url, fields in coming:
            for _ in range(2 if self.chance.random() < DOUBLED else 1):
                await self.calls.twilio.post(url, fields)

    # --- what may happen -----------------------------------------------------------------------------------------

    async def listen(self) -> None:
        role = self.chance.choice(("listen", "whisper", "barge"))
        await self.tell(cmd.JoinAs, agent=2, conv=self.conv, role=role, reason="coaching")

    async def consult(self) -> None:
        await self.tell(cmd.Consult, agent=1, conv=self.conv, to_agent=2)
        await self.tell(cmd.JoinConsult, agent=2, conv=self.conv)

    async def complete(self) -> None:
        await self.tell(cmd.CompleteConsult, agent=1, conv=self.conv, to_agent=2)

    async def leave(self) -> None:
        await self.tell(cmd.LeaveParty, agent=2, conv=self.conv)

    async def ask_outside(self) -> None:
        contact, role = self.chance.choice(("partner", "taxi")), self.chance.choice(("consult", "transfer"))
        await self.tell(cmd.AskOutside, agent=1, conv=self.conv, contact=contact, role=role)

    async def complete_outside(self) -> None:
        await self.tell(cmd.CompleteOutside, agent=1, conv=self.conv)

    async def hold(self) -> None:
        await self.tell(cmd.HoldLine, agent=1, conv=self.conv, on=self.chance.random() < 0.5)

    async def answer(self) -> None:
        """Whoever rings lifts, and presses the key; or is busy."""
        for leg in [each for each in self.calls.legs.values() if each.status in {"ringing", "queued"}]:
            leg.keys.put_nowait("1")
            leg.answered.set()

    async def hang_up(self) -> None:
        """Anybody but the customer goes."""
        others = [leg for leg in self.calls.legs.values() if not leg.ended and leg is not self.customer]
        if others:
            await self.calls.hang_up(self.chance.choice(others))


DEEDS = (
    *(Course.listen, Course.consult, Course.complete, Course.leave, Course.ask_outside, Course.ask_outside),
    *(Course.complete_outside, Course.hold, Course.answer, Course.answer, Course.answer, Course.hang_up),
)


@pytest.fixture
async def calls() -> AsyncIterator[Calls]:
    async with exchanging() as made:
        yield made


@pytest.fixture
async def house(tmp_path: Path, calls: Calls) -> AsyncIterator[NodeHouse]:
    async with telephoned(tmp_path, calls, config=RULES, reconcile_s=3_600) as made:
        yield made


def reconciler(house: NodeHouse) -> Missed:
    channel = house.served.board.channels["phone"]
    assert isinstance(channel, Phone)
    assert channel._rest is not None, "configured"
    assert channel._hands is not None, "configured"
    return Missed(channel._rest, channel._hands, numbers=(OURS,))


async def course(house: NodeHouse, calls: Calls, *, seed: int, number: int) -> Course:
    """A customer calls, and talks to the agent; from now on callbacks are kept back."""
    for agent in (1, 2):
        presence = "available"
        await house.made(cmd.SetPresence(id=f"p{number}-{agent}", agent=agent, presence=presence))
    customer = calls.call(f"{PAGES}/voice", theirs=f"+42060000{number:04d}", ours=OURS)
    state = house.served.floor.state
    made = Course(house, calls, random.Random(seed), number, customer)
    await house.until(lambda: (conv := made.inside()) is not None and conv.offer is not None, "offered")
    offer = state.convs[number].offer
    assert offer is not None
    await house.made(cmd.Accept(id=f"a{number}", agent=offer.agent, conv=number, offer=offer.id))
    await house.until(lambda: any("customer" in room for room in calls.together()), "together")
    calls._callback = lambda url, fields: made.kept.append((url, fields)) if url else None  # type: ignore[method-assign]
    return made


def is_nobodys(made: Course) -> bool:
    """Whether nobody has a call that is over: it has left, or its owner knows that there is nobody any more."""
    conv = made.inside()
    return conv is None or (conv.state == "active" and conv.gone and conv.outside is None)


def left(calls: Calls) -> list[str]:
    """Who is still on the telephone."""
    return [f"{leg.sid[-2:]} {leg.theirs} {leg.status}" for leg in calls.legs.values() if not leg.ended]


async def test_a_call_that_is_over_is_nobodys_however_its_end_is_told(house: NodeHouse, calls: Calls) -> None:
    calls.answers |= {"client:agent_1": "answer", "client:agent_2": "answer"}
    for agent in (1, 2):
        await house.agent(agent, "phone")
    missed = reconciler(house)
    await missed.round()
    for number in range(1, ROUNDS + 1):
        made = await course(house, calls, seed=SEED * 1_000 + number, number=number)
        calls.answers |= {each: made.chance.choice(("answer", "busy", "ring")) for each in (PARTNER, TAXI)}
        for _ in range(STEPS):
            await made.chance.choice(DEEDS)(made)
            await made.deliver(made.chance.choice((0.0, 0.3, 0.6)))
        await calls.hang_up(made.customer)
        made.kept = [each for each in made.kept if made.chance.random() >= LOST]
        await made.deliver(1.0)
        await missed.round()
        await made.deliver(1.0)
        await house.until(lambda: is_nobodys(made), f"nobody's, in round {number} of seed {SEED}")  # noqa: B023
        conv = made.inside()
        if conv is not None:
            await house.made(cmd.Close(id=f"c{number}", agent=conv.owner, conv=number, disposition="done"))
        await house.until(lambda: made.inside() is None, "closed")  # noqa: B023
        await house.until(lambda: not left(calls), f"no leg is left: {left(calls)}")
        del calls._callback


async def test_an_agent_whose_leg_ends_without_a_word_is_found_by_the_list(house: NodeHouse, calls: Calls) -> None:
    calls.answers["client:agent_1"] = "answer"
    await house.agent(1, "phone")
    missed = reconciler(house)
    await missed.round()
    state = house.served.floor.state
    customer = calls.call(f"{PAGES}/voice", theirs="+420600000001", ours=OURS)
    await house.until(lambda: 1 in state.convs and state.convs[1].offer is not None, "offered")
    offer = state.convs[1].offer
    assert offer is not None
    await house.made(cmd.Accept(id="a", agent=1, conv=1, offer=offer.id))
    await house.until(lambda: calls.together() == [{"customer", "agent_1"}], "together")
    calls.lost |= {"talk", "agent-status"}
    await calls.hang_up(next(leg for leg in calls.legs.values() if leg.theirs == "client:agent_1"))
    await missed.round()
    await house.until(lambda: state.convs[1].leg_lost_ms > 0, "the owner's line is missed")
    calls.lost.clear()
    await calls.hang_up(customer)
    await house.until(lambda: 1 not in state.convs, "the customer hangs up, and the queue wraps nothing up")
