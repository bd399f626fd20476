"""Random floors, step by step: every invariant of the design after every command, against scans and a restored twin."""

from __future__ import annotations

import os
import random
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from router.core import commands as cmd
from router.core.answers import Made
from router.core.bundle import HOUR_MS
from router.core.lifecycle import ACTIVE, OFFERED, WAITING, WRAP_UP
from tests.core.oracle import OPEN_STATES
from tests.core.walk import Walk
from tests.core.world import CAPACITIES, LINES, PEOPLE, SKILLS, World

people = st.sampled_from(PEOPLE)
lines = st.sampled_from(LINES)
picks = st.integers(0, 1_000)
flags = st.booleans()


class RandomFloor(RuleBasedStateMachine):
    """Agents, customers, supervisors, ops and time, all at once."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.over: dict[int, int] = {}

    @initialize(staff=st.lists(st.sampled_from(SKILLS), max_size=len(PEOPLE)), first=st.integers(0, len(LINES)))
    def begin(self, staff: list[tuple[tuple[str, int], ...]], first: int) -> None:
        """Some are at work and some have written before anything is judged worth telling."""
        self.world.begin()
        self.world.restore()
        for agent, abilities in zip(PEOPLE, staff, strict=False):
            self.sign_in(agent=agent, abilities=abilities, capacity=60)
        for line in LINES[:first]:
            self.world.arrive(line)

    def pick(self, states: set[str], pick: int) -> tuple[int, int, int]:
        """Return (conversation, its agent, its offer) among those in some states; zeros when there is none."""
        convs = [conv for conv in self.world.state.convs.values() if conv.state in states]
        if not convs:
            return 0, 0, 0
        conv = convs[pick % len(convs)]
        if conv.offer:
            return conv.id, conv.offer.agents[pick % len(conv.offer.agents)], conv.offer.id
        return conv.id, conv.owner, 0

    def tell(self, command: cmd.Command) -> None:
        self.world.tell(command)

    # --- customers ------------------------------------------------------------------------------------------

    @rule(
        line=lines,
        channel=st.sampled_from(("chat", "email")),
        bill=flags,
        vip=flags,
        blind=st.sampled_from((False, False, False, True)),
        quiet=st.sampled_from((False, False, False, True)),
    )
    def a_message(self, *, line: int, channel: str, bill: bool, vip: bool, blind: bool, quiet: bool) -> None:
        topics = ("bill",) if bill else ()
        answer = self.world.arrive(
            line, blind=blind, quiet=quiet, channel=channel, topics=topics, segment="vip" if vip else ""
        )
        assert isinstance(answer, Made)

    @rule(line=lines)
    def the_customer_leaves(self, line: int) -> None:
        self.tell(cmd.LeaveLine(id=self.world.id(), line=line))

    @rule(line=lines, joined=flags)
    def a_party_is_reported(self, line: int, *, joined: bool) -> None:
        self.tell(cmd.ReportParty(id=self.world.id(), line=line, party="customer", joined=joined))

    @rule(pick=picks, failed=flags)
    def a_delivery_is_reported(self, pick: int, *, failed: bool) -> None:
        world = self.world
        conv = pick % world.state.next_conv
        status = "failed" if failed else "delivered"
        answer = world.tell(
            cmd.ReportDelivery(id=world.id(), conv=conv, message=1, status=status, record=world.record(conv))
        )
        assert isinstance(answer, Made)

    @rule()
    def a_message_is_set_aside(self) -> None:
        command = self.world.id()
        self.tell(cmd.SetAside(id=command, message=int(command[1:]) + 1_000_000, reason="bounce"))

    # --- agents ---------------------------------------------------------------------------------------------

    @rule(
        agent=people,
        abilities=st.sampled_from(SKILLS),
        capacity=st.sampled_from(CAPACITIES),
        shift_ms=st.sampled_from((0, 0, 600_000)),
    )
    def sign_in(self, *, agent: int, abilities: tuple[tuple[str, int], ...], capacity: int, shift_ms: int = 0) -> None:
        until_ms = self.world.at + shift_ms if shift_ms else 0
        self.tell(
            cmd.SignIn(id=self.world.id(), agent=agent, abilities=abilities, capacity=capacity, until_ms=until_ms)
        )

    @rule(agent=people, forced=flags)
    def sign_out(self, agent: int, *, forced: bool) -> None:
        self.tell(cmd.SignOut(id=self.world.id(), agent=agent, forced=forced))

    @rule(
        agent=people,
        presence=st.sampled_from(("available", "available", "break", "letters")),
        when=st.sampled_from(("now", "after_current")),
    )
    def set_presence(self, agent: int, presence: str, when: str) -> None:
        self.tell(cmd.SetPresence(id=self.world.id(), agent=agent, presence=presence, when=when))

    @rule(pick=picks, agent=people)
    def take(self, pick: int, agent: int) -> None:
        conv, _, _ = self.pick({WAITING}, pick)
        self.tell(cmd.Take(id=self.world.id(), agent=agent, conv=conv))

    @rule(agent=people, node=st.sampled_from(("n1", "n2")), desk=st.sampled_from(("d1", "d2")), there=flags)
    def a_desk_comes_or_goes(self, agent: int, node: str, desk: str, *, there: bool) -> None:
        command = cmd.AttachDesk if there else cmd.DetachDesk
        self.tell(command(id=self.world.id(), agent=agent, node=node, desk=desk))

    @rule(node=st.sampled_from(("n1", "n2")))
    def a_node_is_lost(self, node: str) -> None:
        self.tell(cmd.NodeLost(id=self.world.id(), node=node))

    @rule(pick=picks)
    def accept(self, pick: int) -> None:
        conv, agent, offer = self.pick({OFFERED}, pick)
        self.tell(cmd.Accept(id=self.world.id(), agent=agent, conv=conv, offer=offer))

    @rule(pick=picks, reason=st.sampled_from(("", "busy", "bored")))
    def decline(self, pick: int, reason: str) -> None:
        conv, agent, offer = self.pick({OFFERED}, pick)
        self.tell(cmd.Decline(id=self.world.id(), agent=agent, conv=conv, offer=offer, reason=reason))

    @rule(pick=picks, line=st.sampled_from((0, 0, *LINES)), then=st.sampled_from(("stay", "park", "close")))
    def reply(self, pick: int, line: int, then: str) -> None:
        conv, agent, _ = self.pick({ACTIVE}, pick)
        self.tell(cmd.Reply(id=self.world.id(), agent=agent, conv=conv, message=7, line=line, then=then))

    @rule(pick=picks, agent=people)
    def note(self, pick: int, agent: int) -> None:
        self.tell(cmd.Note(id=self.world.id(), agent=agent, conv=pick % self.world.state.next_conv, message=8))

    @rule(pick=picks, on=flags)
    def hold_line(self, pick: int, *, on: bool) -> None:
        conv, agent, _ = self.pick({ACTIVE}, pick)
        self.tell(cmd.HoldLine(id=self.world.id(), agent=agent, conv=conv, on=on))

    @rule(pick=picks, queue=st.sampled_from(("general", "billing", "night")))
    def transfer_to_a_queue(self, pick: int, queue: str) -> None:
        conv, agent, _ = self.pick({ACTIVE}, pick)
        self.tell(cmd.Transfer(id=self.world.id(), agent=agent, conv=conv, queue=queue))

    @rule(pick=picks, to_agent=people)
    def transfer_to_an_agent(self, pick: int, to_agent: int) -> None:
        conv, agent, _ = self.pick({ACTIVE}, pick)
        self.tell(cmd.Transfer(id=self.world.id(), agent=agent, conv=conv, to_agent=to_agent))

    @rule(pick=picks, ms=st.sampled_from((0, 60_000, HOUR_MS)))
    def park(self, pick: int, ms: int) -> None:
        conv, agent, _ = self.pick({ACTIVE}, pick)
        until_ms = self.world.at + ms if ms else 0
        self.tell(cmd.Park(id=self.world.id(), agent=agent, conv=conv, until_ms=until_ms))

    @rule(pick=picks, disposition=st.sampled_from(("", "solved")))
    def close(self, pick: int, disposition: str) -> None:
        conv, agent, _ = self.pick({ACTIVE}, pick)
        self.tell(cmd.Close(id=self.world.id(), agent=agent, conv=conv, disposition=disposition))

    @rule(pick=picks)
    def finish_wrap_up(self, pick: int) -> None:
        conv, agent, _ = self.pick({WRAP_UP}, pick)
        self.tell(cmd.FinishWrapUp(id=self.world.id(), agent=agent, conv=conv, disposition="solved"))

    # --- supervisors, ops, time -------------------------------------------------------------------------------

    @rule(queue=st.sampled_from(("general", "billing", "night")), ms=st.sampled_from((0, 60_000, 12 * HOUR_MS)))
    def order_closure(self, queue: str, ms: int) -> None:
        until_ms = self.world.at + ms if ms else 0
        self.tell(cmd.OrderClosure(id=self.world.id(), queue=queue, until_ms=until_ms, by=9, reason="drill"))

    @rule(pick=picks, to_agent=people, queue=st.sampled_from(("", "", "general", "billing", "night")))
    def consult(self, pick: int, to_agent: int, queue: str) -> None:
        conv, agent, _ = self.pick({ACTIVE}, pick)
        to_agent = 0 if queue else to_agent
        self.tell(cmd.Consult(id=self.world.id(), agent=agent, conv=conv, to_agent=to_agent, queue=queue))

    @rule(pick=picks, to_agent=people, kind=st.sampled_from((cmd.CancelConsult, cmd.CompleteConsult)))
    def a_consultation_ends(self, pick: int, to_agent: int, kind: Any) -> None:
        conv, agent, _ = self.pick({ACTIVE}, pick)
        self.tell(kind(id=self.world.id(), agent=agent, conv=conv, to_agent=to_agent))

    @rule(pick=picks, agent=people, kind=st.sampled_from((cmd.JoinConsult, cmd.JoinConsult, cmd.LeaveParty)))
    def who_is_asked_answers(self, pick: int, agent: int, kind: Any) -> None:
        conv, _, _ = self.pick({ACTIVE}, pick)
        self.tell(kind(id=self.world.id(), agent=agent, conv=conv))

    @rule(pick=picks, agent=people, role=st.sampled_from(("listen", "whisper", "barge")))
    def a_supervisor_takes_part(self, pick: int, agent: int, role: str) -> None:
        conv, _, _ = self.pick({ACTIVE}, pick)
        self.tell(cmd.JoinAs(id=self.world.id(), agent=agent, conv=conv, role=role, reason="coaching"))

    @rule(pick=picks, joined=flags)
    def an_owner_comes_to_the_line_or_goes(self, pick: int, *, joined: bool) -> None:
        conv, agent, _ = self.pick({ACTIVE}, pick)
        if conv:
            line, party = self.world.state.convs[conv].line, f"agent:{agent}"
            self.tell(cmd.ReportParty(id=self.world.id(), line=line, party=party, joined=joined))

    @rule(pick=picks, to_agent=people, forced=flags)
    def assign(self, pick: int, to_agent: int, *, forced: bool) -> None:
        conv, _, _ = self.pick(OPEN_STATES, pick)
        self.tell(cmd.Assign(id=self.world.id(), conv=conv, to_agent=to_agent, by=9, reason="asked", forced=forced))

    @rule(pick=picks, by=people)
    def take_over(self, pick: int, by: int) -> None:
        conv, _, _ = self.pick(OPEN_STATES, pick)
        self.tell(cmd.TakeOver(id=self.world.id(), conv=conv, by=by, reason="asked"))

    @rule(pick=picks, queue=st.sampled_from(("general", "billing", "night")), thai=flags)
    def move(self, pick: int, queue: str, *, thai: bool) -> None:
        conv, _, _ = self.pick(OPEN_STATES, pick)
        skills = (("thai", 1),) if thai else ()
        self.tell(cmd.Move(id=self.world.id(), conv=conv, queue=queue, by=9, reason="asked", skills=skills))

    @rule(pick=picks, priority=st.sampled_from((0, 1, 5)))
    def reprioritise(self, pick: int, priority: int) -> None:
        conv, _, _ = self.pick(OPEN_STATES, pick)
        self.tell(cmd.Reprioritise(id=self.world.id(), conv=conv, priority=priority, by=9, reason="asked"))

    @rule(pick=picks)
    def withdraw_an_offer(self, pick: int) -> None:
        conv, _, _ = self.pick({OFFERED}, pick)
        self.tell(cmd.WithdrawOffer(id=self.world.id(), conv=conv, by=9, reason="asked"))

    @rule(pick=picks)
    def end(self, pick: int) -> None:
        conv, _, _ = self.pick(OPEN_STATES, pick)
        self.tell(cmd.End(id=self.world.id(), conv=conv, by=9, reason="asked"))

    @rule(pick=picks, to_queue=flags)
    def recall(self, pick: int, *, to_queue: bool) -> None:
        record = self.world.record(pick % self.world.state.next_conv)
        if record is not None:
            self.tell(cmd.Recall(id=self.world.id(), record=record, by=9, reason="asked", to_queue=to_queue))

    @rule(name=st.sampled_from(("plain", "skilled", "dropped", "closing", "eager")))
    def apply_config(self, name: str) -> None:
        self.world.apply(name)

    @rule(ms=st.sampled_from((1, 5_000, 20_000, 30_000, 60_000, 600_000, 2 * HOUR_MS, 16 * HOUR_MS)), at_once=flags)
    def time_passes(self, ms: int, *, at_once: bool) -> None:
        self.world.wait(ms, at_once=at_once)

    @rule()
    def one_slice_of_time(self) -> None:
        self.world.tick()

    @rule(ms=st.sampled_from((0, 3_000, 120_000, HOUR_MS)))
    def nobody_led(self, ms: int) -> None:
        self.world.gap(ms)

    @rule()
    def the_twin_is_restored(self) -> None:
        self.world.restore()

    @precondition(lambda self: self.world.sent)
    @rule(pick=picks)
    def a_command_comes_again(self, pick: int) -> None:
        self.world.again(pick)

    # --- capacity has causes ------------------------------------------------------------------------------------

    @invariant()
    def nobody_is_over_capacity_but_by_a_named_cause(self) -> None:
        """Over it only because it was lowered, or by a supervisor's force; and then the load never grows."""
        over = {}
        for agent in self.world.state.agents.values():
            if agent.used > agent.capacity:
                command = self.world.sent[-1][0]
                lowered = isinstance(command, cmd.SignIn) and command.agent == agent.id
                forced = _is_forced_on(command, agent.id)
                assert lowered or forced or self.over.get(agent.id, 0) >= agent.used
                over[agent.id] = agent.used
        self.over = over


def _is_forced_on(command: cmd.Command, agent: int) -> bool:
    """Whether a command may take an agent over capacity, by its own name."""
    if isinstance(command, cmd.Assign):
        return command.forced and command.to_agent == agent
    return isinstance(command, cmd.TakeOver) and command.by == agent


# Walks go deeper than a machine that draws every command as often; so many of them are a matter of seconds.
WALKS = {"quick": 10, "prove": 2_000}[os.environ.get("HYPOTHESIS_PROFILE", "quick")]


@pytest.mark.parametrize("seed", range(WALKS))
def test_a_long_random_walk_breaks_no_promise(seed: int) -> None:
    world = World()
    world.begin()
    world.restore()
    Walk(world, random.Random(seed)).run(300)
    assert world.entries


TestRandomFloor = RandomFloor.TestCase
TestRandomFloor.settings = settings(stateful_step_count=50)
