"""A process to be killed: accepts, decides and performs as fast as it can, and says on its output what was answered."""

from __future__ import annotations

import asyncio
import os
import sys

from router.store.hashing import keyed_hasher
from router.store.opening import open_store_at
from router.store.port import Body, Commit, NewEffect, NewLetter, Settled

SITE = "main"
WRITERS = 6
# The next one may lead at once: nothing here depends on time, only on the epoch.
TTL_MS = 1


def say(*words: object) -> None:
    """One line in one write, so that a kill never leaves half of one that counts."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


async def main(path: str, round_name: str) -> None:
    store = await open_store_at(path, hasher=keyed_hasher(b"k" * 32))
    epoch = 0
    while not epoch:
        epoch = await store.leases.acquire(SITE, "lead", round_name, now_ms=int(round_name) * 1_000, ttl_ms=TTL_MS)
    decided: asyncio.Queue[tuple[int, int]] = asyncio.Queue(maxsize=50)

    async def accept(writer: int) -> None:
        number = 0
        while True:
            number += 1
            name = f"{round_name}-{writer}-{number}"
            body = Body(direction="in", author="customer", text=name, created_ms=1)
            new = NewLetter(channel="chat", dedupe=name, received_ms=1, signal=name.encode(), body=body)
            [answer] = await store.letterbox.put(SITE, [new])
            say("letter", name, answer.id, answer.message, int(answer.fresh))
            await decided.put((answer.id, answer.message))

    async def decide() -> None:
        position = (await store.journal.end(SITE))[0]
        while True:
            letters = [await decided.get()]
            while not decided.empty() and len(letters) < 20:
                letters.append(decided.get_nowait())
            first = position + 1
            ids = range(first, first + len(letters))
            commit = Commit(
                epoch=epoch,
                first=first,
                count=len(letters),
                at=position,
                entries=f"{round_name} {first} {len(letters)}".encode(),
                settled=[Settled(letter=one, position=at) for at, (one, _) in zip(ids, letters, strict=True)],
                placed=[(message, at, 1) for at, (_, message) in zip(ids, letters, strict=True)],
                effects=[
                    NewEffect(position=at, lane=f"l{at % 3}", channel="c", effect="send", conv=at, line=1) for at in ids
                ],
            )
            await store.journal.commit(SITE, commit)
            position += len(letters)
            say("commit", first, len(letters))

    async def perform() -> None:
        now_ms = int(round_name) * 1_000_000
        while True:
            now_ms += 1
            for effect in await store.outbox.claim(SITE, round_name, now_ms=now_ms, until_ms=now_ms + 10, limit=3):
                await store.outbox.done(SITE, effect.id)
                say("done", effect.id)
            await asyncio.sleep(0)

    say("ready")
    await asyncio.gather(decide(), perform(), *(accept(writer) for writer in range(WRITERS)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
