"""The link between nodes of one test process: a hub that hands out a link for each node, and breaks them on demand.

`InProcessLinks().link("a")` is node a's. `cut`, `mend` and `flush` act at once; `delay_ms`, `drop` and `double` are
tables by kind (`tell`, `question`, `answer`, `hint`): milliseconds, and chances from 0 to 1 drawn from the seed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from random import Random
from weakref import WeakSet

from router.bus.link import Answerer, LinkDown, LinkFull, NoAnswer
from router.bus.redis.limits import ANSWERING_MAX, OUTSTANDING_MAX, PAYLOAD_BYTES_MAX
from router.bus.redis.piles import Pile

KINDS = ("tell", "question", "answer", "hint")


class OwnedPile(Pile):
    """A pile, and whose it is."""

    def __init__(self, owner: InProcessLink, site: str, *, gaps: bool) -> None:
        super().__init__(gaps=gaps)
        self.owner, self.site = owner, site


@dataclass(slots=True, eq=False)
class Question:
    site: str
    asker: InProcessLink
    body: bytes
    until: float
    answered: asyncio.Future[bytes]


@dataclass(slots=True, eq=False)
class Answering:
    node: InProcessLink
    site: str
    answerer: Answerer
    room: asyncio.Semaphore
    waiting: asyncio.Queue[Question] = field(default_factory=asyncio.Queue)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)


class InProcessLinks:
    """The hub. `drop` and `double` are chances, so 1.0 is always."""

    def __init__(self, seed: int = 0) -> None:
        self.random = Random(seed)
        self.delay_ms = dict.fromkeys(KINDS, 0)
        self.drop = dict.fromkeys(KINDS, 0.0)
        self.double = dict.fromkeys(KINDS, 0.0)
        self.away: set[str] = set()
        self.piles: WeakSet[OwnedPile] = WeakSet()
        self.hint_piles: WeakSet[OwnedPile] = WeakSet()
        self.answering: list[Answering] = []
        self.questions: list[Question] = []

    def link(self, node: str) -> InProcessLink:
        return InProcessLink(self, node)

    def cut(self, *nodes: str) -> None:
        """Part these nodes from the bus. Their links say so and raise LinkDown."""
        self.away.update(nodes)

    def mend(self, *nodes: str) -> None:
        """Join these nodes, or all, to the bus again; whoever listens there is told to look in the journal."""
        back = (set(nodes) or set(self.away)) & self.away
        self.away -= back
        for pile in tuple(self.piles):
            if pile.owner.node in back:
                pile.gap()
        for question in self._open():
            self.offer(question)

    def flush(self) -> None:
        """Lose all that is under way."""
        self.questions.clear()
        for pile in tuple(self.piles):
            pile.gap()

    def carry(self, kind: str, deliver: Callable[[], None]) -> None:
        """Let something travel: late, not at all, or twice, as the switches say."""
        if self.random.random() < self.drop[kind]:
            return
        for _ in range(2 if self.random.random() < self.double[kind] else 1):
            loop = asyncio.get_running_loop()
            if self.delay_ms[kind]:
                loop.call_later(self.delay_ms[kind] / 1_000, deliver)
            else:
                loop.call_soon(deliver)

    def offer(self, question: Question) -> None:
        """Give a question to everybody who answers for its site and can be reached."""
        for each in self.answering:
            if each.site == question.site and each.node.up and question.asker.up:
                each.waiting.put_nowait(question)

    def _open(self) -> list[Question]:
        now = asyncio.get_running_loop().time()
        self.questions = [each for each in self.questions if each.until > now and not each.answered.done()]
        return self.questions


class InProcessLink:
    """One node's link."""

    def __init__(self, hub: InProcessLinks, node: str) -> None:
        self.hub, self.node = hub, node
        self.closed = False
        self._outstanding: set[asyncio.Future[bytes]] = set()
        self._told: dict[str, int] = {}

    @property
    def up(self) -> bool:
        return not self.closed and self.node not in self.hub.away

    def tell(self, site: str, frame: bytes, *, last: int) -> None:
        assert last > self._told.get(site, -1), "positions only rise"
        self._told[site] = last
        if not self.up:
            return

        def deliver() -> None:
            for pile in tuple(self.hub.piles):
                if pile.site != site or not pile.owner.up:
                    continue
                pile.give(frame) if len(frame) <= PAYLOAD_BYTES_MAX else pile.gap()

        self.hub.carry("tell", deliver)

    def heard(self, site: str) -> AsyncIterator[bytes]:
        pile = OwnedPile(self, site, gaps=True)
        pile.gap()
        self.hub.piles.add(pile)
        if self.closed:
            pile.end()
        return pile

    async def ask(self, site: str, question: bytes, *, within_ms: int) -> bytes:
        if not self.up:
            raise LinkDown("the link is cut")
        if len(self._outstanding) >= OUTSTANDING_MAX:
            raise LinkFull("too many questions are on their way")
        loop = asyncio.get_running_loop()
        asked = Question(site, self, question, loop.time() + within_ms / 1_000, loop.create_future())
        self._outstanding.add(asked.answered)
        self.hub.carry("question", lambda: self._put(asked))
        try:
            return await asyncio.wait_for(asked.answered, within_ms / 1_000)
        except TimeoutError:
            raise NoAnswer("no answer came in time") from None
        finally:
            self._outstanding.discard(asked.answered)

    async def answer(self, site: str, answerer: Answerer) -> None:
        mine = Answering(self, site, answerer, asyncio.Semaphore(ANSWERING_MAX))
        self.hub.answering.append(mine)
        for question in self.hub._open():
            if question.site == site and self.up:
                mine.waiting.put_nowait(question)
        try:
            while not self.closed:
                question = await mine.waiting.get()
                await mine.room.acquire()
                if question.until > asyncio.get_running_loop().time() and not self.closed:
                    task = asyncio.create_task(self._answer_one(mine, question))
                    mine.tasks.add(task)
                    task.add_done_callback(mine.tasks.discard)
                else:
                    mine.room.release()
        finally:
            self.hub.answering.remove(mine)
            for task in tuple(mine.tasks):
                task.cancel()
            await asyncio.gather(*mine.tasks, return_exceptions=True)

    def hint(self, site: str, hint: bytes) -> None:
        def deliver() -> None:
            for pile in tuple(self.hub.hint_piles):
                if pile.site == site and pile.owner is not self and pile.owner.up:
                    pile.give(hint)

        if self.up:
            self.hub.carry("hint", deliver)

    def hints(self, site: str) -> AsyncIterator[bytes]:
        pile = OwnedPile(self, site, gaps=False)
        self.hub.hint_piles.add(pile)
        if self.closed:
            pile.end()
        return pile

    async def close(self) -> None:
        self.closed = True
        for pile in (*self.hub.piles, *self.hub.hint_piles):
            if pile.owner is self:
                pile.end()
        for each in self.hub.answering:
            if each.node is self:  # Wakes whoever waits for the next question, so that it sees the end.
                each.waiting.put_nowait(Question("", self, b"", 0.0, asyncio.get_running_loop().create_future()))
        for future in self._outstanding:
            if not future.done():
                future.set_exception(LinkDown("the link is closed"))

    def _put(self, question: Question) -> None:
        self.hub.questions.append(question)
        self.hub.offer(question)

    async def _answer_one(self, mine: Answering, question: Question) -> None:
        try:
            answer = await mine.answerer(question.body)
        finally:
            mine.room.release()

        def deliver() -> None:
            if question.asker.up and not question.answered.done():
                question.answered.set_result(answer)

        if self.up:
            self.hub.carry("answer", deliver)
