"""One floor through a simulated year: customers, agents, supervisors and ops under a virtual clock, all from a seed.

It drives the engine as a node does: what is due first, then what waits; the node's own alarm clock reads ahead ten
minutes of what is parked. Nothing here is kept for longer than a floor's people would remember it.
"""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from typing import Any

from bench.year_plan import (
    CHANNEL_SHARES,
    HANDLE_MS,
    LANGUAGES,
    LIVE,
    PRODUCTS,
    START_MS,
    TOPICS,
    Worker,
    bundle_of,
    new_abilities,
    rates,
    staff,
)
from bench.year_store import HandClock, Rows, alarm_clock, done
from router.core import commands as cmd
from router.core import events as ev
from router.core.answers import Answered, LookAgain, Made, Refused
from router.core.bundle import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from router.core.engine import Engine
from router.core.facts import Facts
from router.core.lifecycle import ACTIVE, HELD, OFFERED, WAITING, WRAP_UP

ALARM_MS = 30 * SECOND_MS
LEAD_GAP_MS = 20 * SECOND_MS
LINES_KNOWN = 10_000
SIGN_OUT_TRIES = 15
WEEK_HOURS = 7 * 24
Act = Callable[..., None]


class Year:
    """The floor and everybody around it. `entries` lets time pass and yields what is decided."""

    def __init__(self, seed: int = 7) -> None:
        self.clock = HandClock(START_MS)
        self.engine = Engine()
        self.rows = Rows()
        self.came: Counter[str] = Counter()
        self.wakes = alarm_clock(self.rows, self.clock, bundle=lambda: self.engine.state.bundle, submit=self.tell)
        self._chance = random.Random(seed)
        self._staff = {worker.id: worker for worker in staff()}
        self._lines: deque[tuple[int, str]] = deque(maxlen=LINES_KNOWN)
        self._heap: list[tuple[int, int, Act, tuple[Any, ...]]] = []
        self._out: list[ev.Entry] = []
        self._count = 0
        self._message = 0
        self._alarm_ms = START_MS
        self._epoch = 0
        self._begin()

    @property
    def at(self) -> int:
        return self.clock.at

    def entries(self, until_ms: int) -> Iterator[ev.Entry]:
        """Let time pass until then."""
        while True:
            times = [self._alarm_ms, self._heap[0][0], self.engine.next_due_ms() or until_ms]
            if min(times) >= until_ms:
                break
            self.clock.at = max(self.clock.at, min(times))
            self._step()
            yield from self._out
            self._out.clear()
        self.clock.at = until_ms

    def _step(self) -> None:
        if 0 < self.engine.next_due_ms() <= self.at:
            entry = self.engine.tick(self.at)
            if entry is not None:
                self._heard(entry)
        if self._alarm_ms <= self.at:
            done(self.wakes.turn())
            self._alarm_ms = self.at + ALARM_MS
        while self._heap[0][0] <= self.at:
            _, _, act, arguments = heappop(self._heap)
            act(*arguments)

    def _begin(self) -> None:
        self._lead(gap_ms=0)
        self._configure(0)
        self._day(0)
        self._arrival()

    # --- telling and hearing ------------------------------------------------------------------------------------

    def tell(self, command: cmd.Command) -> Answered:
        """Have a command decided; now and then it comes twice."""
        answer = self.engine.handle(command, self.at)
        assert not isinstance(answer, LookAgain), "every look-up here is of this moment"
        if isinstance(answer, Refused):
            self.came[answer.reason] += 1
        elif answer.entry is not None:
            self._heard(answer.entry)
            if self._chance.random() < 0.01:
                assert self.engine.handle(command, self.at) == Made(answer.position, None), "decided twice"
        return answer

    def _heard(self, entry: ev.Entry) -> None:
        self._out.append(entry)
        for event in entry.events:
            self.rows.follow(entry.at, event)
            react = _REACTIONS.get(type(event))
            if react is not None:
                react(self, event)

    def _id(self) -> str:
        self._count += 1
        return f"{self._count:x}"

    def _next_message(self) -> int:
        self._message += 1
        return self._message

    def _later(self, ms: float, act: Act, *arguments: Any) -> None:
        self._count += 1
        heappush(self._heap, (self.at + int(ms), self._count, act, arguments))

    def _about(self, ms: float) -> float:
        return self._chance.expovariate(1 / ms)

    # --- ops, supervisors, days ---------------------------------------------------------------------------------

    def _lead(self, *, gap_ms: int) -> None:
        self._epoch += 1
        self.tell(cmd.TakeLead(id=f"lead:{self._epoch}", epoch=self._epoch, gap_ms=gap_ms, release="year"))
        for agent in sorted(self.engine.state.agents):
            self._later(self._chance.randint(1, 15) * SECOND_MS, self._attach, agent)

    def _configure(self, day: int) -> None:
        self.tell(cmd.ApplyConfig(id=f"config:{day}", hash=f"day{day}", bundle=bundle_of(day)))
        # What the floor does after each commit: the bundle before is let go of.
        self.engine.bundles = {name: kept for name, kept in self.engine.bundles.items() if name == f"day{day}"}

    def _day(self, day: int) -> None:
        """Plan a day: shifts, hours extended at three in the morning, now and then a closure or a new leader."""
        for worker in self._staff.values():
            if day % 7 in worker.days:
                self._shift(worker)
        if day:
            self._later(3 * HOUR_MS, self._configure, day)
        if day % 7 == 2:
            self._later(11 * HOUR_MS + LEAD_GAP_MS, lambda: self._lead(gap_ms=LEAD_GAP_MS))
        if day % 14 == 3:
            self._later(14 * HOUR_MS, self._close_queue)
        self._later(DAY_MS, self._day, day + 1)

    def _close_queue(self) -> None:
        until_ms = self.at + 30 * MINUTE_MS
        self.tell(cmd.OrderClosure(id=self._id(), queue="general", until_ms=until_ms, by=9, reason="drill"))

    def _shift(self, worker: Worker) -> None:
        begin = worker.from_hour * HOUR_MS + self._chance.randint(0, 10) * MINUTE_MS
        end = worker.to_hour * HOUR_MS - self._chance.randint(0, 10) * MINUTE_MS
        self._later(begin, self._sign_in, worker.id)
        lunch = begin + 3 * HOUR_MS + self._chance.randint(0, 90) * MINUTE_MS
        self._later(lunch, self._presence, worker.id, "lunch")
        self._later(lunch + 30 * MINUTE_MS, self._presence, worker.id, "available")
        if self._chance.random() < 0.3:
            lost = self._chance.randint(begin, end - HOUR_MS)
            self._later(lost, self._detach, worker.id)
            self._later(lost + self._chance.choice((20, 20, 300)) * SECOND_MS, self._attach, worker.id)
        self._later(end, self._sign_out, worker.id, 0)

    # --- agents at their desks ------------------------------------------------------------------------------------

    def _sign_in(self, agent: int) -> None:
        abilities = new_abilities(agent, (self.at - START_MS) // DAY_MS // 30 * 30)
        self.tell(cmd.SignIn(id=self._id(), agent=agent, abilities=abilities, capacity=100))
        self._attach(agent)

    def _attach(self, agent: int) -> None:
        if agent in self.engine.state.agents:
            self.tell(cmd.AttachDesk(id=self._id(), agent=agent, node="n1", desk=f"d{agent}"))

    def _detach(self, agent: int) -> None:
        self.tell(cmd.DetachDesk(id=self._id(), agent=agent, node="n1", desk=f"d{agent}"))

    def _presence(self, agent: int, name: str) -> None:
        if agent in self.engine.state.agents:
            self.tell(cmd.SetPresence(id=self._id(), agent=agent, presence=name))

    def _sign_out(self, agent: int, tries: int) -> None:
        known = self.engine.state.agents.get(agent)
        if known is None:
            return
        if known.accepts:
            self._presence(agent, "lunch")
        forced = tries >= SIGN_OUT_TRIES
        answer = self.tell(cmd.SignOut(id=self._id(), agent=agent, forced=forced))
        if isinstance(answer, Refused):
            self._later(MINUTE_MS, self._sign_out, agent, tries + 1)

    def _is_on_shift(self, agent: int) -> bool:
        worker, since_ms = self._staff[agent], self.at - START_MS
        hour = since_ms % DAY_MS / HOUR_MS
        return since_ms // DAY_MS % 7 in worker.days and worker.from_hour <= hour < worker.to_hour - 1

    def _on_presence(self, event: ev.PresenceSet) -> None:
        if event.why == "no_answer" and self._is_on_shift(event.agent):
            self._later(self._about(MINUTE_MS), self._presence, event.agent, "available")

    def _on_signed_out(self, event: ev.SignedOut) -> None:
        if event.why == "desk_lost" and self._is_on_shift(event.agent):
            self._later(2 * MINUTE_MS, self._sign_in, event.agent)

    def _on_offered(self, event: ev.Offered) -> None:
        chance = self._chance.random()
        after_ms = self._chance.randint(1_500, 12_000)
        if chance < 0.9:
            self._later(after_ms, self._accept, event)
        elif chance < 0.96:
            self._later(after_ms, self._decline, event)

    def _accept(self, event: ev.Offered) -> None:
        self.tell(cmd.Accept(id=self._id(), agent=event.agent, conv=event.conv, offer=event.offer))

    def _decline(self, event: ev.Offered) -> None:
        self.tell(cmd.Decline(id=self._id(), agent=event.agent, conv=event.conv, offer=event.offer, reason="busy"))

    def _on_begun(self, event: ev.Accepted | ev.Assigned) -> None:
        conv = self.engine.state.convs.get(event.conv)
        if conv is None:
            return
        handle_ms = self._about(HANDLE_MS[conv.channel])
        self._later(handle_ms, self._handle, conv.id, event.agent)
        if conv.live and self._chance.random() < 0.1:
            self._later(self._chance.random() * handle_ms, self._leave, conv.line)

    def _handle(self, conv_id: int, agent: int) -> None:
        """The owner has come to a point: answer, end, park, pass on, or go on for a while."""
        conv = self.engine.state.convs.get(conv_id)
        if conv is None or conv.state != ACTIVE or conv.owner != agent:
            return
        acts = _ACTS_LIVE if conv.live else _ACTS
        command = self._chance.choices(list(acts), weights=list(acts.values()))[0](self, conv_id, agent)
        answer = self.tell(command)
        if isinstance(answer, Refused) or isinstance(command, cmd.Reply | cmd.Note):
            self._later(self._about(2 * MINUTE_MS), self._handle, conv_id, agent)

    def _solve(self, conv: int, agent: int) -> cmd.Command:
        said = self._next_message()
        return cmd.Reply(id=self._id(), agent=agent, conv=conv, message=said, then="close", disposition="solved")

    def _close(self, conv: int, agent: int) -> cmd.Command:
        return cmd.Close(id=self._id(), agent=agent, conv=conv)

    def _ask_back(self, conv: int, agent: int) -> cmd.Command:
        return cmd.Reply(id=self._id(), agent=agent, conv=conv, message=self._next_message(), then="park")

    def _say(self, conv: int, agent: int) -> cmd.Command:
        return cmd.Reply(id=self._id(), agent=agent, conv=conv, message=self._next_message())

    def _note(self, conv: int, agent: int) -> cmd.Command:
        return cmd.Note(id=self._id(), agent=agent, conv=conv, message=self._next_message())

    def _park(self, conv: int, agent: int) -> cmd.Command:
        until_ms = self.at + self._chance.randint(20 * MINUTE_MS, 5 * DAY_MS)
        return cmd.Park(id=self._id(), agent=agent, conv=conv, until_ms=until_ms)

    def _pass_on(self, conv: int, agent: int) -> cmd.Command:
        if self._chance.random() < 0.3:
            to_agent = self._chance.choice(sorted(self.engine.state.agents))
            return cmd.Transfer(id=self._id(), agent=agent, conv=conv, to_agent=to_agent)
        queue = self._chance.choice(("general", "billing", "night"))
        return cmd.Transfer(id=self._id(), agent=agent, conv=conv, queue=queue)

    def _on_wrap_up(self, event: ev.WrapUpStarted) -> None:
        if self._chance.random() < 0.7:
            self._later(self._chance.randint(5, 40) * SECOND_MS, self._finish, event.conv, event.agent)

    def _finish(self, conv_id: int, agent: int) -> None:
        conv = self.engine.state.convs.get(conv_id)
        if conv is not None and conv.state == WRAP_UP and conv.owner == agent:
            self.tell(cmd.FinishWrapUp(id=self._id(), agent=agent, conv=conv_id, disposition="solved"))

    # --- customers --------------------------------------------------------------------------------------------------

    def _arrival(self) -> None:
        """Somebody writes or calls; one in eight is somebody who did so before."""
        if self._lines and self._chance.random() < 0.12:
            line, channel = self._chance.choice(self._lines)
        else:
            line = self._count + 1
            channel = self._chance.choices(list(CHANNEL_SHARES), weights=list(CHANNEL_SHARES.values()))[0]
            self._lines.append((line, channel))
        if self._chance.random() < 0.01:
            self.tell(cmd.SetAside(id=self._id(), message=self._next_message(), reason="bounce"))
        else:
            self._write(line, self._facts(channel), quiet=channel == "email" and self._chance.random() < 0.03)
        hour = (self.at - START_MS) // HOUR_MS % WEEK_HOURS
        self._later(self._about(1 / rates()[hour]), self._arrival)

    def _facts(self, channel: str) -> Facts:
        topic = self._chance.choice(TOPICS)
        attributes = [("product", f"p{self._chance.randrange(PRODUCTS)}")] if self._chance.random() < 0.5 else []
        if self._chance.random() < 0.1:
            attributes.insert(0, ("order", f"o{self._count}"))
        return Facts(
            channel=channel,
            language=self._chance.choices(LANGUAGES, weights=(70, 15, 15))[0],
            segment=self._chance.choices(("", "vip"), weights=(9, 1))[0],
            topics=(topic,) if topic else (),
            attributes=tuple(attributes),
        )

    def _write(self, line: int, facts: Facts, *, quiet: bool = False) -> None:
        self.tell(
            cmd.Receive(
                id=self._id(),
                message=self._next_message(),
                line=line,
                customer=line,
                channel=facts.channel,
                facts=facts,
                arrived_ms=self.at - self._chance.randint(5, 400),
                seen=self.engine.state.position,
                record=self.rows.on_line(line),
                quiet=quiet,
                no_notice=quiet,
            )
        )

    def _on_received(self, event: ev.Received) -> None:
        if event.opened:
            self.came["conversations"] += 1
            self._later(self._about(8 * MINUTE_MS), self._lose_patience, event.conv)
        elif not event.quiet and self._chance.random() < 0.3:
            self._later(self._about(10 * MINUTE_MS), self._add, event.line)

    def _lose_patience(self, conv_id: int) -> None:
        conv = self.engine.state.convs.get(conv_id)
        if conv is not None and conv.channel in LIVE and conv.state in {WAITING, HELD, OFFERED}:
            self._leave(conv.line)

    def _leave(self, line: int) -> None:
        self.tell(cmd.LeaveLine(id=self._id(), line=line))

    def _add(self, line: int) -> None:
        """Somebody writes once more, if their conversation is still open."""
        conv = self.engine.state.convs.get(self.engine.state.lines.get(line, 0))
        if conv is not None:
            self._write(line, self.engine.state.facts.by_number[conv.facts])

    def _on_parked(self, event: ev.Parked) -> None:
        if event.actor == "customer" and self._chance.random() < 0.6:
            self._later(self._about(20 * HOUR_MS), self._answer, event.conv, event.record.version)

    def _answer(self, conv: int, version: int) -> None:
        record = self.rows.of(conv)
        if record is not None and record.version == version:
            self._write(record.line, record.facts)

    def _on_replied(self, event: ev.Replied) -> None:
        self._later(self._about(5 * SECOND_MS), self._deliver, event.conv, event.message)

    def _deliver(self, conv: int, message: int) -> None:
        status, record = "failed" if self._chance.random() < 0.01 else "delivered", self.rows.of(conv)
        self.tell(cmd.ReportDelivery(id=self._id(), conv=conv, message=message, status=status, record=record))


_ACTS: dict[Callable[[Year, int, int], cmd.Command], int] = {
    Year._solve: 55,
    Year._close: 15,
    Year._ask_back: 12,
    Year._park: 5,
    Year._pass_on: 6,
    Year._say: 4,
    Year._note: 3,
}
_ACTS_LIVE = {**_ACTS, Year._ask_back: 2, Year._park: 1, Year._say: 15}

_REACTIONS: dict[type[ev.Event], Callable[[Year, Any], None]] = {
    ev.Received: Year._on_received,
    ev.Offered: Year._on_offered,
    ev.Accepted: Year._on_begun,
    ev.Assigned: Year._on_begun,
    ev.Replied: Year._on_replied,
    ev.Parked: Year._on_parked,
    ev.WrapUpStarted: Year._on_wrap_up,
    ev.PresenceSet: Year._on_presence,
    ev.SignedOut: Year._on_signed_out,
}
