"""One site: drain commands, decide, commit, publish, answer. The only caller of the deciding core."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass

from msgspec.structs import replace

from channels.contract import Capabilities
from router.bus.link import Link
from router.bus.port import Bus, Committed, Follower
from router.clock import Clock
from router.core.answers import Answered, LookAgain, Made, Refused
from router.core.bundle import Bundle
from router.core.commands import Command, TakeLead
from router.core.engine import Engine
from router.core.events import Entry
from router.core.state import State
from router.floor.away import Away
from router.floor.decided import Decided, TickBroken
from router.floor.inbox import FloorAway, FloorDown, FloorFull, Inbox, Unavailable, Waiting, give_up
from router.floor.lines import Lines
from router.floor.peers import Peers
from router.floor.recovery import fork
from router.floor.replica import Replica
from router.floor.rows import Names, commit_of, lines_of
from router.floor.wire import Asked
from router.store.port import Commit, EffectEnd, Fenced, Store, StoreError
from router.telemetry import Telemetry, error_code

# Without work the loop looks up this often, so that a stop is noticed and the clock's steps are seen.
IDLE_MS = 1_000
# Slices of what is due in one batch: 4 x 256 deadlines take some 30 ms, then people get their turn.
SLICES_MAX = 4
# When firing what is due breaks the core, commands are still decided, and time is tried again after this.
TICK_REST_MS = 1_000
# A store that could not be read is asked again, at first soon, then every two seconds.
STORE_AGAIN_MS, STORE_AGAIN_MS_MAX = 50, 2_000
BROKEN = "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorParts:
    """What a floor receives from the composition root. `jumped_ms` says how far the clock was set forward lately.

    Without a `link` there is no other node.
    """

    site: str
    node: str
    release: str
    store: Store
    clock: Clock
    bus: Bus
    telemetry: Telemetry
    capabilities: Mapping[str, Capabilities]
    reference: Callable[[int], str]
    jumped_ms: Callable[[], int] = lambda: 0
    link: Link | None = None


class Floor:
    """One site's floor. `state` is the replica: evolved from committed entries only, and read-only for everybody."""

    def __init__(self, parts: FloorParts) -> None:
        self.site = parts.site
        self.lines = Lines(parts.store.archive, parts.site)
        self._parts = parts
        self._journal = parts.store.journal
        self._count = parts.telemetry
        self._replica = Replica(parts.store.journal, parts.site, parts.bus)
        self._engine = Engine(State(), self._replica.bundles)
        self._inbox = Inbox()
        self._epoch = 0
        self._leading = False
        self._stopping = False
        self._no_tick_until_ms = 0
        self._away = Away(parts.jumped_ms)
        self._peers = self._among(parts.link) if parts.link is not None else None

    # --- what everybody may ask ---------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """The committed state. Only the floor writes it."""
        return self._replica.state

    @property
    def bundle(self) -> Bundle | None:
        """The running configuration, None before the first."""
        return self._replica.state.bundle

    @property
    def position(self) -> int:
        """The journal position of the committed state."""
        return self._replica.position

    @property
    def leading(self) -> bool:
        """Whether this floor decides here and now."""
        return self._leading

    @property
    def depths(self) -> dict[str, int]:
        """How many commands wait in each lane."""
        return self._inbox.depths()

    def follow(self, capacity: int) -> Follower:
        """Follow what is committed from now on."""
        return self._parts.bus.follow(capacity)

    async def submit(
        self, command: Command, *, letter: int = 0, end: EffectEnd | None = None, new_ms: int = 0
    ) -> Answered:
        """Decide a command; the answer comes when it is written down and the replica has reached it.

        A `letter` and the `end` of an effect are settled by the same commit; a letter last seen waiting (`new_ms`) too
        long ago is to be looked at again. Raises FloorFull, FloorDown or Unavailable: ask again under the same id.
        """
        asked = Asked(command=command, letter=letter, end=end, new_ms=new_ms)
        if self._peers is None:
            return await self._decided_here(asked)
        while True:
            if not self._takes:
                answer = await self._peers.ask(asked, here=lambda: self._takes)
                if answer is not None:
                    return answer
            try:
                return await self._decided_here(asked)
            except (FloorDown, Unavailable):
                # The lead was lost meanwhile: whoever has it now knows the command if it was decided.
                if self._takes:
                    raise

    @property
    def _takes(self) -> bool:
        return self._leading and not self._stopping

    async def _decided_here(self, asked: Asked) -> Answered:
        if not self._takes:
            raise FloorDown("nobody leads this floor here")
        answer = asyncio.get_running_loop().create_future()
        waiting = Waiting(asked.command, answer, asked.letter, asked.end, asked.new_ms)
        try:
            self._inbox.put(waiting)
        except FloorFull as full:
            self._count.count("floor_full", full.lane)
            raise
        return await waiting.answer

    # --- leading --------------------------------------------------------------------------------------------

    async def recover(self) -> None:
        """Make the replica from the store: the latest snapshot, then the journal after it. `run` makes the other."""
        started = time.monotonic()
        await self._replica.recover(self._passed_by)
        took_ms = int((time.monotonic() - started) * 1_000)
        self._count.info("floor_recovered", site=self.site, position=self.position, ms=took_ms)

    def _passed_by(self, position: int) -> None:
        self._count.warning("snapshot_unreadable", site=self.site, position=position)

    async def run(self, epoch: int) -> None:
        """Lead until stopped or fenced. `epoch` is that of the lease; the first decision says how long nobody led."""
        self._epoch, self._stopping = epoch, False
        async with self._replica.moving:
            if self._replica.damaged:
                await self.recover()
            await self._remake("lead")
            self._away.begin()
            replica = self._replica.state
            gap_ms = max(0, self._parts.clock.now_ms() - replica.at) if replica.at else 0
            await self._lead(self._opening(gap_ms), gap_ms)

    async def _lead(self, first: Waiting, gap_ms: int) -> None:
        self._leading = True
        self._count.info("lead_taken", site=self.site, epoch=self._epoch, gap_ms=gap_ms)
        try:
            async with self._peers.answering() if self._peers else nullcontext():
                await self._work([first], tick=False)
                self._leading = first.answer.exception() is None
                while self._leading and not (self._stopping and not any(self.depths.values())):
                    await self._turn()
        finally:
            self._leading = False
            self._inbox.refuse_all(FloorDown("the floor has stopped"))

    def _opening(self, gap_ms: int) -> Waiting:
        """Return the command that says how long nobody led: promises between us and agents move on by it."""
        now_ms = self._parts.clock.now_ms()
        name = f"lead:{self._epoch}:{self._parts.node}:{now_ms}"
        opening = TakeLead(id=name, epoch=self._epoch, gap_ms=gap_ms, release=self._parts.release)
        return Waiting(opening, asyncio.get_running_loop().create_future())

    def stop(self) -> None:
        """Take nothing more; what waits is still decided, then `run` ends."""
        self._stopping = True
        self._inbox.wake()

    async def _turn(self) -> None:
        await asyncio.sleep(0)
        await self._inbox.wait(0 if self._stopping else self._pause_ms())
        moved_on = await self._move_on()
        ticking = self._parts.clock.now_ms() >= self._no_tick_until_ms and moved_on
        batch = self._inbox.drain()
        try:
            await self._work(batch, tick=ticking)
        except BaseException:
            for waiting in batch:
                give_up(waiting, Unavailable("the floor broke off"))
            raise

    async def _move_on(self) -> bool:
        """When the clock was set forward or nothing could be written, nobody led in between. Nothing falls due before
        that is written down."""
        gap_ms = self._away.gap_ms(self._parts.clock.now_ms(), self._replica.state.at)
        if not gap_ms:
            return True
        opening = self._opening(gap_ms)
        await self._work([opening], tick=False)
        if opening.answer.exception() is not None:
            return False
        self._count.warning("moved_on", site=self.site, ms=gap_ms)
        self._away.told()
        return True

    def _pause_ms(self) -> int:
        due_ms = max(self._engine.next_due_ms(), 0)
        if not due_ms:
            return IDLE_MS
        due_ms = max(due_ms, self._no_tick_until_ms)
        return self._away.pause_ms(max(0, min(due_ms - self._parts.clock.now_ms(), IDLE_MS)))

    # --- one batch --------------------------------------------------------------------------------------------

    async def _work(self, batch: list[Waiting], *, tick: bool) -> None:
        """Decide a batch and write it down. What breaks the core is found one by one and set aside."""
        began_ms = self._parts.clock.now_ms()
        try:
            decided = self._decide(batch, tick=tick)
            commit = await self._rows(decided) if decided.entries else None
        except StoreError as error:
            await self._fail(batch, error, began_ms)
            return
        except Exception as error:
            await self._broke(batch, error)
            return
        await self._write_down(batch, decided, commit)

    def _decide(self, batch: list[Waiting], *, tick: bool) -> Decided:
        started = time.monotonic()
        at = max(self._parts.clock.now_ms(), self._engine.state.at)
        decided = Decided()
        if tick:
            decided.entries += self._fire(at)
        for waiting in batch:
            answer = LookAgain() if waiting.is_stale(at) else self._engine.handle(waiting.command, at)
            decided.answers.append((waiting, answer))
            if isinstance(answer, Made) and answer.entry is not None:
                decided.entries.append(answer.entry)
                if waiting.letter:
                    decided.letters[waiting.command.id] = waiting.letter
                if waiting.end is not None:
                    decided.ended.append(waiting.end)
        if batch:
            self._count.observe("floor_decide_seconds", time.monotonic() - started)
            self._count.observe("floor_batch", len(batch))
        return decided

    def _fire(self, at: int) -> list[Entry]:
        fired: list[Entry] = []
        try:
            while len(fired) < SLICES_MAX and (entry := self._engine.tick(at)) is not None:
                fired.append(entry)
        except Exception as error:
            raise TickBroken from error
        return fired

    async def _rows(self, decided: Decided) -> Commit:
        before, after = self._replica.state, self._engine.state
        channel_of = await self.lines.channels_of(lines_of(decided.entries, before, after))
        names = Names(self._parts.reference, channel_of, self._parts.capabilities)
        commit = commit_of(decided.entries, before, after, names=names, letters=decided.letters, epoch=self._epoch)
        return replace(commit, ended=decided.ended) if decided.ended else commit

    async def _write_down(self, batch: list[Waiting], decided: Decided, commit: Commit | None) -> None:
        if commit is not None:
            started, began_ms = time.monotonic(), self._parts.clock.now_ms()
            try:
                await self._journal.commit(self.site, commit)
            except StoreError as error:
                await self._fail(batch, error, began_ms)
                return
            self._away.wrote()
            self._count.observe("floor_commit_seconds", time.monotonic() - started)
            self._count.count("floor_commits")
            self._replica.apply(Committed(commit.first, commit.at, tuple(decided.entries)))
            if self._engine.state.position == self._replica.position:
                self._replica.keep_running()
            if self._peers is not None:
                self._peers.tell(commit)
        for waiting, answer in decided.answers:
            self._answer(waiting, answer)

    def _answer(self, waiting: Waiting, answer: Answered) -> None:
        if isinstance(answer, Refused):
            self._count.count("floor_refusals", answer.reason)
        elif isinstance(answer, LookAgain):
            self._count.count("floor_look_again")
        else:
            self._count.count("floor_decisions", type(waiting.command).__name__)
        if not waiting.answer.done():
            waiting.answer.set_result(answer)

    # --- when something went wrong ------------------------------------------------------------------------------

    async def _fail(self, batch: list[Waiting], error: StoreError, began_ms: int) -> None:
        """The commit failed or is unknown: what the journal's end shows is true, and nothing else."""
        self._away.failed(began_ms)
        self._count.count("floor_commits_failed", error_code(error))
        self._count.warning("commit_failed", site=self.site, error=error_code(error), count=len(batch))
        await self._remake("commit")
        for waiting in batch:
            known = self._replica.state.answers.get(waiting.command.id)
            if known is not None:
                self._answer(waiting, Made(known.position, None))
            else:
                give_up(waiting, Unavailable("the decision could not be written down"))
        if isinstance(error, Fenced):
            self._leading = False
            self._count.warning("lead_lost", site=self.site, epoch=self._epoch)

    async def _broke(self, batch: list[Waiting], error: Exception) -> None:
        """The core broke, by our own bug. Find the command that did it and set it aside; the others go on."""
        await self._remake(BROKEN)
        if isinstance(error, TickBroken) or not batch:
            self._no_tick_until_ms = self._parts.clock.now_ms() + TICK_REST_MS
            self._count.error("tick_broken", site=self.site, error=error_code(error.__cause__ or error))
            if batch:
                await self._work(batch, tick=False)
            return
        if len(batch) > 1:
            for waiting in batch:
                await self._work([waiting], tick=False)
            return
        await self._set_aside(batch[0], error)

    async def _set_aside(self, waiting: Waiting, error: Exception) -> None:
        name, said = type(waiting.command).__name__, error_code(error)
        self._count.count("floor_broken", name)
        self._count.error("command_broken", site=self.site, command=name, letter=waiting.letter, error=said)
        if waiting.letter:
            try:
                await self._parts.store.letterbox.quarantine(self.site, waiting.letter, BROKEN)
            except StoreError:
                give_up(waiting, Unavailable("the letter could not be set aside"))
                return
            self._count.count("letters_quarantined", BROKEN)
        self._answer(waiting, Refused(BROKEN))

    async def _remake(self, cause: str) -> None:
        """Throw the deciding core away; bring the replica to the journal's end and decide on from there."""
        wait_ms = STORE_AGAIN_MS
        while True:
            try:
                await self._replica.catch_up()
                break
            except StoreError:
                await asyncio.sleep(wait_ms / 1_000)
                wait_ms = min(2 * wait_ms, STORE_AGAIN_MS_MAX)
        bundles = self._replica.bundles
        self._engine = Engine(fork(self._replica.state, bundles), bundles)
        self._count.count("floor_recoveries", cause)

    # --- other nodes ------------------------------------------------------------------------------------------------

    def _among(self, link: Link) -> Peers:
        return Peers(
            self._replica,
            link,
            self.site,
            store=self._parts.store,
            clock=self._parts.clock,
            decide=self._decided_here,
            leading=lambda: self._leading,
            telemetry=self._count,
        )

    async def keep_up(self) -> None:
        """Follow who leads, until cancelled; without other nodes there is nobody to follow."""
        if self._peers is not None:
            await self._peers.keep_up()


__all__ = ["Floor", "FloorAway", "FloorDown", "FloorFull", "FloorParts", "Unavailable"]
