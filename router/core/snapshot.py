"""The state as bytes and back. Derived things (lines, masks, heaps, rulesets) are rebuilt, never written.

A snapshot is a cache of the journal: one of another format is refused, and the journal is read instead.
"""

from __future__ import annotations

import gc
from collections import OrderedDict, deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from operator import attrgetter
from zlib import crc32

import msgspec

from router.core.bundle import Bundle
from router.core.evolve import BundleMissing
from router.core.evolve_offers import eager_queues
from router.core.lifecycle import WAITING
from router.core.matching import Class
from router.core.profiles import limits_of, offer_times_of, without_limits
from router.core.rules import Ruleset
from router.core.snapshot_rows import CONV_FIELDS, AgentRow, ClassRow, ConvRow, Picture, QueueRow
from router.core.state import Agent, Answer, Conv, Left, QueueState, State
from router.core.writing import count_accepting, fit, hold, take_line

# The first bytes of a snapshot. The number rises with every change of the rows above.
FORMAT = b"patchbay snapshot 10\n"
# After it a sum of all that follows: a state with one wrong bit would decide, and nobody would know.
CHECK_BYTES = 4

_row_of = attrgetter(*CONV_FIELDS)
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Picture)


def people_of(state: State, convs: Collection[int] = ()) -> bytes:
    """Return who works here, what they have room for and how the queues stand, with these conversations alone.

    It costs the size of the floor's people, not of its lines: for asking what would be decided.
    """
    facts = sorted({conv.facts for number in convs if (conv := state.convs.peek(number)) is not None})
    picture = picture_of(state, only=sorted(convs))
    picture.facts = [(number, state.facts.by_number[number]) for number in facts]
    return _encoder.encode(picture)


def restore_people(data: bytes, bundles: Mapping[str, Bundle]) -> State:
    """Restore what `people_of` wrote, sharing nothing with the state it came from."""
    return _restore(_decoder.decode(data), bundles)


def picture_of(state: State, *, only: Sequence[int] | None = None) -> Picture:
    """Return the state in plain rows, everything in a stated order; of `only` some conversations, and no memory."""
    if only is not None:
        return _picture_of(state, only, alone=True)
    return _picture_of(state, sorted(state.convs), alone=False)


def _picture_of(state: State, convs: Sequence[int], *, alone: bool) -> Picture:
    return Picture(
        position=state.position,
        at=state.at,
        epoch=state.epoch,
        next_conv=state.next_conv,
        next_offer=state.next_offer,
        next_idle=state.next_idle,
        bundle_hash=state.bundle_hash,
        next_facts=state.facts.next_number,
        facts=[] if alone else sorted(state.facts.by_number.items()),
        unused_facts=[] if alone else list(state.facts.unused),
        classes=[
            ClassRow(c.queue, c.channel, c.needs, c.load, c.live, c.priority, c.also) for c in state.matching.classes
        ],
        convs=[_row_of(state.convs.peek(conv)) for conv in convs],
        agents=[_agent_row(state.agents[agent]) for agent in sorted(state.agents)],
        queues=[_queue_row(name, q) for name, q in sorted(state.queues.items())],
        answers=[] if alone else [(command, answer.position, answer.at) for command, answer in state.answers.items()],
        left=[]
        if alone
        else [(conv, left.version, left.at, left.position, left.lines) for conv, left in state.left.items()],
        lines=[] if alone else sorted((line, state.lines[line]) for line in state.next_on_line),
        unexamined=[] if alone else list(state.unexamined),
        examined=state.examined,
        strays=[] if alone else list(state.strays),
        review=[] if alone else state.review.copy(),
        emergency=(state.emergency_until_ms, state.emergency_notice),
    )


@contextmanager
def without_collection() -> Iterator[None]:
    """A state is a million objects, none of them garbage: the collector would walk through them again and again."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


class ForeignSnapshot(ValueError):
    """The bytes are no snapshot that this release can read. Nothing is lost: the journal says it all."""


def encode_state(state: State) -> bytes:
    """Encode a state for a snapshot."""
    with without_collection():
        data = bytearray(FORMAT + bytes(CHECK_BYTES))
        _encoder.encode_into(picture_of(state), data, len(data))
    data[len(FORMAT) : len(FORMAT) + CHECK_BYTES] = _check_of(memoryview(data)[len(FORMAT) + CHECK_BYTES :])
    return bytes(data)


def _check_of(body: memoryview) -> bytes:
    return crc32(body).to_bytes(CHECK_BYTES, "big")


def decode_state(data: bytes, bundles: Mapping[str, Bundle]) -> State:
    """Restore a state. Raises BundleMissing when its bundle was not handed in, ForeignSnapshot."""
    with without_collection():
        return _restore(_picture(data), bundles)


def _picture(data: bytes) -> Picture:
    if not data.startswith(FORMAT):
        raise ForeignSnapshot("not a snapshot of this format")
    check, body = data[len(FORMAT) : len(FORMAT) + CHECK_BYTES], memoryview(data)[len(FORMAT) + CHECK_BYTES :]
    if check != _check_of(body):
        raise ForeignSnapshot("a damaged snapshot")
    try:
        return _decoder.decode(body)
    except msgspec.DecodeError as error:
        raise ForeignSnapshot("a snapshot of other rows under the same format") from error


def _restore(picture: Picture, bundles: Mapping[str, Bundle]) -> State:
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
        if picture.bundle_hash not in bundles:
            raise BundleMissing(picture.bundle_hash)
        state.bundle = bundles[picture.bundle_hash]
        state.ruleset = Ruleset(state.bundle)
        state.matching.configure(state.bundle)
        state.eager = eager_queues(state.bundle)
    _restore_facts(state, picture)
    state.queues = {row.name: _queue(row) for row in picture.queues}
    state.answers = OrderedDict((command, Answer(position, at)) for command, position, at in picture.answers)
    for conv_id, version, at, position, lines in picture.left:
        state.left[conv_id] = Left(version, at, position, lines)
        state.left_on.update(dict.fromkeys(lines, conv_id))
    state.lines = dict(picture.lines)
    state.unexamined, state.examined = deque(picture.unexamined), picture.examined
    state.strays, state.review = deque(picture.strays), picture.review
    state.emergency_until_ms, state.emergency_notice = picture.emergency
    _restore_matching(state, picture)
    _restore_convs(state, picture.convs)
    _restore_agents(state, picture.agents)
    # Before anybody sleeps: everybody is at hand.
    state.deadlines.rebuild(state.standing())
    state.matching.rebuild_lines([conv for conv in state.convs.awake() if conv.state == WAITING])
    return state


def _agent_row(agent: Agent) -> AgentRow:
    return AgentRow(
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
        passed=agent.passed,
        silent=agent.silent,
        winding=agent.winding,
        until_ms=agent.until_ms,
    )


def _queue(row: QueueRow) -> QueueState:
    return QueueState(*msgspec.structs.astuple(row)[1:])


def _queue_row(name: str, queue: QueueState) -> QueueRow:
    return QueueRow(name, *(getattr(queue, field) for field in QueueRow.__struct_fields__[1:]))


def _restore_matching(state: State, picture: Picture) -> None:
    for number, row in enumerate(picture.classes):
        state.matching.form_class(Class(number, *msgspec.structs.astuple(row)))
        if not state.is_offering(row.queue):
            state.matching.shut |= 1 << number


def _restore_agents(state: State, rows: list[AgentRow]) -> None:
    for row in rows:
        agent = state.agents[row.id] = _agent(state, row)
        if agent.accepts:
            count_accepting(state, agent.abilities, 1)
        fit(state, agent)
        state.matching.enter_room(agent)
    state.matching.reserves.let_go.clear()
    for conv in state.convs.awake():
        if conv.held_for and conv.held_for not in state.agents:
            hold(state, conv, conv.held_for)
        for agent_id in conv.participants or ():
            state.agents[agent_id].parts.add(conv.id)


def _agent(state: State, row: AgentRow) -> Agent:
    return Agent(
        id=row.id,
        abilities=row.abilities,
        capacity=row.capacity,
        presence=row.presence,
        accepts=row.accepts,
        since_ms=row.since_ms,
        profile=state.matching.enter_profile(without_limits(row.abilities)),
        limits=limits_of(row.abilities),
        offer_times=offer_times_of(row.abilities),
        passed=row.passed,
        idle=row.idle,
        used=sum(load for _, load in row.work),
        work=dict(row.work),
        held=dict(row.held),
        desks=set(row.desks),
        grace_until_ms=row.grace_until_ms,
        silent=row.silent,
        winding=row.winding,
        until_ms=row.until_ms,
    )


def _restore_facts(state: State, picture: Picture) -> None:
    facts = state.facts
    facts.next_number = picture.next_facts
    facts.by_number = dict(picture.facts)
    facts.number_of = {content: number for number, content in picture.facts}
    facts.unused = dict.fromkeys(picture.unused_facts)


def _restore_convs(state: State, rows: list[ConvRow]) -> None:
    """Equal words and times of one conversation are one object again, as they were before they were written."""
    classes, convs, words = state.matching.classes, state.convs, dict[str, str]()
    word = words.setdefault
    rows.reverse()
    while rows:
        row = rows.pop()  # so that rows and records are never all there at once
        conv, version, customer, line, facts, cls, key, opened, since, standing, actor, due, owner, rule = row[:14]
        offer, resting, held_for, answered, off_hours, gone, more_lines, on_hold, failed, no_notice = row[14:24]
        leg, rest = row[24], row[25:]
        convs[conv] = Conv(
            conv,
            version,
            customer,
            line,
            facts,
            classes[cls],
            key,
            key if opened == key else opened,
            key if since == key else since,
            word(standing, standing),
            word(actor, actor),
            due,
            owner,
            word(rule, rule),
            offer,
            resting,
            held_for,
            answered,
            off_hours,
            gone,
            more_lines,
            on_hold,
            failed,
            no_notice,
            since if leg == since else leg,
            *rest,
        )
        state.facts.take(facts)
        take_line(state, line, conv)
        for more in more_lines:
            take_line(state, more, conv)
