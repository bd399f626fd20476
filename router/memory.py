"""When Python's collector looks for garbage in a process of ours. What is kept, and for how long, is not said here."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# What is imported, and a floor's state, are large and live for ever: the collector looks less often, so that a start
# is not spent on looking, and no collection walks through a million conversations in the loop.
GC_THRESHOLDS = (50_000, 20, 100)


def look_less_often() -> None:
    """Let the collector look less often, before anything large is imported."""
    gc.set_threshold(*GC_THRESHOLDS)


@contextmanager
def kept_for_good() -> Iterator[None]:
    """Do not look while something large is imported, and never at it afterwards: none of it is ever let go."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def settle_memory() -> None:
    """Take what recovery made out of the collector's sight, and let it look less often."""
    gc.collect()
    gc.freeze()
    look_less_often()
