"""`patchbay` under cProfile: its loop's top costs by own time, written beside its data when it ends.

Only the main thread is seen: the writer's and readers' threads show as waiting.
"""

from __future__ import annotations

import cProfile
import os
import pstats
from pathlib import Path

from router.cli import main

TOP = 60
PROFILE = "profile.txt"


def run() -> None:
    """Run the command, then write down what it cost."""
    profile = cProfile.Profile()
    try:
        profile.runcall(main)
    finally:
        with (Path(os.environ["DATA"]).parent / PROFILE).open("w") as out:
            pstats.Stats(profile, stream=out).sort_stats("tottime").print_stats(TOP)


if __name__ == "__main__":
    run()
