"""Random work on letterbox and outbox, held against a model of a few lines: they never disagree."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from router.store.port import Effect, Settled
from router.store.sqlite import SqliteStore, keyed_hasher, open_sqlite
from tests.store.makers import SITE, commit, effect, lead, letter

Result = TypeVar("Result")
CLAIM_MS = 10
keys = st.sampled_from("abcdef")
lanes = st.sampled_from(("x", "y", "z"))
picks = st.integers(0, 50)


class Model:
    """What a letterbox and an outbox are, in lists."""

    def __init__(self) -> None:
        self.letters: dict[str, int] = {}  # key -> id
        self.state: dict[int, str] = {}
        self.lanes: dict[str, list[int]] = {"x": [], "y": [], "z": []}  # effects in order
        self.go_ms: dict[int, int] = {}
        self.attempts: dict[int, int] = {}
        self.flying: dict[int, str] = {}
        self.dead: dict[int, str] = {}

    def heads(self, now_ms: int) -> set[int]:
        """The effects that may go: a lane's first, or the one in flight whose claim is over."""
        return {head for head in map(self.head, self.lanes) if head and self.go_ms[head] <= now_ms}

    def head(self, lane: str) -> int:
        flying = [one for one in self.lanes[lane] if one in self.flying]
        return flying[0] if flying else next(iter(self.lanes[lane]), 0)

    def lane(self, number: int) -> str:
        return next(name for name, line in self.lanes.items() if number in line)


class StoreMachine(RuleBasedStateMachine):
    """Every answer of the store is the model's; closing and opening changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.loop = asyncio.new_event_loop()
        self.model = Model()
        self.now_ms = 1_000
        self.position = 0
        self.store: SqliteStore = self.run(self._open())

    async def _open(self) -> SqliteStore:
        return await open_sqlite(self.folder / "store.db", hasher=keyed_hasher(b"k" * 32))

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return self.loop.run_until_complete(work)

    @initialize()
    def begin(self) -> None:
        self.run(lead(self.store))

    @rule(wanted=st.lists(st.lists(keys, max_size=3), max_size=3))
    def put_at_once(self, wanted: list[list[str]]) -> None:
        async def puts() -> list[Any]:
            return await asyncio.gather(*(self.store.letterbox.put(SITE, [letter(k) for k in ks]) for ks in wanted))

        for names, answers in zip(wanted, self.run(puts()), strict=True):
            for name, answer in zip(names, answers, strict=True):
                known = self.model.letters.get(name)
                assert answer.fresh == (known is None)
                assert known in {None, answer.id}
                self.model.letters[name] = answer.id
                assert answer.state == self.model.state.setdefault(answer.id, "new")

    @rule(pick=picks)
    def settle_a_letter(self, pick: int) -> None:
        chosen = sorted(self.model.state)[pick % len(self.model.state)] if self.model.state else 0
        self.position = self.run(commit(self.store, settled=[Settled(letter=chosen, position=1)]))
        if chosen:
            self.model.state[chosen] = "settled"

    @rule(pick=picks)
    def quarantine_a_letter(self, pick: int) -> None:
        chosen = sorted(self.model.state)[pick % len(self.model.state)] if self.model.state else 0
        self.run(self.store.letterbox.quarantine(SITE, chosen, "broke_core"))
        if self.model.state.get(chosen) == "new":
            self.model.state[chosen] = "quarantined"

    @rule(names=st.lists(lanes, min_size=1, max_size=4), wait_ms=st.sampled_from((0, 0, 50)))
    def commit_effects(self, names: list[str], wait_ms: int) -> None:
        first = self.position + 1
        not_before_ms = self.now_ms + wait_ms if wait_ms else 0
        new = [effect(first + n, name, not_before_ms=not_before_ms) for n, name in enumerate(names)]
        before = max([*self.model.attempts, 0])
        self.run(commit(self.store, count=len(names), at=self.now_ms, effects=new))
        self.position += len(names)
        for number, name in enumerate(names, before + 1):
            self.model.lanes[name].append(number)
            self.model.go_ms[number] = max(self.now_ms, not_before_ms)
            self.model.attempts[number] = 0

    @rule(worker=st.sampled_from(("w1", "w2")), limit=st.integers(1, 3))
    def claim(self, worker: str, limit: int) -> None:
        until_ms = self.now_ms + CLAIM_MS
        claimed = self.run(self.store.outbox.claim(SITE, worker, now_ms=self.now_ms, until_ms=until_ms, limit=limit))
        free = self.model.heads(self.now_ms)
        assert {one.id for one in claimed} <= free
        assert len(claimed) == min(limit, len(free))
        for one in claimed:
            self._check(one)
            self.model.flying[one.id] = worker
            self.model.go_ms[one.id] = until_ms

    def _check(self, one: Effect) -> None:
        assert (one.lane, one.attempts) == (self.model.lane(one.id), self.model.attempts[one.id])

    def _flying(self, pick: int) -> int:
        flying = sorted(self.model.flying)
        return flying[pick % len(flying)] if flying else 0

    @rule(pick=picks)
    def holds(self, pick: int) -> None:
        number = self._flying(pick)
        stands = number in self.model.flying and self.model.go_ms[number] > self.now_ms
        for worker in ("w1", "w2"):
            expected = stands and self.model.flying[number] == worker
            assert self.run(self.store.outbox.holds(SITE, number, worker, now_ms=self.now_ms)) == expected

    @rule(pick=picks)
    def done(self, pick: int) -> None:
        number = self._flying(pick)
        self.run(self.store.outbox.done(SITE, number))
        if number:
            self.model.lanes[self.model.lane(number)].remove(number)
            del self.model.flying[number]

    @rule(pick=picks)
    def later(self, pick: int) -> None:
        number = self._flying(pick)
        not_before_ms = self.now_ms + 30
        self.run(self.store.outbox.later(SITE, number, not_before_ms=not_before_ms, reason="busy", unsure=False))
        if number:
            self.model.attempts[number] += 1
            self.model.go_ms[number] = not_before_ms
            del self.model.flying[number]

    @rule(pick=picks)
    def bury(self, pick: int) -> None:
        number = self._flying(pick)
        self.run(self.store.outbox.dead(SITE, number, "never"))
        if number:
            lane = self.model.lane(number)
            self.model.lanes[lane].remove(number)
            self.model.dead[number] = lane
            del self.model.flying[number]

    @rule(pick=picks)
    def revive(self, pick: int) -> None:
        dead = sorted(self.model.dead)
        number = dead[pick % len(dead)] if dead else 0
        assert self.run(self.store.outbox.revive(SITE, number)) == bool(number)
        if number:
            lane = self.model.dead.pop(number)
            self.model.lanes[lane] = sorted([*self.model.lanes[lane], number])
            self.model.go_ms[number], self.model.attempts[number] = 1, 0

    @rule(ms=st.sampled_from((1, 10, 60)))
    def time_passes(self, ms: int) -> None:
        self.now_ms += ms

    @rule()
    def close_and_open(self) -> None:
        self.run(self.store.close())
        self.store = self.run(self._open())

    @invariant()
    def depths_agree(self) -> None:
        states = list(self.model.state.values())
        new, _, quarantined = self.run(self.store.letterbox.depth(SITE))
        assert (new, quarantined) == (states.count("new"), states.count("quarantined"))
        waiting, _, dead = self.run(self.store.outbox.depth(SITE))
        assert (waiting, dead) == (sum(map(len, self.model.lanes.values())), len(self.model.dead))
        heads = [self.model.go_ms[head] for head in map(self.model.head, self.model.lanes) if head]
        assert self.run(self.store.outbox.next_due_ms(SITE)) == min(heads, default=0)

    def teardown(self) -> None:
        self.run(self.store.close())
        self.run(self.loop.shutdown_default_executor())
        self.loop.close()
        shutil.rmtree(self.folder)


TestStoreMachine = StoreMachine.TestCase
TestStoreMachine.settings = settings(
    max_examples=25,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
