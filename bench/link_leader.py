"""The other side of `bench.link`: a node that leads and echoes, hears what is told, and says what it cost.

Run as `python -m bench.link_leader URL`: it prints a line when its link works and serves until it is ended.
"""

from __future__ import annotations

import asyncio
import sys
import time

from bench.loops import run_fast
from router.bus.redis import RedisLink
from router.telemetry import Telemetry

SITE = "main"
FIGURES = b"?"


async def serve(url: str) -> None:
    """Echo every question; the question `?` is answered with frames heard and processor seconds."""
    link = RedisLink(url, node="leader", telemetry=Telemetry())
    heard = 0

    async def answer(question: bytes) -> bytes:
        return f"{heard} {time.process_time()}".encode() if question == FIGURES else question

    answering = asyncio.create_task(link.answer(SITE, answer))
    ear = link.heard(SITE)
    await anext(ear)
    print(0, flush=True)
    async for frame in ear:
        heard += bool(frame)
    await answering


if __name__ == "__main__":
    run_fast(serve(sys.argv[1]))
