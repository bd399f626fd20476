"""A real month again: a call-by-call log is lived through by the product's own core, and its figures stand beside it.

The log is that of an Israeli bank's call center (Technion, 1999), which may be studied and not passed on, so it is not
here: give its file. Who came when, for what and for how long is the log's; patience is drawn, for a log does not tell
that of who was answered; who was there is guessed from who answered, so this shows plausibility and is no gate.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from router.core.bundle import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, ChannelSpec
from router.planning.chance import Wishes, stream
from router.planning.policy import Policy
from router.planning.report import table
from router.planning.scenario import START_MS, CustomerClass, Duration, Group, Rate, Scenario
from router.planning.simulation import Simulation
from router.planning.staging import facts_of, staged_bundle, staged_queue, staged_rule
from router.planning.tally import Outcome

CHANNEL, TARGET_MS = "call", 20 * SECOND_MS
PATIENCE_MEAN_MS = 369 * SECOND_MS  # estimated from the log: all waiting, by the number of those who gave up
SERVICE_MS_MIN = 10 * SECOND_MS  # shorter ones are a known fault of the recording
PRIORITY, HEAD_START_MS = "2", 90 * SECOND_MS  # the bank's own rule
# Somebody who answered so few calls of a type in the month did so by way of exception.
CALLS_OF_A_SKILL_MIN = 20
# Whoever takes no call for so long has gone; the shorter, the fewer people are there. Nobody knows the right one.
GAPS_MS = (5 * MINUTE_MS, 20 * MINUTE_MS, HOUR_MS)
SEEDS = 3
WAYS = {"age": Policy(order="age", clock="clock"), "balanced": Policy(clock="clock")}


@dataclass(frozen=True, slots=True)
class Call:
    """One line of the log: somebody who joined the queue. `wait_ms` and `answered` are what became of it then."""

    at_ms: int
    kind: str
    service_ms: int
    wait_ms: int
    answered: bool
    server: str
    from_ms: int
    until_ms: int


@dataclass(slots=True)
class Log:
    """All calls of a log, by the milliseconds since its first midnight."""

    calls: list[Call] = field(default_factory=list)
    days: int = 0

    @property
    def answered(self) -> list[Call]:
        return [call for call in self.calls if call.answered]


@dataclass(slots=True)
class Told:
    """Stands where a class's customers are drawn: they come when the log says, with the wishes it tells."""

    calls: Sequence[Call]
    services: Sequence[int]
    chance: random.Random
    index: int = -1

    @property
    def arrivals(self) -> Told:
        return self

    def next_ms(self) -> int:
        self.index += 1
        return START_MS + self.calls[self.index].at_ms if self.index < len(self.calls) else 0

    def wishes(self) -> Wishes:
        """Return those of the call before the one that was planned last, as a run asks for them."""
        call = self.calls[self.index - 1]
        patience_ms = round(self.chance.expovariate(1 / PATIENCE_MEAN_MS)) + 1
        known = call.answered and call.service_ms > SERVICE_MS_MIN
        return Wishes(call.service_ms if known else self.chance.choice(self.services), patience_ms, 0)


def read_log(lines: Iterable[str]) -> Log:
    """Read a log: tab-separated, names first. Who hung up before the queue, and what is no call, is left out."""
    rows = (line.rstrip("\n").split("\t") for line in lines)
    names = next(rows)
    log, first = Log(), None
    for values in rows:
        row = dict(zip(names, values, strict=False))
        if len(values) != len(names) or not (row["outcome"] == "AGENT" or _left_the_queue(row)):
            continue
        day = date(1900 + int(row["date"][:2]), int(row["date"][2:4]), int(row["date"][4:6]))
        first = first or day
        number = (day - first).days
        log.days = max(log.days, number + 1)
        log.calls.append(_call(row, number * DAY_MS))
    log.calls.sort(key=lambda call: call.at_ms)
    return log


def _left_the_queue(row: Mapping[str, str]) -> bool:
    return row["outcome"] == "HANG" and int(row["q_time"]) > 0


def _call(row: Mapping[str, str], midnight_ms: int) -> Call:
    answered = row["outcome"] == "AGENT"
    return Call(
        at_ms=midnight_ms + _of_day_ms(row["vru_exit"]),
        kind=row["type"].strip() + ("+" if row["priority"] == PRIORITY else ""),
        service_ms=int(row["ser_time"]) * SECOND_MS,
        wait_ms=int(row["q_time"]) * SECOND_MS,
        answered=answered,
        server=row["server"] if answered else "",
        from_ms=midnight_ms + _of_day_ms(row["ser_start"]),
        until_ms=midnight_ms + _of_day_ms(row["ser_exit"]),
    )


def _of_day_ms(clock: str) -> int:
    hours, minutes, seconds = map(int, clock.split(":"))
    return hours * HOUR_MS + minutes * MINUTE_MS + seconds * SECOND_MS


# --- the floor as it may have been ------------------------------------------------------------------------------------


def shifts(calls: Sequence[Call], gap_ms: int) -> tuple[int, ...]:
    """Return when somebody was there: from each call to the next, where that is not too long after."""
    times: list[int] = []
    for call in sorted(calls, key=lambda each: each.from_ms):
        begins_ms, ends_ms = START_MS + call.from_ms, START_MS + max(call.until_ms, call.from_ms + 1)
        if times and begins_ms - times[-1] <= gap_ms:
            times[-1] = max(times[-1], ends_ms)
        else:
            times += (begins_ms, ends_ms)
    return tuple(times)


def floor_of(log: Log, gap_ms: int, policy: Policy) -> Scenario:
    """Return the floor: a class for each type and priority, a group for everybody who answered."""
    kinds = sorted({call.kind for call in log.calls})
    types = sorted({kind.rstrip("+") for kind in kinds})
    by_server: dict[str, list[Call]] = defaultdict(list)
    for call in log.answered:
        by_server[call.server].append(call)
    queues = {
        name: policy.applied(staged_queue(name, skills={name: 1}, target_ms={CHANNEL: TARGET_MS})) for name in types
    }
    rules = tuple(
        staged_rule(kind, kind.rstrip("+"), head_start_ms=HEAD_START_MS if kind.endswith("+") else 0) for kind in kinds
    )
    names = {server: f"agent {number}" for number, server in enumerate(sorted(by_server), 1)}
    bundle = staged_bundle(
        queues,
        rules,
        channels={CHANNEL: ChannelSpec(load=100, live=True)},
        calendars={names[server]: shifts(calls, gap_ms) for server, calls in by_server.items()},
        skills=dict.fromkeys(types, 1),
    )
    return Scenario(
        title="a month of a bank",
        bundle=policy.completed(bundle),
        classes=tuple(_class(kind) for kind in kinds),
        groups=tuple(_group(names[server], calls) for server, calls in sorted(by_server.items())),
        horizon_ms=log.days * DAY_MS,
        warm_up_ms=0,
        seeds=SEEDS,
    )


def _class(kind: str) -> CustomerClass:
    """A class of the log; its rate, handle time and patience are the log's, so what stands here is not asked for."""
    return CustomerClass(
        name=kind,
        facts=facts_of(kind, CHANNEL),
        rate=Rate(((START_MS, 0.0),)),
        handle=Duration(MINUTE_MS),
        patience=Duration(PATIENCE_MEAN_MS),
        target_ms=TARGET_MS,
    )


def _group(name: str, calls: Sequence[Call]) -> Group:
    counts = Counter(call.kind.rstrip("+") for call in calls)
    able = [kind for kind, count in counts.items() if count >= CALLS_OF_A_SKILL_MIN] or [counts.most_common(1)[0][0]]
    abilities = ((f"channel:{CHANNEL}", 1), *((f"skill:{kind}", 1) for kind in able))
    return Group(name=name, agents=1, abilities=tuple(sorted(abilities)), calendar=name)


def replayed(log: Log, scenario: Scenario, seed: int) -> Outcome:
    """Live through the month once."""
    run = Simulation(scenario, seed)
    services = [call.service_ms for call in log.answered if call.service_ms > SERVICE_MS_MIN] or [MINUTE_MS]
    run._customers = [
        Told([call for call in log.calls if call.kind == each.name], services, stream(seed, each.name, "log"))  # type: ignore[misc]
        for each in scenario.classes
    ]
    return run.run()


# --- figures ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Month:
    """Figures of a month, as the log counts them: of everybody who joined the queue."""

    waited: float
    in_time: float
    gave_up: float
    wait_mean_s: float


def as_logged(log: Log) -> Month:
    calls = log.calls
    in_time = sum(call.answered and call.wait_ms <= TARGET_MS for call in calls)
    return Month(
        waited=sum(call.wait_ms > 0 for call in calls) / len(calls),
        in_time=in_time / len(calls),
        gave_up=sum(not call.answered for call in calls) / len(calls),
        wait_mean_s=sum(call.wait_ms for call in calls) / len(calls) / SECOND_MS,
    )


def as_lived(outcomes: Sequence[Outcome]) -> Month:
    classes = [each for outcome in outcomes for each in outcome.classes]
    offered = sum(each.offered for each in classes)

    def mean(values: Iterator[float]) -> float:
        return sum(values) / offered

    return Month(
        waited=mean(each.delayed * each.offered for each in classes),
        in_time=mean(each.level * each.offered for each in classes),
        gave_up=mean(float(each.abandoned) for each in classes),
        wait_mean_s=mean(each.wait_mean_ms * each.offered for each in classes) / SECOND_MS,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.quality_trace", description=__doc__)
    parser.add_argument("file", type=Path, nargs="?", help="the log; without it there is nothing to replay")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    chosen = parser.parse_args(arguments)
    if chosen.file is None:
        print("no log was given; there is nothing to replay")
        return 0
    with chosen.file.open(encoding="latin-1") as lines:
        log = read_log(lines)
    rows = [_row("as logged", as_logged(log))]
    for word, policy in WAYS.items():
        for gap_ms in GAPS_MS:
            scenario = floor_of(log, gap_ms, policy)
            outcomes = [replayed(log, replace(scenario), seed) for seed in range(1, chosen.seeds + 1)]
            rows.append(_row(f"{word}, gone after {gap_ms // MINUTE_MS} min", as_lived(outcomes)))
    print(f"{len(log.calls):,} joined the queue on {log.days} days")
    print("\n".join(table(("", "waited %", "answered in 20 s %", "gave up %", "mean wait s"), rows)))
    return 0


def _row(word: str, month: Month) -> tuple[str, ...]:
    shares = (month.waited, month.in_time, month.gave_up)
    return word, *(f"{100 * each:.1f}" for each in shares), f"{month.wait_mean_s:.1f}"


if __name__ == "__main__":
    sys.exit(main())
