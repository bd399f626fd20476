"""What must be true of a floor, by scans over people and abilities: no class, mask or heap is believed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from router.core import events as ev
from router.core.conversations import Participant
from router.core.deadlines import BUCKET_MS, CONVERSATION
from router.core.decide.overflow import HOPS_MAX
from router.core.lifecycle import ACTIVE, DEFERRED, HELD, OFFERED, WAITING, WRAP_UP
from router.core.rooms import Rooms, room_of
from router.core.state import Conv, State
from tests.core.choice_oracle import check_asked, check_taken, could_take, free, offers

OPEN_STATES = {WAITING, HELD, OFFERED, ACTIVE, WRAP_UP, DEFERRED}
# Whose customer it is has it before others, in whatever order they wait.
OWN_AGENT = {"same_customer", "last_agent"}
LISTENS = Participant("listen", 0)
ACTORS = {"queue", "agent", "customer", "provider", "clock"}


def place(conv: Conv) -> tuple[int, int]:
    return conv.key_ms, conv.id


def waiting(state: State) -> list[Conv]:
    return sorted((conv for conv in state.convs.values() if conv.state == WAITING), key=place)


def check_offer(state: State, event: ev.Offered, at: int) -> None:
    """Hold an offer against a scan of the state just before it."""
    conv, agent = state.convs[event.conv], state.agents[event.agent]
    assert agent.accepts, "an offer to somebody away"
    assert agent.grace_until_ms == 0, "an offer to a lost desk"
    assert free(state, agent, conv) >= conv.load, "an offer over capacity"
    if event.why == ("named_agent",):
        return
    if event.why[0] in OWN_AGENT:
        assert conv.state == HELD or could_take(state, agent, conv), "an offer that something speaks against"
        return
    assert could_take(state, agent, conv), "an offer that something speaks against"
    if event.why[-1] == "longest_idle":
        check_asked(state, event)
    else:
        check_taken(state, event, at)


def check_window(state: State, event: ev.WindowClosed) -> None:
    """Nobody who waits loses their window while somebody could have taken them."""
    conv = state.convs[event.conv]
    assert conv.window_ms > 0
    if conv.state == WAITING:
        assert not [agent for agent in state.agents.values() if could_take(state, agent, conv)], "a window lost in vain"


def check_ring(state: State, event: ev.RangAlso) -> None:
    """Whoever rings besides could have been asked alone."""
    conv, agent = state.convs[event.conv], state.agents[event.agent]
    assert conv.offer is not None, "asked besides nobody"
    assert event.agent not in conv.offer.agents, "asked twice in one round"
    assert len(conv.offer.agents) < state.queue_spec(conv.queue).ring, "asked more than the queue says"
    assert could_take(state, agent, conv), "a ring that something speaks against"


def check_settled(state: State) -> None:
    """What holds after every command."""
    check_people(state)
    check_conversations(state)
    check_nobody_waits_in_vain(state)
    check_relief(state)
    check_indexes(state)


def check_people(state: State) -> None:
    for agent in state.agents.values():
        work = {
            conv.id: conv.load
            for conv in state.convs.values()
            if (conv.state in {ACTIVE, WRAP_UP} and conv.owner == agent.id)
            or (conv.participants or {agent.id: LISTENS}).get(agent.id, LISTENS).role == "consult"
            or (conv.state == OFFERED and conv.offer is not None and agent.id in conv.offer.agents)
        }
        assert agent.work == work
        assert agent.used == sum(work.values())
        held = {c.id: c.load for c in state.convs.values() if c.state == HELD and c.held_for == agent.id}
        assert agent.held == held
        assert not agent.winding or (agent.work and not agent.accepts), "wound down, and still winding"
    absent: dict[int, dict[int, int]] = {}
    for conv in state.convs.values():
        if conv.state == HELD and conv.held_for not in state.agents:
            absent.setdefault(conv.held_for, {})[conv.id] = conv.load
    assert state.kept == absent
    assert Counter(each.abilities for each in state.agents.values() if each.accepts) == state.accepting


def check_conversations(state: State) -> None:
    for conv in state.convs.values():
        assert conv.state in OPEN_STATES
        assert conv.due_ms > 0, "forgotten: no time at which something happens"
        assert conv.actor in ACTORS
        assert (conv.offer is not None) == (conv.state == OFFERED)
        assert (conv.held_for != 0) == (conv.state == HELD)
        if conv.state in {ACTIVE, WRAP_UP}:
            assert conv.owner in state.agents, "owned by somebody who is gone"
        elif conv.state != HELD:
            assert conv.owner == 0, "nobody owns what is asked for or waits"
        if conv.offer is not None:
            assert len(set(conv.offer.agents)) == len(conv.offer.agents), "asked twice in one round"
            assert all(state.agents[each].accepts for each in conv.offer.agents), "an offer to somebody away"
        assert conv.state == ACTIVE or not (conv.owed_ms or conv.escalated), "owed by nobody"
        for line in (conv.line, *conv.more_lines):
            assert line in state.lines, "a message of this line would open another conversation"
        for agent, part in (conv.participants or {}).items():
            assert conv.state == ACTIVE, "somebody takes part in what nobody has"
            assert agent != conv.owner, "an owner who takes part besides"
            assert conv.id in state.agents[agent].parts, "somebody who is gone takes part"
            assert part.role == "consult" or not part.until_ms, "it rings at a supervisor"
        assert conv.state != WAITING or not (conv.held_why or conv.on_hold or conv.ending), "left of where it was"
        assert not conv.leg_lost_ms or (conv.state == ACTIVE and conv.live), "a lost leg of nobody"
        _check_outside(conv)
    assert not state.parted, "somebody takes part in what is over"
    assert not state.dismissed, "an outside party is called into what is over"
    for line, holder in state.lines.items():
        assert line in (state.convs[holder].line, *state.convs[holder].more_lines)


def _check_outside(conv: Conv) -> None:
    """Who is outside has it or takes part in what somebody owns; where others write, the customer is not answered."""
    there = conv.outside
    if there is not None:
        assert conv.state == (DEFERRED if there.handed else ACTIVE), "an outside party in what nobody has"
        assert (conv.actor == "provider") == there.handed
        assert there.joined != bool(there.until_ms), "called, and there"
    assert set(conv.outside_lines) <= set(conv.more_lines), "the customer would be answered at somebody else's"


def check_relief(state: State) -> None:
    """Nobody is sent round; who is called is not in line; in an emergency nothing is open; queues are counted right."""
    for conv in state.convs.values():
        relief = conv.relief
        if relief is not None:
            assert len(relief.passed) <= HOPS_MAX
            assert len(set(relief.passed)) == len(relief.passed), "twice through a queue"
            assert not relief.calling or conv.state == DEFERRED, "called, and in line"
            assert conv.state not in {ACTIVE, WRAP_UP} or relief.callback, "answered, and still to be eased"
        assert not conv.nudged or conv.state in {ACTIVE, WRAP_UP}, "reminded, and nobody waits for an answer"
    counted: dict[str, int] = {}
    for conv in waiting(state):
        counted[conv.queue] = counted.get(conv.queue, 0) + 1
    assert {queue: count for queue, count in state.matching.queued.items() if count} == counted
    if state.emergency_until_ms > state.at:
        assert not any(queue.open for queue in state.queues.values()), "open in an emergency"


def check_nobody_waits_in_vain(state: State) -> None:
    for conv in waiting(state):
        takers = [agent.id for agent in state.agents.values() if could_take(state, agent, conv)]
        assert not takers, f"conversation {conv.id} waits although {takers} could take it"
    for conv in state.convs.values():
        holder = state.agents.get(conv.held_for)
        if conv.state == HELD and holder is not None and holder.available:
            assert free(state, holder, conv) < conv.load, "held for somebody who has room"


def check_indexes(state: State) -> None:
    """The matcher's indexes against full scans."""
    matching = state.matching
    for cls in matching.classes:
        line = [conv for conv in waiting(state) if conv.cls is cls]
        assert [conv.id for conv in matching.in_line(cls)] == [conv.id for conv in line]
        assert cls.waiting == len(line)
        assert cls.head == (place(line[0]) if line else None)
        assert bool(matching.waiting >> cls.id & 1) == bool(line)
        served = offers(state, cls.queue)
        assert bool(matching.shut >> cls.id & 1) == (not served)
    for slope in matching.grading.slopes.values():
        heads = [(*place, cls.id) for *place, cls in slope.heads.among(-1)]
        assert heads == sorted((*cls.head, cls.id) for cls in matching.classes if cls.head and cls.slope is slope)
        assert slope.waiting == sum(cls.bit for cls in matching.classes if cls.head and cls.slope is slope)
    _check_profiles(state)
    exact, buckets = set(state.deadlines.heap), state.deadlines.buckets
    for due in state.standing():
        later = due[1] == CONVERSATION and due[3] in buckets.get(due[0] // BUCKET_MS, ())
        assert later or due in exact, "a deadline that nobody will notice"


def _check_profiles(state: State) -> None:
    matching = state.matching
    for profile in matching.profiles:
        levels = dict(profile.abilities)
        can = [cls.id for cls in matching.classes if any(_fulfils(levels, way) for way in (cls.needs, *cls.also))]
        assert profile.classes == sum(1 << cls for cls in can)
        assert all(matching.eligible_profiles(matching.classes[cls]) >> profile.id & 1 for cls in can)
    for kind in matching.kinds:
        _check_rooms(state, kind)
    for kept in matching.reserves.kept:
        members = [each for each in state.agents.values() if kept.profiles & each.profile.bit and not each.work]
        assert kept.blank == {each.idle: each.id for each in members if each.available}


def _check_rooms(state: State, kind: Rooms) -> None:
    matching, there = state.matching, [agent for agent in state.agents.values() if agent.available]
    roomy = sorted((agent for agent in there if kind.free(agent) > 0), key=lambda each: (each.idle, each.id))
    assert kind.idle == [each.idle for each in roomy]
    assert kind.who == {each.idle: each for each in roomy}
    masks: dict[int, int] = {}
    for profile in matching.profiles:
        rooms: dict[int, list[int]] = {}
        for agent in roomy:
            if agent.profile is profile:
                rooms.setdefault(room_of(agent, kind.free(agent)), []).append(agent.idle)
        assert profile.rooms[kind.number] == rooms
        for room in rooms:
            masks[room] = masks.get(room, 0) | profile.bit
    assert kind.mask == masks


def _fulfils(levels: dict[str, int], needs: ev.Needs) -> bool:
    return all(levels.get(name, -1) >= level for name, level in needs)


def overdue(state: State, at: int) -> Iterator[str]:
    """Yield what has outlived its deadline; after the time has been worked off there is nothing."""
    for conv in state.convs.values():
        if conv.due_ms <= at:
            yield f"conversation {conv.id} is {conv.state} past its time"
        if conv.offer is not None and conv.offer.until_ms <= at:
            yield f"offer {conv.offer.id} rings past its time"
        yield from _parties_overdue(conv, at)
        for agent, until_ms in (conv.resting or {}).items():
            if until_ms <= at:
                yield f"conversation {conv.id} rests from {agent} past its time"
    yield from _overdue_people(state, at)
    if 0 < state.emergency_until_ms <= at:
        yield "an emergency has not ended"
    for name, queue in state.queues.items():
        if 0 < queue.serve_until_ms <= at or 0 < queue.until_ms <= at or 0 < queue.closure_until_ms <= at:
            yield f"queue {name} has not turned"


def _overdue_people(state: State, at: int) -> Iterator[str]:
    for agent_id, agent in state.agents.items():
        if 0 < agent.grace_until_ms <= at:
            yield f"agent {agent_id} is missed past the grace"
        if 0 < agent.until_ms <= at:
            yield f"agent {agent_id} works past the end of the shift"


def _parties_overdue(conv: Conv, at: int) -> Iterator[str]:
    for agent, part in (conv.participants or {}).items():
        if 0 < part.until_ms <= at:
            yield f"{agent} is asked to take part in {conv.id} past its time"
    if conv.outside is not None and 0 < conv.outside.until_ms <= at:
        yield f"an outside party is called into {conv.id} past its time"
    if 0 < conv.leg_lost_ms <= at:
        yield f"conversation {conv.id} has lost its owner's leg past its grace"
