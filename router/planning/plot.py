"""A summary as a picture: an SVG file written by hand, readable without colour and without any library."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from router.planning.summary import ClassSummary, Summary
from router.planning.tally import CURVE_TARGETS

WIDTH, PANEL, MARGIN, GAP = 860, 260, 60, 70
LEGEND_LINE = 18
# Told apart by colour and by dashes; the colours are of one lightness family that colour-blind readers can part.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#555555")
DASHES = ("", "6 3", "2 2", "8 3 2 3", "1 3", "10 4", "4 1")
TICKS = 4


def svg(summary: Summary) -> str:
    """Return the picture: how many are answered within how many targets, and the mean wait by time of arrival."""
    legend = LEGEND_LINE * len(summary.classes)
    height = MARGIN + 2 * PANEL + 2 * GAP + legend
    highest_s = max((max(each.slices, default=0.0) for each in summary.classes), default=0.0) / 1000 or 1.0
    waits = [[wait_ms / 1000 / highest_s for wait_ms in each.slices] for each in summary.classes]
    lower = MARGIN + PANEL + GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"',
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        f'<text x="{MARGIN}" y="28" font-size="17">{escape(summary.title)}</text>',
        *_panel("share of customers answered within so many targets (SL-3 at 1)", MARGIN, 100.0, unit="%"),
        *_across([f"{tick}" for tick in range(CURVE_TARGETS + 1)], MARGIN),
        _mark(MARGIN),
        *(_line(curve, index, MARGIN) for index, curve in enumerate(each.curve for each in summary.classes)),
        *_panel("mean wait in seconds, by time of arrival", lower, highest_s, unit=""),
        *(_line(each, index, lower) for index, each in enumerate(waits)),
        *_legend(summary.classes, lower + PANEL + GAP // 2),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _panel(title: str, top: int, highest: float, *, unit: str) -> list[str]:
    lines = [f'<text x="{MARGIN}" y="{top - 8}">{escape(title)}</text>']
    for tick in range(TICKS + 1):
        y = top + PANEL - PANEL * tick / TICKS
        lines.append(f'<path d="M{MARGIN} {y:.1f}H{WIDTH - MARGIN}" stroke="#ddd"/>')
        lines.append(
            f'<text x="{MARGIN - 6}" y="{y + 4:.1f}" text-anchor="end">{highest * tick / TICKS:.3g}{unit}</text>'
        )
    return lines


def _across(words: Sequence[str], top: int) -> list[str]:
    step = (WIDTH - 2 * MARGIN) / (len(words) - 1)
    return [
        f'<text x="{MARGIN + step * index:.1f}" y="{top + PANEL + 16}" text-anchor="middle">{word}</text>'
        for index, word in enumerate(words)
    ]


def _mark(top: int) -> str:
    """Return the upright line at one target, where a curve shows the service level."""
    x = MARGIN + (WIDTH - 2 * MARGIN) / CURVE_TARGETS
    return f'<path d="M{x:.1f} {top}V{top + PANEL}" stroke="#999" stroke-dasharray="3 3"/>'


def _line(values: Sequence[float], index: int, top: int) -> str:
    step = (WIDTH - 2 * MARGIN) / max(len(values) - 1, 1)
    points = " ".join(
        f"{MARGIN + step * position:.1f},{top + PANEL - PANEL * value:.1f}" for position, value in enumerate(values)
    )
    return f'<polyline points="{points}" fill="none" stroke-width="2" {_stroke(index)}/>'


def _stroke(index: int) -> str:
    dashes = DASHES[index % len(DASHES)]
    return f'stroke="{COLOURS[index % len(COLOURS)]}"' + (f' stroke-dasharray="{dashes}"' if dashes else "")


def _legend(classes: Sequence[ClassSummary], top: int) -> list[str]:
    lines = []
    for index, each in enumerate(classes):
        y = top + LEGEND_LINE * index
        said = f"{each.name}: {each.level.mean * 100:.1f} % within {each.target_ms / 1000:g} s"
        said += f", mean wait {each.wait_mean_ms.mean / 1000:.1f} s"
        lines.append(f'<path d="M{MARGIN} {y}h40" stroke-width="2" fill="none" {_stroke(index)}/>')
        lines.append(f'<text x="{MARGIN + 50}" y="{y + 4}">{escape(said)}</text>')
    return lines
