"""A process that leads over Redis until it is ended, so that tests can let it stand still: `leading.py URL NAME`.

It prints a line when its link works, answers every question with its name, and prints what it was asked.
"""

from __future__ import annotations

import asyncio
import sys

from router.bus.redis import RedisLink
from router.telemetry import Telemetry


async def lead(url: str, name: str) -> None:
    link = RedisLink(url, node=name, telemetry=Telemetry())

    async def answer(question: bytes) -> bytes:
        print(question.decode(), flush=True)
        return name.encode() + b" " + question

    while not link.up:
        await asyncio.sleep(0.01)
    print("leads", flush=True)
    await link.answer("main", answer)


if __name__ == "__main__":
    asyncio.run(lead(*sys.argv[1:3]))
