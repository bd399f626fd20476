"""What `patchbay simulate` does: read, run with progress, report, draw. The terminal itself stays outside."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from router.core.bundle import DAY_MS
from router.planning.plot import svg
from router.planning.report import report
from router.planning.runs import run_seeds
from router.planning.scenario_file import BundleOf, read_scenario
from router.planning.summary import summarize

# Progress is said no more often than this.
SAID_EVERY_S = 0.5


@dataclass(slots=True)
class Progress:
    """Says how far it is, and how long the rest may take."""

    say: Callable[[str], None]
    began_s: float = field(default_factory=time.monotonic)
    said_s: float = 0.0

    def __call__(self, share: float) -> None:
        now_s = time.monotonic()
        if now_s - self.said_s < SAID_EVERY_S and share < 1.0:
            return
        self.said_s = now_s
        left_s = (now_s - self.began_s) * (1.0 - share) / share if share else 0.0
        self.say(f"{share:6.1%} simulated, about {left_s:,.0f} s left" if share else "simulating")


def run_scenario(
    path: Path,
    bundle_of: BundleOf,
    say: Callable[[str], None],
    *,
    seeds: int | None = None,
    days: float | None = None,
    processes: int | None = None,
    plot: Path | None = None,
) -> list[str]:
    """Run a scenario and return its report's lines. Raises SettingsError, SimulationError, or OSError for the plot."""
    scenario = read_scenario(path, bundle_of)
    if days is not None:
        scenario = scenario.with_horizon(round(days * DAY_MS))
    if seeds is not None:
        scenario = replace(scenario, seeds=seeds)
    if plot is not None:
        plot.open("a").close()  # A long run must not end in a picture that cannot be written.
    summary = summarize(scenario, run_seeds(scenario, processes=processes or 0, progress=Progress(say)))
    if plot is not None:
        plot.write_text(svg(summary), encoding="utf-8")
    each_us = summary.cpu_s / max(summary.arrivals, 1) * 1e6
    spent = f"{summary.cpu_s:,.1f} s of processor time, {each_us:,.0f} µs a customer"
    return [*report(summary), "", spent]
