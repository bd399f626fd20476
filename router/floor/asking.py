"""Commands on their way to who leads elsewhere, and the leader's side of it. Nothing is decided here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import msgspec

from router.bus.link import Link, LinkError, LinkFull, NoAnswer
from router.core.answers import Answered, Made
from router.core.bundle import decode_bundle
from router.floor.inbox import FloorAway, FloorDown, FloorFull, Unavailable
from router.floor.replica import Replica
from router.floor.wire import Asked, Proposed, decode_answer, decode_asked, encode_answer, encode_asked, with_bundle
from router.store.port import Journal, Relay, StoreError
from router.telemetry import Telemetry, error_code

# An answer that has not come by then was lost, or nobody leads just now: the same command is sent again.
WITHIN_MS = 1_000
# A take-over lasts three seconds at the most; who waits longer than this is told to come again.
PATIENCE_MS = 8_000
# The batch of a decision comes right after its answer, or is in the journal.
REACHED_MS, REACHED_MS_MAX = 100, 5_000
# While the link is away commands lie in the store, and are looked for so often (DESIGN section 6).
RELAY_LOOK_MS = 100
RELAY_MAX = 256
RELAY_KEPT_MS = 60_000
STORE_AGAIN_S = 0.5
AGAIN_S = 0.05
# An answer that this release cannot read: what was decided comes by with the commit; who asks at once hears the same.
UNREAD_AGAIN_S = 1.0

Submit = Callable[[Asked], Awaitable[Answered]]


class Asking:
    """One floor's way to its leader, wherever that is."""

    def __init__(
        self,
        replica: Replica,
        link: Link,
        site: str,
        *,
        relay: Relay,
        nudge: Callable[[], None],
        now_ms: Callable[[], int],
    ) -> None:
        self._replica = replica
        self._link = link
        self._site = site
        self._relay = relay
        self._nudge = nudge
        self._now_ms = now_ms

    async def ask(self, asked: Asked, *, here: Callable[[], bool]) -> Answered | None:
        """Ask until there is an answer that this node's replica has reached; None when the lead has come `here`.

        Raises FloorAway: then ask again under the same command id.
        """
        command: str = asked.command.id
        question = encode_asked(asked.command, letter=asked.letter, end=asked.end, new_ms=asked.new_ms)
        made = self._replica.expect(command)
        patience = time.monotonic() + PATIENCE_MS / 1_000
        try:
            while time.monotonic() < patience:
                if here():
                    return None
                answer = await self._first(made, self._once(command, question))
                if answer is not None:
                    reached = await self._reached(answer)
                    # What came by with the commit says more than the answer: which events there were.
                    return made.result() if made.done() else reached
        finally:
            self._replica.forget(command)
        raise FloorDown("nobody has answered for this floor")

    async def _first(self, made: asyncio.Future[Made], asking: Coroutine[Any, Any, Answered | None]) -> Answered | None:
        """The decision is heard of twice: by the answer, and by what was committed. The first one counts."""
        task = asyncio.create_task(asking)
        both: list[asyncio.Future[Any]] = [made, task]
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if made.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            return made.result()
        return task.result()

    async def _once(self, command: str, question: bytes) -> Answered | None:
        """Ask once; None when nobody has answered."""
        try:
            return decode_answer(await self._link.ask(self._site, question, within_ms=WITHIN_MS))
        except NoAnswer:
            return None
        except LinkFull:
            raise FloorFull("questions") from None
        except LinkError:
            # It is down, or does not carry a question of this size.
            return await self._through_the_store(command, question)
        except FloorDown:
            # Who answered leads no more; whoever does next has to be found first.
            await asyncio.sleep(AGAIN_S)
            return None
        except msgspec.DecodeError:
            await asyncio.sleep(UNREAD_AGAIN_S)
            return None

    async def _through_the_store(self, command: str, question: bytes) -> Answered | None:
        try:
            await self._relay.ask(self._site, command, question, at=self._now_ms())
            for _ in range(WITHIN_MS // RELAY_LOOK_MS):
                await asyncio.sleep(RELAY_LOOK_MS / 1_000)
                answer = await self._relay.take(self._site, command)
                if answer is not None:
                    return decode_answer(answer)
        except StoreError:
            raise Unavailable("neither link nor store can be reached") from None
        return None

    async def _reached(self, answer: Answered) -> Answered:
        if not isinstance(answer, Made) or await self._replica.reached(answer.position, within_ms=REACHED_MS):
            return answer
        self._nudge()
        if await self._replica.reached(answer.position, within_ms=REACHED_MS_MAX):
            return answer
        raise Unavailable("this node is behind the leader")


class Answering:
    """The leader's side: answers what other nodes ask, by the link and through the store."""

    def __init__(
        self,
        link: Link,
        site: str,
        submit: Submit,
        *,
        journal: Journal,
        relay: Relay,
        now_ms: Callable[[], int],
        telemetry: Telemetry,
    ) -> None:
        self._link = link
        self._site = site
        self._submit = submit
        self._journal = journal
        self._relay = relay
        self._now_ms = now_ms
        self._sweep_at_s = 0.0
        self._count = telemetry

    async def run(self) -> None:
        """Answer until cancelled."""
        self._sweep_at_s = 0.0
        async with asyncio.TaskGroup() as group:
            group.create_task(self._link.answer(self._site, self.answer))
            group.create_task(self._look_into_the_store())

    async def answer(self, question: bytes) -> bytes:
        """Decide one question and encode what became of it."""
        try:
            asked = decode_asked(question)
            return encode_answer(await self._submit(await self._whole(asked)))
        except FloorAway as away:
            return encode_answer(away)
        except (msgspec.DecodeError, StoreError) as error:
            self._count.warning("question_unanswered", site=self._site, error=error_code(error))
            return encode_answer(Unavailable("it could not be read here"))

    async def _whole(self, asked: Asked) -> Asked:
        """Give a proposed configuration its bundle back, from the store."""
        if not isinstance(asked.command, Proposed):
            return asked
        data = await self._journal.bundle(self._site, asked.command.hash)
        if data is None:
            raise Unavailable("the proposed bundle is not kept")
        return msgspec.structs.replace(asked, command=with_bundle(asked.command, decode_bundle(data)))

    async def _look_into_the_store(self) -> None:
        """Look often while the link is away, and now and then for what was asked in between."""
        quiet = 0
        while True:
            await asyncio.sleep(RELAY_LOOK_MS / 1_000)
            quiet += 1
            if self._link.up and quiet < WITHIN_MS // RELAY_LOOK_MS:
                continue
            quiet = 0
            try:
                await self._answer_relayed()
            except StoreError:
                await asyncio.sleep(STORE_AGAIN_S)

    async def _answer_relayed(self) -> None:
        if time.monotonic() >= self._sweep_at_s:
            # Whoever asked so long ago was told that nobody answers: it must not be done hours later all the same.
            await self._relay.sweep(self._site, before_ms=self._now_ms() - RELAY_KEPT_MS)
            self._sweep_at_s = time.monotonic() + RELAY_KEPT_MS / 1_000
        questions = await self._relay.unanswered(self._site, limit=RELAY_MAX)
        if not questions:
            return
        answers = await asyncio.gather(*(self.answer(question) for _, question in questions))
        await self._relay.answer(self._site, [(asked[0], said) for asked, said in zip(questions, answers, strict=True)])
