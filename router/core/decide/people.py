"""What agents do with themselves: sign in and out, presence, desks; and nodes that are lost with their desks."""

from __future__ import annotations

from collections.abc import Generator

from router.core import commands as cmd
from router.core import events as ev
from router.core.answers import Refused
from router.core.bundle import Presence
from router.core.deadlines import Due
from router.core.decide.participants import leave_all
from router.core.decide.placing import (
    OFFLINE,
    Steps,
    back_in_line,
    fill,
    hold_for_absent,
    record_of,
    waits_for_absent,
)
from router.core.decide.rounds import withdraw_offers
from router.core.lifecycle import ACTIVE, HELD, WRAP_UP
from router.core.state import Abilities, Agent, Conv, State

NOT_RESPONDING = "not_responding"
CHANNEL = "channel:"
# When a chosen presence holds: at once, or when the work in hand is done.
NOW, AFTER_CURRENT = "now", "after_current"


def sign_in(s: State, at: int, c: cmd.SignIn) -> Steps:
    """An agent starts work in a presence, or their abilities have changed."""
    if s.bundle is None:
        yield Refused("not_configured")
        return
    if c.presence and c.presence not in s.bundle.presences:
        yield Refused("presence_unknown")
        return
    if c.until_ms and c.until_ms <= at:
        yield Refused("until_past")
        return
    known = s.agents.get(c.agent)
    abilities = _in_presence(s, known.presence if known else c.presence or _first_accepting(s), c.abilities)
    if known is None or (known.abilities, known.capacity, known.until_ms) != (abilities, c.capacity, c.until_ms):
        presence = c.presence or _first_accepting(s)
        yield ev.SignedIn(c.agent, abilities, c.capacity, presence, c.until_ms)
    if known is None:
        yield _presence(s, c.agent, c.presence or _first_accepting(s), "signed_in")
    yield from fill(s, at, c.agent)


def _first_accepting(s: State) -> str:
    assert s.bundle is not None, "checked before"
    ways = [(bool(presence.channels), name) for name, presence in s.bundle.presences.items() if presence.accepts]
    return min(ways, default=(False, next(iter(s.bundle.presences), "available")))[1]


def _in_presence(s: State, name: str, abilities: Abilities) -> Abilities:
    """Return what of their abilities an agent serves with in a presence that takes some channels only."""
    spec = s.bundle.presences.get(name) if s.bundle else None
    if spec is None or not spec.channels:
        return abilities
    taken = {f"{CHANNEL}{channel}" for channel in spec.channels}
    return tuple(each for each in abilities if each[0] in taken or not each[0].startswith(CHANNEL))


def _presence(s: State, agent: int, name: str, why: str) -> ev.Event:
    spec = s.bundle.presences.get(name) if s.bundle else None
    return ev.PresenceSet(agent, name, bool(spec and spec.accepts), why)


def set_presence(s: State, at: int, c: cmd.SetPresence) -> Steps:
    """Away: offers go back to their old places. Back: freed capacity is matched at once. Or after the work in hand."""
    agent = s.agents.get(c.agent)
    if agent is None:
        yield Refused("agent_unknown")
        return
    if s.bundle is None or c.presence not in s.bundle.presences:
        yield Refused("presence_unknown")
        return
    if c.by and not c.reason:
        yield Refused("reason_missing")
        return
    if not _fits_idle(s, s.bundle.presences, c):
        yield Refused("not_idle")
        return
    if c.by:
        yield ev.Directed(c.by, "presence", c.reason, agent=c.agent)
    why = "supervisor" if c.by else "idle" if c.idle else "chosen"
    if c.when == AFTER_CURRENT and agent.work and not s.bundle.presences[c.presence].accepts:
        yield from wind_down(s, at, agent, presence=c.presence, why=why)
        return
    chosen = _presence(s, c.agent, c.presence, why)
    yield from change_presence(s, at, chosen, abilities=c.abilities)


def _fits_idle(s: State, known: dict[str, Presence], c: cmd.SetPresence) -> bool:
    """Return whether idle begins for who could take work and has none, or ends where it began; nobody chooses it."""
    agent = s.agents[c.agent]
    if known[c.presence].idle_ms:
        return c.idle and not c.by and agent.accepts and not agent.winding and not _is_busy(s, agent)
    now = known.get(agent.presence)
    return not c.idle or (now is not None and now.idle_ms > 0)


def _is_busy(s: State, agent: Agent) -> bool:
    """Return whether somebody waits for this very agent: an offer, talk on a live channel, a wrap-up, a colleague."""
    working = map(s.convs.__getitem__, agent.work)
    return bool(agent.parts) or any(conv.state != ACTIVE or conv.live for conv in working)


def change_presence(s: State, at: int, event: ev.Event, *, abilities: Abilities = ()) -> Steps:
    """Write a presence; whoever stops accepting, or takes other channels, gives back what was offered."""
    assert isinstance(event, ev.PresenceSet), "callers make it"
    agent, unplaced = s.agents[event.agent], list[int]()
    serving = _in_presence(s, event.presence, abilities or agent.abilities) if event.accepts else agent.abilities
    if serving != agent.abilities:
        unplaced = yield from withdraw_offers(s, event.agent, "agent_away")
        yield ev.SignedIn(agent.id, serving, agent.capacity, event.presence, agent.until_ms)
    if not event.accepts:
        yield from leave_all(s, s.agents[event.agent], "agent_away", ringing=True)
        unplaced = yield from withdraw_offers(s, event.agent, "agent_away")
    yield event
    # Who still takes something has room by it, and takes the oldest first: what rang need not be that.
    yield from back_in_line(s, at, unplaced, "agent_away", freed=(agent.id,) if event.accepts else ())
    yield from fill(s, at, event.agent)


def wind_down(s: State, at: int, agent: Agent, *, presence: str, why: str) -> Steps:
    """No new offers; what rings goes back, and the presence holds as soon as the work in hand is done."""
    unplaced = yield from withdraw_offers(s, agent.id, "winding_down")
    yield ev.WindingDown(agent.id, presence, why)
    yield from back_in_line(s, at, unplaced, "agent_away")
    yield from fill(s, at, agent.id)


def shift_ends(s: State, at: int, due: Due) -> Steps:
    """The time of a roster has come: winding down begins, and whoever has nothing in hand is signed out."""
    agent = s.agents.get(due[3])
    if agent is not None and agent.until_ms == due[0]:
        yield from wind_down(s, at, agent, presence=OFFLINE, why="shift_over")


def sign_out(s: State, at: int, c: cmd.SignOut) -> Steps:
    """The end of work. Live conversations must be finished first, unless forced."""
    agent = s.agents.get(c.agent)
    if agent is None:
        yield Refused("agent_unknown")
        return
    if not c.forced and _has_live_work(s, agent):
        yield Refused("live_work_open")
        return
    if c.by:
        yield ev.Directed(c.by, "sign_out", c.why, agent=c.agent)
    yield from end_work(s, at, agent, c.why)


def _has_live_work(s: State, agent: Agent) -> bool:
    """Return whether an agent has live work that no rule of its queue rescues."""
    convs = [conv for conv in map(s.convs.__getitem__, agent.work) if conv.owner == agent.id]
    return any(_is_talking(conv) and s.queue_spec(conv.queue).shift_end == "refuse" for conv in convs)


def _is_talking(conv: Conv) -> bool:
    return conv.live and conv.state == ACTIVE


def end_work(s: State, at: int, agent: Agent, why: str) -> Steps:
    """Nothing stays with somebody who is gone: wrap-ups end by name, mails wait for their owner, the rest is queued."""
    yield from leave_all(s, agent, why)
    offered = yield from withdraw_offers(s, agent.id, why)
    owned = sorted(agent.work)
    held = sorted(agent.held)
    yield ev.SignedOut(agent.id, why)
    rescued = [conv_id for conv_id in owned if _is_rescued(s, s.convs[conv_id])]
    for conv_id in sorted({*owned, *held}):
        yield from _leave_owner(s, at, s.convs[conv_id], agent)
    back = [conv_id for conv_id in (*owned, *held) if not _is_kept(s, conv_id)]
    yield from back_in_line(s, at, [*offered, *back], "owner_gone", rescued=rescued)


def _is_rescued(s: State, conv: Conv) -> bool:
    return _is_talking(conv) and s.queue_spec(conv.queue).shift_end == "queue"


def _is_kept(s: State, conv_id: int) -> bool:
    """Return whether a conversation waits on for its absent owner."""
    conv = s.convs.get(conv_id)
    return conv is not None and conv.state == HELD


def _leave_owner(s: State, at: int, conv: Conv, agent: Agent) -> Steps:
    if conv.state == WRAP_UP:
        record = record_of(s, conv, at, state="closed")
        yield ev.Closed(conv.id, agent.id, "", "owner_gone", record)
    elif conv.state == ACTIVE and not conv.live and conv.actor == "customer":
        record = record_of(s, conv, at, state="parked", actor="customer")
        yield ev.Parked(conv.id, agent.id, "customer", at + s.queue_spec(conv.queue).park_ms, record)
    elif waits_for_absent(s, conv, agent.id):
        yield hold_for_absent(s, at, conv)
    elif _is_rescued(s, conv) and s.queue_state(conv.queue).serves(at) and not (conv.no_notice or conv.gone):
        # Who was being talked to hears that they are in line again.
        yield ev.Announced(conv.id, conv.line, "in-line", conv.queue, 0)


def attach_desk(s: State, at: int, c: cmd.AttachDesk) -> Steps:
    """A desk is there (again): the grace ends and work may be offered."""
    agent = s.agents.get(c.agent)
    if agent is None:
        yield Refused("agent_unknown")
        return
    if (c.node, c.desk) not in agent.desks:
        yield ev.DeskAttached(c.agent, c.node, c.desk)
    yield from fill(s, at, c.agent)


def detach_desk(s: State, at: int, c: cmd.DetachDesk) -> Steps:
    """A desk is gone; with the last one the grace begins, and what was offered goes back at once."""
    agent = s.agents.get(c.agent)
    if agent is None or (c.node, c.desk) not in agent.desks:
        yield Refused("agent_unknown")
        return
    withdrawn = yield from _lose_desk(s, at, agent, (c.node, c.desk))
    yield from back_in_line(s, at, withdrawn, "desk_lost")


def _lose_desk(s: State, at: int, agent: Agent, desk: tuple[str, str]) -> Generator[ev.Event, None, list[int]]:
    last = len(agent.desks) == 1
    grace_ms = s.bundle.grace_ms if s.bundle else 0
    withdrawn: list[int] = []
    if last:
        withdrawn = yield from withdraw_offers(s, agent.id, "desk_lost")
    yield ev.DeskDetached(agent.id, *desk, at + grace_ms if last else 0)
    return withdrawn


def node_lost(s: State, at: int, c: cmd.NodeLost) -> Steps:
    """Every desk of a dead node is gone; the grace of everybody on it begins."""
    lost = [(agent, desk) for agent in s.agents.values() for desk in sorted(agent.desks) if desk[0] == c.node]
    withdrawn: list[int] = []
    for agent, desk in sorted(lost, key=lambda pair: (pair[0].id, pair[1])):
        withdrawn += yield from _lose_desk(s, at, agent, desk)
    yield from back_in_line(s, at, withdrawn, "desk_lost")
