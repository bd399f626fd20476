"""The core with everything on: every order, widening, reserves, work that gives way, limits, presences, reloads.

Baseline: the plain load of `bench.core` at the same size in the same run. `--large` adds ten thousand agents with a
hundred thousand waiting; `unique` means that no two agents can do the same.
"""

from __future__ import annotations

import argparse
import gc
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

import msgspec

from bench.core import LARGE, latencies, throughput
from bench.core import recorded as plain_load
from bench.core_load import SKILLS, Load, Size, abilities, bundle_of
from router.core import commands as cmd
from router.core import events as ev
from router.core.bundle import SECOND_MS, Bundle, ChannelSpec, Presence, Queue, Reserve, Widening
from router.core.orders import ORDERS
from router.memory import GC_THRESHOLDS

ROUNDS = 6_000
REPEATS = 3
# How often in a hundred rounds: somebody goes on a break and comes back, an offer is declined.
BREAKS, DECLINES = 2, 3
RELOAD_EVERY = 1_500
MAIL = ChannelSpec(load=20, live=False, interrupted_by=("call",))
ROWS = (
    (Size(1_000, 0, 90), False),
    (Size(1_000, 1_000, 90), False),
    (Size(1_000, 1_000, 800), False),
    (Size(1_000, 1_000, 90), True),
    (Size(10_000, 0, 90), True),
)
LARGE_ROWS = ((LARGE, False), (Size(10_000, 100_000, 800), True))


def everything(size: Size, weight: int = 2) -> Bundle:
    """Return a bundle in which every queue has an order, targets and steps of its own, and somebody is kept free."""
    plain = bundle_of(size)
    orders = list(ORDERS)
    return msgspec.structs.replace(
        plain,
        queues={
            name: _queue(queue, order=orders[number % len(orders)], weight=1 + number % weight)
            for number, (name, queue) in enumerate(plain.queues.items())
        },
        channels={**plain.channels, "mail": MAIL},
        presences={**plain.presences, "break": Presence(name="break", accepts=False)},
        decline_reasons=("busy",),
        reserves=(Reserve(needs=(("channel:call", 1), ("skill:th", 1)), agents=2),),
    )


def _queue(queue: Queue, *, order: str, weight: int) -> Queue:
    steps = tuple(
        Widening(after_ms=after_ms, needs=tuple((f"skill:{skill}", level) for skill in queue.skills), priority=1)
        for after_ms, level in ((5 * SECOND_MS, 1), (20 * SECOND_MS, 0))
    )
    targets = {"call": 20 * SECOND_MS, "chat": 60 * SECOND_MS, "mail": 3_600 * SECOND_MS}
    return msgspec.structs.replace(queue, order=order, weight=weight, answer_within_ms=targets, widen=steps)


@dataclass(slots=True)
class MixedLoad(Load):
    """The plain load's robots, who also take breaks, decline and are reconfigured."""

    unique: bool = False
    rounds: int = 0
    reloads: int = 0

    def _staff(self) -> Iterator[ev.Needs]:
        profiles = [self._abilities() for _ in range(self.size.agents if self.unique else 100)]
        while True:
            yield from profiles

    def _abilities(self) -> ev.Needs:
        """What one can do: also mails; some have a first task, a limit of chats, a language of their own."""
        more: dict[str, int] = {"channel:mail": 1}
        if self.chance.random() < 0.3:
            more[f"primary:s{self.chance.randrange(SKILLS)}"] = 1
        if self.chance.random() < 0.2:
            more["limit:chat"] = 3
        return tuple(sorted({**dict(abilities(self.chance)), **more}.items()))

    def _happen(self) -> None:
        self.rounds += 1
        unquiet = self._happens("breaks and declines")
        if unquiet and self.chance.randrange(100) < BREAKS:
            agent = self.chance.randrange(1, self.size.agents + 1)
            self._tell(cmd.SetPresence(id=self._id(), agent=agent, presence="break"))
        if unquiet and self.offers and self.chance.randrange(100) < DECLINES:
            self._decline(*self.offers.popleft())
        if self._happens("reloads") and self.rounds % RELOAD_EVERY == 0:
            self.reloads += 1
            bundle = self._configured(2 + self.reloads % 2)
            self._tell(cmd.ApplyConfig(id=self._id(), hash=f"bench{self.reloads}", bundle=bundle))

    def _happens(self, what: str) -> bool:
        """Whether something happens in this load; one that does without says no."""
        return bool(what)

    def _configured(self, weight: int) -> Bundle:
        return everything(self.size, weight=weight)

    def _decline(self, conv: int, agent: int, offer: int) -> None:
        running = self.engine.state.convs[conv].offer if conv in self.engine.state.convs else None
        if running is not None and running.id == offer:
            self._tell(cmd.Decline(id=self._id(), agent=agent, conv=conv, offer=offer, reason="busy"))


def recorded(size: Size, *, unique: bool, rounds: int = ROUNDS) -> MixedLoad:
    """Return the steps of a floor with everything on."""
    load = MixedLoad(size, everything(size), unique=unique)
    load.build()
    load.run(rounds)
    return load


def measure(load: Load) -> tuple[float, float, float, float]:
    """Return CPU microseconds a decision, p50, p99 and the longest."""
    runs = [throughput(load) for _ in range(REPEATS)]
    taken, _ = latencies(load)
    cpu_us = median(seconds / made for seconds, made in runs) * 1e6
    return cpu_us, taken[len(taken) // 2] / 1e3, taken[len(taken) * 99 // 100] / 1e3, taken[-1] / 1e3


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.core_mixed", description=__doc__)
    parser.add_argument(
        "--large", action="store_true", help="add the rows of ten thousand agents and a hundred thousand"
    )
    rows = (*ROWS, *LARGE_ROWS) if parser.parse_args(arguments).large else ROWS
    gc.set_threshold(*GC_THRESHOLDS)
    print(
        "everything on: agents / waiting / classes   decisions/s  CPU us  p50 us  p99 us  longest us  to the plain load"
    )
    for size, unique in rows:
        cpu_us, p50_us, p99_us, longest_us = measure(recorded(size, unique=unique))
        plain_us = measure(plain_load(size, ROUNDS))[0]
        name = f"{size}{' unique' if unique else ''}"
        print(
            f"{name:>41} {1e6 / cpu_us:13,.0f} {cpu_us:7.1f} {p50_us:7.1f} {p99_us:7.1f} {longest_us:11,.0f}"
            f" {cpu_us / plain_us:10.2f} to 1",
            flush=True,
        )


if __name__ == "__main__":
    main()
