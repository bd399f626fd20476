"""A floor with everything around it that the core relies on: a store of records, a replica, a restored twin.

The random tests speak to it. It holds every entry against the oracle as it is made. No test lives here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from router.core import commands as cmd
from router.core import events as ev
from router.core.answers import Answered, LookAgain, Made, Refused
from router.core.bundle import (
    DAY_MS,
    HOUR_MS,
    Bundle,
    Callback,
    ChannelSpec,
    Closing,
    Contact,
    NoAnswer,
    OffHours,
    Opening,
    Overflow,
    Queue,
    Silence,
    Unanswered,
)
from router.core.engine import Engine
from router.core.evolve import evolve, remember
from router.core.facts import Facts
from router.core.record import Record, decode_record, encode_record
from router.core.snapshot import decode_state, encode_state, picture_of
from router.core.state import State
from tests.core.floor_plan import FOREVER_MS, MONDAY_MS, bundle
from tests.core.oracle import check_offer, check_ring, check_settled, check_window, overdue

PEOPLE = (1, 2, 3, 4)
LINES = (1, 2, 3, 4, 5, 6)
SKILLS = (
    (("channel:chat", 1), ("channel:email", 1)),
    (("channel:chat", 1), ("channel:email", 1), ("skill:billing", 3)),
    (("channel:email", 1), ("skill:billing", 2)),
    (("channel:chat", 1), ("skill:billing", 1), ("skill:thai", 1)),
)
CAPACITIES = (10, 25, 35, 60, 100)


GIVES_BACK: dict[str, Any] = {"transfer_refused": "sender", "transfers_max": 1, "transfers_then": "night"}


def daily(from_hour: int, hours: int) -> tuple[int, ...]:
    """Return a calendar that opens for so many hours on each day of a year."""
    opens = [MONDAY_MS + day * DAY_MS + from_hour * HOUR_MS for day in range(365)]
    return tuple(at for opening in opens for at in (opening, opening + hours * HOUR_MS))


def bundles() -> dict[str, Bundle]:
    """Return the configurations that random floors swap between, by name."""
    hours = {"office": daily(0, 14), "always": (0, FOREVER_MS)}
    plain = bundle(calendars=hours)
    skilled = Queue(name="general", hours="office", skills={"billing": 1}, wrap_up_ms=0, offer_ms=5_000, **GIVES_BACK)
    waits_for_itself = Queue(name="billing", hours="office", closing=Closing(serve_ms=600_000), rest_ms=120_000)
    gives_back = Queue(name="night", hours="always", wrap_up_ms=0, **GIVES_BACK)
    closing = OffHours(notices={"chat": "leave-message"}, then="night")
    return {
        "plain": plain,
        "eager": bundle(calendars=hours, queues=eager_queues()),
        "relieved": bundle(calendars=hours, queues=relieved_queues(), texts=TEXTS),
        "skilled": bundle(
            calendars=hours,
            queues={**plain.queues, "general": skilled, "night": gives_back, "billing": waits_for_itself},
        ),
        "outside": bundle(calendars=hours, channels=CONNECTED, contacts=CONTACTS),
        "dropped": bundle(
            calendars=hours,
            queues={name: plain.queues[name] for name in ("general", "night")},
            rules=plain.rules[2:],
        ),
        "closing": bundle(
            queues={
                **plain.queues,
                "general": Queue(
                    name="general", hours="lunch", closing=Closing(serve_ms=300_000), off_hours=closing, **GIVES_BACK
                ),
                "night": Queue(name="night", hours="office", wrap_up_ms=0, transfers_max=0),
            },
            calendars={**hours, "lunch": daily(0, 2)},
        ),
    }


CONNECTED = {"chat": ChannelSpec(load=25, live=True, connects=True), "email": ChannelSpec(load=10, live=False)}
CONTACTS = {
    "acme": Contact(name="acme", phone="+420222333444", email="a@acme.test", ring_ms=20_000, due_ms=600_000),
    "away": Contact(name="away", phone="+420222333445", email="a@away.test", then="leaves", refused="queue"),
}
TEXTS = {name: {"en": name} for name in ("fire", "voicemail", "moved", "still-there")}


def relieved_queues() -> dict[str, Queue]:
    """Return queues that overflow, call back, open by and by and leave silent customers alone."""
    silent = {"chat": Silence(remind_ms=20_000, close_ms=60_000, notice="still-there")}
    return {
        "general": Queue(
            name="general",
            hours="office",
            overflow=(
                Overflow(when="full", waiting_max=1, to="billing", keep=True, notice="moved"),
                Overflow(when="slow", after_ms=30_000, way="voicemail", channels=("chat",), notice="voicemail"),
                Overflow(when="nobody", after_ms=5_000, to="night"),
            ),
            opening=Opening(per_minute=2),
            callback=Callback(mode="customer_first", attempts=2, retry_ms=60_000, ring_ms=10_000, notice="moved"),
            silent=silent,
        ),
        "billing": Queue(
            name="billing",
            hours="office",
            skills={"billing": 2},
            overflow=(Overflow(when="slow", after_ms=60_000, to="general"),),
            callback=Callback(attempts=2, retry_ms=20_000),
            silent=silent,
        ),
        "night": Queue(
            name="night",
            hours="always",
            wrap_up_ms=0,
            overflow=(Overflow(when="nobody", after_ms=20_000, way="notice", notice="moved"),),
        ),
    }


def eager_queues() -> dict[str, Queue]:
    """Return queues that ring at several, forgive silence, take back what stands still and wait for who is absent."""
    soon = Unanswered(remind_ms=60_000, after_ms=150_000)
    told = Unanswered(remind_ms=300_000, after_ms=600_000, then="supervisor")
    return {
        "general": Queue(
            name="general",
            hours="office",
            ring=3,
            pull="also",
            no_answer=NoAnswer(then="rest", serial_max=2),
            unanswered={"": soon},
            owner_absent_ms=DAY_MS,
            shift_end="queue",
        ),
        "billing": Queue(
            name="billing",
            hours="office",
            skills={"billing": 2},
            auto_answer=True,
            unanswered={"chat": told, "email": soon},
            next_within_ms={"chat": 60_000},
        ),
        "night": Queue(name="night", hours="always", wrap_up_ms=0, pull="only", owner_absent_ms=HOUR_MS),
    }


@dataclass(slots=True)
class World:
    """`keep` remembers every encoded entry; `judged` turns the oracle on."""

    at: int = MONDAY_MS + HOUR_MS
    judged: bool = True
    configurations: dict[str, Bundle] = field(default_factory=bundles)
    entries: list[ev.Entry] = field(default_factory=list)
    records: dict[int, tuple[bytes, int]] = field(default_factory=dict)  # conversation -> record, due_ms
    line_of: dict[int, int] = field(default_factory=dict)  # line -> its last conversation
    sent: list[tuple[cmd.Command, int]] = field(default_factory=list)  # what was decided, with its position
    settled: dict[int, str] = field(default_factory=dict)  # message -> what became of it
    engine: Engine = field(default_factory=Engine)
    twin: Engine = field(default_factory=Engine)
    replica: State = field(default_factory=State)
    led_until_ms: int = 0
    skills: tuple[ev.Needs, ...] = SKILLS
    channels: tuple[str, ...] = ("chat", "email")
    look_up: Callable[[World, int], dict[str, Any]] = lambda _world, _line: {}
    _count: int = 0

    def __post_init__(self) -> None:
        """On the deciding floor everybody who waits sleeps; on the replica and the restored twin nobody does."""
        self.engine.state.convs.awake_max = 0

    def begin(self) -> None:
        self.tell(cmd.TakeLead(id="lead", epoch=1, gap_ms=0, release="0.1.0"))
        self.apply("plain")

    @property
    def state(self) -> State:
        return self.engine.state

    def id(self) -> str:
        self._count += 1
        return f"c{self._count}"

    # --- commands and time --------------------------------------------------------------------------------

    def tell(self, command: cmd.Command) -> Answered:
        """Have both engines decide a command, follow what came of it, judge the floor."""
        answer = self.engine.handle(command, self.at)
        if self.judged:
            assert self.twin.handle(command, self.at) == answer, "a restored floor decides otherwise"
        if isinstance(answer, Made) and answer.entry is not None:
            self.sent.append((command, answer.position))
            self._follow(answer.entry)
        self._judge()
        return answer

    def again(self, index: int) -> None:
        """Say an earlier command once more."""
        command, position = self.sent[index % len(self.sent)]
        if command.id in self.state.answers:
            before = encode_state(self.state)
            assert self.tell(command) == Made(position, None)
            assert encode_state(self.state) == before

    def tick(self) -> ev.Entry | None:
        entry = self.engine.tick(self.at)
        if self.judged:
            assert self.twin.tick(self.at) == entry, "a restored floor ticks otherwise"
        if entry is not None:
            self._follow(entry)
        self._judge()
        return entry

    def wait(self, ms: int, *, at_once: bool = False) -> None:
        """Let time pass: what falls due on the way at its own time, or all `at_once` at the end."""
        end = self.at + ms
        if at_once:
            self.at = end
        while 0 < (due := self._next_due_ms()) <= end:
            self.at = max(self.at, due)
            self.tick()
            self._wake_due()
        self.at = end
        if self.judged:
            assert not list(overdue(self.state, self.at))

    def _next_due_ms(self) -> int:
        dues = [self.engine.next_due_ms(), *(due for record, due in self.records.values() if record)]
        return min((due for due in dues if due), default=0)

    def _wake_due(self) -> None:
        for conv, (data, due_ms) in sorted(self.records.items()):
            record = decode_record(data)
            if due_ms and due_ms <= self.at and record.state == "parked":
                answer = self.tell(cmd.Wake(id=f"wake:{conv}:{record.version}", record=record))
                assert isinstance(answer, Made)

    def gap(self, ms: int) -> None:
        """Nobody leads for a while; then a leader takes over from a snapshot."""
        self.at += ms
        if self.judged:
            self.restore()
        self.led_until_ms = self.at + self.configurations["plain"].grace_ms
        self.tell(cmd.TakeLead(id=self.id(), epoch=self.state.epoch + 1, gap_ms=ms, release="0.1.0"))

    def apply(self, name: str) -> Answered:
        return self.tell(cmd.ApplyConfig(id=self.id(), hash=name, bundle=self.configurations[name]))

    def restore(self) -> None:
        """The twin goes on from a snapshot of the floor."""
        self.twin = Engine(decode_state(encode_state(self.state), self.configurations), dict(self.configurations))

    # --- messages, with the look-up that comes before ----------------------------------------------------------

    def arrive(self, line: int, *, blind: bool = False, quiet: bool = False, **facts: object) -> Answered:
        """A message of a line; `blind`: its look-up was made before anything had happened."""
        self._count += 1
        content = Facts(**{"channel": "chat", **facts})  # type: ignore[arg-type]
        message = cmd.Receive(
            id=f"L{self._count}",
            message=self._count,
            line=line,
            customer=line,
            channel=content.channel,
            facts=content,
            arrived_ms=self.at,
            seen=0 if blind else self.state.position,
            record=None if blind else self.record_on(line),
            quiet=quiet,
            no_notice=quiet,
            **({} if blind else self.look_up(self, line)),
        )
        answer = self.tell(message)
        if isinstance(answer, LookAgain):
            assert blind, "a look-up that has seen everything need not be made again"
            return self.arrive(line, quiet=quiet, **facts)
        return answer

    def record_on(self, line: int) -> Record | None:
        return self.record(self.line_of.get(line, 0))

    def record(self, conv: int) -> Record | None:
        data, _ = self.records.get(conv, (b"", 0))
        return decode_record(data) if data else None

    # --- following ---------------------------------------------------------------------------------------------

    def _follow(self, entry: ev.Entry) -> None:
        self.entries.append(entry)
        known: dict[str, Bundle] = self.configurations
        for event in entry.events:
            if self.judged and isinstance(event, ev.Offered):
                check_offer(self.replica, event, entry.at)
            if self.judged and isinstance(event, ev.WindowClosed):
                check_window(self.replica, event)
            if self.judged and isinstance(event, ev.RangAlso):
                check_ring(self.replica, event)
            evolve(self.replica, entry.at, event, known)
            self._store(event)
        remember(self.replica, entry.command, entry.at)

    def _store(self, event: ev.AnyEvent) -> None:
        if isinstance(event, ev.Parked):
            self.records[event.conv] = (encode_record(event.record), event.until_ms)
        elif isinstance(event, ev.Closed | ev.Abandoned):
            self.records[event.conv] = (encode_record(event.record), 0)
        elif isinstance(event, ev.Returned):
            del self.records[event.conv]
        elif isinstance(event, ev.Received):
            assert event.message not in self.settled, "one message, twice"
            self.settled[event.message] = f"in {event.conv}"
            self.line_of[event.line] = event.conv
        elif isinstance(event, ev.MessageSetAside):
            assert event.message not in self.settled, "one message, twice"
            self.settled[event.message] = event.reason
        elif isinstance(event, (ev.Replied, ev.CallbackAsked)) or (isinstance(event, ev.OutsideAsked) and event.line):
            self.line_of[event.line] = event.conv

    def _judge(self) -> None:
        if not self.judged:
            return
        state = self.state
        check_settled(state)
        picture = picture_of(state)
        assert picture_of(self.replica) == picture, "replaying gives another state"
        assert picture_of(decode_state(encode_state(state), self.configurations)) == picture
        for agent in state.agents.values():
            if agent.grace_until_ms not in {0, self.led_until_ms}:
                assert all(state.convs[conv].offer is None for conv in agent.work), "an offer to a lost desk"
        inside, outside = set(state.convs), set(self.records)
        assert inside.isdisjoint(outside), "in the core and in the store"
        assert inside | outside == set(range(1, state.next_conv)), "a conversation that is nowhere"


def settle(answer: Answered) -> str:
    """Return what came of a command, in a word."""
    return answer.reason if isinstance(answer, Refused) else type(answer).__name__
