"""Who waits, told live: what a watcher puts together from the frames is the router's own order, whatever happens."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

import msgspec
import pytest

from dashboard.board import watching
from router.core import commands as cmd
from router.core.bundle import MINUTE_MS, Queue
from tests.dashboard.office import Desk, Office, Socket, bundle, eventually

Row = dict[str, Any]


class Watcher:
    """What the queue list's script does with frames, in a few lines."""

    def __init__(self, socket: Socket) -> None:
        self.socket = socket
        self.rows: dict[str, Row] = {}
        self.lines: dict[int, Row] = {}
        self.total = self.n = self.at = 0
        self.begun = 0

    async def watch(self, queue: str | None = "") -> None:
        await self.socket.say(type="watch", queue=queue)

    async def hear(self) -> dict[str, Any]:
        frame = await self.socket.next("waiting")
        if frame.get("first"):
            self.rows, self.lines, self.begun = {}, {}, self.begun + 1
        elif frame["n"] != self.n:
            assert frame["n"] == self.n + 1, "a batch is missing"
        self.n, self.at, self.total = frame["n"], frame["at"], frame["total"]
        self.lines |= {line["line"]: line for line in frame.get("lines", [])}
        self.rows |= {row["ref"]: row for row in frame.get("rows", [])}
        for ref in frame.get("gone", []):
            self.rows.pop(ref, None)
        return frame

    async def until(self, condition: Any) -> None:
        """Listen until something holds, ten seconds at the most."""
        async with asyncio.timeout(60):
            while not condition():
                await self.hear()

    def order(self, at: int) -> list[str]:
        def rank(row: Row) -> tuple[int, int, int]:
            line = self.lines[row["line"]]
            waited_ms = row["waited_ms"] + (at - row["at"] if line["runs"] else 0)
            return -(line["base"] + line["gain"] * waited_ms // line["per_ms"]), row["key_ms"], row["nth"]

        return [row["ref"] for row in sorted(self.rows.values(), key=rank) if row["state"] == "waiting"]


async def routers(desk: Desk, queue: str = "") -> list[str]:
    """The router's own order, as the pages of the API have it."""
    return [item["ref"] for item in (await desk.get(f"/waiting?limit=200&queue={queue}")).body["items"]]


async def watcher(desk: Desk, queue: str = "") -> Watcher:
    made = Watcher(await desk.socket())
    await made.watch(queue)
    await made.hear()
    return made


async def test_who_comes_to_look_is_told_everything_and_then_what_changes(office: Office) -> None:
    first = [await office.arrives("hello", key=f"a{number}") for number in range(3)]
    ana = await office.desk("ana", role="supervisor")
    seen = await watcher(ana)
    assert (len(seen.rows), seen.total, seen.begun) == (3, 3, 1)
    assert [seen.rows[office.ref(conv)]["name"] for conv in first] == ["Ada a0", "Ada a1", "Ada a2"]
    late = await office.arrives("me too", key="b")
    await seen.until(lambda: office.ref(late) in seen.rows)
    await office.made(cmd.LeaveLine(id="gone", line=office.floor.state.convs[first[0]].line))
    await seen.until(lambda: office.ref(first[0]) not in seen.rows)
    assert seen.total == 3


async def test_an_offer_says_at_whom_it_rings_and_until_when(office: Office) -> None:
    ana = await office.desk("ana", role="supervisor")
    seen = await watcher(ana)
    await office.desk("ines", shift=True)
    conv = await office.arrives("hello")
    ref = office.ref(conv)
    await seen.until(lambda: seen.rows.get(ref, {}).get("state") == "offered")
    offer = office.floor.state.convs[conv].offer
    assert offer is not None
    assert (seen.rows[ref]["offered"], seen.rows[ref]["until_ms"]) == (["Ines"], offer.until_ms)


async def test_a_line_says_what_it_waits_for_and_whether_one_may_take_from_it(office: Office) -> None:
    ana = await office.desk("ana", role="supervisor")
    conv = await office.arrives("a bill", topics=("bill",))
    seen = await watcher(ana)
    line = seen.lines[seen.rows[office.ref(conv)]["line"]]
    assert (line["queue"], line["why"], line["needs"], line["pull"]) == (
        "billing", "nobody_can_serve", {"skill:billing": 3}, False,
    )  # fmt: skip
    await office.desk("ines", shift=True, skills={"billing": 3}, capacity=10)
    await seen.until(lambda: seen.lines[line["line"]]["why"] == "all_busy")


@pytest.mark.parametrize("seed", range(3))
async def test_what_a_watcher_puts_together_is_the_routers_own_order(office: Office, seed: int) -> None:
    """Two queues whose orders cross, and one by the clock: positions change also while nothing happens."""
    queues = {
        "general": Queue(name="general", hours="always", answer_within_ms={"chat": MINUTE_MS}),
        "billing": Queue(name="billing", hours="always", weight=3, answer_within_ms={"chat": 4 * MINUTE_MS}),
        "night": bundle().queues["night"],
    }
    await office.configure(bundle(queues=queues))
    chance, ana = Random(seed), await office.desk("ana", role="supervisor")
    seen = await watcher(ana)
    for number in range(25):
        office.clock.at += chance.choice((0, 1_000, 45_000))
        conv = await office.arrives("hi", key=f"k{number}", topics=chance.choice(((), ("bill",))))
        if chance.random() < 0.3:
            body = {"priority": chance.randrange(3), "reason": "test"}
            assert (await ana.post(f"/conversations/{office.ref(conv)}/priority", body)).status == 200
        if chance.random() < 0.2:
            some = chance.choice(await routers(ana))
            assert (await ana.post(f"/conversations/{some}/move", {"queue": "general", "reason": "test"})).status in {
                200,
                409,
            }
    wanted = await routers(ana)

    await seen.until(lambda: seen.order(office.floor.state.at) == wanted)


async def test_an_agent_is_told_only_of_lines_that_they_can_serve(office: Office) -> None:
    await office.arrives("a bill", key="a", topics=("bill",))
    mine = await office.arrives("hello", key="b")
    seen = await watcher(await office.desk("ines"))
    assert (set(seen.rows), seen.total) == ({office.ref(mine)}, 1)
    assert {line["queue"] for line in seen.lines.values()} == {"general"}


async def test_one_queue_can_be_watched_and_another_instead_and_none(office: Office) -> None:
    bill = await office.arrives("a bill", key="a", topics=("bill",))
    other = await office.arrives("hello", key="b")
    seen = await watcher(await office.desk("ana", role="supervisor"), "billing")
    assert set(seen.rows) == {office.ref(bill)}
    await seen.watch("general")
    await seen.until(lambda: set(seen.rows) == {office.ref(other)})
    await seen.watch(None)
    await office.arrives("quiet", key="c")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1.0):
            await seen.socket.next("waiting")


async def test_of_a_line_that_is_too_long_the_front_is_shown_and_filled_up_from_behind(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "ROWS_MAX", 5)
    monkeypatch.setattr(watching, "REFILL_ROUNDS", 1)
    ana = await office.desk("ana", role="supervisor")
    convs = [await office.arrives("hello", key=f"a{number:02}") for number in range(8)]
    seen = await watcher(ana)
    assert (len(seen.rows), seen.total) == (5, 8)
    await office.made(cmd.LeaveLine(id="gone", line=office.floor.state.convs[convs[0]].line))
    await seen.until(lambda: seen.order(office.floor.state.at) == [office.ref(conv) for conv in convs[1:6]])


async def test_after_a_new_configuration_a_watcher_begins_anew(office: Office) -> None:
    await office.arrives("hello")
    seen = await watcher(await office.desk("ana", role="supervisor"))
    await office.configure(msgspec.structs.replace(bundle(), capacity=50))
    await seen.until(lambda: seen.begun == 2)
    assert len(seen.rows) == 1


async def test_who_has_gone_is_watched_for_by_nobody(office: Office) -> None:
    ana = await office.desk("ana", role="supervisor")
    seen = await watcher(ana)
    await seen.socket.ws.close()
    other = await watcher(ana, "billing")
    await office.arrives("a bill", topics=("bill",))
    await eventually(lambda: seen.socket.ws.closed)
    await other.until(lambda: len(other.rows) == 1)
