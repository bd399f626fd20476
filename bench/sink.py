"""A mail relay that takes everything and keeps nothing: so that replies really leave, at the least cost to others.

Run as `python -m bench.sink`: it prints its port and serves until it is ended.
"""

from __future__ import annotations

import asyncio

from bench.loops import run_fast

ANSWERS = {b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}
LINE_BYTES_MAX = 4 * 1024 * 1024


async def _talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 sink\r\n")
    try:
        while line := await reader.readline():
            word = line[:4].upper()
            writer.write(ANSWERS.get(word, b"250 yes\r\n"))
            if word == b"DATA":
                await reader.readuntil(b"\r\n.\r\n")
                writer.write(b"250 taken\r\n")
            if word == b"QUIT":
                break
        await writer.drain()
    except (ConnectionError, asyncio.IncompleteReadError):
        return
    finally:
        writer.close()


async def serve() -> None:
    """Serve until the process is ended."""
    server = await asyncio.start_server(_talk, "127.0.0.1", 0, limit=LINE_BYTES_MAX)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    run_fast(serve())
