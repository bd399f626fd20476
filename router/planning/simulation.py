"""One run: customers and agents by chance around the product's own engine, on a virtual clock in whole milliseconds.

The engine decides everything; here people only do what people do: come, lose patience, answer, handle, leave, come
back. Nothing here knows a rule of routing.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any

from router.core import commands as cmd
from router.core import events as ev
from router.core.answers import Made, Refused
from router.core.calendar import is_open, next_change
from router.core.engine import Engine
from router.planning.chance import Customers, Draw, Wishes, draw_of, stream
from router.planning.scenario import START_MS, Group, Scenario
from router.planning.tally import Desk, Outcome, Tally

# Who has come in the watched time is followed to the end of their wait, but for no longer than this part of the run.
DRAIN_PART = 10
# How often a run says how far it is.
SAID_EVERY_STEPS = 20_000

Prepare = Callable[[Engine], None]
Say = Callable[[float], None]
Act = Callable[[int, int], None]
Watch = Callable[[ev.Entry], None]


@dataclass(slots=True)
class Contact:
    """One customer of a run: who they are, what they want, and how far it is."""

    kind: int
    arrived_ms: int
    wishes: Wishes
    counted: bool
    conv: int = 0
    began_ms: int = 0
    desk: int = 0
    over: bool = False


class SimulationError(Exception):
    """The engine refused what a scenario must be able to ask: the sentence says what."""


class Simulation:
    """A run in the making. `prepare` may change a fresh engine before anything happens: benchmarks put policies in.

    `watch`, if somebody sets it, sees every entry of the journal as it is decided.
    """

    def __init__(self, scenario: Scenario, seed: int, prepare: Prepare | None = None) -> None:
        self.scenario, self.seed = scenario, seed
        self.watch: Watch | None = None
        self.engine = Engine()
        if prepare is not None:
            prepare(self.engine)
        self.end_ms = START_MS + scenario.horizon_ms
        self.tally = Tally(scenario, START_MS + scenario.warm_up_ms, self.end_ms)
        self.desks: list[Desk] = [Desk(0, scenario.groups[0])]
        self.contacts: dict[int, Contact] = {}
        self._customers = [Customers(each, seed, START_MS) for each in scenario.classes]
        self._live = [scenario.bundle.channels[each.channel].live for each in scenario.classes]
        self._loads = [scenario.bundle.channels[each.channel].load for each in scenario.classes]
        self._answering: dict[str, Draw] = {
            group.name: draw_of(group.answers_after, stream(seed, group.name, "answer"))
            for group in scenario.groups
            if group.answers_after is not None
        }
        self._agenda: list[tuple[int, int, Act, int]] = []
        self._ringing: deque[ev.Offered] = deque()
        self._of_conv: dict[int, int] = {}
        self._on_lines = 0
        self._unanswered = 0
        self._arrived = 0
        self._count = 0

    # --- the clock ------------------------------------------------------------------------------------------------

    def run(self, say: Say | None = None) -> Outcome:
        """Live through it all and return what was counted."""
        began_s, steps = time.process_time(), 0
        self._open()
        drained_ms = self.end_ms + self.scenario.horizon_ms // DRAIN_PART
        agenda, engine = self._agenda, self.engine
        while agenda:
            at = agenda[0][0]
            if 0 < (due_ms := engine.next_due_ms()) <= at:
                self._tick(due_ms)
                continue
            if at > self.end_ms and (not self._unanswered or at > drained_ms):
                break
            at, _, act, number = heappop(agenda)
            act(at, number)
            steps += 1
            if say is not None and steps % SAID_EVERY_STEPS == 0:
                say(min((at - START_MS) / self.scenario.horizon_ms, 1.0))
        return self._outcome(time.process_time() - began_s)

    def _plan(self, at: int, act: Act, number: int) -> None:
        self._count += 1
        heappush(self._agenda, (at, self._count, act, number))

    def _tick(self, at: int) -> None:
        at = max(at, self.engine.state.at)
        entry = self.engine.tick(at)
        if entry is not None:
            self._follow(entry, at)

    def _tell(self, command: cmd.Command, at: int) -> bool:
        """Have the engine decide; return whether it did, rather than refuse."""
        answer = self.engine.handle(command, at)
        if type(answer) is not Made:
            return False
        if answer.entry is not None:
            self._follow(answer.entry, at)
        return True

    def _must(self, command: cmd.Command, at: int) -> None:
        answer = self.engine.handle(command, at)
        if isinstance(answer, Refused):
            raise SimulationError(f"{type(command).__name__} was refused: {answer.reason}")
        if isinstance(answer, Made) and answer.entry is not None:
            self._follow(answer.entry, at)

    def _id(self) -> str:
        self._count += 1
        return f"s{self._count}"

    def _follow(self, entry: ev.Entry, at: int) -> None:
        """See what was decided; whoever answers at once does so when the decision is over."""
        if self.watch is not None:
            self.watch(entry)
        followers = _FOLLOWERS
        for event in entry.events:
            follower = followers.get(type(event))
            if follower is not None:
                follower(self, at, event)
        while self._ringing:
            rings = self._ringing.popleft()
            self._tell(cmd.Accept(id=self._id(), agent=rings.agent, conv=rings.conv, offer=rings.offer), at)

    # --- the beginning --------------------------------------------------------------------------------------------

    def _open(self) -> None:
        bundle = self.scenario.bundle
        self._must(cmd.TakeLead(id="lead", epoch=1, gap_ms=0, release="simulation"), START_MS)
        self._must(cmd.ApplyConfig(id="config", hash="scenario", bundle=bundle), START_MS)
        for number, group in enumerate(self.scenario.groups):
            for _ in range(group.agents):
                self._sign_in(Desk(len(self.desks), group))
            self._plan_shift(START_MS, number)
        for kind in range(len(self.scenario.classes)):
            self._plan_arrival(kind)

    def _sign_in(self, desk: Desk) -> None:
        group = desk.group
        self.desks.append(desk)
        here = self._works(group, START_MS)
        self._must(
            cmd.SignIn(
                id=self._id(),
                agent=desk.id,
                abilities=group.abilities,
                capacity=group.capacity,
                presence=self._presence(accepts=here),
            ),
            START_MS,
        )

    def _presence(self, *, accepts: bool) -> str:
        """Return the first presence that accepts work, of every channel if there is one; or that accepts none."""
        presences = self.scenario.bundle.presences
        found = [
            (bool(each.channels), name)
            for name, each in presences.items()
            if each.accepts is accepts and not each.idle_ms
        ]
        if not found:
            raise SimulationError(f"no presence in which work is {'accepted' if accepts else 'not accepted'}")
        return min(found)[1]

    def _works(self, group: Group, at: int) -> bool:
        return not group.calendar or is_open(self.scenario.bundle.calendars[group.calendar], at)

    def _plan_shift(self, at: int, number: int) -> None:
        group = self.scenario.groups[number]
        changes_ms = next_change(self.scenario.bundle.calendars[group.calendar], at) if group.calendar else 0
        if changes_ms:
            self._plan(changes_ms, self._change_shift, number)

    def _change_shift(self, at: int, number: int) -> None:
        """A shift begins or ends: who goes takes nothing new and finishes what they have."""
        group = self.scenario.groups[number]
        for desk in self.desks[1:]:
            if desk.group is group:
                self._be(desk, at, accepts=self._works(group, at))
        self._plan_shift(at, number)

    def _be(self, desk: Desk, at: int, *, accepts: bool) -> None:
        presence = self._presence(accepts=accepts)
        self._must(cmd.SetPresence(id=self._id(), agent=desk.id, presence=presence), at)

    def _return(self, at: int, desk: int) -> None:
        """Somebody who did not hear an offer is back, if it is still their shift."""
        if self._works(self.desks[desk].group, at):
            self._be(self.desks[desk], at, accepts=True)

    # --- customers ------------------------------------------------------------------------------------------------

    def _plan_arrival(self, kind: int) -> None:
        at = self._customers[kind].arrivals.next_ms()
        if at:
            self._plan(at, self._arrive, kind)

    def _arrive(self, at: int, kind: int) -> None:
        self._plan_arrival(kind)
        wishes = self._customers[kind].wishes()
        counted = self.tally.from_ms <= at < self.end_ms
        if self.scenario.lines and self._live[kind] and self._on_lines >= self.scenario.lines:
            self.tally.classes[kind].blocked += counted
            return
        self._arrived += 1
        number = self._arrived
        contact = self.contacts[number] = Contact(kind, at, wishes, counted)
        self._on_lines += self._live[kind]
        self._unanswered += counted
        of = self.scenario.classes[kind]
        self._must(
            cmd.Receive(
                id=self._id(),
                message=number,
                line=number,
                customer=number,
                channel=of.channel,
                facts=of.facts,
                arrived_ms=at,
                seen=self.engine.state.position,
            ),
            at,
        )
        if wishes.patience_ms and not contact.began_ms and not contact.over:
            self._plan(at + wishes.patience_ms, self._lose_patience, number)

    def _lose_patience(self, at: int, number: int) -> None:
        contact = self.contacts.get(number)
        if contact is not None and not contact.began_ms:
            self._tell(cmd.LeaveLine(id=self._id(), line=number), at)

    # --- what was decided -----------------------------------------------------------------------------------------

    def see_received(self, at: int, event: ev.Received) -> None:
        del at
        self._of_conv[event.conv] = event.line
        self.contacts[event.line].conv = event.conv

    def see_offered(self, at: int, event: ev.Offered) -> None:
        answering = self._answering.get(self.desks[event.agent].group.name)
        if answering is None:
            self._ringing.append(event)
            return
        after_ms = answering()
        accept = cmd.Accept(id=self._id(), agent=event.agent, conv=event.conv, offer=event.offer)
        self._plan(at + after_ms, lambda then, _: self._answer(accept, then), 0)

    def _answer(self, accept: cmd.Accept, at: int) -> None:
        """Answer; whoever was too slow is told that the offer is gone, and that is all."""
        self._tell(accept, at)

    def see_begun(self, at: int, event: ev.Accepted | ev.Assigned) -> None:
        number = self._of_conv[event.conv]
        contact = self.contacts[number]
        if contact.began_ms:
            return
        desk = self.desks[event.agent]
        desk.at_once += 1
        contact.began_ms, contact.desk = at, desk.id
        if contact.counted:
            self._unanswered -= 1
            self.tally.classes[contact.kind].answer(contact.arrived_ms, at - contact.arrived_ms)
        group, of = desk.group, self.scenario.classes[contact.kind]
        slower = (1.0 + group.slowing * (desk.at_once - 1)) / group.speeds.get(of.name, 1.0)
        self._plan(at + max(round(contact.wishes.handle_ms * slower), 1), self._close, number)

    def _close(self, at: int, number: int) -> None:
        contact = self.contacts[number]
        self._tell(cmd.Close(id=self._id(), agent=contact.desk, conv=contact.conv), at)

    def see_wrap_up(self, at: int, event: ev.WrapUpStarted) -> None:
        """A class with a wrap-up of its own ends it; without, it takes as long as the queue lets it."""
        number = self._of_conv[event.conv]
        wrap_up_ms = self.contacts[number].wishes.wrap_up_ms
        if wrap_up_ms:
            self._plan(at + wrap_up_ms, self._finish, number)

    def _finish(self, at: int, number: int) -> None:
        contact = self.contacts.get(number)
        if contact is not None:
            done = cmd.FinishWrapUp(id=self._id(), agent=contact.desk, conv=contact.conv, disposition="")
            self._tell(done, at)

    def see_over(self, at: int, event: ev.Closed | ev.Abandoned) -> None:
        number = self._of_conv.pop(event.conv)
        contact = self.contacts.pop(number)
        contact.over = True
        self._on_lines -= self._live[contact.kind]
        if contact.desk:
            self._leave_desk(contact, at)
        elif contact.counted:
            self._unanswered -= 1
            self.tally.classes[contact.kind].abandon(contact.arrived_ms, at - contact.arrived_ms)

    def _leave_desk(self, contact: Contact, at: int) -> None:
        desk = self.desks[contact.desk]
        desk.at_once -= 1
        desk.handled_ms += self._loads[contact.kind] * self.tally.inside_ms(contact.began_ms, at)

    def see_presence(self, at: int, event: ev.PresenceSet) -> None:
        desk = self.desks[event.agent]
        if desk.here and not event.accepts:
            desk.here_ms += self.tally.inside_ms(desk.here_since_ms, at)
        if event.accepts and not desk.here:
            desk.here_since_ms = at
        desk.here = event.accepts
        if event.why == "no_answer":
            self._plan(at + desk.group.returns_after_ms, self._return, desk.id)

    # --- the end --------------------------------------------------------------------------------------------------

    def _outcome(self, cpu_s: float) -> Outcome:
        at = max(self.engine.state.at, self.end_ms)
        still: list[list[tuple[int, int]]] = [[] for _ in self.scenario.classes]
        for contact in self.contacts.values():
            if contact.desk:
                self._leave_desk(contact, at)
            elif contact.counted:
                still[contact.kind].append((contact.arrived_ms, at - contact.arrived_ms))
        for desk in self.desks[1:]:
            if desk.here:
                desk.here_ms += self.tally.inside_ms(desk.here_since_ms, at)
        return Outcome(
            seed=self.seed,
            classes=tuple(each.figures(rest) for each, rest in zip(self.tally.classes, still, strict=True)),
            groups=self.tally.groups(self.desks[1:]),
            arrivals=self._arrived,
            cpu_s=cpu_s,
        )


_FOLLOWERS: dict[type[ev.Event], Callable[[Simulation, int, Any], None]] = {
    ev.Received: Simulation.see_received,
    ev.Offered: Simulation.see_offered,
    ev.Accepted: Simulation.see_begun,
    ev.Assigned: Simulation.see_begun,
    ev.WrapUpStarted: Simulation.see_wrap_up,
    ev.Closed: Simulation.see_over,
    ev.Abandoned: Simulation.see_over,
    ev.PresenceSet: Simulation.see_presence,
}
