"""The load of the core's benchmark: a floor of robots whose commands are recorded once and can be decided again."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle

from router.core import commands as cmd
from router.core import events as ev
from router.core.answers import Made
from router.core.bundle import Bundle, ChannelSpec, Presence, Queue, Rule
from router.core.engine import Engine
from router.core.facts import Facts

START_MS = 1_800_000_000_000
STEP_MS = 20
LOADS = {"call": 100, "chat": 25}
SKILLS = 40
SKILLS_EACH = 12
PROFILES = 100
LANGUAGES = ("en", "zh", "th")
LAPSE_SHARE = 0.05
ABANDON_SHARE = 0.05

Step = tuple[int, cmd.Command | None]  # at, command; None is a tick


@dataclass(frozen=True, slots=True)
class Size:
    """How large a floor is."""

    agents: int
    waiting: int
    classes: int

    def __str__(self) -> str:
        return f"{self.agents:,} / {self.waiting:,} / {self.classes}"


def bundle_of(size: Size) -> Bundle:
    """Return a bundle that makes so many classes: a queue for each two channels and three languages of them."""
    names = [f"q{number}" for number in range(max(1, size.classes // (len(LOADS) * len(LANGUAGES))))]
    placed = [(name, language) for name in names for language in LANGUAGES]
    rules = [
        Rule(
            name=f"{name}-{language}",
            when=f'"{name}" in topics && language == "{language}"',
            queue=name,
            skills={language: 1},
        )
        for name, language in placed
    ]
    return Bundle(
        site="main",
        zone="UTC",
        languages=LANGUAGES,
        queues={
            name: Queue(name=name, hours="always", skills={f"s{number % SKILLS}": 1 + number % 3})
            for number, name in enumerate(names)
        },
        rules=(*rules, Rule(name="rest", queue=names[0])),
        topics=(),
        calendars={"always": (0, 2**53 - 1)},
        skills={**{f"s{number}": 3 for number in range(SKILLS)}, **dict.fromkeys(LANGUAGES, 1)},
        presences={"available": Presence(name="available", accepts=True)},
        channels={name: ChannelSpec(load=load, live=True) for name, load in LOADS.items()},
        dispositions=("solved",),
    )


def abilities(chance: random.Random) -> ev.Needs:
    """Return what one profile can do: two channels, one or two languages, some skills."""
    spoken = chance.sample(LANGUAGES, chance.choice((1, 2)))
    known = chance.sample(range(SKILLS), SKILLS_EACH)
    levels = {f"channel:{name}": 1 for name in LOADS}
    levels.update({f"skill:{language}": 1 for language in spoken})
    levels.update({f"skill:s{number}": chance.choice((1, 2, 3)) for number in known})
    return tuple(sorted(levels.items()))


@dataclass(slots=True)
class Load:
    """Robots drive an engine; every step is recorded. `before` builds the floor, `steps` are what is measured."""

    size: Size
    bundle: Bundle
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    engine: Engine = field(default_factory=Engine)
    before: list[Step] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    at: int = START_MS
    offers: deque[tuple[int, int, int]] = field(default_factory=deque)
    active: list[tuple[int, int]] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)
    away: list[int] = field(default_factory=list)
    arrived: int = 0
    facts: list[Facts] = field(default_factory=list)
    _count: int = 0

    def build(self) -> None:
        """Apply the configuration, sign everybody in, and fill lines and desks."""
        self.facts = [
            Facts(channel=channel, language=language, topics=(name,))
            for name in self.bundle.queues
            for language in LANGUAGES
            for channel in self.bundle.channels
        ]
        self._tell(cmd.TakeLead(id="lead", epoch=1, gap_ms=0, release="bench"))
        self._tell(cmd.ApplyConfig(id="config", hash="bench", bundle=self.bundle))
        for agent, skilled in zip(range(1, self.size.agents + 1), self._staff(), strict=False):
            self._tell(cmd.SignIn(id=self._id(), agent=agent, abilities=skilled, capacity=100))
        while self.in_line < self.size.waiting or (not self.size.waiting and self.arrived < self.size.agents):
            self._arrive()
            while self.offers:
                self._accept(self.offers.popleft())
        self.before, self.steps = self.steps, []

    def _staff(self) -> Iterator[ev.Needs]:
        """Yield what each agent can do, for ever: so many profiles in turn."""
        return cycle([abilities(self.chance) for _ in range(PROFILES)])

    def _happen(self) -> None:
        """What else happens in a round; a richer load says."""

    def run(self, rounds: int) -> None:
        """Arrivals, accepts, finishes; a share of time-outs and abandons; lines and desks keep their fill."""
        for _ in range(rounds):
            self.at += STEP_MS
            self._happen()
            self._finish()
            while self.offers:
                offered = self.offers.popleft()
                if self.chance.random() >= LAPSE_SHARE:
                    self._accept(offered)
            if self.in_line > self.size.waiting and self.chance.random() < ABANDON_SHARE:
                self._abandon()
            if 0 < self.engine.next_due_ms() <= self.at:
                self._tell(None)
            while self.away:
                back = cmd.SetPresence(id=self._id(), agent=self.away.pop(), presence="available")
                self._tell(back)
            self._arrive()
            while self.in_line < self.size.waiting:
                self._arrive()

    @property
    def in_line(self) -> int:
        return len(self.engine.state.convs) - len(self.active) - len(self.offers)

    def _id(self) -> str:
        self._count += 1
        return f"c{self._count}"

    def _tell(self, command: cmd.Command | None) -> None:
        self.steps.append((self.at, command))
        entry = self.engine.tick(self.at) if command is None else None
        if command is not None:
            answer = self.engine.handle(command, self.at)
            assert isinstance(answer, Made), answer
            entry = answer.entry
        for event in entry.events if entry else ():
            if type(event) is ev.Offered:
                self.offers.append((event.conv, event.agent, event.offer))
            elif type(event) is ev.PresenceSet and not event.accepts:
                self.away.append(event.agent)

    def _arrive(self) -> None:
        self.arrived += 1
        facts = self.chance.choice(self.facts)
        self._tell(
            cmd.Receive(
                id=self._id(),
                message=self.arrived,
                line=self.arrived,
                customer=self.arrived,
                channel=facts.channel,
                facts=facts,
                arrived_ms=self.at,
                seen=0,
            )
        )
        self.waiting.append(self.arrived)

    def _accept(self, offered: tuple[int, int, int]) -> None:
        conv, agent, offer = offered
        running = self.engine.state.convs[conv].offer if conv in self.engine.state.convs else None
        if running is not None and running.id == offer:
            self._tell(cmd.Accept(id=self._id(), agent=agent, conv=conv, offer=offer))
            self.active.append((conv, agent))

    def _finish(self) -> None:
        if self.active:
            index = self.chance.randrange(len(self.active))
            self.active[index], self.active[-1] = self.active[-1], self.active[index]
            conv, agent = self.active.pop()
            self._tell(cmd.Close(id=self._id(), agent=agent, conv=conv, disposition="solved"))

    def _abandon(self) -> None:
        """Somebody in line gives up: drawn among all who ever waited, until one is found who still does."""
        convs = self.engine.state.convs
        while self.waiting:
            index = self.chance.randrange(len(self.waiting))
            self.waiting[index], self.waiting[-1] = self.waiting[-1], self.waiting[index]
            line = self.waiting.pop()
            conv = self.engine.state.lines.get(line, 0)
            if conv in convs and convs[conv].state == "waiting":
                self._tell(cmd.LeaveLine(id=self._id(), line=line))
                return
