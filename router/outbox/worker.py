"""Effects: claimed by lane, performed by channels, retried in this one place, given up by name. Decides nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from random import Random

from channels.contract import AnyEffect, Channel, Done, TryLater, Undeliverable, Unsure
from router.cancelling import end_all
from router.clock import Clock
from router.core.answers import Answered, LookAgain, Made
from router.core.commands import Command, ReportDelivery, ReportParty
from router.core.record import Record, decode_record
from router.floor.effects import FETCH
from router.floor.floor import Floor
from router.floor.inbox import FloorAway
from router.outbox.ages import age_of
from router.outbox.fetching import NAMES, Fetching
from router.outbox.outgoing import Composer, GiveUp
from router.outbox.patience import Patience
from router.store.port import Effect, EffectEnd, Store, StoreError
from router.telemetry import Telemetry, error_code

# No call of a channel takes longer; a channel's own time-outs are shorter.
CALL_MS_MAX = 30_000
# A claim outlives find, perform and the writing of what came of it, so that nobody repeats a call that runs. Where
# nobody can know that its worker is dead the effect waits so long, so it is no longer than that.
CLAIM_MS = 2 * CALL_MS_MAX + 15_000
# A graceful stop waits so long for calls that run; those that are cut off are unsure, and looked for in the next life.
DRAIN_MS = 5_000
IN_FLIGHT_MAX = 32
# Effects whose failing is told like a party's leaving: whoever waits for the party hears it.
BRINGS_A_PARTY = frozenset({"connect", "join", "outside"})
# Nothing is due and nobody woke us: look anyway, for rows that another node or a restore left.
IDLE_MS = 30_000
WRITE_AGAIN_MS = 500
# A row goes with the decision that tells of it. While nobody leads it goes alone after this, and is told of later.
TOGETHER_MS = 5_000
LOOKS_MAX = 3
WAKES_CAPACITY = 1_000
TRIES, TOGETHER_TRIES = CLAIM_MS // WRITE_AGAIN_MS, TOGETHER_MS // WRITE_AGAIN_MS
Report = Callable[[], Awaitable[Command]]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxParts:
    """What the worker receives from the composition root."""

    floor: Floor
    store: Store
    clock: Clock
    channels: Mapping[str, Channel]
    composer: Composer
    fetching: Fetching
    random: Random
    telemetry: Telemetry
    worker: str


class OutboxWorker:
    """Performs one floor's effects: one in flight per lane, in order."""

    def __init__(self, parts: OutboxParts) -> None:
        self._floor = parts.floor
        self._site = parts.floor.site
        self._outbox = parts.store.outbox
        self._archive = parts.store.archive
        self._clock = parts.clock
        self._channels = parts.channels
        self._composer = parts.composer
        self._fetching = parts.fetching
        self._count = parts.telemetry
        self._patience = Patience(
            self._site,
            self._outbox,
            parts.channels,
            clock=parts.clock,
            random=parts.random,
            telemetry=parts.telemetry,
        )
        self._worker = parts.worker
        self._running: set[asyncio.Task[None]] = set()
        self._in_hand: set[int] = set()
        self._wake = asyncio.Event()

    def nudge(self) -> None:
        """Look now: a row was written or a dead letter revived."""
        self._wake.set()

    async def run(self) -> None:
        """Work until cancelled. A call that runs then is finished or left to its claim."""
        listener = asyncio.create_task(self._listen())
        try:
            while True:
                self._wake.clear()
                try:
                    await self._patience.hasten(IN_FLIGHT_MAX - len(self._running))
                    await self._claim()
                    wait_ms = await self._wait_ms()
                except StoreError:
                    wait_ms = WRITE_AGAIN_MS
                await self._sleep(wait_ms)
        finally:
            listener.cancel()

    async def drain(self) -> None:
        """Wait for the calls that run; called at a graceful stop, after `run` was cancelled."""
        if self._running:
            await asyncio.wait(set(self._running), timeout=DRAIN_MS / 1_000)
        await end_all(tuple(self._running))

    async def _listen(self) -> None:
        while True:
            follower = self._floor.follow(WAKES_CAPACITY)
            try:
                async for _ in follower:
                    self._wake.set()
            finally:
                follower.close()
            self._wake.set()
            await asyncio.sleep(WRITE_AGAIN_MS / 1_000)

    async def _sleep(self, wait_ms: int) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_ms / 1_000):
                await self._wake.wait()

    async def _wait_ms(self) -> int:
        if len(self._running) >= IN_FLIGHT_MAX:
            return IDLE_MS
        due_ms = await self._outbox.next_due_ms(self._site)
        wait_ms = max(1, due_ms - self._clock.now_ms()) if due_ms else IDLE_MS
        return min(IDLE_MS, wait_ms, max(1, self._patience.wait_ms()))

    async def _claim(self) -> None:
        room = IN_FLIGHT_MAX - len(self._running)
        if room <= 0:
            return
        now_ms = self._clock.now_ms()
        effects = await self._outbox.claim(
            self._site, self._worker, now_ms=now_ms, until_ms=now_ms + CLAIM_MS, limit=room
        )
        for effect in effects:
            # A store that was away for long may give us what we still hold: that call is not made twice.
            if effect.id not in self._in_hand:
                self._begin(effect)

    def _begin(self, effect: Effect) -> None:
        task = asyncio.create_task(self._perform(effect))
        self._in_hand.add(effect.id)
        self._running.add(task)
        task.add_done_callback(lambda ended: self._ended(ended, effect.id))

    def _ended(self, task: asyncio.Task[None], effect: int) -> None:
        self._running.discard(task)
        self._in_hand.discard(effect)
        self._wake.set()
        if not task.cancelled() and task.exception() is not None:
            self._count.error("task_failed", task="outbox", error=error_code(task.exception() or Exception()))

    # --- one effect -----------------------------------------------------------------------------------------

    async def _perform(self, effect: Effect) -> None:
        """Do one effect and write down what came of it. Each way out has a name; what cannot be read makes no call."""
        started = time.monotonic()
        try:
            done = await self._attempt(effect)
        except TryLater as later:
            await self._later(effect, later.reason, after_ms=later.after_ms, unsure=effect.unsure)
        except (Undeliverable, GiveUp) as never:
            await self._dead(effect, never.reason)
        except Unsure as unsure:
            await self._unsure(effect, unsure.reason)
        except StoreError:
            await self._later(effect, "store_away", after_ms=0, unsure=effect.unsure)
        except asyncio.CancelledError:
            await self._later(effect, "node_stopped", after_ms=0, unsure=True)
            raise
        except Exception as error:
            self._count.error("task_failed", task="perform", channel=effect.channel, error=error_code(error))
            await self._later(effect, "channel_broken", after_ms=0, unsure=True)
        else:
            if done is not None:
                await self._done(effect, done)
        self._count.observe("effect_seconds", time.monotonic() - started, effect.channel)

    async def _attempt(self, effect: Effect) -> Done | None:
        channel = self._channels.get(effect.channel)
        asks = effect.unsure and channel is not None and channel.capabilities.can_find
        age = age_of(effect.effect, self._clock.now_ms() - effect.created_ms)
        if age == "gone" or (age == "old" and not asks):
            raise GiveUp("expired")
        if channel is None:
            raise TryLater("channel_off")
        if effect.unsure:
            found = await self._look_back(channel, effect, self._composer.key(effect.id))
            if found is not None:
                return found
        if age == "old":
            raise GiveUp("expired")
        ready = await self._composer.compose(effect)
        if not await self._outbox.holds(self._site, effect.id, self._worker, now_ms=self._clock.now_ms()):
            return None
        if effect.effect == FETCH:
            return await self._fetch(channel, effect, ready)
        return await _bounded(channel.perform(ready))

    async def _fetch(self, channel: Channel, effect: Effect, ready: AnyEffect) -> Done:
        """Fetch a file and keep it. To ask twice for one changes nothing, so no doubt is left of it."""
        self._fetching.begin()
        try:
            done = await _bounded(channel.perform(ready)) or Done()
            await self._fetching.keep(effect, done)
        except Unsure as unsure:
            raise TryLater(unsure.reason) from None
        except Undeliverable as never:
            raise Undeliverable(self._fetching.named(effect, never.reason)) from None
        finally:
            self._fetching.end()
        return Done()

    async def _look_back(self, channel: Channel, effect: Effect, key: str) -> Done | None:
        """Ask the provider whether an unsure effect happened; one that cannot be asked is repeated, and we say so."""
        if channel.capabilities.can_find:
            try:
                return await _bounded(channel.find(key))
            except Unsure:
                raise TryLater("provider_silent") from None
        self._count.count("effects_repeated_unsure", effect.channel)
        return None

    async def _done(self, effect: Effect, done: Done) -> None:
        self._count.count("effects_done", effect.channel, effect.effect)
        self._patience.worked(effect.channel)
        told = "fetched" if effect.effect == FETCH else "sent"
        report = self._report(f"E{effect.id}:{told}", effect, told, reason="") if effect.message else None
        end = EffectEnd(effect=effect.id, message=effect.message, provider=done.provider)
        await self._end(effect, report, row=lambda: self._alone(end), end=end)

    async def _alone(self, end: EffectEnd) -> None:
        """Settle what happened without the decision that tells of it."""
        if end.message and end.provider:
            await self._archive.remember_provider(self._site, end.message, end.provider)
        await self._outbox.done(self._site, end.effect)

    async def _ours(self, effect: Effect) -> bool:
        """Whether our claim holds: who slept past it leaves the row to whoever performs it now."""
        try:
            return await self._outbox.holds(self._site, effect.id, self._worker, now_ms=self._clock.now_ms())
        except StoreError:
            return True

    async def _later(self, effect: Effect, reason: str, *, after_ms: int, unsure: bool) -> None:
        if not await self._ours(effect):
            return
        not_before_ms, early_ms = self._patience.times(effect.attempts, after_ms)
        wait_ms = not_before_ms - self._clock.now_ms()
        self._count.count("effects_later", effect.channel, reason)
        self._count.info(
            "effect_later", site=self._site, effect=effect.id, channel=effect.channel, reason=reason, ms=wait_ms
        )
        await self._write(
            effect,
            lambda: self._outbox.later(
                self._site,
                effect.id,
                not_before_ms=not_before_ms,
                reason=reason,
                unsure=unsure,
                worker=self._worker,
                early_ms=early_ms,
            ),
        )

    async def _unsure(self, effect: Effect, reason: str) -> None:
        """It left and no answer came. Where nobody can be asked it is repeated once, and then given up."""
        if not await self._ours(effect):
            return
        self._count.warning("effect_unsure", site=self._site, effect=effect.id, channel=effect.channel, reason=reason)
        channel = self._channels.get(effect.channel)
        if effect.unsure and channel is not None and not channel.capabilities.can_find:
            await self._dead(effect, "unsure")
            return
        await self._later(effect, reason, after_ms=0, unsure=True)

    async def _dead(self, effect: Effect, reason: str) -> None:
        if not await self._ours(effect):
            return
        self._count.count("effects_dead", effect.channel, reason)
        self._count.warning("effect_dead", site=self._site, effect=effect.id, channel=effect.channel, reason=reason)
        command_id = f"E{effect.id}:failed:{effect.attempts}"
        report: Report | None = None
        if effect.effect == FETCH:
            name = NAMES.get(reason, reason)
            await self._write(effect, lambda: self._fetching.give_up(effect, name))
            report = self._report(command_id, effect, "unfetched", reason=name)
        elif effect.message:
            report = self._report(command_id, effect, "failed", reason=reason)
        elif effect.effect in BRINGS_A_PARTY:
            left = ReportParty(id=command_id, line=effect.line, party=effect.notice, joined=False, why=reason)
            report = partial(_at_once, left)
        row = partial(self._outbox.dead, self._site, effect.id, reason, worker=self._worker)
        await self._end(effect, report, row=row, end=EffectEnd(effect=effect.id, reason=reason, worker=self._worker))

    # --- writing down and telling -----------------------------------------------------------------------------

    async def _write(self, effect: Effect, write: Callable[[], Awaitable[None]]) -> None:
        """Write what happened; while the store is away, again, until the claim runs out."""
        for _ in range(CLAIM_MS // WRITE_AGAIN_MS):
            try:
                await write()
            except StoreError as error:
                self._count.warning("effect_unwritten", effect=effect.id, error=error_code(error))
                await asyncio.sleep(WRITE_AGAIN_MS / 1_000)
            else:
                return

    async def _end(
        self, effect: Effect, report: Report | None, *, row: Callable[[], Awaitable[None]], end: EffectEnd
    ) -> None:
        """Settle the row in the commit that tells of it, so that no crash comes between the two.

        While nobody can decide, the row goes alone: one that stays would be performed again.
        """
        try:
            answer = await self._submit(effect, report, end=end, tries=TOGETHER_TRIES) if report else None
        except asyncio.CancelledError:
            await self._write(effect, row)
            raise
        if isinstance(answer, Made) and answer.entry is not None:
            return
        await self._write(effect, row)
        if report is not None and answer is None:
            await self._submit(effect, report, end=None, tries=TRIES)

    def _report(self, command_id: str, effect: Effect, status: str, *, reason: str) -> Report:
        async def command() -> Command:
            return ReportDelivery(
                id=command_id,
                conv=effect.conv,
                message=effect.message,
                status=status,
                reason=reason,
                record=await self._record(effect.conv),
            )

        return command

    async def _record(self, conv: int) -> Record | None:
        if conv in self._floor.state.convs:
            return None
        data = await self._archive.record(self._site, conv)
        return decode_record(data) if data else None

    async def _submit(self, effect: Effect, command: Report, *, end: EffectEnd | None, tries: int) -> Answered | None:
        """Tell the floor, looking again when the conversation moved meanwhile; None when nobody led all the time."""
        looks = 0
        for _ in range(tries):
            try:
                answer = await self._floor.submit(await command(), end=end)
            except (FloorAway, StoreError) as error:
                self._count.warning("effect_unwritten", effect=effect.id, error=error_code(error))
                await asyncio.sleep(WRITE_AGAIN_MS / 1_000)
                continue
            looks += 1
            if not isinstance(answer, LookAgain) or looks >= LOOKS_MAX:
                return answer
        return None


async def _bounded(call: Awaitable[Done | None]) -> Done | None:
    """Bound a channel's call: one that does not come back has perhaps happened."""
    try:
        async with asyncio.timeout(CALL_MS_MAX / 1_000):
            return await call
    except TimeoutError:
        raise Unsure("no_answer") from None


async def _at_once(command: Command) -> Command:
    return command
