"""Twilio's calls: they ring, are answered, wait, meet in conferences, are held, end. It performs the documents it gets.

One task per leg performs its TwiML; a change by REST ends that task and begins another. Nothing here knows pytest.
"""

from __future__ import annotations

import asyncio
import xml.etree.ElementTree as ET
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from tests.providers.twilio import Asked, Twilio, error

# A second of a document lasts so long here.
SECOND_S = 0.02
# Silence lasts longer, so that a busy machine does not hear it where a test presses a key.
SILENT_SECOND_S = 0.1
# What rings goes on for longer, so that a lost answer can be looked for meanwhile.
RINGING_SECOND_S = 0.3
ENDED = {"completed", "busy", "failed", "no-answer", "canceled"}


class Left(Exception):
    """A `<Leave/>` in a document of the hold line."""


class Elsewhere(Exception):
    """The leg goes on with another document."""

    def __init__(self, url: str, **fields: str) -> None:
        super().__init__(url)
        self.url, self.fields = url, fields


class Over(Exception):
    """The leg hangs up by its document."""


@dataclass
class Leg:
    """One call. `heard` is all that was said and played to it."""

    sid: str
    theirs: str
    ours: str
    direction: str
    status: str = "ringing"
    heard: list[str] = field(default_factory=list)
    keys: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    voice: asyncio.Queue[int] = field(default_factory=asyncio.Queue)
    task: asyncio.Task[None] | None = None
    queue: str = ""
    queue_action: str = ""
    conference: str = ""
    url: str = ""
    callback: str = ""
    recording: ET.Element | None = None
    began: str = field(default_factory=lambda: format_datetime(datetime.now(UTC)))
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def ended(self) -> bool:
        return self.status in ENDED

    def record(self) -> dict[str, Any]:
        """The resource, as REST shows it."""
        return {
            "sid": self.sid,
            "to": self.ours if self.direction == "inbound" else self.theirs,
            "from": self.theirs if self.direction == "inbound" else self.ours,
            "status": self.status,
            "direction": self.direction,
            "date_created": self.began,
        }


@dataclass
class Conference:
    """One talk."""

    sid: str
    name: str
    callback: str = ""
    legs: dict[str, str] = field(default_factory=dict)  # sid -> label
    enders: set[str] = field(default_factory=set)
    held: set[str] = field(default_factory=set)
    over: bool = False
    number: int = 0


class Calls:
    """The telephone exchange of one account. `answers`: how a number or client behaves when it is called."""

    def __init__(self, twilio: Twilio) -> None:
        self.twilio = twilio
        self.legs: dict[str, Leg] = {}
        self.conferences: list[Conference] = []
        self.recordings: list[dict[str, Any]] = []
        # "answer", "busy", "no-answer"; what is not named rings until the test lets it answer.
        self.answers: dict[str, str] = {}
        self.status_url = ""
        # Callbacks that are lost, by the end of their path.
        self.lost: set[str] = set()
        twilio.more = self._serve

    # --- the customer's side --------------------------------------------------------------------------------

    def call(self, url: str, *, theirs: str, ours: str) -> Leg:
        """A customer calls a number of ours."""
        leg = Leg(self.twilio.new_sid("CA"), theirs, ours, "inbound")
        self.legs[leg.sid] = leg
        self._begin(leg, url)
        return leg

    async def hang_up(self, leg: Leg, status: str = "completed") -> None:
        """Somebody hangs up; who was speaking to a machine has left a recording."""
        speaks = leg.recording
        await self._end(leg, status, by="participant_hung_up")
        if speaks is not None:
            told = self._keep_recording(leg, speaks, 9)
            self._callback(speaks.get("action", ""), {**self._fields(leg), **told, "Digits": "hangup"})

    def ringing(self, theirs: str) -> Leg | None:
        """The newest leg that rings there."""
        return next((leg for leg in reversed(self.legs.values()) if leg.theirs == theirs and not leg.ended), None)

    def together(self) -> list[set[str]]:
        """Who talks to whom: the labels in each conference that runs."""
        return [set(room.legs.values()) for room in self.conferences if not room.over]

    # --- performing -----------------------------------------------------------------------------------------

    def _begin(self, leg: Leg, url: str, **fields: str) -> None:
        leg.task = asyncio.create_task(self._perform(leg, url, fields))
        self.twilio.tasks.add(leg.task)
        leg.task.add_done_callback(self.twilio.tasks.discard)

    async def _perform(self, leg: Leg, url: str, fields: dict[str, str]) -> None:
        leg.status = "in-progress" if leg.direction != "inbound" else leg.status
        while True:
            try:
                await self._document(leg, url, fields)
            except Elsewhere as on:
                url, fields = on.url, on.fields
                continue
            except (Over, Left):
                break
            break
        self.twilio.later(self._end(leg, "completed", by="participant_hung_up"))

    def _fields(self, leg: Leg) -> dict[str, str]:
        record = leg.record()
        shown = {"CallSid": leg.sid, "From": record["from"], "To": record["to"]}
        return {**shown, "CallStatus": leg.status, "Direction": leg.direction}

    async def _document(self, leg: Leg, url: str, fields: dict[str, str]) -> None:
        status, text = await self.twilio.post(url, {**self._fields(leg), **fields})
        if status != 200:
            leg.heard.append(f"error {status}")
            raise Over
        if leg.direction == "inbound":
            leg.status = "in-progress"
        for verb in ET.fromstring(text):
            await self._verb(leg, verb, url)

    async def _verb(self, leg: Leg, verb: ET.Element, url: str) -> None:
        performed: dict[str, Callable[[], Any]] = {
            "Say": lambda: self._hear(leg, verb.text or ""),
            "Play": lambda: self._hear(leg, f"music {verb.text}"),
            "Pause": lambda: asyncio.sleep(int(verb.get("length", "1")) * SECOND_S),
            "Gather": lambda: self._gather(leg, verb, url),
            "Enqueue": lambda: self._enqueue(leg, verb),
            "Dial": lambda: self._dial(leg, verb[0]),
            "Record": lambda: self._record(leg, verb),
            "Redirect": lambda: _raise(Elsewhere(verb.text or "")),
            "Leave": lambda: _raise(Left()),
            "Hangup": lambda: _raise(Over()),
            "Reject": lambda: _raise(Over()),
        }
        await performed[verb.tag]()

    async def _hear(self, leg: Leg, text: str) -> None:
        leg.heard.append(text)
        await asyncio.sleep(SECOND_S / 2)

    async def _gather(self, leg: Leg, verb: ET.Element, url: str) -> None:
        speaking = asyncio.create_task(self._speak(leg, verb, url))
        pressing = asyncio.create_task(leg.keys.get())
        try:
            done, _ = await asyncio.wait({speaking, pressing}, return_when=asyncio.FIRST_COMPLETED)
            if pressing not in done:
                with suppress(TimeoutError):
                    await asyncio.wait_for(asyncio.shield(pressing), int(verb.get("timeout", "5")) * SILENT_SECOND_S)
            if pressing.done():
                raise Elsewhere(verb.get("action", ""), Digits=pressing.result())
        finally:
            speaking.cancel()
            pressing.cancel()
            await asyncio.gather(speaking, pressing, return_exceptions=True)

    async def _speak(self, leg: Leg, verb: ET.Element, url: str) -> None:
        for inner in verb:
            await self._verb(leg, inner, url)

    async def _enqueue(self, leg: Leg, verb: ET.Element) -> None:
        leg.queue, leg.queue_action = verb.text or "", verb.get("action", "")
        wait = verb.get("waitUrl", "")
        url, fields = wait, {}
        told = {"QueuePosition": "1", "QueueSid": "QU" + "6" * 32, "QueueTime": "1"}
        while True:
            try:
                await self._document(leg, url, {**told, **fields})
                url, fields = wait, {}
                # A document without a pause would be asked for without end.
                await asyncio.sleep(SECOND_S)
            except Elsewhere as on:
                url, fields = on.url, on.fields
            except Left:
                leg.queue = ""
                raise Elsewhere(leg.queue_action, QueueResult="leave", QueueSid="QU" + "6" * 32) from None

    async def _dial(self, leg: Leg, noun: ET.Element) -> None:
        assert noun.tag == "Conference", "we dial into conferences only"
        name = noun.text or ""
        room = next((each for each in self.conferences if each.name == name and not each.over), None)
        if room is None:
            room = Conference(self.twilio.new_sid("CF"), name)
            self.conferences.append(room)
        room.callback = noun.get("statusCallback", "") or room.callback
        room.legs[leg.sid] = noun.get("participantLabel", "")
        if noun.get("endConferenceOnExit") == "true":
            room.enders.add(leg.sid)
        leg.conference = room.sid
        self._tell(room, "participant-join", leg)
        await asyncio.Event().wait()

    async def _record(self, leg: Leg, verb: ET.Element) -> None:
        leg.heard.append("beep")
        leg.recording = verb
        try:
            seconds = await asyncio.wait_for(leg.voice.get(), int(verb.get("timeout", "5")) * SILENT_SECOND_S)
        except TimeoutError:
            return
        finally:
            leg.recording = None
        raise Elsewhere(verb.get("action", ""), **self._keep_recording(leg, verb, seconds))

    def _keep_recording(self, leg: Leg, verb: ET.Element, seconds: int) -> dict[str, str]:
        sid = self.twilio.new_sid("RE")
        url = f"{self.twilio.url}/2010-04-01/Accounts/{self.twilio.sid}/Recordings/{sid}"
        kept = {"sid": sid, "call_sid": leg.sid, "duration": str(seconds)}
        self.recordings.append({**kept, "status": "completed", "source": "RecordVerb"})
        self.twilio.media.setdefault(sid, []).append((f"{sid}.mp3", "audio/mpeg", b"sound"))
        told = {"RecordingSid": sid, "RecordingUrl": url, "RecordingDuration": str(seconds)}
        callback = {**told, "CallSid": leg.sid, "RecordingStatus": "completed"}
        self._callback(verb.get("recordingStatusCallback", ""), callback)
        return told

    # --- ends and callbacks ---------------------------------------------------------------------------------

    async def _stop(self, leg: Leg) -> None:
        """Stop performing, without ending the call."""
        task, leg.task = leg.task, None
        if task is not None and task is not asyncio.current_task():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _end(self, leg: Leg, status: str, *, by: str) -> None:
        if leg.ended:
            return
        await self._stop(leg)
        queued, leg.queue = leg.queue, ""
        leg.status = status
        if queued:
            self._callback(leg.queue_action, {**self._fields(leg), "QueueResult": "hangup", "QueueTime": "1"})
        await self._leave_room(leg, by)
        url = leg.callback or (self.status_url if leg.direction == "inbound" else "")
        self._callback(url, self._fields(leg))

    async def _leave_room(self, leg: Leg, why: str) -> None:
        room = next((each for each in self.conferences if each.sid == leg.conference), None)
        leg.conference = ""
        if room is None or room.over:
            return
        self._tell(room, "participant-leave", leg, ReasonParticipantLeft=why)
        room.legs.pop(leg.sid, None)
        room.held.discard(leg.sid)
        if leg.sid in room.enders or not room.legs:
            room.over = True
            self._tell(room, "conference-end", leg)
            for sid in tuple(room.legs):
                other = self.legs[sid]
                other.conference = ""
                self._tell(room, "participant-leave", other, ReasonParticipantLeft="moderator_ended_conference")
                # What follows the dial is nothing: the leg ends.
                await self._end(other, "completed", by="")

    def _tell(self, room: Conference, event: str, leg: Leg, **more: str) -> None:
        room.number += 1
        told = {"ConferenceSid": room.sid, "FriendlyName": room.name, "StatusCallbackEvent": event}
        label = {"CallSid": leg.sid, "ParticipantLabel": room.legs.get(leg.sid, ""), "SequenceNumber": str(room.number)}
        self._callback(room.callback, {**told, **label, **more})

    def _callback(self, url: str, fields: dict[str, str]) -> None:
        page = url.partition("?")[0].rpartition("/")[2].partition("#")[0]
        if url and page not in self.lost:
            self.twilio.later(self.twilio.post(url, fields))

    # --- REST -----------------------------------------------------------------------------------------------

    async def _serve(self, asked: Asked) -> tuple[int, dict[str, Any]] | None:
        parts = asked.path.removeprefix(f"/2010-04-01/Accounts/{self.twilio.sid}/").removesuffix(".json").split("/")
        if parts == ["Calls"]:
            return self._create(asked) if asked.method == "POST" else self._list(asked)
        if parts[0] == "Calls":
            return await self._change(parts[1], asked)
        if parts == ["Conferences"]:
            rooms = [r for r in self.conferences if not r.over and r.name == asked.get("FriendlyName")]
            return 200, {"conferences": [{"sid": room.sid, "friendly_name": room.name} for room in rooms]}
        if parts[0] == "Conferences" and len(parts) == 4:
            return self._participant(parts[1], parts[3], asked)
        if parts == ["Recordings"]:
            return 200, {"recordings": self.recordings, "next_page_uri": None}
        return None

    def _create(self, asked: Asked) -> tuple[int, dict[str, Any]]:
        to = asked.get("To")
        leg = Leg(self.twilio.new_sid("CA"), to, asked.get("From"), "outbound-api")
        leg.url, leg.callback = asked.get("Url"), asked.get("StatusCallback")
        self.legs[leg.sid] = leg
        self.twilio.later(self._ring(leg, float(asked.get("Timeout") or "60") * RINGING_SECOND_S))
        return 201, leg.record()

    async def _ring(self, leg: Leg, timeout_s: float) -> None:
        behaviour = self.answers.get(leg.theirs, "ring")
        if behaviour in ENDED:
            await self._end(leg, behaviour, by="")
            return
        if behaviour == "answer":
            leg.answered.set()
        try:
            await asyncio.wait_for(leg.answered.wait(), timeout_s)
        except TimeoutError:
            await self._end(leg, "no-answer", by="")
            return
        if not leg.ended:
            self._begin(leg, leg.url)

    def _list(self, asked: Asked) -> tuple[int, dict[str, Any]]:
        records = [leg.record() for leg in reversed(self.legs.values())]
        found = [record for record in records if not asked.get("To") or record["to"] == asked.get("To")]
        return 200, {"calls": found, "next_page_uri": None}

    async def _change(self, sid: str, asked: Asked) -> tuple[int, dict[str, Any]]:
        leg = self.legs.get(sid)
        if leg is None:
            return error(20404, 404)
        if asked.method == "GET":
            return 200, leg.record()
        if leg.ended:
            return error(21220, 400)
        if asked.get("Status") == "completed":
            await self._end(leg, "completed" if leg.status == "in-progress" else "canceled", by="")
            return 200, leg.record()
        await self._stop(leg)
        if leg.queue:
            leg.queue = ""
            self._callback(leg.queue_action, {**self._fields(leg), "QueueResult": "redirected"})
        await self._leave_room(leg, "participant_updated_via_api")
        self._begin(leg, asked.get("Url"))
        return 200, leg.record()

    def _participant(self, room_sid: str, sid: str, asked: Asked) -> tuple[int, dict[str, Any]]:
        room = next((each for each in self.conferences if each.sid == room_sid and not each.over), None)
        if room is None or sid not in room.legs:
            return error(20404, 404)
        if asked.get("Hold") == "true":
            room.held.add(sid)
            self.twilio.later(self._play_into(self.legs[sid], asked.get("HoldUrl")))
        elif asked.get("AnnounceUrl"):
            self.twilio.later(self._play_into(self.legs[sid], asked.get("AnnounceUrl")))
        elif asked.get("Hold") == "false":
            room.held.discard(sid)
        return 200, {"call_sid": sid, "hold": sid in room.held}

    async def _play_into(self, leg: Leg, url: str) -> None:
        _, text = await self.twilio.post(url, self._fields(leg))
        for verb in ET.fromstring(text):
            assert verb.tag in {"Say", "Play", "Pause", "Redirect"}, "13238: not in a conference's documents"
            if verb.tag in {"Say", "Play"}:
                leg.heard.append(verb.text or "")


async def _raise(error_: Exception) -> None:
    raise error_
