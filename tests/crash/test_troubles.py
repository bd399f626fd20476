"""Troubles that pass: the server says so, refuses clearly, loses nothing and goes on by itself when they are over."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import aiohttp
import aiosmtplib
import pytest

from tests.crash.checker import read
from tests.crash.scene import Scene, scene, until
from tests.crash.subject_house import Subject

pytestmark = pytest.mark.crash

SMALL_DISK_MB = 48
HOUR_MS = 3_600_000
KILLED_CHILDREN = 2
FILLER_BYTES = 1 << 16
# A disk is looked at again after seconds, and all the time somebody writes: some forty messages a second are enough.
LONG_PAUSE_S = 0.2


async def readyz(at: Scene) -> tuple[int, dict[str, Any]]:
    async with aiohttp.ClientSession() as session, session.get(f"{at.house.base}/readyz") as answer:
        return answer.status, await answer.json()


async def post_form(at: Scene) -> int:
    page = f"{at.house.base}/channels/form/contact"
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{page}/token") as given:
            token = (await given.json())["token"]
        body = {"token": token, "email": "not-kept@example.org", "message": "This one is refused."}
        async with session.post(page, json=body) as answer:
            return answer.status


async def send_mail(at: Scene) -> int:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Message-ID"] = "a@example.org", "support@example.com", "<refused@example.org>"
    mail.set_content("This one is refused.")
    try:
        await aiosmtplib.send(mail, hostname="127.0.0.1", port=at.crowd.mail_port)
    except aiosmtplib.SMTPResponseException as refused:
        return refused.code
    return 250


async def until_ready(at: Scene, status: int) -> dict[str, Any]:
    """Wait until `/readyz` says so; return what it says."""
    for _ in range(600):
        found, told = await readyz(at)
        if found == status:
            return told
        await asyncio.sleep(0.05)
    raise AssertionError(f"/readyz does not say {status}: {told}")


async def some_load(at: Scene, more: int = 20) -> None:
    before = len(at.ledger.said)
    at.crowd.writing.set()
    await until(lambda: len(at.ledger.said) >= before + more, "some were served")


def logged(at: Scene) -> list[dict[str, Any]]:
    """Return the server's log lines."""
    lines = at.house.log.read_text().splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


async def endured(at: Scene, begin: Callable[[], None], end: Callable[[], None], *, said: str) -> None:
    """One trouble of the disk: clear refusals and a named reason while it lasts, and nothing lost after it."""
    await some_load(at)
    begin()
    told = await until_ready(at, 503)
    assert told["why"] == {"main": said}
    assert await post_form(at) == 503
    assert await send_mail(at) == 451
    end()
    await until_ready(at, 200)
    await some_load(at)
    await at.rest()
    assert not await at.judged()
    told_of = [(line["action"], line.get("reason")) for line in logged(at) if line["action"].startswith("store_")]
    assert told_of[-2:] == [("store_troubled", said), ("store_mended", None)]
    assert "-mark-" not in at.house.log.read_text()


@asynccontextmanager
async def small_disk(folder: Path) -> AsyncIterator[bool]:
    """Put a small file system at a folder, where this machine allows it; the answer says whether it did."""
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK_MB}m", "none", str(folder)]
    try:
        allowed = (await asyncio.to_thread(subprocess.run, mount, capture_output=True, check=False)).returncode == 0
    except FileNotFoundError:
        allowed = False
    try:
        yield allowed
    finally:
        if allowed:
            await asyncio.to_thread(subprocess.run, ["umount", "-l", str(folder)], check=True)


def fill(filler: Path) -> None:
    """Write until there is no room left."""
    with contextlib.suppress(OSError), filler.open("ab", buffering=0) as file:
        while True:
            file.write(bytes(FILLER_BYTES))
    with contextlib.suppress(OSError), filler.open("ab", buffering=0) as file:
        while file.write(b"0"):
            continue


async def test_a_full_and_a_read_only_disk_are_refused_named_and_outlived(tmp_path: Path) -> None:
    """A real file system without room, where this machine lets us mount one; else the test's disk says the same."""
    async with small_disk(tmp_path / "data") as real, scene(tmp_path, Subject, agents=2) as at:
        house, filler = at.house, tmp_path / "data" / "filler"
        at.crowd.pause_s = LONG_PAUSE_S
        assert isinstance(house, Subject), "only a subject takes orders"
        begin = (lambda: fill(filler)) if real else (lambda: house.order("disk full"))
        end = filler.unlink if real else (lambda: house.order("disk fine"))
        await endured(at, begin, end, said="the disk is full")
        read_only, fine = lambda: house.order("disk read_only"), lambda: house.order("disk fine")
        await endured(at, read_only, fine, said="the database is read-only")


async def test_poison_is_set_aside_and_shown_and_everybody_else_is_served(tmp_path: Path) -> None:
    async with scene(tmp_path, Subject, agents=2, fault="poison") as at:
        await some_load(at, more=60)
        assert (await readyz(at))[0] == 200, "one bad letter is no reason to serve nobody"
        await at.rest()
        found, left = await at.judged(), await asyncio.to_thread(lambda: read(at.database))
    quarantined = {number for number, kept in left.letters.items() if kept[0][::2] == ("quarantined", "broken")}
    poisoned = {mark for mark, rows in left.messages.items() if rows[0][0] in quarantined}
    assert poisoned
    assert {fault.split(":")[0] for fault in found} <= poisoned, "nothing else was lost"
    assert sum(line["action"] == "command_broken" for line in logged(at)) >= len(poisoned)


def children(process: int) -> list[int]:
    """Return the processes that a process has started and that still run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            words = stat.read_text().rpartition(")")[2].split()
            if int(words[1]) == process and words[0] != "Z":
                found.append(int(stat.parent.name))
    return found


def killed_one(at: Scene) -> int:
    """Kill whatever child runs; return how many failures the server has named."""
    assert at.house.process is not None, "started before"
    for child in children(at.house.process.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    return noted(at, "snapshot_failed")


def noted(at: Scene, action: str) -> int:
    """Return how often the server has logged this."""
    return sum(line["action"] == action for line in logged(at))


async def test_a_snapshots_child_that_is_killed_harms_nobody_and_a_later_one_succeeds(tmp_path: Path) -> None:
    async with scene(tmp_path, Subject, agents=2, fault="eager_snapshots") as at:
        assert isinstance(at.house, Subject), "only a subject has habits"
        assert at.house.process is not None, "started before"
        at.crowd.writing.set()
        for number in range(KILLED_CHILDREN):
            await until(lambda number=number: killed_one(at) > number, "a child was killed, and that was seen")
        made = noted(at, "snapshot_made")
        await until(lambda: noted(at, "snapshot_made") > made, "a later child has succeeded")
        assert (await readyz(at))[0] == 200
        at.house.more.clear()
        await at.restart()
        await at.rest()
        assert not await at.judged()
        assert not list(at.house.data.glob("snapshot-*"))


async def test_a_clock_that_jumps_an_hour_either_way_loses_nothing_and_stops_nobody(tmp_path: Path) -> None:
    async with scene(tmp_path, Subject, agents=2) as at:
        assert isinstance(at.house, Subject), "only a subject takes orders"
        for by_ms in (HOUR_MS, -HOUR_MS):
            await some_load(at)
            at.house.order(f"clock {by_ms}")
            answered = len(at.ledger.answered)
            await some_load(at, more=60)
            await until(lambda answered=answered: len(at.ledger.answered) > answered + 10, "agents go on answering")
            assert (await readyz(at))[0] == 200
            await at.rest()
            assert not await at.judged()
        jumps = [line["ms"] for line in logged(at) if line["action"] == "moved_on"]
        assert jumps == [pytest.approx(HOUR_MS, abs=1_000)], "and the way back is made up at half speed"
