"""What becomes of an offer: accepted, declined, left unanswered; and what agents take by themselves."""

from __future__ import annotations

from router.core import commands as cmd
from router.core import events as ev
from router.core.answers import Refused
from router.core.decide.owing import begins_ms
from router.core.decide.people import NOT_RESPONDING
from router.core.decide.placing import Steps, back_in_line, fill, place
from router.core.decide.rounds import is_asked, rest_of, stop_others, withdraw_offers
from router.core.lifecycle import WAITING
from router.core.state import PULL_ONLY, Agent, Conv, State

# A queue whose conversations agents may take.
PULLS = frozenset({"also", PULL_ONLY})


def accept(s: State, at: int, c: cmd.Accept) -> Steps:
    """The first to accept owns; whoever else was asked is asked no longer, and takes what comes next."""
    conv = s.convs.get(c.conv)
    if conv is None or not is_asked(conv, c.agent, c.offer):
        return iter((Refused("offer_gone"),))
    assert conv.offer is not None, "checked before"
    accepted = ev.Accepted(conv.id, c.agent, c.offer, begins_ms(s, at, conv))
    if not conv.offer.others:
        return iter((accepted,))
    return _first_of_several(s, at, conv, accepted)


def _first_of_several(s: State, at: int, conv: Conv, accepted: ev.Accepted) -> Steps:
    assert conv.offer is not None, "a round runs"
    others = [agent for agent in conv.offer.agents if agent != accepted.agent]
    yield from stop_others(conv, accepted.agent, "taken")
    yield accepted
    for agent in others:
        yield from fill(s, at, agent)


def decline(s: State, at: int, c: cmd.Decline) -> Steps:
    """Back in its old place, unless others are still asked; this agent rests from this conversation for a while."""
    conv = s.convs.get(c.conv)
    if conv is None or not is_asked(conv, c.agent, c.offer):
        yield Refused("offer_gone")
        return
    if c.reason and (s.bundle is None or c.reason not in s.bundle.decline_reasons):
        yield Refused("reason_unknown")
        return
    assert conv.offer is not None, "checked before"
    until_ms, rest_why = rest_of(s, at, conv, agent=c.agent)
    if conv.offer.others:
        yield ev.RingStopped(conv.id, c.agent, c.offer, "declined", c.reason, until_ms, rest_why)
    else:
        yield ev.Declined(conv.id, c.agent, c.offer, c.reason, until_ms, rest_why)
        yield from place(s, at, conv, "declined", freed=c.agent)
    yield from fill(s, at, c.agent)


def lapse(s: State, at: int, conv: Conv) -> Steps:
    """Silence past the deadline: the queue's rule says what it does to the agent; the old place is kept."""
    asked = conv.offer
    assert asked is not None, "an offered conversation has its offer"
    rung, away, unplaced, why = asked.agents, list[int](), [conv.id], "desk_lost"
    for agent_id in rung:
        agent, last = s.agents[agent_id], agent_id == rung[-1]
        if agent.grace_until_ms:
            # No desk was there to ring (a new leader has just begun): that is not the agent's silence.
            yield _stopped(conv, agent_id, asked.id, why="desk_lost", last=last)
            continue
        why, until_ms, rest_why = "no_answer", 0, ""
        if _stays(s, conv, agent):
            until_ms, rest_why = rest_of(s, at, conv, agent=agent_id)
        else:
            away.append(agent_id)
        yield _lapsed(conv, agent_id, asked.id, last=last, until_ms=until_ms, rest_why=rest_why)
    for agent_id in away:
        unplaced += yield from withdraw_offers(s, agent_id, "agent_away")
        yield ev.PresenceSet(agent_id, NOT_RESPONDING, False, "no_answer")
    yield from back_in_line(s, at, unplaced, why, freed=rung)


def _stays(s: State, conv: Conv, agent: Agent) -> bool:
    """Return whether an agent goes on accepting work although this offer was not answered."""
    rule = s.queue_spec(conv.queue).no_answer
    return rule.then == "rest" and agent.silent + 1 < rule.serial_max


def _stopped(conv: Conv, agent: int, offer: int, *, why: str, last: bool) -> ev.Event:
    if last:
        return ev.OfferWithdrawn(conv.id, agent, offer, why)
    return ev.RingStopped(conv.id, agent, offer, why)


def _lapsed(
    conv: Conv, agent: int, offer: int, *, last: bool, until_ms: int = 0, rest_why: str = ""
) -> ev.OfferLapsed | ev.RingStopped:
    if last:
        return ev.OfferLapsed(conv.id, agent, offer, until_ms, rest_why)
    return ev.RingStopped(conv.id, agent, offer, "lapsed", "", until_ms, rest_why)


def take(s: State, at: int, c: cmd.Take) -> Steps:
    """An agent takes what waits, where its queue lets them: theirs at once, without an offer."""
    refusal = _cannot_take(s, at, c)
    if refusal:
        yield refusal
        return
    conv = s.convs[c.conv]
    yield ev.Assigned(conv.id, c.agent, "pulled", begins_ms(s, at, conv))


def _cannot_take(s: State, at: int, c: cmd.Take) -> Refused | None:
    agent, conv = s.agents.get(c.agent), s.convs.get(c.conv)
    if agent is None:
        return Refused("agent_unknown")
    if conv is None:
        return Refused("conversation_unknown")
    if conv.state != WAITING:
        return Refused("not_waiting")
    if s.queue_spec(conv.queue).pull not in PULLS:
        return Refused("pull_not_allowed")
    if not s.queue_state(conv.queue).serves(at):
        return Refused("queue_closed")
    return _cannot_serve(s, agent, conv)


def _cannot_serve(s: State, agent: Agent, conv: Conv) -> Refused | None:
    if not s.matching.eligible_profiles(conv.cls) & agent.profile.bit:
        return Refused("not_able")
    if not agent.available:
        return Refused("not_accepting")
    return Refused("no_room") if s.matching.free_for(agent, conv.cls) < conv.load else None
