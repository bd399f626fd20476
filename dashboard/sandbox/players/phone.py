"""Plays callers, and the telephones of agents: calls ring, wait, are bridged, held and hung up; speech is text."""

from __future__ import annotations

from collections.abc import Mapping

from dashboard.sandbox.credentials import NUMBER
from dashboard.sandbox.providers.twilio_calls import Calls
from dashboard.sandbox.providers.twilio_legs import Leg
from dashboard.sandbox.scene import Line
from dashboard.sandbox.stage import Deed, NotNow, Stage, Wish, digits, needed

CHANNEL, AGENT = "phone", "softphone"
VOICE, STATUS = "/channels/phone/voice", "/channels/phone/status"
PREFIX = "+420605"
KEYS = frozenset("0123456789*#")
# A caller who speaks to the machine speaks for so long.
SPOKEN_S = 7
# What can be done on a telephone, by how the call stands.
CUSTOMERS = {
    "calling": ("hang_up",),
    "listening": ("press", "hang_up"),
    "waiting": ("press", "hang_up"),
    "recording": ("speak", "hang_up"),
    "talk": ("say", "press", "hang_up"),
    "held": ("hang_up",),
    "ringing": ("answer", "refuse"),
    "over": ("call",),
}
AGENTS = {**CUSTOMERS, "ringing": ("answer", "refuse"), "over": ()}


class PhonePlayer:
    """Every line is one telephone; it may call, and be called, again and again."""

    channel, off = CHANNEL, ""

    def __init__(self, stage: Stage, calls: Calls) -> None:
        self._stage, self._calls = stage, calls
        calls.watchers.append(self._changed)
        calls.status_url = f"{stage.public}{STATUS}"
        self._told: dict[str, int] = {}

    @property
    def deeds(self) -> Mapping[str, Deed]:
        return {
            "call": self._call,
            "say": self._say,
            "press": self._press,
            "speak": self._speak,
            "answer": self._answer,
            "refuse": self._refuse,
            "hang_up": self._hang_up,
        }

    async def open(self, wish: Wish) -> Line:
        """Somebody takes their telephone and calls."""
        line = self._stage.scene.open(CHANNEL, needed(wish, "name"), PREFIX + digits(6), deeds=("call",))
        await self._call(line, wish)
        return line

    async def _call(self, line: Line, wish: Wish) -> None:
        del wish
        if isinstance(line.kept, Leg) and not line.kept.ended:
            raise NotNow("call_on")
        line.kept = None
        line.kept = self._calls.call(f"{self._stage.public}{VOICE}", theirs=line.address, ours=NUMBER)
        self._changed(line.kept)

    async def _say(self, line: Line, wish: Wish) -> None:
        text = needed(wish, "text")
        if not self._calls.say(self._leg(line), text):
            raise NotNow("nobody_hears")
        self._stage.scene.add(line, "customer", text)

    async def _press(self, line: Line, wish: Wish) -> None:
        key = needed(wish, "key")
        if not set(key) <= KEYS:
            raise NotNow("key_unknown")
        self._stage.scene.add(line, "customer", key, status="key")
        self._leg(line).keys.put_nowait(key)

    async def _speak(self, line: Line, wish: Wish) -> None:
        text = wish.get("text", "").strip() or "…"
        self._stage.scene.add(line, "customer", text, status="recorded")
        self._leg(line).voice.put_nowait(SPOKEN_S)

    async def _answer(self, line: Line, wish: Wish) -> None:
        del wish
        self._leg(line).answered.set()

    async def _refuse(self, line: Line, wish: Wish) -> None:
        del wish
        await self._calls.hang_up(self._leg(line), "busy")

    async def _hang_up(self, line: Line, wish: Wish) -> None:
        del wish
        await self._calls.hang_up(self._leg(line))

    def _leg(self, line: Line) -> Leg:
        if not isinstance(line.kept, Leg) or line.kept.ended:
            raise NotNow("no_call")
        return line.kept

    # --- what the exchange tells --------------------------------------------------------------------------------

    def _changed(self, leg: Leg) -> None:
        """Show what somebody has heard since, and how their call stands."""
        line = self._line_of(leg)
        if line is None:
            return
        for text in leg.heard[self._told.get(leg.sid, 0) :]:
            self._stage.scene.add(line, "sign" if text == "beep" else "company", text)
        self._told[leg.sid] = len(leg.heard)
        state = self._state_of(leg)
        self._stage.scene.set(line, state, (AGENTS if line.channel == AGENT else CUSTOMERS)[state])
        if leg.ended:
            self._told.pop(leg.sid, None)

    def _line_of(self, leg: Leg) -> Line | None:
        line = self._stage.scene.at(CHANNEL, leg.theirs) or self._stage.scene.at(AGENT, leg.theirs)
        if line is None and leg.direction != "inbound" and not leg.ended:
            # A telephone that only we call: an agent's, or that of somebody in the contact book.
            name = leg.theirs.removeprefix("client:").replace("_", " ")
            line = self._stage.scene.open(AGENT, name, leg.theirs, deeds=())
        if line is not None and line.kept is not leg:
            if leg.ended or (isinstance(line.kept, Leg) and not line.kept.ended):
                return None
            line.kept = leg
        return line

    def _state_of(self, leg: Leg) -> str:
        if leg.ended:
            return "over"
        room = self._calls.room_of(leg)
        if room is not None:
            return "held" if leg.sid in room.held else "talk"
        if leg.recording is not None:
            return "recording"
        if leg.queue:
            return "waiting"
        if leg.status == "in-progress":
            return "listening"
        return "calling" if leg.direction == "inbound" or leg.answered.is_set() else "ringing"
