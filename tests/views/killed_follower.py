"""A process that brings the views on and kills itself at a chosen batch: before, or right after its commit."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from router.views import keeper
from router.views.known import VIEWS
from tests.store.makers import SITE
from tests.views.journals import opened


async def main(folder: Path, batch: int, moment: str) -> None:
    store = await opened(folder)
    write, written = store.views.write, 0

    async def write_or_die(*words: Any, **given: Any) -> None:
        nonlocal written
        written += 1
        dies = written == batch
        if dies and moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        await write(*words, **given)
        if dies:
            os.kill(os.getpid(), signal.SIGKILL)

    store.views.write = write_or_die  # type: ignore[method-assign]
    for view in VIEWS.values():
        follower = keeper.Keeper(view, SITE, store)
        await follower.begin()
        await follower.catch_up()
    await store.close()


if __name__ == "__main__":
    keeper.EVENTS_MAX = 20
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
