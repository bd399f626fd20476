"""Random floors of the real core, seed by seed: `verify` has nothing to say about them, and its fold agrees."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from router.core import commands as cmd
from router.core.bundle import HOUR_MS
from router.core.lifecycle import ACTIVE, OFFERED, WRAP_UP
from router.verify.findings import Report
from router.verify.invariants import Invariants
from tests.core.world import CAPACITIES, LINES, PEOPLE, SKILLS, World

STEPS = 400


class Chance:
    """Says random commands to a floor."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.world = World(judged=False)
        self.world.begin()

    def pick(self, state: str) -> tuple[int, int, int]:
        """Return (conversation, its agent, its offer) of one in a state; zeros when there is none."""
        convs = [conv for conv in self.world.state.convs.values() if conv.state == state]
        if not convs:
            return 0, 0, 0
        conv = self.dice.choice(convs)
        return conv.id, conv.offer.agent if conv.offer else conv.owner, conv.offer.id if conv.offer else 0

    def step(self) -> None:
        self.dice.choice(STORY)(self)

    def arrive(self) -> None:
        dice = self.dice
        self.world.arrive(
            dice.choice(LINES),
            quiet=dice.random() < 0.1,
            channel=dice.choice(("chat", "email")),
            topics=("bill",) if dice.random() < 0.3 else (),
            segment="vip" if dice.random() < 0.2 else "",
        )

    def leave(self) -> None:
        self.world.tell(cmd.LeaveLine(id=self.world.id(), line=self.dice.choice(LINES)))

    def sign_in(self) -> None:
        abilities, capacity = self.dice.choice(SKILLS), self.dice.choice(CAPACITIES)
        agent = self.dice.choice(PEOPLE)
        self.world.tell(cmd.SignIn(id=self.world.id(), agent=agent, abilities=abilities, capacity=capacity))
        self.world.tell(cmd.AttachDesk(id=self.world.id(), agent=agent, node="n1", desk="d1"))

    def sign_out(self) -> None:
        self.world.tell(
            cmd.SignOut(id=self.world.id(), agent=self.dice.choice(PEOPLE), forced=self.dice.random() < 0.5)
        )

    def lose_desk(self) -> None:
        self.world.tell(cmd.DetachDesk(id=self.world.id(), agent=self.dice.choice(PEOPLE), node="n1", desk="d1"))

    def presence(self) -> None:
        presence = self.dice.choice(("available", "available", "break"))
        self.world.tell(cmd.SetPresence(id=self.world.id(), agent=self.dice.choice(PEOPLE), presence=presence))

    def accept(self) -> None:
        conv, agent, offer = self.pick(OFFERED)
        self.world.tell(cmd.Accept(id=self.world.id(), agent=agent, conv=conv, offer=offer))

    def decline(self) -> None:
        conv, agent, offer = self.pick(OFFERED)
        self.world.tell(cmd.Decline(id=self.world.id(), agent=agent, conv=conv, offer=offer))

    def reply(self) -> None:
        conv, agent, _ = self.pick(ACTIVE)
        line, then = self.dice.choice((0, 0, *LINES)), self.dice.choice(("stay", "park", "close"))
        self.world.tell(cmd.Reply(id=self.world.id(), agent=agent, conv=conv, message=7, line=line, then=then))

    def hand_over(self) -> None:
        conv, agent, _ = self.pick(ACTIVE)
        to_agent = self.dice.choice(PEOPLE)
        self.world.tell(cmd.Transfer(id=self.world.id(), agent=agent, conv=conv, to_agent=to_agent))

    def transfer(self) -> None:
        conv, agent, _ = self.pick(ACTIVE)
        queue = self.dice.choice(("general", "billing", "night"))
        self.world.tell(cmd.Transfer(id=self.world.id(), agent=agent, conv=conv, queue=queue))

    def park(self) -> None:
        conv, agent, _ = self.pick(ACTIVE)
        until_ms = self.dice.choice((0, self.world.at + 60_000, self.world.at + HOUR_MS))
        self.world.tell(cmd.Park(id=self.world.id(), agent=agent, conv=conv, until_ms=until_ms))

    def finish(self) -> None:
        conv, agent, _ = self.pick(WRAP_UP)
        self.world.tell(cmd.FinishWrapUp(id=self.world.id(), agent=agent, conv=conv, disposition="solved"))

    def close_queue(self) -> None:
        queue = self.dice.choice(("general", "billing", "night"))
        until_ms = self.dice.choice((0, self.world.at + 60_000, self.world.at + 12 * HOUR_MS))
        self.world.tell(cmd.OrderClosure(id=self.world.id(), queue=queue, until_ms=until_ms, by=9, reason="drill"))

    def configure(self) -> None:
        self.world.apply(self.dice.choice(("plain", "skilled", "dropped", "closing")))

    def nobody_leads(self) -> None:
        self.world.gap(self.dice.choice((0, 3_000, 120_000, HOUR_MS)))
        self.world.tick()

    def report_delivery(self) -> None:
        conv = self.dice.randrange(self.world.state.next_conv)
        status, record = self.dice.choice(("failed", "delivered")), self.world.record(conv)
        self.world.tell(cmd.ReportDelivery(id=self.world.id(), conv=conv, message=1, status=status, record=record))

    def wait(self) -> None:
        self.world.wait(self.dice.choice((1, 5_000, 20_000, 30_000, 60_000, 600_000, 2 * HOUR_MS)))


STORY: list[Callable[[Chance], None]] = [
    *[Chance.arrive] * 4,
    *[Chance.accept] * 3,
    *[Chance.sign_in] * 2,
    *[Chance.wait] * 2,
    Chance.leave,
    Chance.sign_out,
    Chance.lose_desk,
    Chance.presence,
    Chance.decline,
    Chance.reply,
    Chance.hand_over,
    Chance.transfer,
    Chance.park,
    Chance.finish,
    Chance.close_queue,
    Chance.configure,
    Chance.nobody_leads,
    Chance.report_delivery,
]


@pytest.mark.parametrize("seed", range(25))
def test_the_real_core_breaks_no_promise(seed: int) -> None:
    chance = Chance(seed)
    for _ in range(STEPS):
        chance.step()
    report = Report(site="main", findings=[])
    walked = Invariants(report)
    for entry in chance.world.entries:
        walked.entry(entry)
    assert [finding.sentence for finding in report.findings] == []
    state = chance.world.state
    for number, conv in state.convs.items():
        mine = walked.fold.convs[number]
        told = (mine.state, mine.owner, mine.queue, mine.due_ms, mine.key_ms)
        assert told == (conv.state, conv.owner, conv.queue, conv.due_ms, conv.key_ms)
    assert {number: agent.used for number, agent in walked.fold.agents.items()} == {
        number: agent.used for number, agent in state.agents.items()
    }
