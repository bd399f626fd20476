"""A random day on a small floor: commands in, committed entries out, by the real core. No test lives here."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

from router.core import bundle as b
from router.core import commands as cmd
from router.core.answers import Made
from router.core.engine import Engine
from router.core.events import Entry, Parked
from router.core.facts import Facts
from router.core.lifecycle import ACTIVE, OFFERED, WRAP_UP
from router.core.record import Record

FOREVER_MS = 4_000_000_000_000
START_MS = 1_760_000_000_000


def bundle(**changes: Any) -> b.Bundle:
    """Three queues with skills of different depth, two channels, one presence of each kind."""
    fields: dict[str, Any] = {
        "site": "main",
        "zone": "UTC",
        "languages": ("en",),
        "queues": {
            "general": b.Queue(name="general", hours="always"),
            "billing": b.Queue(name="billing", hours="always", skills={"billing": 3}, wrap_up_ms=0),
            "vip": b.Queue(name="vip", hours="always", skills={"billing": 1, "care": 2}),
        },
        "rules": (
            b.Rule(name="bills", queue="billing", when='"bill" in topics'),
            b.Rule(name="vips", queue="vip", when='customer.segment == "vip"', head_start_ms=5_000),
            b.Rule(name="rest", queue="general"),
        ),
        "topics": (b.Topic(name="bill", when='message.text.contains("bill")'),),
        "calendars": {"always": (0, FOREVER_MS)},
        "skills": {"billing": 5, "care": 5},
        "presences": {
            "available": b.Presence(name="available", accepts=True),
            "lunch": b.Presence(name="lunch", accepts=False),
        },
        "channels": {"chat": b.ChannelSpec(load=25, live=True), "email": b.ChannelSpec(load=10, live=False)},
        "dispositions": ("done",),
    }
    return b.Bundle(**{**fields, **changes})


@dataclass
class FloorDay:
    """`engine.state` plays the replica: here everything decided is committed at once."""

    seed: int
    engine: Engine = field(default_factory=Engine)
    at: int = START_MS
    number: int = 0
    parked: list[Record] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        for command in (
            cmd.TakeLead(id="lead", epoch=1, gap_ms=0, release="test"),
            self.configured(bundle()),
        ):
            assert isinstance(self.engine.handle(command, self.at), Made)

    @staticmethod
    def configured(new: b.Bundle) -> cmd.ApplyConfig:
        return cmd.ApplyConfig(
            id=b.bundle_hash(b.encode_bundle(new)), hash=b.bundle_hash(b.encode_bundle(new)), bundle=new
        )

    def step(self) -> list[Entry]:
        """Let something happen; return what was committed."""
        self.at += self.random.choice((0, 1, 500, 20_000))
        entries = []
        ticked = self.engine.tick(self.at)
        if ticked is not None:
            entries.append(ticked)
        self.number += 1
        answer = self.engine.handle(self._command(), self.at)
        if isinstance(answer, Made) and answer.entry is not None:
            entries.append(answer.entry)
        for entry in entries:
            self.parked += [event.record for event in entry.events if isinstance(event, Parked)]
        return entries

    def _command(self) -> cmd.Command:
        deeds = [
            *(self._arrives, self._arrives, self._arrives, self._sign_in, self._presence, self._desk),
            *(self._accept, self._accept, self._accept, self._decline, self._finish, self._finish, self._leave),
            *(self._transfer, self._sign_out, self._wake, self._closure, self._lead, self._reconfigure),
        ]
        return self.random.choice(deeds)(f"c{self.number}")

    def _agent(self) -> int:
        return self.random.randint(1, 5)

    def _some(self, *states: str) -> Any:
        convs = [conv for conv in self.engine.state.convs.values() if conv.state in states]
        return self.random.choice(convs) if convs else None

    def _arrives(self, name: str) -> cmd.Command:
        line = self.random.randint(1, 30)
        facts = Facts(
            channel=self.random.choice(("chat", "email")),
            segment=self.random.choice(("", "vip")),
            topics=self.random.choice(((), ("bill",))),
        )
        return cmd.Receive(
            id=name,
            message=self.number,
            line=line,
            customer=line,
            channel=facts.channel,
            facts=facts,
            arrived_ms=self.at,
            seen=self.engine.state.position,
            record=next((record for record in reversed(self.parked) if record.line == line), None),
        )

    def _sign_in(self, name: str) -> cmd.Command:
        abilities = [("channel:chat", 1)]
        if self.random.random() < 0.7:
            abilities.append(("channel:email", 1))
        abilities += [(f"skill:{skill}", self.random.randint(1, 5)) for skill in ("billing", "care")]
        kept = tuple(sorted(each for each in abilities if self.random.random() < 0.8))
        return cmd.SignIn(id=name, agent=self._agent(), abilities=kept, capacity=self.random.choice((10, 25, 60)))

    def _presence(self, name: str) -> cmd.Command:
        return cmd.SetPresence(id=name, agent=self._agent(), presence=self.random.choice(("available", "lunch")))

    def _desk(self, name: str) -> cmd.Command:
        kind = self.random.choice((cmd.AttachDesk, cmd.DetachDesk))
        return kind(id=name, agent=self._agent(), node="n1", desk=self.random.choice(("d1", "d2")))

    def _accept(self, name: str) -> cmd.Command:
        conv = self._some(OFFERED)
        if conv is None:
            return self._sign_in(name)
        return cmd.Accept(id=name, agent=conv.offer.agent, conv=conv.id, offer=conv.offer.id)

    def _decline(self, name: str) -> cmd.Command:
        conv = self._some(OFFERED)
        if conv is None:
            return self._desk(name)
        return cmd.Decline(id=name, agent=conv.offer.agent, conv=conv.id, offer=conv.offer.id)

    def _finish(self, name: str) -> cmd.Command:
        conv = self._some(ACTIVE, WRAP_UP)
        if conv is None:
            return self._arrives(name)
        if conv.state == WRAP_UP:
            return cmd.FinishWrapUp(id=name, agent=conv.owner, conv=conv.id, disposition="done")
        if self.random.random() < 0.4:
            return cmd.Park(id=name, agent=conv.owner, conv=conv.id)
        return cmd.Close(id=name, agent=conv.owner, conv=conv.id)

    def _transfer(self, name: str) -> cmd.Command:
        conv = self._some(ACTIVE)
        if conv is None:
            return self._arrives(name)
        if self.random.random() < 0.5:
            return cmd.Transfer(id=name, agent=conv.owner, conv=conv.id, to_agent=self._agent())
        return cmd.Transfer(id=name, agent=conv.owner, conv=conv.id, queue=self.random.choice(("general", "vip")))

    def _leave(self, name: str) -> cmd.Command:
        return cmd.LeaveLine(id=name, line=self.random.randint(1, 30))

    def _sign_out(self, name: str) -> cmd.Command:
        return cmd.SignOut(id=name, agent=self._agent(), forced=True)

    def _wake(self, name: str) -> cmd.Command:
        if not self.parked:
            return self._arrives(name)
        return cmd.Wake(
            id=name, record=self.random.choice(self.parked), why=self.random.choice(("due", "reply_failed"))
        )

    def _closure(self, name: str) -> cmd.Command:
        until_ms = self.random.choice((0, self.at + 30_000))
        return cmd.OrderClosure(id=name, queue="general", until_ms=until_ms, by=1, reason="drill")

    def _lead(self, name: str) -> cmd.Command:
        if self.random.random() < 0.8:
            return self._desk(name)
        return cmd.TakeLead(id=name, epoch=self.engine.state.epoch + 1, gap_ms=1_000, release="test")

    def _reconfigure(self, name: str) -> cmd.Command:
        if self.random.random() < 0.8:
            return self._sign_in(name)
        level = self.random.randint(1, 4)
        queues = {**bundle().queues, "billing": b.Queue(name="billing", hours="always", skills={"billing": level})}
        return self.configured(bundle(queues=queues))
