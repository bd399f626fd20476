"""A simulated year of one floor, half a million conversations: the core's memory ends where it began.

A child lives through the year and tells its journal through a pipe; this process folds it with the small code of
`patchbay verify` as it comes, so that every invariant is checked event by event. `--weeks` makes it shorter.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import struct
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from bench.containers import bytes_of, lengths
from bench.year_floor import Year
from bench.year_plan import START_MS, YEAR_DAYS
from router.core.bundle import DAY_MS, HOUR_MS
from router.core.events import decode_entries, encode_entries
from router.memory import GC_THRESHOLDS
from router.verify.findings import Report
from router.verify.invariants import Invariants

WEEK_MS = 7 * DAY_MS
# Looked at in the small hours of a Monday: nobody is at a desk by day's work, and every week ends alike.
QUIET_MS = 2 * HOUR_MS
WARM_WEEKS = 4
MONTH_WEEKS = 4
BATCH = 64
# At its quietest the floor still has what came this night: so much its memory may differ between two such hours.
MEMORY_SLACK = 1.25
_HEADER = struct.Struct(">cI")
ROW, FIGURES = b"r", b"f"


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.year", description=__doc__)
    parser.add_argument("--weeks", type=int, default=YEAR_DAYS // 7)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.child:
        gc.set_threshold(*GC_THRESHOLDS)
        live(chosen.weeks, sys.stdout.buffer)
    else:
        judge(chosen.weeks)


# --- the child: lives ---------------------------------------------------------------------------------------------


def live(weeks: int, out: BinaryIO) -> None:
    """Live through so many weeks; each ends in a quiet hour, in which the core is measured."""
    year, highest = Year(), Counter[str]()
    for week in range(1, weeks + 1):
        for hour in range(7 * 24):
            until_ms = START_MS + (week - 1) * WEEK_MS + hour * HOUR_MS + QUIET_MS
            _tell(out, ROW, b"".join(_rows(year, until_ms, out)))
            if hour % 24 == 12:
                highest |= _lengths(year)
        _tell(out, FIGURES, json.dumps(measured(year, week, highest)).encode())


def _rows(year: Year, until_ms: int, out: BinaryIO) -> Iterator[bytes]:
    batch = []
    for entry in year.entries(until_ms):
        batch.append(entry)
        if len(batch) == BATCH:
            _tell(out, ROW, encode_entries(batch))
            batch.clear()
    yield encode_entries(batch)


def _tell(out: BinaryIO, kind: bytes, data: bytes) -> None:
    out.write(_HEADER.pack(kind, len(data)) + data)
    out.flush()


def measured(year: Year, week: int, highest: Counter[str]) -> dict[str, Any]:
    """Return what the core holds now."""
    gc.collect()
    state = year.engine.state
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {
        "week": week,
        "events": state.position,
        "conversations": year.came["conversations"],
        "parked": year.rows.parked,
        "open": len(state.convs),
        "cpu_s": time.process_time(),
        "bytes": bytes_of(state),
        "rss": pages * resource.getpagesize(),
        "bundles": len(year.engine.bundles),
        "lengths": _lengths(year),
        "highest": highest,
    }


def _lengths(year: Year) -> Counter[str]:
    clock = lengths(year.wakes, "wakes")
    return lengths(year.engine.state, "state") + Counter({name: clock[name] for name in ("wakes._due", "wakes._known")})


# --- the parent: judges ---------------------------------------------------------------------------------------------


def judge(weeks: int) -> None:
    """Fold the journal as it comes, print the months, and hold the end against the beginning."""
    report = Report(site="main")
    walked, figures, journal_bytes = Invariants(report), list[dict[str, Any]](), 0
    print("week   events        conversations  parked  in the core  core KB  RSS MB  journal MB  findings")
    with subprocess.Popen(
        [sys.executable, "-m", "bench.year", "--child", "--weeks", str(weeks)], stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None, "asked for"
        for kind, data in _told(child.stdout):
            if kind == ROW:
                journal_bytes += len(data)
                for entry in decode_entries(data):
                    walked.entry(entry)
            else:
                figures.append(json.loads(data))
                if figures[-1]["week"] % MONTH_WEEKS == 0 or figures[-1]["week"] in {1, weeks}:
                    _print_week(figures[-1], journal_bytes, report)
    assert child.returncode == 0, "the child broke off"
    _print_containers(figures)
    _conclude(figures, report)


def _told(pipe: Any) -> Iterator[tuple[bytes, bytes]]:
    while header := pipe.read(_HEADER.size):
        kind, length = _HEADER.unpack(header)
        yield kind, pipe.read(length)


def _print_week(one: dict[str, Any], journal_bytes: int, report: Report) -> None:
    print(
        f"{one['week']:>4} {one['events']:>12,} {one['conversations']:>15,} {one['parked']:>7,}"
        f" {one['open']:>12,} {one['bytes'] / 1024:>8,.0f} {one['rss'] / 2**20:>7.1f}"
        f" {journal_bytes / 1e6:>11,.0f} {report.found:>9}",
        flush=True,
    )


def _print_containers(figures: list[dict[str, Any]]) -> None:
    first, last = figures[min(WARM_WEEKS, len(figures)) - 1], figures[-1]
    print(f"\nentries of each container         week {first['week']:>4}   highest  week {last['week']:>4}")
    for name in sorted(set(last["highest"]) | set(last["lengths"])):
        begin, highest, end = (each.get(name, 0) for each in (first["lengths"], last["highest"], last["lengths"]))
        if highest or end:
            print(f"{name:<33} {begin:>9,} {highest:>9,} {end:>9,}")


def _conclude(figures: list[dict[str, Any]], report: Report) -> None:
    first, last = figures[min(WARM_WEEKS, len(figures)) - 1], figures[-1]
    print(f"\n{last['conversations']:,} conversations, {last['events']:,} events, {last['cpu_s']:.0f} s of CPU")
    print(
        f"core: {first['bytes'] / 1024:,.0f} KB after week {first['week']}, {last['bytes'] / 1024:,.0f} KB at the end"
    )
    for finding in report.findings[:10]:
        print(finding.sentence)
    assert report.ok, f"{report.found} promises were broken"
    assert last["bytes"] <= first["bytes"] * MEMORY_SLACK, "the core has grown"


if __name__ == "__main__":
    main()
