"""A long random schedule from a seed: every command, weighted as a busy floor has them. No test lives here."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from router.core import commands as cmd
from router.core.answers import Answered
from router.core.bundle import HOUR_MS
from router.core.lifecycle import ACTIVE, DEFERRED, HELD, OFFERED, WAITING, WRAP_UP
from router.core.state import Conv
from tests.core.world import CAPACITIES, LINES, PEOPLE, World, settle

# Lines of outside parties, on which no customer writes.
OUTSIDE_LINES = (91, 92)
OPEN = (WAITING, HELD, OFFERED, ACTIVE, WRAP_UP, DEFERRED)
QUEUES = ("general", "billing", "night")
PAUSES_MS = (1, 1_000, 1_000, 5_000, 5_000, 20_000, 60_000, 600_000, 2 * HOUR_MS, 14 * HOUR_MS)


@dataclass(slots=True)
class Walk:
    """Walks a world by chance; `chance` is seeded by the caller."""

    world: World
    chance: random.Random

    def run(self, steps: int) -> dict[str, int]:
        """Take so many steps; return how often each kind came to what."""
        came: dict[str, int] = {}
        ways = list(WAYS)
        for _ in range(steps):
            way = self.chance.choices(ways, weights=[WAYS[each] for each in ways])[0]
            answer = way(self)
            if answer is not None:
                key = f"{way.__name__}: {settle(answer)}"
                came[key] = came.get(key, 0) + 1
        return came

    def _conv(self, *states: str) -> Conv | None:
        convs = [conv for conv in self.world.state.convs.values() if conv.state in states]
        return self.chance.choice(convs) if convs else None

    def arrive(self) -> Answered:
        return self.world.arrive(
            self.chance.choice(LINES),
            blind=self.chance.random() < 0.1,
            quiet=self.chance.random() < 0.1,
            channel=self.chance.choice(self.world.channels),
            topics=self.chance.choice(((), ("bill",))),
            segment=self.chance.choice(("", "", "vip")),
        )

    def leave(self) -> Answered:
        return self.world.tell(cmd.LeaveLine(id=self.world.id(), line=self.chance.choice(LINES)))

    def sign_in(self) -> Answered:
        abilities, capacity = self.chance.choice(self.world.skills), self.chance.choice(CAPACITIES)
        agent = self.chance.choice(PEOPLE)
        until_ms = self.chance.choice((0, 0, self.world.at + 600_000))
        return self.world.tell(
            cmd.SignIn(id=self.world.id(), agent=agent, abilities=abilities, capacity=capacity, until_ms=until_ms)
        )

    def sign_out(self) -> Answered:
        forced = self.chance.random() < 0.5
        return self.world.tell(cmd.SignOut(id=self.world.id(), agent=self.chance.choice(PEOPLE), forced=forced))

    def set_presence(self) -> Answered:
        presence = self.chance.choice(("available", "available", "available", "break", "letters"))
        when = self.chance.choice(("now", "after_current"))
        agent, abilities = self.chance.choice(PEOPLE), self.chance.choice(self.world.skills)
        return self.world.tell(
            cmd.SetPresence(id=self.world.id(), agent=agent, presence=presence, when=when, abilities=abilities)
        )

    def move_desk(self) -> Answered:
        command = self.chance.choice((cmd.AttachDesk, cmd.AttachDesk, cmd.DetachDesk))
        node, desk = self.chance.choice(("n1", "n2")), self.chance.choice(("d1", "d2"))
        return self.world.tell(command(id=self.world.id(), agent=self.chance.choice(PEOPLE), node=node, desk=desk))

    def lose_node(self) -> Answered:
        return self.world.tell(cmd.NodeLost(id=self.world.id(), node=self.chance.choice(("n1", "n2"))))

    def accept(self) -> Answered | None:
        conv = self._conv(OFFERED)
        if conv is None or conv.offer is None:
            return None
        agent = self.chance.choice(conv.offer.agents)
        return self.world.tell(cmd.Accept(id=self.world.id(), agent=agent, conv=conv.id, offer=conv.offer.id))

    def take(self) -> Answered | None:
        conv, agent = self._conv(WAITING), self.chance.choice(PEOPLE)
        if conv is None:
            return None
        return self.world.tell(cmd.Take(id=self.world.id(), agent=agent, conv=conv.id))

    def decline(self) -> Answered | None:
        conv = self._conv(OFFERED)
        if conv is None or conv.offer is None:
            return None
        agent = self.chance.choice(conv.offer.agents)
        return self.world.tell(cmd.Decline(id=self.world.id(), agent=agent, conv=conv.id, offer=conv.offer.id))

    def reply(self) -> Answered | None:
        conv = self._conv(ACTIVE)
        if conv is None:
            return None
        line = self.chance.choice((0, 0, 0, *LINES))
        then = self.chance.choice(("stay", "stay", "park", "close"))
        return self.world.tell(
            cmd.Reply(id=self.world.id(), agent=conv.owner, conv=conv.id, message=7, line=line, then=then)
        )

    def hold_line(self) -> Answered | None:
        conv = self._conv(ACTIVE)
        if conv is None:
            return None
        on = self.chance.random() < 0.5
        return self.world.tell(cmd.HoldLine(id=self.world.id(), agent=conv.owner, conv=conv.id, on=on))

    def transfer(self) -> Answered | None:
        conv = self._conv(ACTIVE)
        if conv is None:
            return None
        queue = self.chance.choice(("", "", *QUEUES))
        to_agent = 0 if queue else self.chance.choice(PEOPLE)
        skills = (("thai", 1),) if queue and self.chance.random() < 0.2 else ()
        return self.world.tell(
            cmd.Transfer(
                id=self.world.id(), agent=conv.owner, conv=conv.id, queue=queue, to_agent=to_agent, skills=skills
            )
        )

    def park(self) -> Answered | None:
        conv = self._conv(ACTIVE)
        if conv is None:
            return None
        until_ms = self.chance.choice((0, self.world.at + 60_000, self.world.at + HOUR_MS))
        return self.world.tell(cmd.Park(id=self.world.id(), agent=conv.owner, conv=conv.id, until_ms=until_ms))

    def close(self) -> Answered | None:
        conv = self._conv(ACTIVE)
        if conv is None:
            return None
        disposition = self.chance.choice(("", "solved"))
        return self.world.tell(cmd.Close(id=self.world.id(), agent=conv.owner, conv=conv.id, disposition=disposition))

    def finish_wrap_up(self) -> Answered | None:
        conv = self._conv(WRAP_UP)
        if conv is None:
            return None
        return self.world.tell(
            cmd.FinishWrapUp(id=self.world.id(), agent=conv.owner, conv=conv.id, disposition="solved")
        )

    def note(self) -> Answered:
        conv = self.chance.randrange(self.world.state.next_conv)
        return self.world.tell(cmd.Note(id=self.world.id(), agent=1, conv=conv, message=8))

    def report_delivery(self) -> Answered:
        conv = self.chance.randrange(self.world.state.next_conv)
        status = self.chance.choice(("sent", "failed"))
        record = self.world.record(conv)
        return self.world.tell(
            cmd.ReportDelivery(id=self.world.id(), conv=conv, message=1, status=status, record=record)
        )

    def rate(self) -> Answered:
        conv = self.chance.randrange(self.world.state.next_conv + 1)
        if self.chance.random() < 0.2:
            return self.world.tell(cmd.SendCopy(id=self.world.id(), conv=conv, of=1, line=self.chance.randint(0, 9)))
        return self.world.tell(cmd.Rate(id=self.world.id(), conv=conv, score=self.chance.randint(0, 6)))

    def report_party(self) -> Answered:
        conv, line = self._conv(ACTIVE), self.chance.choice(LINES)
        party, joined = "customer", self.chance.random() < 0.5
        if conv is not None and self.chance.random() < 0.7:
            line, party, joined = conv.line, f"agent:{conv.owner}", self.chance.random() < 0.3
        return self.world.tell(cmd.ReportParty(id=self.world.id(), line=line, party=party, joined=joined))

    def set_aside(self) -> Answered:
        command = self.world.id()
        return self.world.tell(cmd.SetAside(id=command, message=int(command[1:]) + 1_000_000, reason="bounce"))

    def order_closure(self) -> Answered:
        until_ms = self.chance.choice((0, 0, self.world.at + 60_000, self.world.at + 12 * HOUR_MS))
        return self.world.tell(
            cmd.OrderClosure(
                id=self.world.id(), queue=self.chance.choice(QUEUES), until_ms=until_ms, by=9, reason="drill"
            )
        )

    def assign(self) -> Answered | None:
        conv = self._conv(*OPEN)
        if conv is None:
            return None
        agent, forced = self.chance.choice(PEOPLE), self.chance.random() < 0.3
        return self.world.tell(
            cmd.Assign(id=self.world.id(), conv=conv.id, to_agent=agent, by=9, reason="asked", forced=forced)
        )

    def take_over(self) -> Answered | None:
        conv = self._conv(*OPEN)
        if conv is None:
            return None
        by = self.chance.choice(PEOPLE)
        return self.world.tell(cmd.TakeOver(id=self.world.id(), conv=conv.id, by=by, reason="asked"))

    def move(self) -> Answered | None:
        conv = self._conv(*OPEN)
        if conv is None:
            return None
        queue = self.chance.choice(QUEUES)
        skills = self.chance.choice(((), (), (("thai", 1),)))
        return self.world.tell(
            cmd.Move(id=self.world.id(), conv=conv.id, queue=queue, by=9, reason="asked", skills=skills)
        )

    def reprioritise(self) -> Answered | None:
        conv = self._conv(*OPEN)
        if conv is None:
            return None
        priority = self.chance.choice((0, 1, 5))
        return self.world.tell(
            cmd.Reprioritise(id=self.world.id(), conv=conv.id, priority=priority, by=9, reason="asked")
        )

    def withdraw_offer(self) -> Answered | None:
        conv = self._conv(*OPEN)
        if conv is None:
            return None
        return self.world.tell(cmd.WithdrawOffer(id=self.world.id(), conv=conv.id, by=9, reason="asked"))

    def end(self) -> Answered | None:
        """Rarely: what is ended is lost to the rest of the walk."""
        conv = self._conv(*OPEN) if self.chance.random() < 0.3 else None
        if conv is None:
            return None
        return self.world.tell(cmd.End(id=self.world.id(), conv=conv.id, by=9, reason="asked"))

    def recall(self) -> Answered | None:
        record = self.world.record(self.chance.randrange(self.world.state.next_conv))
        if record is None:
            return None
        to_queue = self.chance.random() < 0.5
        return self.world.tell(cmd.Recall(id=self.world.id(), record=record, by=9, reason="asked", to_queue=to_queue))

    def consult(self) -> Answered | None:
        """The owner's part in it: ask, let go, hand over."""
        conv = self._conv(ACTIVE)
        if conv is None:
            return None
        named, command = self.chance.choice(PEOPLE), self.world.id()
        if conv.participants and self.chance.random() < 0.5:
            to_agent = self.chance.choice(sorted(conv.participants))
            kind = self.chance.choice((cmd.CancelConsult, cmd.CompleteConsult))
            return self.world.tell(kind(id=command, agent=conv.owner, conv=conv.id, to_agent=to_agent))
        queue = self.chance.choice(("", *QUEUES))
        to_agent = 0 if queue else named
        return self.world.tell(cmd.Consult(id=command, agent=conv.owner, conv=conv.id, to_agent=to_agent, queue=queue))

    def take_part(self) -> Answered | None:
        """The others' part in it: join, leave, listen."""
        conv = self._conv(ACTIVE)
        if conv is None:
            return None
        agent, command = self.chance.choice((*(conv.participants or ()), *PEOPLE)), self.world.id()
        kind = self.chance.choice((cmd.JoinConsult, cmd.JoinConsult, cmd.LeaveParty, cmd.JoinAs))
        if kind is cmd.JoinAs:
            role = self.chance.choice(("listen", "whisper", "barge"))
            return self.world.tell(cmd.JoinAs(id=command, agent=agent, conv=conv.id, role=role, reason="coaching"))
        return self.world.tell(kind(id=command, agent=agent, conv=conv.id))

    def ask_outside(self) -> Answered | None:
        """The owner's part in it: ask by telephone or mail, let go, hand over."""
        conv = self._conv(ACTIVE)
        if conv is None:
            return None
        command, agent = self.world.id(), conv.owner
        if conv.outside is not None and self.chance.random() < 0.5:
            kind = self.chance.choice((cmd.LetOutsideGo, cmd.CompleteOutside))
            return self.world.tell(kind(id=command, agent=agent, conv=conv.id))
        mail = self.chance.choice(({}, {}, {"message": 9, "line": self.chance.choice(OUTSIDE_LINES)}))
        contact, role = self.chance.choice(("acme", "away")), self.chance.choice(("consult", "transfer"))
        return self.world.tell(
            cmd.AskOutside(id=command, agent=agent, conv=conv.id, contact=contact, role=role, **mail)
        )

    def report_outside(self) -> Answered | None:
        """The line tells of an outside party, or they write."""
        convs = [conv for conv in self.world.state.convs.values() if conv.outside is not None]
        if not convs:
            return self.world.arrive(self.chance.choice(OUTSIDE_LINES), channel="email")
        conv = self.chance.choice(convs)
        assert conv.outside is not None, "chosen for it"
        party, joined = f"outside:{conv.outside.contact}", self.chance.random() < 0.6
        return self.world.tell(cmd.ReportParty(id=self.world.id(), line=conv.line, party=party, joined=joined))

    def order(self) -> Answered | None:
        """One of a supervisor's orders."""
        return self.chance.choice(ORDERS)(self)

    def idle(self) -> Answered:
        """A desk that nobody touches, or somebody does again."""
        agent, presence = self.chance.choice(PEOPLE), self.chance.choice(("untouched", "untouched", "available"))
        return self.world.tell(cmd.SetPresence(id=self.world.id(), agent=agent, presence=presence, idle=True))

    def order_presence(self) -> Answered:
        agent, presence = self.chance.choice(PEOPLE), self.chance.choice(("available", "break"))
        return self.world.tell(
            cmd.SetPresence(id=self.world.id(), agent=agent, presence=presence, by=9, reason="asked")
        )

    def order_emergency(self) -> Answered:
        until_ms = self.chance.choice((0, 0, 0, self.world.at + 60_000, self.world.at + 12 * HOUR_MS))
        return self.world.tell(
            cmd.OrderEmergency(id=self.world.id(), until_ms=until_ms, notice="fire", by=9, reason="drill")
        )

    def call_back(self) -> Answered | None:
        conv = self._conv(WAITING, HELD, OFFERED, ACTIVE, DEFERRED)
        if conv is None:
            return None
        at_ms = self.chance.choice((0, 0, 0, self.world.at + 60_000, self.world.at + HOUR_MS))
        channel = self.chance.choice(("", "", "chat", "email"))
        to_line = self.chance.choice((0, *LINES)) if channel else 0
        return self.world.tell(
            cmd.RequestCallback(
                id=self.world.id(), conv=conv.id, to_line=to_line, channel=channel, at_ms=at_ms, by=conv.owner
            )
        )

    def ring_back(self) -> Answered | None:
        """The customer who is called answers, or does not: the line says so, or the agent."""
        called = [conv for conv in self.world.state.convs.values() if conv.relief and conv.relief.callback]
        if not called:
            return None
        conv = self.chance.choice(called)
        if self.chance.random() < 0.3:
            return self.world.tell(cmd.ReportParty(id=self.world.id(), line=conv.line, party="customer", joined=True))
        if self.chance.random() < 0.5:
            return self.world.tell(cmd.LeaveLine(id=self.world.id(), line=conv.line, why="no-answer"))
        return self.world.tell(cmd.FailCallback(id=self.world.id(), agent=conv.owner, conv=conv.id))

    def apply(self) -> Answered:
        return self.world.apply(self.chance.choice(sorted(self.world.configurations)))

    def wait(self) -> None:
        self.world.wait(self.chance.choice(PAUSES_MS), at_once=self.chance.random() < 0.3)

    def lose_lead(self) -> None:
        self.world.gap(self.chance.choice((0, 3_000, 120_000, HOUR_MS)))

    def restore(self) -> None:
        if self.world.judged:
            self.world.restore()

    def repeat(self) -> None:
        self.world.again(self.chance.randrange(len(self.world.sent)))


ORDERS = (
    *(Walk.assign, Walk.assign, Walk.take_over, Walk.move, Walk.reprioritise),
    *(Walk.withdraw_offer, Walk.end, Walk.recall, Walk.order_presence),
)

WAYS: dict[Callable[[Walk], Answered | None], int] = {
    Walk.arrive: 30,
    Walk.accept: 18,
    Walk.reply: 12,
    Walk.wait: 14,
    Walk.set_presence: 8,
    Walk.idle: 2,
    Walk.sign_in: 6,
    Walk.close: 6,
    Walk.decline: 5,
    Walk.take: 4,
    Walk.finish_wrap_up: 4,
    Walk.transfer: 4,
    Walk.park: 4,
    Walk.leave: 4,
    Walk.move_desk: 4,
    Walk.report_delivery: 3,
    Walk.rate: 1,
    Walk.repeat: 3,
    Walk.restore: 2,
    Walk.hold_line: 1,
    Walk.note: 1,
    Walk.report_party: 2,
    Walk.consult: 4,
    Walk.take_part: 4,
    Walk.ask_outside: 4,
    Walk.report_outside: 3,
    Walk.set_aside: 1,
    Walk.sign_out: 1,
    Walk.lose_node: 1,
    Walk.order_closure: 1,
    Walk.order_emergency: 1,
    Walk.call_back: 4,
    Walk.ring_back: 2,
    Walk.order: 4,
    Walk.apply: 1,
    Walk.lose_lead: 1,
}
