"""Who takes part without owning: consulted colleagues, and supervisors who listen, whisper or barge in.

A consultation takes room at the colleague like a conversation of theirs, from the ringing on; whoever only listens, or
speaks with the owner, takes none. When a conversation is no longer active nobody takes part in it.
"""

from __future__ import annotations

from router.core import commands as cmd
from router.core import events as ev
from router.core.answers import Refused
from router.core.deadlines import Due
from router.core.decide.classes import class_for
from router.core.decide.handling import IN_ACTIVE, owned
from router.core.decide.holding import CONSULT, bring_forth, set_aside
from router.core.decide.owing import begins_ms
from router.core.decide.placing import (
    Steps,
    fill,
    language_of,
)
from router.core.lifecycle import ACTIVE
from router.core.rules import needs_of
from router.core.state import Agent, Conv, State

# Handed over to who was there already; and who is gone because their telephone is.
CONSULTED, LEG_ENDED = "consulted", "leg_ended"
# What a supervisor may do in somebody else's conversation.
ROLES = frozenset({"listen", "whisper", "barge"})
# More voices than this are no conversation, and no provider's conference is asked for more.
PARTICIPANTS_MAX = 8


def consult(s: State, at: int, c: cmd.Consult) -> Steps:
    """Ask a colleague, or whoever serves a queue: it rings at them, and the owner goes on owning."""
    conv = owned(s, c.agent, c.conv, IN_ACTIVE)
    refusal = conv if isinstance(conv, Refused) else _cannot_ask(s, conv, c)
    if refusal or isinstance(conv, Refused):
        yield refusal or Refused("not_yours")
        return
    agent = c.to_agent
    if c.queue:
        assert s.bundle is not None, "checked before"
        needs = needs_of(s.bundle, c.queue, conv.channel, language=language_of(s, conv))
        cls = yield from class_for(s, c.queue, conv.channel, needs, load=conv.load)
        among = s.choosing.agent_for(cls, dict.fromkeys(_parties(conv), 0))
        agent = among.agent if among else 0
    if agent:
        yield ev.ParticipantAsked(conv.id, agent, c.agent, CONSULT, at + s.queue_spec(conv.queue).offer_ms)
    else:
        yield ev.ParticipantLeft(conv.id, 0, "nobody_free")


def _parties(conv: Conv) -> tuple[int, ...]:
    return (conv.owner, *(conv.participants or ()))


def _cannot_ask(s: State, conv: Conv, c: cmd.Consult) -> Refused | None:
    if bool(c.queue) == bool(c.to_agent):
        return Refused("target_missing")
    if len(conv.participants or ()) >= PARTICIPANTS_MAX:
        return Refused("too_many_parties")
    return _cannot_ask_queue(s, conv, c.queue) if c.queue else _cannot_ask_agent(s, conv, c.to_agent)


def _cannot_ask_queue(s: State, conv: Conv, queue: str) -> Refused | None:
    if s.bundle is None or queue not in s.bundle.queues:
        return Refused("queue_unknown")
    needs = needs_of(s.bundle, queue, conv.channel, language=language_of(s, conv))
    able = any(all(dict(can).get(name, -1) >= level for name, level in needs) for can in s.accepting)
    return None if able else Refused("nobody_able")


def _cannot_ask_agent(s: State, conv: Conv, agent_id: int) -> Refused | None:
    agent = s.agents.get(agent_id)
    if agent_id == conv.owner:
        return Refused("target_self")
    if agent is None or not agent.available:
        return Refused("target_away")
    if agent_id in (conv.participants or {}):
        return Refused("taking_part")
    return None if s.matching.free_for(agent, conv.cls) >= conv.load else Refused("target_full")


def _taking_part(s: State, conv_id: int, agent: int) -> Conv | Refused:
    conv = s.convs.get(conv_id)
    if conv is None:
        return Refused("conversation_unknown")
    return conv if agent in (conv.participants or {}) else Refused("not_taking_part")


def join_consult(s: State, at: int, c: cmd.JoinConsult) -> Steps:
    """Who was asked takes part."""
    del at
    conv = _taking_part(s, c.conv, c.agent)
    if isinstance(conv, Refused):
        yield conv
        return
    asked = (conv.participants or {})[c.agent]
    if asked.until_ms:
        yield ev.ParticipantJoined(conv.id, c.agent, asked.role, asked.by)
        yield from set_aside(s, conv)


def leave_party(s: State, at: int, c: cmd.LeaveParty) -> Steps:
    """Leave, or decline to come."""
    conv = _taking_part(s, c.conv, c.agent)
    if isinstance(conv, Refused):
        yield conv
        return
    rings = (conv.participants or {})[c.agent].until_ms
    yield from _let_leave(s, at, conv, c.agent, why="declined" if rings else "left")


def cancel_consult(s: State, at: int, c: cmd.CancelConsult) -> Steps:
    """The owner lets somebody go, or stops asking; a supervisor who has joined goes by themselves."""
    conv = owned(s, c.agent, c.conv, IN_ACTIVE)
    part = None if isinstance(conv, Refused) else (conv.participants or {}).get(c.to_agent)
    if isinstance(conv, Refused) or part is None or part.role != CONSULT:
        yield conv if isinstance(conv, Refused) else Refused("not_taking_part")
        return
    yield from _let_leave(s, at, conv, c.to_agent, why="cancelled")


def party_lost(s: State, at: int, conv: Conv, c: cmd.ReportParty) -> Steps:
    """A participant is no longer on the live line: they have left. What still rings at their desk rings on."""
    _, _, number = c.party.partition("agent:")
    agent = int(number) if number.isdigit() else 0
    part = (conv.participants or {}).get(agent)
    if part is not None and not part.until_ms and c.line == conv.line:
        yield from _let_leave(s, at, conv, agent, why=LEG_ENDED)


def _let_leave(s: State, at: int, conv: Conv, agent: int, *, why: str) -> Steps:
    yield ev.ParticipantLeft(conv.id, agent, why)
    yield from bring_forth(s, conv)
    yield from fill(s, at, agent)


def complete_consult(s: State, at: int, c: cmd.CompleteConsult) -> Steps:
    """Hand over to who takes part already: theirs at once, in the room that the consultation took."""
    conv = owned(s, c.agent, c.conv, IN_ACTIVE)
    part = None if isinstance(conv, Refused) else (conv.participants or {}).get(c.to_agent)
    if isinstance(conv, Refused) or part is None or part.role != CONSULT or part.until_ms:
        yield conv if isinstance(conv, Refused) else Refused("not_taking_part")
        return
    if not s.agents[c.to_agent].available:
        yield Refused("target_away")
        return
    yield ev.Transferred(conv.id, c.agent, conv.cls.id, c.to_agent, c.note, why=CONSULTED)
    yield ev.Assigned(conv.id, c.to_agent, CONSULTED, begins_ms(s, at, conv))
    yield from fill(s, at, c.agent)


def join_as(s: State, at: int, c: cmd.JoinAs) -> Steps:
    """A supervisor takes part in what goes on; their order is written first."""
    del at
    refusal = _cannot_join(s, c)
    if refusal:
        yield refusal
        return
    yield ev.Ordered(c.conv, c.agent, c.role, c.reason, agent=s.convs[c.conv].owner)
    yield ev.ParticipantJoined(c.conv, c.agent, c.role, c.agent)


def _cannot_join(s: State, c: cmd.JoinAs) -> Refused | None:
    conv = s.convs.get(c.conv)
    if conv is None:
        return Refused("conversation_unknown")
    if c.role not in ROLES or not c.reason:
        return Refused("reason_missing" if c.role in ROLES else "role_unknown")
    if c.agent not in s.agents:
        return Refused("agent_unknown")
    if conv.state != ACTIVE:
        return Refused("not_active")
    if conv.owner == c.agent:
        return Refused("target_self")
    if len(conv.participants or ()) >= PARTICIPANTS_MAX:
        return Refused("too_many_parties")
    part = (conv.participants or {}).get(c.agent)
    return Refused("taking_part") if part and part.role in {CONSULT, c.role} else None


def asking_ends(s: State, at: int, due: Due) -> Steps:
    """Nobody came: the owner hears it, and may ask another."""
    conv, agent = s.convs.get(due[3]), due[2]
    part = (conv.participants or {}).get(agent) if conv else None
    if conv is None or part is None or part.until_ms != due[0]:
        return
    yield from _let_leave(s, at, conv, agent, why="no_answer")


def leave_all(s: State, agent: Agent, why: str, *, ringing: bool = False) -> Steps:
    """An agent takes part in nothing any more, or (`ringing`) is asked no longer to come."""
    for conv_id in sorted(agent.parts):
        part = (s.convs[conv_id].participants or {})[agent.id]
        if part.until_ms or not ringing:
            yield ev.ParticipantLeft(conv_id, agent.id, why)


def tell_parted(s: State, at: int) -> Steps:
    """Whoever took part in what is over hears it, and their room is filled."""
    while s.parted:
        conv_id, agent = s.parted[0]
        yield ev.ParticipantLeft(conv_id, agent, "over")
        yield from fill(s, at, agent)
