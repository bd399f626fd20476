"""Twilio's calls: they ring, are answered, wait, meet in conferences, are held, end. It performs the documents it gets.

One task per leg performs its TwiML; a change by REST ends that task and begins another. Nothing here knows pytest.
"""

from __future__ import annotations

import asyncio
import xml.etree.ElementTree as ET
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from dashboard.sandbox.providers.twilio import Asked, Twilio, error
from dashboard.sandbox.providers.twilio_legs import ENDED, IN_TESTS, Conference, Elsewhere, Left, Leg, Over, Pace

# What is older than so many ended calls is forgotten.
KEPT_MAX = 1_000


class Calls:
    """The telephone exchange of one account. `answers`: how a number or client behaves when it is called."""

    def __init__(self, twilio: Twilio, pace: Pace = IN_TESTS) -> None:
        self.twilio = twilio
        self.pace = pace
        # Told of each leg that rings, hears something, is joined, held or over.
        self.watchers: list[Callable[[Leg], None]] = []
        self.legs: dict[str, Leg] = {}
        self.conferences: list[Conference] = []
        self.recordings: list[dict[str, Any]] = []
        # "answer", "busy", "no-answer"; what is not named rings until the test lets it answer.
        self.answers: dict[str, str] = {}
        self.usual = "ring"
        self.status_url = ""
        # Legs whose own telephone is muted.
        self.silent: set[str] = set()
        # Callbacks that are lost, by the end of their path.
        self.lost: set[str] = set()
        twilio.more = self._serve

    # --- the customer's side --------------------------------------------------------------------------------

    def call(self, url: str, *, theirs: str, ours: str) -> Leg:
        """A customer calls a number of ours."""
        leg = Leg(self.twilio.new_sid("CA"), theirs, ours, "inbound")
        self._know(leg)
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

    def say(self, leg: Leg, text: str) -> bool:
        """Somebody speaks in a talk: who is in it and not held hears it. Nobody hears it outside of one."""
        room = self.room_of(leg)
        hearers = room.hearers(leg.sid) if room and leg.sid not in self.silent else []
        for sid in hearers:
            self._hears(self.legs[sid], text)
        return bool(hearers)

    def room_of(self, leg: Leg) -> Conference | None:
        """Return the talk a leg is in."""
        return next((room for room in self.conferences if room.sid == leg.conference and not room.over), None)

    def together(self) -> list[set[str]]:
        """Who talks to whom: the labels in each conference that runs."""
        return [set(room.legs.values()) for room in self.conferences if not room.over]

    def _know(self, leg: Leg) -> None:
        self.legs[leg.sid] = leg
        for old in [each for each in self.legs.values() if each.ended][:-KEPT_MAX]:
            del self.legs[old.sid]
        del self.recordings[:-KEPT_MAX]
        self.conferences = [room for room in self.conferences if not room.over][-KEPT_MAX:]
        self._changed(leg)

    def _changed(self, leg: Leg) -> None:
        for watcher in self.watchers:
            watcher(leg)

    def _hears(self, leg: Leg, text: str) -> None:
        leg.heard.append(text)
        self._changed(leg)

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
            self._hears(leg, f"error {status}")
        if status != 200 or leg.ended:
            raise Over
        if leg.direction == "inbound":
            leg.status = "in-progress"
        for verb in ET.fromstring(text):  # noqa: S314 - our own document.
            await self._verb(leg, verb, url)

    async def _verb(self, leg: Leg, verb: ET.Element, url: str) -> None:
        performed: dict[str, Callable[[], Any]] = {
            "Say": lambda: self._hear(leg, verb.text or ""),
            "Play": lambda: self._hear(leg, f"music {verb.text}"),
            "Pause": lambda: asyncio.sleep(int(verb.get("length", "1")) * self.pace.second_s),
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
        self._hears(leg, text)
        await asyncio.sleep(self.pace.second_s / 2)

    async def _gather(self, leg: Leg, verb: ET.Element, url: str) -> None:
        speaking = asyncio.create_task(self._speak(leg, verb, url))
        pressing = asyncio.create_task(leg.keys.get())
        try:
            done, _ = await asyncio.wait({speaking, pressing}, return_when=asyncio.FIRST_COMPLETED)
            if pressing not in done:
                with suppress(TimeoutError):
                    await asyncio.wait_for(
                        asyncio.shield(pressing), int(verb.get("timeout", "5")) * self.pace.silent_second_s
                    )
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
        self._changed(leg)
        wait = verb.get("waitUrl", "")
        url, fields = wait, dict[str, str]()
        told = {"QueuePosition": "1", "QueueSid": "QU" + "6" * 32, "QueueTime": "1"}
        while True:
            try:
                await self._document(leg, url, {**told, **fields})
                url, fields = wait, {}
                # A document without a pause would be asked for without end.
                await asyncio.sleep(self.pace.second_s)
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
        if noun.get("record") == "record-from-start":
            room.recorded = noun.get("recordingStatusCallback", "")
        if noun.get("muted") == "true":
            room.muted.add(leg.sid)
        if noun.get("coach"):
            room.coaches[leg.sid] = noun.get("coach", "")
        leg.conference = room.sid
        self._changed(leg)
        self._tell(room, "participant-join", leg)
        await asyncio.Event().wait()

    async def _record(self, leg: Leg, verb: ET.Element) -> None:
        leg.recording = verb
        self._hears(leg, "beep")
        try:
            seconds = await asyncio.wait_for(leg.voice.get(), int(verb.get("timeout", "5")) * self.pace.silent_second_s)
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

    def _talk_is_kept(self, room: Conference, leg: Leg) -> None:
        """What was said in a talk that is recorded can be heard once it is over."""
        if room.recorded:
            sid = self.twilio.new_sid("RE")
            self.twilio.media.setdefault(sid, []).append((f"{sid}.mp3", "audio/mpeg", b"talk"))
            url = f"{self.twilio.url}/2010-04-01/Accounts/{self.twilio.sid}/Recordings/{sid}"
            told = {"RecordingSid": sid, "RecordingUrl": url, "RecordingDuration": "30", "RecordingStatus": "completed"}
            self._callback(room.recorded, {"CallSid": leg.sid, "ConferenceSid": room.sid, **told})

    async def die(self) -> None:
        """Break down: all calls are over at once, nobody is told, and what was being told is lost."""
        for leg in [each for each in self.legs.values() if not each.ended]:
            leg.status, leg.queue, leg.conference = "completed" if leg.status == "in-progress" else "failed", "", ""
        for room in self.conferences:
            room.over = True
        lost = [task for task in self.twilio.tasks if task is not asyncio.current_task() and task.cancel()]
        await asyncio.gather(*lost, return_exceptions=True)

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
        self._changed(leg)
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
        room.forget(leg.sid)
        if leg.sid in room.enders or not room.legs:
            room.over = True
            self._talk_is_kept(room, leg)
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
        self._know(leg)
        self.twilio.later(self._ring(leg, float(asked.get("Timeout") or "60") * self.pace.ringing_second_s))
        return 201, leg.record()

    async def _ring(self, leg: Leg, timeout_s: float) -> None:
        behaviour = self.answers.get(leg.theirs, self.usual)
        if behaviour in ENDED:
            await self._end(leg, behaviour, by="")
            return
        if behaviour == "answer":
            await asyncio.sleep(self.pace.lift_s)
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
        for end in ("To", "From"):
            records = [record for record in records if not asked.get(end) or record[end.lower()] == asked.get(end)]
        found = records
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
        if leg.status in ENDED:
            return error(21220, 400)  # Hung up in this very moment: nobody comes back from that.
        self._begin(leg, asked.get("Url"))
        return 200, leg.record()

    def _participant(self, room_sid: str, sid: str, asked: Asked) -> tuple[int, dict[str, Any]]:
        room = next((each for each in self.conferences if each.sid == room_sid and not each.over), None)
        if room is None or sid not in room.legs:
            return error(20404, 404)
        coached = asked.get("CallSidToCoach")
        if coached and coached not in room.legs:
            return error(20404, 404)
        room.change(sid, dict(asked.form))
        if asked.get("Hold") == "true":
            self.twilio.later(self._play_into(self.legs[sid], asked.get("HoldUrl")))
        elif asked.get("AnnounceUrl"):
            self.twilio.later(self._play_into(self.legs[sid], asked.get("AnnounceUrl")))
        self._changed(self.legs[sid])
        return 200, {"call_sid": sid, "hold": sid in room.held}

    async def _play_into(self, leg: Leg, url: str) -> None:
        status, text = await self.twilio.post(url, self._fields(leg))
        if status != 200:
            self._hears(leg, f"error {status}")
            return
        for verb in ET.fromstring(text):  # noqa: S314 - our own document.
            assert verb.tag in {"Say", "Play", "Pause", "Redirect"}, "13238: not in a conference's documents"
            if verb.tag in {"Say", "Play"}:
                self._hears(leg, verb.text or "")


async def _raise(error_: Exception) -> None:
    raise error_
