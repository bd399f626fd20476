"""A small bundle and short ways to say commands, for the core's tests. No test lives here."""

from __future__ import annotations

from typing import Any

from router.core import commands as cmd
from router.core import events as ev
from router.core.answers import Made
from router.core.bundle import HOUR_MS, Bundle, ChannelSpec, Closing, OffHours, Presence, Queue, Rule
from router.core.engine import Engine
from router.core.facts import Facts

MONDAY_MS = 1_795_400_000_000
FOREVER_MS = 2**53 - 1
ABILITIES = tuple(sorted((("channel:chat", 1), ("channel:email", 1), ("skill:billing", 3), ("skill:thai", 1))))


def bundle(**changes: Any) -> Bundle:
    """Return a bundle with three queues: general, billing (skilled), night (always open, takes what is closed)."""
    plain: dict[str, Any] = {
        "site": "main",
        "zone": "UTC",
        "languages": ("en",),
        "queues": {
            "general": Queue(
                name="general",
                hours="office",
                off_hours=OffHours(notices={"chat": "leave-message"}, then="night"),
            ),
            "billing": Queue(name="billing", hours="office", skills={"billing": 2}, closing=Closing(serve_ms=600_000)),
            "night": Queue(name="night", hours="always", wrap_up_ms=0),
        },
        "rules": (
            Rule(name="bills", when='"bill" in topics', queue="billing"),
            Rule(name="vip", when='customer.segment == "vip"', queue="general", head_start_ms=60_000),
            Rule(name="rest", queue="general"),
        ),
        "topics": (),
        "calendars": {
            "office": (MONDAY_MS, MONDAY_MS + 8 * HOUR_MS, MONDAY_MS + 24 * HOUR_MS, MONDAY_MS + 32 * HOUR_MS),
            "always": (0, FOREVER_MS),
        },
        "skills": {"billing": 3, "thai": 1},
        "presences": {
            "available": Presence(name="available", accepts=True),
            "break": Presence(name="break", accepts=False),
            "letters": Presence(name="letters", accepts=True, channels=("email",)),
            "untouched": Presence(name="untouched", accepts=False, idle_ms=300_000),
        },
        "channels": {
            "chat": ChannelSpec(load=25, live=True),
            "email": ChannelSpec(load=10, live=False, confirm="received"),
        },
        "dispositions": ("solved",),
        "decline_reasons": ("busy",),
    }
    return Bundle(**{**plain, **changes})


class Floor:
    """An engine with a hand-moved clock, for stories. `do` asserts success and returns the events."""

    def __init__(self, running: Bundle | None = None, at: int = MONDAY_MS + HOUR_MS) -> None:
        self.engine = Engine()
        self.at = at
        self.entries: list[ev.Entry] = []
        self._count = 0
        self.do(cmd.TakeLead(id="lead", epoch=1, gap_ms=0, release="test"))
        self.do(cmd.ApplyConfig(id="config", hash="b1", bundle=running or bundle()))

    @property
    def state(self) -> Any:
        return self.engine.state

    def ask(self, command: cmd.Command) -> Any:
        """Handle a command and return its answer, whatever it is."""
        answer = self.engine.handle(command, self.at)
        if isinstance(answer, Made) and answer.entry:
            self.entries.append(answer.entry)
        return answer

    def do(self, command: cmd.Command) -> list[ev.Event]:
        answer = self.ask(command)
        assert isinstance(answer, Made), answer
        return list(answer.entry.events) if answer.entry else []

    def wait(self, ms: int) -> list[ev.Event]:
        """Let time pass, firing what falls due on the way, each at its own time."""
        end = self.at + ms
        made: list[ev.Event] = []
        while 0 < self.engine.next_due_ms() <= end:
            self.at = max(self.at, self.engine.next_due_ms())
            entry = self.engine.tick(self.at)
            if entry:
                self.entries.append(entry)
                made.extend(entry.events)
        self.at = end
        return made

    def sign_in(self, agent: int, capacity: int = 100, abilities: Any = ABILITIES) -> list[ev.Event]:
        return self.do(cmd.SignIn(id=self.id(), agent=agent, abilities=abilities, capacity=capacity))

    def arrive(self, line: int, **facts: Any) -> list[ev.Event]:
        return self.do(self.message(line, **facts))

    def message(self, line: int, *, record: Any = None, quiet: bool = False, **facts: Any) -> cmd.Receive:
        self._count += 1
        content = Facts(**{"channel": "chat", **facts})
        return cmd.Receive(
            id=f"L{self._count}",
            message=self._count,
            line=line,
            customer=line,
            channel=content.channel,
            facts=content,
            arrived_ms=self.at,
            seen=self.state.position,
            record=record,
            quiet=quiet,
        )

    def accept(self, conv: int) -> list[ev.Event]:
        offer = self.state.convs[conv].offer
        return self.do(cmd.Accept(id=self.id(), agent=offer.agent, conv=conv, offer=offer.id))

    def id(self) -> str:
        self._count += 1
        return f"c{self._count}"


def names(events: list[ev.Event]) -> list[str]:
    """Return the events' names, for stories told in one line."""
    return [type(event).__name__ for event in events]


def desk(floor: Floor, agent: int, node: str = "n1", name: str = "d1") -> list[ev.Event]:
    """A socket of the agent's desk is there."""
    return floor.do(cmd.AttachDesk(id=floor.id(), agent=agent, node=node, desk=name))


def at_work(*agents: int, capacity: int = 100, running: Bundle | None = None) -> Floor:
    """Return a floor with these agents, each at a desk."""
    floor = Floor(running)
    for agent in agents:
        floor.sign_in(agent, capacity=capacity)
        desk(floor, agent)
    return floor


def line_of(floor: Floor) -> list[int]:
    """Return the conversations that wait, in order."""
    return [conv.id for conv in floor.state.matching.in_order()]


def offered_to(floor: Floor, conv: int) -> int:
    """Return who is asked whether they take it; 0 where nobody is."""
    asked = floor.state.convs[conv].offer
    return asked.agent if asked else 0
