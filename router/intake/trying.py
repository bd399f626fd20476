"""Try a message: coded as a letter's would be, decided by the core on a copy of the floor. Nothing is written."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from channels.contract import Capabilities
from router.core import commands as cmd
from router.core import events as ev
from router.core.bundle import DAY_MS, Bundle, bundle_hash, encode_bundle
from router.core.engine import Engine
from router.core.explaining import Judged, judged
from router.core.facts import Facts
from router.core.rules import Placement, Ruleset, Topics
from router.core.state import State
from router.core.trial import Sketch, Tried, able_for, awaken, move_to, sketch_of, tried
from router.floor.floor import Floor
from router.intake.acquaintance import Acquaintances
from router.intake.coding import Said, coded
from router.store.port import Archive

# A bundle knows its hours from the day before it was made to 400 days after; a little inside of that.
KNOWN_BACK_MS, KNOWN_AHEAD_MS = DAY_MS, 390 * DAY_MS
# So many of those who can serve are told one by one; the number says how many there are.
ABLE_MAX = 50
# The line and message of what is only tried: no row has such numbers.
NOBODYS = -1

LoadedAt = Callable[[Bundle, int], Awaitable[Bundle]]


class NobodyKnown(LookupError):
    """There is no customer of this number."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A message that somebody might send. `customer` is one who is known, 0 for a stranger; `at` 0 is now."""

    said: Said
    segment: str = ""
    customer: int = 0
    at: int = 0


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that would be done.

    `kind`: told, diverted, deferred, overflowed, offered_way, queued, held, offered.
    """

    kind: str
    queue: str = ""
    other: str = ""
    notice: str = ""
    agent: int = 0
    until_ms: int = 0
    why: tuple[str, ...] = ()
    waiting: int = 0


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """One who can serve it, and how they stand to it now: asked, free, kept, full, away."""

    agent: int
    stands: str
    presence: str
    free: int
    capacity: int
    since_ms: int


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What would become of it.

    `closed_by`: emergency, closure or hours; empty where its queue is open. `ends_in` is the queue at the end of all
    `steps`. `people` says whether agents are looked at: they are those of now.
    """

    at: int
    version: str
    facts: Facts
    trace: tuple[Judged, ...]
    rule: str
    queue: str
    needs: tuple[tuple[str, int], ...]
    load: int
    priority: int
    head_start_ms: int
    hours: str
    closed_by: str = ""
    opens_ms: int = 0
    steps: tuple[Step, ...] = ()
    ends_in: str = ""
    asked: int = 0
    able: tuple[Person, ...] = ()
    able_count: int = 0
    people: bool = True
    refused: str = ""


class Trying:
    """Tries messages on one floor, as it stands on this node."""

    def __init__(
        self,
        floor: Floor,
        archive: Archive,
        capabilities: Mapping[str, Capabilities],
        *,
        now_ms: Callable[[], int],
        loaded_at: LoadedAt,
    ) -> None:
        self._floor, self._archive = floor, archive
        self._acquaintances = Acquaintances(floor.site, archive, capabilities)
        self._now_ms, self._loaded_at = now_ms, loaded_at
        self._one = asyncio.Lock()

    async def ask(self, question: Question) -> Outcome | None:
        """Return what would become of a message; None before the first configuration. Raises NobodyKnown.

        One at a time: whoever tries many waits for themselves, and nobody else's work is slower than by one copy.
        """
        async with self._one:
            return await self._asked(question)

    async def _asked(self, question: Question) -> Outcome | None:
        running = self._floor.bundle
        if running is None:
            return None
        segment, language, known = await known_customer(
            self._floor.site, self._archive, self._acquaintances, running, question
        )
        now_ms = self._now_ms()
        at = question.at or now_ms
        other = None
        if not now_ms - KNOWN_BACK_MS < at < now_ms + KNOWN_AHEAD_MS:
            other = await self._loaded_at(running, at)
        sketch = sketch_of(self._floor.state, known.lines if known else (), alone=other is not None)
        trial = Trial(
            question, running, segment=segment, language=language, known=known, version=self._floor.state.bundle_hash
        )
        return await asyncio.to_thread(trial.run, sketch, other, at, moved=bool(question.at))


async def known_customer(
    site: str, archive: Archive, acquaintances: Acquaintances, running: Bundle, question: Question
) -> tuple[str, str, cmd.Acquaintance | None]:
    """Return segment, language and history of who is said to write. Raises NobodyKnown."""
    if not question.customer:
        return question.segment, "", None
    customer = await archive.customer(site, question.customer)
    if customer is None:
        raise NobodyKnown
    history = (await acquaintances.of(running, {question.customer})).get(question.customer)
    known = acquaintances.known(history, NOBODYS) if history else None
    return question.segment or customer.segment, customer.language, known


class Trial:
    """One message, to be tried on a copy of a floor, or on an empty one."""

    def __init__(
        self,
        question: Question,
        running: Bundle,
        *,
        segment: str,
        language: str,
        known: cmd.Acquaintance | None,
        version: str,
    ) -> None:
        self._question, self._running, self._version = question, running, version
        self._segment, self._language, self._known = segment, language, known

    def run(self, sketch: Sketch | None, other: Bundle | None, at: int, *, moved: bool) -> Outcome:
        """Decide it. `other` is the configuration expanded around another day; `moved`: at another time than now."""
        state = awaken(sketch) if sketch is not None else State()
        if sketch is None or other is not None:
            self._apply(state, other or self._running, at)
        if moved or sketch is None:
            move_to(state, at)
        bundle, ruleset = state.bundle, state.ruleset
        assert bundle is not None, "every copy has a configuration"
        assert ruleset is not None, "a configuration brings its rules"
        said = self._question.said
        facts = coded(said, bundle, Topics(bundle), segment=self._segment, known_language=self._language)
        placement = ruleset.place(facts, at)
        closed_by, opens_ms = _closed(state, placement.queue, at)
        would = tried(state, self._receive(facts, at), at)
        outcome = Outcome(
            at=at,
            version=self._version,
            hours=bundle.queues[placement.queue].hours,
            closed_by=closed_by,
            opens_ms=opens_ms,
            people=sketch is not None,
            **placed(ruleset, facts, at, placement=placement),
        )
        return _ended(outcome, would)

    def _apply(self, state: State, bundle: Bundle, at: int) -> None:
        state.at = min(state.at, at)
        name = bundle_hash(encode_bundle(bundle))
        Engine(state, {}).handle(cmd.ApplyConfig(id="C-tried", hash=name, bundle=bundle), at)

    def _receive(self, facts: Facts, at: int) -> cmd.Receive:
        return cmd.Receive(
            id="L-tried",
            message=NOBODYS,
            line=NOBODYS,
            customer=self._question.customer or NOBODYS,
            channel=facts.channel,
            facts=facts,
            arrived_ms=at,
            seen=2**53,
            known=self._known,
        )


def placed(ruleset: Ruleset, facts: Facts, at: int, *, placement: Placement | None = None) -> dict[str, Any]:
    """Return what the rules say of facts at a time, with the trace of how they came to it."""
    found = placement or ruleset.place(facts, at)
    return {
        "facts": facts,
        "trace": judged(ruleset, facts, at),
        "rule": found.rule,
        "queue": found.queue,
        "needs": found.needs,
        "load": found.load,
        "priority": found.priority,
        "head_start_ms": found.head_start_ms,
    }


def _closed(state: State, queue: str, at: int) -> tuple[str, int]:
    """Return what closes a queue, empty for nothing, and when it opens."""
    standing = state.queue_state(queue)
    if standing.open:
        return "", 0
    if state.emergency_until_ms > at:
        return "emergency", standing.until_ms
    return ("closure" if standing.closure_until_ms > at else "hours"), standing.until_ms


def _ended(outcome: Outcome, would: Tried) -> Outcome:
    if would.conv is None:
        return msgspec.structs.replace(outcome, refused=would.refused)
    steps = tuple(step for event in would.events if (step := _step(event, would.state)) is not None)
    able = able_for(would.state, would.conv)
    people = tuple(
        Person(
            agent=each.agent.id,
            stands=each.stands,
            presence=each.agent.presence,
            free=each.free,
            capacity=each.agent.capacity,
            since_ms=each.agent.since_ms,
        )
        for each in able[:ABLE_MAX]
    )
    return msgspec.structs.replace(
        outcome,
        steps=steps,
        ends_in=would.conv.queue,
        asked=next((step.agent for step in steps if step.kind == "offered"), 0),
        able=people,
        able_count=len(able),
    )


def _step(event: ev.AnyEvent, state: State) -> Step | None:
    tell = _STEPS.get(type(event))
    return tell(event, state) if tell is not None else None


def _queue_of(state: State, cls: int) -> str:
    return state.matching.classes[cls].queue


_STEPS: Mapping[type[ev.Event], Callable[[Any, State], Step]] = {
    ev.Announced: lambda e, _s: Step(kind="told", notice=e.notice, queue=e.queue, until_ms=e.until_ms),
    ev.Diverted: lambda e, s: Step(kind="diverted", queue=e.from_queue, other=_queue_of(s, e.cls)),
    ev.Deferred: lambda e, _s: Step(kind="deferred", queue=e.queue, until_ms=e.until_ms),
    ev.Overflowed: lambda e, s: Step(
        kind="overflowed", queue=e.from_queue, other=_queue_of(s, e.cls), why=(e.why,), waiting=e.waiting
    ),
    ev.OverflowTold: lambda e, _s: Step(kind="offered_way", notice=e.way, why=(e.why,), waiting=e.waiting),
    ev.Queued: lambda e, s: Step(kind="queued", queue=s.convs[e.conv].queue),
    ev.HeldFor: lambda e, _s: Step(kind="held", agent=e.agent, until_ms=e.until_ms, why=(e.why,)),
    ev.Offered: lambda e, _s: Step(kind="offered", agent=e.agent, until_ms=e.until_ms, why=e.why),
}
