"""One round of a proof: load, a blow at a chosen step, recovery, judgement."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field

from tests.crash.checker import repeated_mails, taken_after_the_blow
from tests.crash.scene import Scene, until
from tests.crash.subject_house import Subject
from tests.power.steps import AT_START, RARE

TIME_MS_MIN, TIME_MS_MAX = 200, 1_200
# A busy floor comes to a common step some dozens of times a second: any of them may be the last.
TIMES_MAX = 20
LOAD_S = 0.3
# In every second round a second blow falls while it comes up again: imports take most of that time.
EARLY_ROUNDS = 2
# Our own checker looks after each round; `verify` reads the same journal again, and its process costs a second.
VERIFY_ROUNDS = 10
EARLY_MS_MIN, EARLY_MS_MAX = 300, 2_500
EARLY_S_MAX = 20.0
DRAIN_ROUNDS_MIN = 50
DRAIN_S_MAX = 240.0


@dataclass(frozen=True, slots=True)
class Round:
    """Which blow: `way` is kill or a way to lose the power."""

    number: int
    way: str
    step: str


@dataclass(slots=True)
class Proof:
    """The rounds of one proof, and the steps at which a blow really fell."""

    rounds: list[Round]
    reached: set[str] = field(default_factory=set)

    def told(self, at: Scene) -> str:
        """What was proved, in a line of figures."""
        late = taken_after_the_blow(at.ledger)
        return (
            f"{len(self.rounds)} rounds, {at.ledger.life} blows at {len(self.reached)} steps, {at.ledger.figures()}, "
            f"{len(at.ledger.files)} files, {repeated_mails(at.ledger)} mails again, {len(late)} mails lay in a buffer "
            f"at the blow, {len(at.missed)} times a step did not come"
        )


async def prove(at: Scene, proof: Proof, chance: random.Random) -> None:
    """Play all rounds; a long proof also waits until every reply has left."""
    for turn in proof.rounds:
        missed = len(at.missed)
        found = await play(at, turn, chance)
        assert not found, f"{turn}: " + "; ".join(found[:10])
        if len(at.missed) == missed:
            proof.reached.add(turn.step)
    if len(proof.rounds) >= DRAIN_ROUNDS_MIN:
        waits = "state = 'waiting' AND message <> 0"
        await until(lambda: not at.count("outbox", waits), "every reply has left", DRAIN_S_MAX)
        found = await at.judged()
        assert not found, "; ".join(found[:10])


async def play(at: Scene, turn: Round, chance: random.Random) -> list[str]:
    """Play one round and return what was broken."""
    at.crowd.writing.set()
    await asyncio.sleep(chance.uniform(0, LOAD_S))
    if turn.step in AT_START:
        await end_at_start(at, turn, chance)
    else:
        await at.ended(order(turn, chance))
    if turn.number % EARLY_ROUNDS == EARLY_ROUNDS - 1:
        await blow_while_coming_up(at, turn, chance)
    await at.house.start()
    await at.rest()
    return await at.judged(verify=turn.number % VERIFY_ROUNDS == 0)


def order(turn: Round, chance: random.Random) -> str:
    """Return the order for the trap."""
    times = 1 if turn.step in RARE else chance.randrange(1, TIMES_MAX)
    if turn.step == "time":
        times = chance.randrange(TIME_MS_MIN, TIME_MS_MAX)
    return f"{turn.way} {turn.step} {times} {chance.randrange(1 << 30)}"


async def end_at_start(at: Scene, turn: Round, chance: random.Random) -> None:
    """A step of recovery, after a blow that leaves a letter undecided."""
    assert isinstance(at.house, Subject), "only a subject has a trap"
    await at.ended(f"{turn.way} letter_kept {chance.randrange(1, TIMES_MAX)} {chance.randrange(1 << 30)}")
    at.house.begin(order(turn, chance))
    if not await at.house.died(EARLY_S_MAX):
        at.missed.append(f"{turn.way} {turn.step}")
        at.house.kill()
    at.ledger.end_life(time.monotonic())


async def blow_while_coming_up(at: Scene, turn: Round, chance: random.Random) -> None:
    """A second blow before the first is mended."""
    assert isinstance(at.house, Subject), "only a subject has a trap"
    at.house.begin(f"{turn.way} time {chance.randrange(EARLY_MS_MIN, EARLY_MS_MAX)} {chance.randrange(1 << 30)}")
    assert await at.house.died(EARLY_S_MAX), "the trap did not spring"
    at.ledger.end_life(time.monotonic())
