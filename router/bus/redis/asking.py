"""Questions to whoever leads a site, and their answers. What is settled is deleted: a stream holds what is open."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from router.bus.link import LinkDown, LinkError, LinkFull, NoAnswer
from router.bus.redis.keeping import Health
from router.bus.redis.limits import (
    OUTSTANDING_BYTES_MAX,
    OUTSTANDING_MAX,
    PATIENCE_MS_MAX,
    PAYLOAD_BYTES_MAX,
    QUESTIONS_IDLE_MS,
    STREAM_QUESTIONS_MAX,
)
from router.bus.redis.names import Names
from router.bus.redis.packs import Answers, Questions, encode, first_that_fit, unpack
from router.bus.redis.sending import Sender
from router.bus.redis.wire import Command, Refusal, Reply
from router.telemetry import Telemetry

PACK = b"q"
# Ids of settled entries that may wait to be deleted; above it they are left to the trimming.
SETTLED_MAX = 4_096
# Deletions ride along with what is asked next; where nothing is, they go by themselves after this.
SWEEP_S = 0.1


@dataclass(slots=True, eq=False)
class Entry:
    """Questions that travel together, and the id under which they lie in the stream."""

    site: str
    asked: list[Asked]
    open: int
    id: bytes = b""


@dataclass(slots=True, eq=False)
class Asked:
    """One question whose asker still waits."""

    site: str
    body: bytes
    until_s: float
    answer: asyncio.Future[bytes]
    entry: Entry | None = None


class Asker:
    """The source of questions; the listener brings the answers here."""

    def __init__(self, names: Names, sender: Sender, health: Health, *, name: str, telemetry: Telemetry) -> None:
        self._names = names
        self._sender = sender
        self._health = health
        self._name = name
        self._telemetry = telemetry
        self._outstanding: dict[int, Asked] = {}
        self._outstanding_bytes = 0
        self._next = 0
        self._waiting: dict[str, list[int]] = {}
        self._settled: dict[str, list[bytes]] = {}
        self._renew_at_s: dict[str, float] = {}
        self._steps: list[Entry | None] = []
        self._sweep: asyncio.TimerHandle | None = None
        self._closed = False

    async def ask(self, site: str, question: bytes, within_ms: int) -> bytes:
        """Ask and wait. However it ends, nothing of it is left here."""
        self._must_take(question)
        loop = asyncio.get_running_loop()
        within_s = min(within_ms, PATIENCE_MS_MAX) / 1_000
        number, asked = self._next, Asked(site, question, loop.time() + within_s, loop.create_future())
        self._next += 1
        self._outstanding[number] = asked
        self._outstanding_bytes += len(question)
        self._waiting.setdefault(site, []).append(number)
        self._sender.wake()
        patience = loop.call_later(within_s, self._fail, asked, NoAnswer("No answer came in time."))
        try:
            answer = await asked.answer
        except LinkError as error:
            self._telemetry.count("link_asks", type(error).__name__)
            raise
        finally:
            patience.cancel()
            self._forget(number, asked)
        self._telemetry.count("link_asks", "answered")
        return answer

    def answered(self, body: object) -> None:
        """Hand out what a message of answers holds; what nobody waits for any more is dropped."""
        pack = unpack(body, Answers)
        for number, answer in pack.answers if pack is not None else ():
            asked = self._outstanding.get(number)
            if asked is not None and not asked.answer.done():
                asked.answer.set_result(answer)

    def close(self) -> None:
        """Refuse all that waits and all that comes."""
        self._closed = True
        if self._sweep is not None:
            self._sweep.cancel()
        for asked in tuple(self._outstanding.values()):
            self._fail(asked, LinkDown("The link is closed."))

    def commands(self) -> list[Command]:
        """Return one entry per pack and site, and one deletion per site."""
        commands: list[Command] = []
        for site, numbers in self._waiting.items():
            asked = [number for number in numbers if number in self._outstanding]
            while asked:
                count = first_that_fit([len(self._outstanding[number].body) for number in asked])
                commands.append(self._append(site, asked[:count]))
                del asked[:count]
            commands += self._renewal(site)
        self._waiting.clear()
        for site, ids in self._settled.items():
            commands.append(("XDEL", self._names.questions(site), *ids))
            self._steps.append(None)
        self._settled.clear()
        return commands

    def done(self, replies: Sequence[Reply]) -> None:
        """Note under which ids the questions lie; what Redis refused was not asked."""
        for entry, reply in zip(self._steps, replies, strict=True):
            if entry is not None and isinstance(reply, bytes):
                entry.id = reply
                self._settle(entry)
            elif entry is not None and isinstance(reply, Refusal):
                self._fail_all(entry, LinkDown("The link refused the question."))
        self._steps.clear()

    def lost(self) -> None:
        """Whether these were heard is unknown. Asking again under the same command id is for who asked."""
        for entry in self._steps:
            if entry is not None:
                self._fail_all(entry, NoAnswer("The link broke while it was asked."))
        self._steps.clear()

    def _must_take(self, question: bytes) -> None:
        if self._closed or not self._health.up:
            self._telemetry.count("link_asks", LinkDown.__name__)
            raise LinkDown("The link is closed." if self._closed else "The link is away.")
        if len(question) > PAYLOAD_BYTES_MAX:
            raise LinkError(f"A question has at most {PAYLOAD_BYTES_MAX} bytes.")
        full = self._outstanding_bytes + len(question) > OUTSTANDING_BYTES_MAX
        if full or len(self._outstanding) >= OUTSTANDING_MAX:
            self._telemetry.count("link_asks", LinkFull.__name__)
            raise LinkFull("Too many questions are on their way.")

    def _append(self, site: str, numbers: list[int]) -> Command:
        now_s = asyncio.get_running_loop().time()
        entry = Entry(site, [self._outstanding[number] for number in numbers], len(numbers))
        questions = []
        for number, asked in zip(numbers, entry.asked, strict=True):
            asked.entry = entry
            questions.append((number, max(0, int((asked.until_s - now_s) * 1_000)), asked.body))
        self._steps.append(entry)
        body = encode(Questions(self._name, tuple(questions)))
        return ("XADD", self._names.questions(site), "MAXLEN", "~", STREAM_QUESTIONS_MAX, "*", PACK, body)

    def _renewal(self, site: str) -> list[Command]:
        """Streams of sites that nobody serves any more go by themselves."""
        now_s = asyncio.get_running_loop().time()
        if now_s < self._renew_at_s.get(site, 0.0):
            return []
        self._renew_at_s[site] = now_s + QUESTIONS_IDLE_MS / 10_000
        self._steps.append(None)
        return [("PEXPIRE", self._names.questions(site), QUESTIONS_IDLE_MS)]

    def _forget(self, number: int, asked: Asked) -> None:
        del self._outstanding[number]
        self._outstanding_bytes -= len(asked.body)
        if asked.entry is not None:
            asked.entry.open -= 1
            self._settle(asked.entry)

    def _settle(self, entry: Entry) -> None:
        """Delete an entry in which nobody waits any more. Where the id is not known, trimming will do it."""
        if entry.open or not entry.id:
            return
        ids = self._settled.setdefault(entry.site, [])
        if len(ids) < SETTLED_MAX:
            ids.append(entry.id)
        if self._sweep is None and not self._closed:
            self._sweep = asyncio.get_running_loop().call_later(SWEEP_S, self._swept)

    def _swept(self) -> None:
        self._sweep = None
        self._sender.wake()

    def _fail_all(self, entry: Entry, error: LinkError) -> None:
        for asked in entry.asked:
            self._fail(asked, error)

    def _fail(self, asked: Asked, error: LinkError) -> None:
        if not asked.answer.done():
            asked.answer.set_exception(error)
