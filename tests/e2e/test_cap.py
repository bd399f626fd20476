"""The cap under concurrency: ten agents with room for three chats each, sixty chats from eight clients at once.

Exactly thirty are given, never a fourth to anyone at any instant, and the other thirty come in their order. The
journal is folded here by hand, with nothing of the product, beside what the desks saw.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from bench.robots import Crew, RobotAgent, Work
from tests.e2e.house import PASSWORD, House

AGENTS, ROOM, CHATS, CLIENTS = 10, 3, 60, 8
LOAD = 25
GIVEN = AGENTS * ROOM
WAIT_S_MAX = 60
MANY = 1_000_000
CHANGES: dict[str, dict[str, Any]] = {
    "hours": {"hours": {"office": "always"}},
    # Nobody misses an offer for want of a processor: this test is about the cap.
    "queues": {"queues": {"general": {"offer": "10m"}}},
    "channels": {
        "channels": {
            "chat": {
                "load": LOAD,
                "messages_a_minute": MANY,
                "sessions_a_minute_and_ip": MANY,
                "sockets_per_ip": 1_000,
                "away_after_s": 3_600,
            }
        }
    },
}
# The journal's own numbers of the events that give work to an agent, and of those that take it back.
RECEIVED, OFFERED, ACCEPTED, DECLINED, LAPSED, WITHDRAWN, CLOSED, ASSIGNED = 10, 20, 21, 22, 23, 24, 46, 47


@dataclass(slots=True)
class Story:
    """What the journal says: who had what, at every step, and who came when."""

    most: Counter[int] = field(default_factory=Counter)
    holds: dict[int, set[int]] = field(default_factory=dict)
    accepted: list[int] = field(default_factory=list)
    arrived: list[int] = field(default_factory=list)
    offered: list[int] = field(default_factory=list)

    def step(self, event: list[Any]) -> None:
        """Follow one event. An offer takes room as an accepted chat does."""
        tag, conv = event[0], event[1] if len(event) > 1 else 0
        if tag == RECEIVED and event[7]:
            self.arrived.append(conv)
        elif tag in {OFFERED, ACCEPTED, ASSIGNED}:
            self.holds.setdefault(event[2], set()).add(conv)
            self.most[event[2]] = max(self.most[event[2]], len(self.holds[event[2]]))
            if tag != OFFERED:
                self.accepted.append(conv)
            elif conv not in self.offered:
                self.offered.append(conv)
        elif tag in {DECLINED, LAPSED, WITHDRAWN, CLOSED}:
            self.holds.get(event[2], set()).discard(conv)


def told(data: Path) -> Story:
    """Fold the journal from its beginning."""
    story = Story()
    for event in events(data / "patchbay.db"):
        story.step(event)
    return story


def events(path: Path) -> Iterator[list[Any]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as conn:
        for (entries,) in conn.execute("SELECT entries FROM journal ORDER BY first").fetchall():
            for _, _, made in msgspec.msgpack.decode(entries):
                yield from made


@asynccontextmanager
async def staffed(folder: Path) -> AsyncIterator[tuple[House, list[RobotAgent]]]:
    """A house with ten agents at their desks who accept whatever rings, and keep it."""
    house = House(folder, CHANGES)
    crew = Crew()
    try:
        await house.start()
        for number in range(AGENTS):
            house.add_person(f"agent{number}", capacity=ROOM * LOAD)
            crew.robots.append(RobotAgent(house.base, f"agent{number}", PASSWORD, Work(habit="keep")))
        await crew.start()
        yield house, crew.robots
    finally:
        await crew.stop()
        house.kill()


async def chat(session: aiohttp.ClientSession, base: str, number: int) -> aiohttp.ClientWebSocketResponse:
    """Open a chat and say one word; return when the server has it."""
    async with session.post(f"{base}/channels/chat/session", json={"site": "main"}) as given:
        token = (await given.json())["token"]
    socket = await session.ws_connect(f"{base}/channels/chat/socket")
    await socket.send_json({"type": "hello", "token": token, "last_seq": 0})
    await socket.send_json({"type": "send", "client_msg_id": f"message-{number:04d}", "text": f"Hello {number}"})
    async with asyncio.timeout(WAIT_S_MAX):
        while (await socket.receive_json())["type"] != "accepted":
            continue
    return socket


async def all_at_once(session: aiohttp.ClientSession, base: str) -> list[aiohttp.ClientWebSocketResponse]:
    """Eight clients open sixty chats, each the next as soon as it has one."""
    numbers = iter(range(CHATS))
    opened: list[aiohttp.ClientWebSocketResponse] = []

    async def client() -> None:
        opened.extend([await chat(session, base, number) for number in numbers])

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return opened


async def until(true: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + WAIT_S_MAX
    while not true():
        assert time.monotonic() < end, f"not within {WAIT_S_MAX} s: {what}"
        await asyncio.sleep(0.02)


async def test_thirty_of_sixty_are_given_never_a_fourth_and_the_others_come_in_order(tmp_path: Path) -> None:
    async with staffed(tmp_path) as (house, robots), aiohttp.ClientSession() as session:
        await all_at_once(session, house.base)
        await until(lambda: sum(len(robot.accepted) for robot in robots) >= GIVEN, "thirty chats are given")
        story = told(house.data)
        assert len(story.arrived) == CHATS
        assert len(story.accepted) == len(set(story.accepted)) == GIVEN
        assert story.most == {robot.id: ROOM for robot in robots}
        assert [len(robot.accepted) for robot in robots] == [ROOM] * AGENTS
        assert await who_waits(robots[0]) == await references(house, story.arrived[GIVEN:])
        assert not any(robot.refused for robot in robots)

        await close_all_in_turn(house, robots, await references(house, story.arrived[GIVEN:]))
        story = told(house.data)
        assert story.offered == story.arrived, "each came in the order of arrival"
        assert sorted(story.accepted[:GIVEN]) == sorted(story.arrived[:GIVEN])
        assert story.accepted[GIVEN:] == story.arrived[GIVEN:]
        assert max(story.most.values()) == ROOM, "never a fourth, at no instant"
        assert [len(robot.accepted) for robot in robots] == [CHATS // AGENTS] * AGENTS
        assert not any(robot.refused for robot in robots)
    verified = house.command("verify", "--data", str(house.data))
    assert verified.returncode == 0, verified.stdout


def test_the_hand_made_fold_sees_a_fourth() -> None:
    story = Story()
    for conv in range(1, ROOM + 1):
        story.step([OFFERED, conv, 7, conv])
        story.step([ACCEPTED, conv, 7, conv])
    assert story.most == {7: ROOM}
    story.step([CLOSED, 1, 7])
    story.step([ASSIGNED, 8, 7])
    assert story.most == {7: ROOM}
    story.step([OFFERED, 9, 7, 9])
    assert story.most == {7: ROOM + 1}


async def close_all_in_turn(house: House, robots: list[RobotAgent], line: list[str]) -> None:
    """Each agent in turn ends a chat; the one that waits longest comes, to the agent who has room for it."""
    for number, expected in enumerate(line):
        robot = robots[number % AGENTS]
        ended = robot.accepted[number // AGENTS]
        closed = await robot.post(f"/conversations/{ended}/close", {"disposition": "resolved"})
        assert "error" not in closed, closed
        before = GIVEN + number
        await until(lambda: sum(len(each.accepted) for each in robots) > before, "the next one is given")  # noqa: B023
        assert robot.accepted[-1] == expected
    assert await who_waits(robots[0]) == []


async def who_waits(robot: RobotAgent) -> list[str]:
    """Return the line as the desk shows it."""
    shown = await robot.get("/waiting?limit=200")
    assert [item["position_in_line"] for item in shown["items"]] == list(range(1, len(shown["items"]) + 1))
    assert shown["total"] == len(shown["items"])
    return [item["ref"] for item in shown["items"]]


async def references(house: House, convs: list[int]) -> list[str]:
    """Return the outside names of conversations."""
    with closing(sqlite3.connect(f"file:{house.data / 'patchbay.db'}?mode=ro", uri=True)) as conn:
        known = dict(conn.execute("SELECT conv, reference FROM conversation").fetchall())
    return [known[conv] for conv in convs]
