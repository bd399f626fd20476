"""The state as bytes and back. Derived things (lines, masks, heaps, rulesets) are rebuilt, never written."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Mapping

import msgspec

from router.core.bundle import Bundle
from router.core.evolve import take_line
from router.core.facts import Facts
from router.core.lifecycle import WAITING
from router.core.matching import Class
from router.core.rules import Ruleset
from router.core.state import Agent, Answer, Conv, Left, Offer, QueueState, State

Needs = tuple[tuple[str, int], ...]


class _ClassRow(msgspec.Struct, array_like=True):
    queue: str
    channel: str
    needs: Needs
    load: int
    live: bool


class _OfferRow(msgspec.Struct, array_like=True):
    id: int
    agent: int
    until_ms: int
    issued_ms: int
    why: tuple[str, ...]


class _ConvRow(msgspec.Struct, array_like=True):
    id: int
    version: int
    customer: int
    line: int
    facts: int
    cls: int
    key_ms: int
    opened_ms: int
    since_ms: int
    state: str
    actor: str
    due_ms: int
    owner: int
    rule: str
    offer: _OfferRow | None
    resting: list[tuple[int, int]]
    held_for: int
    more_lines: tuple[int, ...]
    flags: int


class _AgentRow(msgspec.Struct, array_like=True):
    id: int
    abilities: Needs
    capacity: int
    presence: str
    accepts: bool
    since_ms: int
    idle: int
    work: list[tuple[int, int]]
    held: list[tuple[int, int]]
    desks: list[tuple[str, str]]
    grace_until_ms: int


class _QueueRow(msgspec.Struct, array_like=True):
    name: str
    open: bool
    until_ms: int
    serve_until_ms: int
    closure_until_ms: int


class Picture(msgspec.Struct, array_like=True):
    """One state, in plain rows. Two equal states give equal pictures."""

    position: int
    at: int
    epoch: int
    next_conv: int
    next_offer: int
    next_idle: int
    bundle_hash: str
    facts: list[tuple[int, Facts]]
    classes: list[_ClassRow]
    convs: list[_ConvRow]
    agents: list[_AgentRow]
    queues: list[_QueueRow]
    answers: list[tuple[str, int, int]]
    left: list[tuple[int, int, int, int, tuple[int, ...]]]
    lines: list[tuple[int, int]]
    review: list[int]


_FLAGS = ("answered", "off_hours", "gone", "on_hold", "failed", "no_notice")
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Picture)


def picture_of(state: State) -> Picture:
    """Return the state in plain rows, everything in a stated order."""
    return Picture(
        position=state.position,
        at=state.at,
        epoch=state.epoch,
        next_conv=state.next_conv,
        next_offer=state.next_offer,
        next_idle=state.next_idle,
        bundle_hash=state.bundle_hash,
        facts=sorted(state.fact_sets.items()),
        classes=[_ClassRow(c.queue, c.channel, c.needs, c.load, c.live) for c in state.matching.classes],
        convs=[_conv_row(state.convs[conv]) for conv in sorted(state.convs)],
        agents=[_agent_row(state.agents[agent]) for agent in sorted(state.agents)],
        queues=[
            _QueueRow(name, q.open, q.until_ms, q.serve_until_ms, q.closure_until_ms)
            for name, q in sorted(state.queues.items())
        ],
        answers=[(command, answer.position, answer.at) for command, answer in state.answers.items()],
        left=[(conv, left.version, left.at, left.position, left.lines) for conv, left in state.left.items()],
        lines=sorted(state.lines.items()),
        review=list(state.review),
    )


def encode_state(state: State) -> bytes:
    """Encode a state for a snapshot."""
    return _encoder.encode(picture_of(state))


def decode_state(data: bytes, bundles: Mapping[str, Bundle]) -> State:
    """Restore a state. Raises KeyError when its bundle was not handed in, ValidationError on foreign bytes."""
    picture = _decoder.decode(data)
    state = State(
        position=picture.position,
        at=picture.at,
        epoch=picture.epoch,
        next_conv=picture.next_conv,
        next_offer=picture.next_offer,
        next_idle=picture.next_idle,
        bundle_hash=picture.bundle_hash,
    )
    if picture.bundle_hash:
        state.bundle = bundles[picture.bundle_hash]
        state.ruleset = Ruleset(state.bundle)
    state.fact_sets = dict(picture.facts)
    state.fact_ids = {facts: number for number, facts in picture.facts}
    state.queues = {row.name: _queue(row) for row in picture.queues}
    state.answers = OrderedDict((command, Answer(position, at)) for command, position, at in picture.answers)
    for conv_id, version, at, position, lines in picture.left:
        state.left[conv_id] = Left(version, at, position, lines)
        state.left_on.update(dict.fromkeys(lines, conv_id))
    state.lines = dict(picture.lines)
    state.review = deque(picture.review)
    _restore_matching(state, picture)
    state.deadlines.rebuild(list(state.standing()))
    return state


def _conv_row(conv: Conv) -> _ConvRow:
    offer = conv.offer
    return _ConvRow(
        id=conv.id,
        version=conv.version,
        customer=conv.customer,
        line=conv.line,
        facts=conv.facts,
        cls=conv.cls.id,
        key_ms=conv.key_ms,
        opened_ms=conv.opened_ms,
        since_ms=conv.since_ms,
        state=conv.state,
        actor=conv.actor,
        due_ms=conv.due_ms,
        owner=conv.owner,
        rule=conv.rule,
        offer=_OfferRow(offer.id, offer.agent, offer.until_ms, offer.issued_ms, offer.why) if offer else None,
        resting=sorted((conv.resting or {}).items()),
        held_for=conv.held_for,
        more_lines=conv.more_lines,
        flags=sum(1 << bit for bit, name in enumerate(_FLAGS) if getattr(conv, name)),
    )


def _agent_row(agent: Agent) -> _AgentRow:
    return _AgentRow(
        id=agent.id,
        abilities=agent.abilities,
        capacity=agent.capacity,
        presence=agent.presence,
        accepts=agent.accepts,
        since_ms=agent.since_ms,
        idle=agent.idle,
        work=sorted(agent.work.items()),
        held=sorted(agent.held.items()),
        desks=sorted(agent.desks),
        grace_until_ms=agent.grace_until_ms,
    )


def _queue(row: _QueueRow) -> QueueState:
    return QueueState(row.open, row.until_ms, row.serve_until_ms, row.closure_until_ms)


def _restore_matching(state: State, picture: Picture) -> None:
    for number, row in enumerate(picture.classes):
        cls = Class(id=number, queue=row.queue, channel=row.channel, needs=row.needs, load=row.load, live=row.live)
        state.matching.form_class(cls)
        if not state.queue_state(row.queue).in_service:
            state.matching.shut |= 1 << number
    for agent_row in picture.agents:
        agent = _agent(state, agent_row)
        state.agents[agent.id] = agent
        state.matching.enter_room(agent)
    for conv_row in picture.convs:
        conv = _conv(state, conv_row)
        state.convs[conv.id] = conv
        for line in (conv.line, *conv.more_lines):
            take_line(state, line, conv.id)
    state.matching.rebuild_lines([conv for conv in state.convs.values() if conv.state == WAITING])


def _agent(state: State, row: _AgentRow) -> Agent:
    return Agent(
        id=row.id,
        abilities=row.abilities,
        capacity=row.capacity,
        presence=row.presence,
        accepts=row.accepts,
        since_ms=row.since_ms,
        profile=state.matching.profile_of(row.abilities),
        idle=row.idle,
        used=sum(load for _, load in row.work),
        work=dict(row.work),
        held=dict(row.held),
        desks=set(row.desks),
        grace_until_ms=row.grace_until_ms,
    )


def _conv(state: State, row: _ConvRow) -> Conv:
    offer = row.offer
    conv = Conv(
        id=row.id,
        version=row.version,
        customer=row.customer,
        line=row.line,
        facts=row.facts,
        cls=state.matching.classes[row.cls],
        key_ms=row.key_ms,
        opened_ms=row.opened_ms,
        since_ms=row.since_ms,
        state=row.state,
        actor=row.actor,
        due_ms=row.due_ms,
        owner=row.owner,
        rule=row.rule,
        offer=Offer(offer.id, offer.agent, offer.until_ms, offer.issued_ms, offer.why) if offer else None,
        resting=dict(row.resting) or None,
        held_for=row.held_for,
        more_lines=row.more_lines,
    )
    for bit, name in enumerate(_FLAGS):
        setattr(conv, name, bool(row.flags >> bit & 1))
    return conv
