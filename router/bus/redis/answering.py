"""The leader's side of asking: questions out of a site's stream, many at work at once, and the answers to them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

from router.bus.link import Answerer
from router.bus.redis.asking import PACK
from router.bus.redis.hearing import BEGINNING, order
from router.bus.redis.keeping import Health
from router.bus.redis.limits import (
    ANSWERING_MAX,
    BLOCK_MS,
    LOOK_MS,
    PATIENCE_MS_MAX,
    PAYLOAD_BYTES_MAX,
    WAITING_ANSWERS_MAX,
    WAITING_BYTES_MAX,
)
from router.bus.redis.names import Names
from router.bus.redis.packs import Answers, Questions, encode, first_that_fit, unpack
from router.bus.redis.sending import Sender
from router.bus.redis.wire import Command, Reply, Wire
from router.telemetry import Telemetry, error_code

# Packs of questions in one reply. A pack may hold hundreds; what finds no room stands in line here, read and bounded.
READ_COUNT = 16


class Answered:
    """The source of answers. They go by channel, not by stream: only who waits at this moment can use one."""

    def __init__(self, names: Names, sender: Sender, telemetry: Telemetry) -> None:
        self._names = names
        self._sender = sender
        self._telemetry = telemetry
        self._waiting: dict[str, deque[tuple[int, bytes]]] = {}
        self._count = 0
        self._bytes = 0
        self._sent = 0

    def give(self, asker: str, number: int, answer: bytes) -> None:
        """Let an answer wait for the next turn."""
        full = self._count >= WAITING_ANSWERS_MAX or self._bytes + len(answer) > WAITING_BYTES_MAX
        if full or len(answer) > PAYLOAD_BYTES_MAX:
            self._telemetry.count("link_dropped", "answer")
            return
        self._waiting.setdefault(asker, deque()).append((number, answer))
        self._count += 1
        self._bytes += len(answer)
        self._sender.wake()

    def commands(self) -> list[Command]:
        """Return a message for each asker and pack."""
        commands: list[Command] = []
        for asker, answers in self._waiting.items():
            while answers:
                count = first_that_fit([len(answer) for _, answer in answers])
                pack = Answers(tuple(answers.popleft() for _ in range(count)))
                commands.append(("PUBLISH", self._names.answers(asker), encode(pack)))
        self._waiting.clear()
        self._sent, self._count, self._bytes = self._count, 0, 0
        return commands

    def done(self, replies: Sequence[Reply]) -> None:
        """Whether anybody heard it is for the askers to know."""

    def lost(self) -> None:
        """Drop them: the askers ask again under the same command ids."""
        self._telemetry.count("link_dropped", "answer", by=self._sent)


class Answering:
    """One leadership of one site: its own connection, so that a site that is slow holds up no other."""

    def __init__(
        self, site: str, answerer: Answerer, answered: Answered, *, names: Names, health: Health, telemetry: Telemetry
    ) -> None:
        self.part = f"questions {site}"
        self._site = site
        self._answerer = answerer
        self._answered = answered
        self._stream = names.questions(site)
        self._health = health
        self._telemetry = telemetry
        self._cursor = b""
        self._ahead_ms = 0
        self._look_at_s = 0.0
        self._room = asyncio.Semaphore(ANSWERING_MAX)
        self._tasks: set[asyncio.Task[None]] = set()

    async def session(self, wire: Wire) -> None:
        """Read questions and set answerers to work; with no room for more, do not read on."""
        await self._look(wire)
        self._health.works(self.part)
        while True:
            async with self._room:
                reply = await wire.one(
                    "XREAD", "COUNT", READ_COUNT, "BLOCK", BLOCK_MS, "STREAMS", self._stream, self._cursor
                )
            for _, entries in reply if isinstance(reply, list) else ():
                for entry, words in entries:
                    await self._begin(entry, dict(zip(words[::2], words[1::2], strict=True)).get(PACK))
                    self._cursor = entry
            if asyncio.get_running_loop().time() >= self._look_at_s:
                await self._look(wire)

    async def end(self) -> None:
        """Stop what is at work."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _look(self, wire: Wire) -> None:
        """Learn the server's time, by which questions are old, and whether its stream has begun anew."""
        time, info = await wire.run([("TIME",), ("XINFO", "STREAM", self._stream)])
        now_s = asyncio.get_running_loop().time()
        self._look_at_s = now_s + LOOK_MS / 1_000
        if isinstance(time, list):
            self._ahead_ms = int(time[0]) * 1_000 + int(time[1]) // 1_000 - int(now_s * 1_000)
        if not self._cursor:
            self._cursor = b"%d-0" % max(0, self._server_ms() - PATIENCE_MS_MAX)
        if order(last_id(info)) < order(self._cursor):
            self._cursor = BEGINNING

    async def _begin(self, entry: bytes, body: object) -> None:
        """Set an answerer to work on each question that somebody still waits for, as room comes free."""
        pack = unpack(body, Questions)
        if pack is None:
            self._telemetry.count("link_dropped", "foreign")
            return
        sent_ms = order(entry)[0]
        for number, left_ms, question in pack.questions:
            await self._room.acquire()
            if self._server_ms() - sent_ms > left_ms:
                self._room.release()
                self._telemetry.count("link_dropped", "late")
                continue
            task = asyncio.create_task(self._answer(pack.asker, number, question))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _answer(self, asker: str, number: int, question: bytes) -> None:
        try:
            self._answered.give(asker, number, await self._answerer(question))
        except Exception as error:  # An answerer never raises; one that does is our bug, and ends alone.
            self._telemetry.error("task_failed", task="answerer", error=error_code(error))
        finally:
            self._room.release()

    def _server_ms(self) -> int:
        return int(asyncio.get_running_loop().time() * 1_000) + self._ahead_ms


def last_id(info: Reply) -> bytes:
    """Return the last id a stream ever gave, or the beginning where there is no stream."""
    if not isinstance(info, list):
        return BEGINNING
    told: object = dict(zip(info[::2], info[1::2], strict=True)).get(b"last-generated-id")
    return told if isinstance(told, bytes) else BEGINNING
