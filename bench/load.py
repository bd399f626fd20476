"""The load generator: a thin HTTP client, as fast as it can or at a rate, and what it measured. It knows no product."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

# The middle of a round counts: its beginning and end are not yet, or no longer, full load.
EDGE = 0.1


class Wire:
    """One kept connection. Raises ConnectionError when the other side is gone."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def ask(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Send one request; return status and body."""
        if self._reader is None or self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nContent-Length: {len(body)}\r\n"
        kind = "Content-Type: application/json\r\n" if body and "Content-Type" not in (headers or {}) else ""
        extra = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        self._writer.write(f"{head}{kind}{extra}\r\n".encode() + body)
        lines = (await self._reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
        length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
        return int(lines[0].split(b" ")[1]), await self._reader.readexactly(length)

    def close(self) -> None:
        """Hang up."""
        if self._writer is not None:
            self._writer.close()


Item = Callable[[Wire, int, float], Awaitable[None]]
"""Does one item on a wire: its number, and the moment at which it was due."""


@dataclass(slots=True)
class Round:
    """What one round came to, in seconds of the monotonic clock."""

    ended: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        """Items a second in the middle of the round."""
        ends = sorted(self.ended)
        edge = int(len(ends) * EDGE)
        return (len(ends) - 2 * edge - 1) / (ends[-1 - edge] - ends[edge])


async def saturate(wires: Sequence[Wire], count: int, item: Item) -> Round:
    """Do `count` items, each wire the next as soon as it has done one."""
    made = Round()
    numbers = iter(range(count))

    async def work(wire: Wire) -> None:
        for number in numbers:
            await item(wire, number, time.monotonic())
            made.ended.append(time.monotonic())

    await asyncio.gather(*(work(wire) for wire in wires))
    return made


async def pace(port: int, count: int, item: Item, *, per_second: float) -> Round:
    """Do `count` items at a rate. One that finds no free wire gets a new one: a slow server does not slow us."""
    made, free, opened = Round(), list[Wire](), list[Wire]()
    first = time.monotonic()

    async def work(number: int, due: float) -> None:
        await asyncio.sleep(due - time.monotonic())
        if not free:
            opened.append(Wire(port))
            free.append(opened[-1])
        wire = free.pop()
        await item(wire, number, due)
        free.append(wire)
        made.ended.append(time.monotonic())

    await asyncio.gather(*(work(number, first + number / per_second) for number in range(count)))
    for wire in opened:
        wire.close()
    return made


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which a share lies."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]
