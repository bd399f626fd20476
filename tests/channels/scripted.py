"""A scripted live channel that holds the contract to its word: it rings, connects, holds, moves, loses answers.

Its world is an `Exchange`, a telephone exchange in memory. Phone must later add a folder and change nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from channels import contract as sig

WAIT_MS_ROUND = 15_000


@dataclass
class Call:
    """One call in the exchange: who is on it, and what was done to it."""

    number: str
    parties: list[str] = field(default_factory=lambda: ["customer"])
    on_hold: bool = False
    place: str = ""
    over: bool = False
    played: list[str] = field(default_factory=list)


@dataclass
class Exchange:
    """The provider. `performed` remembers keys; `lose` answers are lost after the deed was done."""

    calls: dict[str, Call] = field(default_factory=dict)
    performed: dict[str, str] = field(default_factory=dict)
    deeds: list[tuple[str, str, str]] = field(default_factory=list)
    lose: int = 0
    refuse: dict[str, str] = field(default_factory=dict)


class Settings(sig.Settings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The scripted channel's entry in the configuration."""

    token_env: str = ""


CAPABILITIES = sig.Capabilities(
    delivery="call",
    live=True,
    load=100,
    opens_on="line",
    effects=("Connect", "Hold", "Move", "HangUp", "Play"),
    single=True,
    can_find=True,
)


class ScriptedModule:
    """What `channels/<name>` would be as a module, bound to one exchange."""

    def __init__(self, exchange: Exchange) -> None:
        self.CAPABILITIES = CAPABILITIES
        self.Settings = Settings
        self._exchange = exchange

    def build(self, settings: sig.Settings, door: sig.Door, environment: Mapping[str, str]) -> ScriptedChannel:
        assert isinstance(settings, Settings)
        if settings.token_env and settings.token_env not in environment:
            raise ValueError(f"the variable {settings.token_env} is not set")
        return ScriptedChannel(door, self._exchange)


class ScriptedChannel:
    """The two halves: webhooks in, effects out."""

    def __init__(self, door: sig.Door, exchange: Exchange) -> None:
        self.capabilities = CAPABILITIES
        self.listening = False
        self._door = door
        self._exchange = exchange
        self._ways: dict[type[Any], Any] = {
            sig.Connect: self._connect,
            sig.Hold: self._hold,
            sig.Move: self._move,
            sig.HangUp: self._hang_up,
            sig.Play: self._play,
        }

    def routes(self) -> Sequence[sig.Route]:
        return [
            sig.Route(method="POST", path="/ring", handler=self.ring, body_bytes_max=1_000),
            sig.Route(method="POST", path="/wait", handler=self.wait),
            sig.Route(method="POST", path="/party", handler=self.party),
        ]

    async def listen(self) -> None:
        self.listening = True

    # --- in -----------------------------------------------------------------------------------------------------

    async def ring(self, request: web.Request) -> web.Response:
        """A call comes in: it is on the disk before it is greeted, and greeted at once, from what is at hand."""
        said = await request.json()
        line = _line(said["call"])
        number = hashlib.sha256(said["from"].encode()).hexdigest()[:8]
        opened = sig.LineOpened(
            line=line,
            dedupe=f"{said['call']}:ring",
            language=said.get("language", ""),
            identities=(sig.Identity(kind="phone", value=said["from"], verified="carrier"),),
        )
        try:
            await self._door.accept([opened])
        except sig.LetterboxClosed:
            return web.json_response({"say": "", "again_ms": 5_000}, status=503)
        self._exchange.calls.setdefault(said["call"], Call(number))
        return web.json_response({"say": self._door.text("greeting", said.get("language", "")), "then": "/wait"})

    async def wait(self, request: web.Request) -> web.Response:
        """The next turn of the wait loop: what is decided by now."""
        items = await self._door.line_items(_line((await request.json())["call"]), after=0, limit=50)
        states = [item.state for item in items if item.kind == "status"]
        notices = [item.text for item in items if item.kind == "notice"]
        return web.json_response({"state": states[-1] if states else "", "say": notices, "again_ms": WAIT_MS_ROUND})

    async def party(self, request: web.Request) -> web.Response:
        """The exchange reports who has joined or left."""
        said = await request.json()
        signal = sig.PartyJoined if said["joined"] else sig.PartyLeft
        dedupe = f"{said['call']}:{said['party']}:{said['number']}"
        await self._door.accept([signal(line=_line(said["call"]), dedupe=dedupe, party=said["party"])])
        return web.json_response({})

    # --- out ----------------------------------------------------------------------------------------------------

    async def perform(self, effect: sig.AnyEffect) -> sig.Done:
        call = self._exchange.calls.get(effect.line.key)
        name = type(effect).__name__
        if call is None or (call.over and name != "HangUp"):
            raise sig.Undeliverable("call_over")
        if name in self._exchange.refuse:
            raise sig.Undeliverable(self._exchange.refuse[name])
        if effect.key in self._exchange.performed:
            raise AssertionError("the exchange was asked twice for one deed")
        self._ways[type(effect)](call, effect)
        self._exchange.performed[effect.key] = f"sid-{len(self._exchange.performed)}"
        self._exchange.deeds.append((effect.line.key, name, getattr(effect, "party", "")))
        if self._exchange.lose:
            self._exchange.lose -= 1
            raise sig.Unsure("no_answer")
        return sig.Done(provider=self._exchange.performed[effect.key])

    async def find(self, key: str) -> sig.Done | None:
        found = self._exchange.performed.get(key)
        return sig.Done(provider=found) if found else None

    @staticmethod
    def _connect(call: Call, effect: sig.Connect) -> None:
        call.parties.append(effect.party)
        call.place = "conference"

    @staticmethod
    def _hold(call: Call, effect: sig.Hold) -> None:
        call.on_hold = effect.on

    @staticmethod
    def _move(call: Call, effect: sig.Move) -> None:
        call.place, call.parties = effect.to, ["customer"]

    @staticmethod
    def _hang_up(call: Call, _effect: sig.HangUp) -> None:
        call.over, call.parties = True, []

    @staticmethod
    def _play(call: Call, effect: sig.Play) -> None:
        call.played.append(effect.notice)


def _line(call: str) -> sig.LineRef:
    return sig.LineRef(channel="scripted", key=call)
