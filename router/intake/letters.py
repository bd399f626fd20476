"""Letterbox to look-up to command: what was accepted is decided, once, or shown as stuck. Nothing is lost here."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from router.clock import Clock
from router.core.answers import Answered, LookAgain, Made
from router.core.commands import Command, Receive, SetAside
from router.floor.floor import Floor
from router.floor.inbox import FloorAway
from router.intake.attempts import Attempts
from router.intake.lanes import Lanes
from router.intake.lookup import LookUp, NotYet, Unreadable, command_id
from router.intake.settling import Settling
from router.store.port import Letter, Letterbox, StoreError
from router.telemetry import Telemetry, error_code

# One look-up: enough that a flood costs one transaction per 128 letters, and short enough for the loop.
LOOK_UP_MAX = 128
# Batches of letters on their way through the floor at once; more would only wait in the inbox.
BATCHES_MAX = 4
# Letters remembered between the door and the look-up. Beyond it the sweep finds them in the letterbox.
TAKEN_MAX = 10_000
SWEEP_MS = 1_000
SWEEP_AGE_MS = 2_000
SWEEP_MAX = 500
# What is in hand is passed by, so many pages at a time: a flood must not hide what was left behind it.
SWEEP_PAGES_MAX = 4
START = 0, 0
# DESIGN section 4: three look-ups that were overtaken, and it is shown.
LOOKS_MAX = 3
# Whoever has held a letter for so long asks whether somebody else has settled it: the core forgets, in ten minutes.
ASK_MS = 60_000
# Who could not be decided now is asked again in its order, at first soon: letters of one line must not overtake.
AGAIN_MS, AGAIN_MS_MAX = 50, 1_000
# A line whose last letter is another node's waits for it: that node decides it, or, if it has died, the sweep. So often
# one statement asks for all such lines: a customer whose letters come to several nodes waits for it at each change.
HELD_MS = 50
# Refusals that time or an operator cures: the letter waits in its place and is submitted again.
PASSING = frozenset({"not_configured", "floor_full"})
# The floor has set the letter aside itself.
ASIDE = frozenset({"broken"})


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeParts:
    """What intake receives from the composition root."""

    floor: Floor
    letterbox: Letterbox
    clock: Clock
    look_up: LookUp
    settling: Settling
    telemetry: Telemetry


class Intake:
    """One floor's intake. Letters of this node's doors come by hand; the sweep finds all others."""

    def __init__(self, parts: IntakeParts) -> None:
        self._floor = parts.floor
        self._site = parts.floor.site
        self._letterbox = parts.letterbox
        self._clock = parts.clock
        self._look_up = parts.look_up
        self._settling = parts.settling
        self._count = parts.telemetry
        self._lanes = Lanes()
        self._attempts = Attempts(self._site, parts.letterbox)
        self._new_ms: dict[int, int] = {}
        self._swept = START
        self._news = asyncio.Event()
        self._room = asyncio.Semaphore(BATCHES_MAX)
        self._running: set[asyncio.Task[None]] = set()
        self._rest_ms = 0
        self._held_until = 0.0

    @property
    def busy(self) -> bool:
        """Whether letters are on their way to a decision."""
        return bool(len(self._lanes))

    def take(self, letters: Iterable[Letter], *, new_ms: int = 0) -> None:
        """Take letters that were just accepted, or were seen waiting at a time, in order."""
        for letter in letters:
            if len(self._lanes) < TAKEN_MAX and letter.id not in self._lanes:
                self._new_ms[letter.id] = new_ms or letter.received_ms
                self._lanes.add(letter)
        self._news.set()

    async def run(self) -> None:
        """Look up and submit until cancelled."""
        try:
            while True:
                await self._wait()
                while self._lanes.ready:
                    await self._next_batch()
                    await self._rest()
                    self._look_at_held()
        finally:
            cut_off = tuple(self._running)
            for task in cut_off:
                task.cancel()
            await asyncio.gather(*cut_off, return_exceptions=True)

    async def _wait(self) -> None:
        """Wait for letters; while a line is held, no longer than until it is to be looked at again."""
        now = time.monotonic()
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, self._held_until - now) if self._lanes.holding else None):
                await self._news.wait()
        self._news.clear()
        self._look_at_held()

    def _look_at_held(self) -> None:
        if time.monotonic() >= self._held_until:
            self._lanes.look_again()
            self._held_until = time.monotonic() + HELD_MS / 1_000

    async def _next_batch(self) -> None:
        batch = await self._in_turn(self._lanes.next(LOOK_UP_MAX))
        if not batch:
            return
        await self._room.acquire()
        looked = await self._looked(batch)
        task = asyncio.create_task(self._decide(batch, looked))
        self._running.add(task)
        task.add_done_callback(self._batch_ended)

    async def _rest(self) -> None:
        """Wait a while after letters came back, ever longer while they do; what is on its way comes back before it."""
        if self._rest_ms:
            if self._running:
                await asyncio.wait(set(self._running))
            await asyncio.sleep(self._rest_ms / 1_000)

    async def _in_turn(self, letters: list[Letter]) -> list[Letter]:
        """Leave out what another node has settled since (the core forgets, and would decide it twice) and who stands
        behind a letter of another node. Without the store nobody knows; then all are left out."""
        now_ms = self._clock.now_ms()
        asked = {letter.id for letter in letters if self._rest_ms or now_ms - self._new_ms[letter.id] > ASK_MS}
        asked |= {letter.behind for letter in letters} - {0}
        if not asked:
            return letters
        try:
            unsettled = await self._letterbox.unsettled(self._site, asked)
        except StoreError:
            self._put_back(letters)
            return []
        turn = []
        for letter in letters:
            if letter.id in asked and letter.id not in unsettled:
                self._settled(letter)
                self._out_of_hand(letter)
                continue
            if letter.id in asked:
                self._new_ms[letter.id] = now_ms
            if letter.behind in unsettled:
                self._lanes.hold(letter)
            else:
                turn.append(letter)
        if not turn:
            self._rest_ms = 0
        return turn

    def _out_of_hand(self, letter: Letter) -> None:
        self._new_ms.pop(letter.id, None)
        self._lanes.end(letter)

    def _put_back(self, letters: list[Letter]) -> None:
        """Who could not be decided now is asked again, after a rest."""
        self._lanes.back(letters)
        self._rest_ms = min(2 * self._rest_ms or AGAIN_MS, AGAIN_MS_MAX)
        self._news.set()

    def _batch_ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._room.release()
        if not task.cancelled() and task.exception() is not None:
            self._count.error("task_failed", task="intake", error=error_code(task.exception() or Exception()))

    # --- one batch ------------------------------------------------------------------------------------------

    async def _looked(self, letters: list[Letter]) -> list[Command | Unreadable | None]:
        """Look a batch up. One letter that breaks the look-up is found alone, and does not harm its neighbours."""
        started = time.monotonic()
        try:
            found: list[Command | Unreadable | None] = [*await self._look_up.commands(letters, self._clock.now_ms())]
        except (StoreError, NotYet) as error:
            self._count.info("look_up_failed", site=self._site, error=error_code(error), count=len(letters))
            return [None] * len(letters)
        except Exception as error:
            if len(letters) > 1:
                return [(await self._looked([letter]))[0] for letter in letters]
            self._count.error("look_up_failed", site=self._site, letter=letters[0].id, error=error_code(error))
            return [Unreadable("look_up_broken")]
        self._count.observe("look_up_seconds", time.monotonic() - started)
        return found

    async def _decide(self, letters: list[Letter], looked: list[Command | Unreadable | None]) -> None:
        """Submit in order; who was overtaken is looked up again, three times at the most."""
        later: list[Letter] = []
        try:
            await self._attempts.count_anew(letters)
            left = list(zip(letters, looked, strict=True))
            for _ in range(LOOKS_MAX):
                answers = await asyncio.gather(*(self._one(letter, command) for letter, command in left))
                told = [(letter, answer) for (letter, _), answer in zip(left, answers, strict=True)]
                later += [letter for letter, answer in told if answer is LATER]
                again = await self._that_wait([letter for letter, answer in told if answer is LOOK_AGAIN])
                if not again:
                    break
                left = list(zip(again, await self._looked(again), strict=True))
            else:
                for letter, _ in left:
                    await self._quarantine(letter, "stuck")
        except StoreError as error:
            self._count.info("look_up_failed", site=self._site, error=error_code(error), count=len(letters))
            later = letters
        finally:
            ended = {letter.id for letter in letters} - {letter.id for letter in later}
            for letter in letters:
                if letter.id in ended:
                    self._out_of_hand(letter)
            self._news.set()
        if later:
            await self._attempts.spare(later)
            self._put_back(later)
        else:
            self._rest_ms = 0

    async def _that_wait(self, letters: list[Letter]) -> list[Letter]:
        """Return those that nobody has settled since: a node that stood still may have been overtaken wholly."""
        if not letters:
            return letters
        now_ms = self._clock.now_ms()
        unsettled = await self._letterbox.unsettled(self._site, [letter.id for letter in letters])
        for letter in letters:
            if letter.id in unsettled:
                self._new_ms[letter.id] = now_ms
            else:
                self._settled(letter)
        return [letter for letter in letters if letter.id in unsettled]

    async def _one(self, letter: Letter, command: Command | Unreadable | None) -> object:
        """Submit one letter. None: it is settled."""
        if command is None:
            return LATER
        try:
            if isinstance(command, Unreadable):
                await self._quarantine(letter, command.reason)
                return None
            answer = await self._floor.submit(command, letter=letter.id, new_ms=self._new_ms.get(letter.id, 0))
            if isinstance(answer, LookAgain):
                return LOOK_AGAIN
            return await self._answered(letter, command, answer)
        except (FloorAway, StoreError) as error:
            self._count.info("look_up_failed", site=self._site, letter=letter.id, error=error_code(error))
            return LATER

    async def _answered(self, letter: Letter, command: Command, answer: Answered) -> object:
        """Settle what was decided; a refusal that passes leaves the letter in its place."""
        if isinstance(answer, Made):
            self._settled(letter)
            return None
        assert not isinstance(answer, LookAgain), "handled before"
        if answer.reason in PASSING:
            return LATER
        if answer.reason in ASIDE:
            self._settled(letter)
        elif isinstance(command, (Receive, SetAside)):
            await self._quarantine(letter, answer.reason)
        else:
            # A sign of something that is over (a receipt, a hang-up after the end): noted with its reason.
            aside = SetAside(id=command_id(letter), message=letter.message, reason=answer.reason)
            await self._floor.submit(aside, letter=letter.id)
            self._settled(letter)
        return None

    async def _quarantine(self, letter: Letter, reason: str) -> None:
        await self._letterbox.quarantine(self._site, letter.id, reason)
        self._count.count("letters_quarantined", reason)
        self._count.warning("letter_quarantined", site=self._site, letter=letter.id, reason=reason)
        self._settled(letter)

    def _settled(self, letter: Letter) -> None:
        self._attempts.forget(letter)
        self._lanes.decided(letter)
        self._settling.settled(letter.id)

    # --- what was left behind ---------------------------------------------------------------------------------

    async def sweep_for_ever(self) -> None:
        """Look into the letterbox each second; at the start for everything."""
        age_ms = 0
        while True:
            try:
                await self.sweep(age_ms)
            except StoreError as error:
                self._count.info("look_up_failed", site=self._site, error=error_code(error))
            age_ms = SWEEP_AGE_MS
            await asyncio.sleep(SWEEP_MS / 1_000)

    async def sweep(self, age_ms: int) -> None:
        """Submit again what has waited so long. An attempt is counted before it is made, once per life of a node."""
        if not self._floor.leading:
            await self._attempts.spare_all(self._lanes)
            return
        if self._floor.bundle is None:
            return
        now_ms, swept, self._swept = self._clock.now_ms(), self._swept, START
        again, swept = await self._left_behind(now_ms - age_ms, swept)
        await self._attempts.count([letter for letter in again if not letter.attempts])
        lines: defaultdict[bytes | int, list[Letter]] = defaultdict(list)
        for letter in again:
            lines[letter.line or letter.id].append(letter)
        plain = [letters for letters in lines.values() if not _suspects(letters)]
        self.take((letter for letters in plain for letter in letters), new_ms=now_ms)
        suspected = [letters for letters in lines.values() if _suspects(letters)]
        if all([await self._suspected(letters, now_ms) for letters in suspected]):
            self._swept = swept
        self._count.count("letters_resubmitted", by=len(again))

    async def _left_behind(self, before_ms: int, after: tuple[int, int]) -> tuple[list[Letter], tuple[int, int]]:
        """Return what waits, is in no hand and no poison, in order, and where to look on the next time."""
        left: list[Letter] = []
        for _ in range(SWEEP_PAGES_MAX):
            page = await self._letterbox.waiting(self._site, before_ms=before_ms, limit=SWEEP_MAX, after=after)
            left = [letter for letter in page if letter.id not in self._lanes]
            after = (page[-1].received_ms, page[-1].id) if len(page) == SWEEP_MAX else START
            if left or after == START:
                break
        for letter in left:
            if self._attempts.is_poison(letter):
                await self._quarantine(letter, "attempts")
        left = sorted((each for each in left if not self._attempts.is_poison(each)), key=lambda letter: letter.id)
        room = max(0, TAKEN_MAX - len(self._lanes))
        # What cannot be taken has no attempt, and nothing may overtake it: the next look begins with it again.
        return left[:room], after if len(left) <= room else START

    async def _suspected(self, letters: Sequence[Letter], new_ms: int) -> bool:
        """Let what was under way in a crash go alone, so that only the culprit reaches three attempts.

        What stands behind it on its line follows as fast as anything else, or a busy line would fall behind further
        with each crash; but not before the last suspect is decided: then it is left to the next sweep.
        """
        suspects = _suspects(letters)
        for letter in letters[:suspects]:
            if not await self._alone(letter, new_ms):
                return False
        self.take(letters[suspects:], new_ms=new_ms)
        return True

    async def _alone(self, letter: Letter, new_ms: int) -> bool:
        """Decide one letter now; False where it has to wait."""
        if not self._lanes.begin(letter):
            return False
        try:
            self._new_ms[letter.id] = new_ms
            await self._attempts.count([letter])
            looked = await self._looked([letter])
        except BaseException:
            self._out_of_hand(letter)
            raise
        await self._decide([letter], looked)
        return letter.id not in self._lanes

    async def let_go(self) -> None:
        """Whoever stops in good order leaves no attempt counted that ended with it."""
        await self._attempts.let_go()


def _suspects(letters: Sequence[Letter]) -> int:
    """Return how many letters of a line there are up to the last that was under way in a crash."""
    return max((place for place, letter in enumerate(letters, 1) if letter.attempts), default=0)


LOOK_AGAIN, LATER = object(), object()
