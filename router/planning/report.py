"""A summary as people read it on a terminal: a table of classes, one of groups, how the waits went."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from router.planning.summary import ClassSummary, Estimate, GroupSummary, Summary

FORMULA = "SL-3 = answered within the target / (answered + abandoned)"
_BLOCKS = " ▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float]) -> str:
    """Return values as a line of blocks, the highest being full."""
    highest = max(values, default=0.0)
    if highest <= 0.0:
        return _BLOCKS[0] * len(values)
    return "".join(_BLOCKS[round(value / highest * (len(_BLOCKS) - 1))] for value in values)


def share(of: Estimate) -> str:
    """Return a share in percent, with its standard error where there is one."""
    error = f" ±{of.error * 100:.1f}" if of.error else ""
    return f"{of.mean * 100:.1f}{error}"


def seconds(of: Estimate) -> str:
    """Return a time in seconds, with its standard error where there is one."""
    error = f" ±{of.error / 1000:.1f}" if of.error else ""
    return f"{of.mean / 1000:.1f}{error}"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield a table's lines: names to the left, figures to the right."""
    widths = [max(len(row[index]) for row in (heads, *rows)) for index in range(len(heads))]
    for row in (heads, *rows):
        cells = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
        yield "  ".join([row[0].ljust(widths[0]), *cells[1:]]).rstrip()


def report(summary: Summary) -> Iterator[str]:
    """Yield the lines of a report."""
    yield summary.title
    error = "; ± is one standard error over seeds" if summary.seeds > 1 else ""
    yield f"{summary.seeds} seed{'s' * (summary.seeds > 1)}, {summary.arrivals:,} customers let in{error}"
    yield f"{FORMULA}; waits are of all, answered or not"
    yield ""
    yield from table(_CLASS_HEADS, [_class_row(each) for each in summary.classes])
    yield ""
    yield from table(_GROUP_HEADS, [_group_row(each) for each in summary.groups])
    yield ""
    yield (
        f"all: SL {share(summary.level)} %, wait {seconds(summary.wait_mean_ms)} s,"
        f" weight × wait {seconds(summary.cost_ms)} s; worst class: {summary.worst_class} {share(summary.worst)} %"
    )
    yield ""
    yield "mean wait by time of arrival, from the end of the warm-up to the end:"
    for each in summary.classes:
        highest_s = max(each.slices, default=0.0) / 1000
        yield f"  {each.name:<20} {sparkline(each.slices)}  highest {highest_s:.1f} s"


_CLASS_HEADS = (
    "class",
    "customers",
    "target s",
    "SL-3 %",
    "wait s",
    "p95 s",
    "waited %",
    "gave up %",
    "turned away %",
    "still waiting",
)
_GROUP_HEADS = ("group", "agents", "occupancy %", "least busy %", "busiest %")


def _class_row(of: ClassSummary) -> tuple[str, ...]:
    return (
        of.name,
        f"{of.offered.mean:,.0f}",
        f"{of.target_ms / 1000:g}",
        share(of.level),
        seconds(of.wait_mean_ms),
        seconds(of.wait_p95_ms),
        share(of.delayed),
        share(of.abandonment),
        share(of.blocking),
        f"{of.waiting.mean:.1f}",
    )


def _group_row(of: GroupSummary) -> tuple[str, ...]:
    busy = (of.occupancy_mean, of.occupancy_min, of.occupancy_max)
    return (of.name, str(of.agents), *(share(each) for each in busy))
