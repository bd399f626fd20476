"""kill -9 of a whole Patchbay, platforms that go away and lines that are cut, while customers of three platforms write.

The platforms keep their own ledger: what was acknowledged to them, and what reached their customers.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from router.site.datalock import STORE_FILE
from tests.channels.wechat import account as wechat_account
from tests.e2e.house import House
from tests.providers.faulty import Fault
from tests.providers.wechat import WeChatPlatform
from tests.providers.wecom import WeComPlatform
from tests.providers.weibo import WeiboPlatform

ROUNDS = int(os.environ.get("PATCHBAY_ROUNDS", "1"))
SEED = int(os.environ.get("PATCHBAY_SEED", "7"))
BLOW_S_MIN, BLOW_S_MAX = 0.3, 1.2
PAUSE_S = 0.02
# What was under way at a blow is repeated when its claim has run out; a short proof does not wait for that.
DRAIN_ROUNDS_MIN, DRAIN_S_MAX, LOOK_S = 10, 150, 0.2
KF = "wkAJ2GCAAAZS"
QUEUES = ("general", "billing", "orders", "complaints", "after-hours-email")
# A line is cut before or after the platform has done what it was asked.
CUTS = (Fault(hang_up=True), Fault(hang_up=True, after=True), Fault(status=502))
SENDS = {
    "wechat": "/cgi-bin/message/custom/send",
    "weibo": "/2/messages/reply.json",
    "wecom": "/cgi-bin/kf/send_msg",
}
# How often a customer may see one message after one cut: two platforms take no key.
SEEN_MAX = {"wechat": 2, "weibo": 2, "wecom": 1}


@dataclass
class Platforms:
    """The three, their customers, and what was acknowledged to them."""

    wechat: WeChatPlatform = field(default_factory=WeChatPlatform)
    weibo: WeiboPlatform = field(default_factory=WeiboPlatform)
    wecom: WeComPlatform = field(default_factory=lambda: WeComPlatform(page=7))
    acknowledged: list[str] = field(default_factory=list)
    number: int = 0

    def servers(self) -> list[Any]:
        return [self.wechat.server, self.weibo.server, self.wecom.server]

    def call(self, base: str) -> None:
        self.wechat.callback = f"{base}/channels/wechat/callback"
        self.weibo.callback = f"{base}/channels/weibo/callback"
        self.wecom.callback = f"{base}/channels/wecom/callback"

    async def one_each(self) -> None:
        """A new customer of each platform writes. WeCom keeps what was said, whatever becomes of its callback."""
        self.number += 1
        number = self.number
        said = {name: f"{name} customer {number} asks" for name in SENDS}
        self.acknowledged.append(said["wecom"])
        pushed, posted, _ = await asyncio.gather(
            self.wechat.say(f"oUser-{number}", said["wechat"]),
            self.weibo.say(f"{1_000_000 + number}", said["weibo"]),
            self.wecom.say(KF, f"wmUser{number}", said["wecom"]),
        )
        if pushed.statuses[-1] == 200:
            self.acknowledged.append(said["wechat"])
        if posted.statuses[-1] == 200:
            self.acknowledged.append(said["weibo"])

    def heard(self) -> dict[str, list[int]]:
        """Return how many messages each customer has seen, by platform."""
        return {
            "wechat": [len(each.heard) for each in self.wechat.customers.values()],
            "weibo": [len(each.texts) for each in self.weibo.fans.values()],
            "wecom": [len(each.heard) for each in self.wecom.visitors.values()],
        }


@pytest.fixture
async def platforms(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Platforms]:
    made = Platforms()
    made.wecom.listed[KF] = []
    for server in made.servers():
        await server.start()
    secrets = wechat_account.environment_of(made.wechat)
    secrets |= {"WB_SECRET": made.weibo.app_secret, "WB_TOKEN": made.weibo.access_token}
    secrets |= {"WC_SECRET": made.wecom.secret, "WC_TOKEN": made.wecom.token, "WC_KEY": made.wecom.aes_key}
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    yield made
    for server in made.servers():
        await server.stop()


def house_for(folder: Path, at: Platforms) -> House:
    """A house that confirms each new conversation, so that something leaves without an agent."""
    wechat = {
        "app_id": at.wechat.app_id,
        "app_secret_env": "WX_SECRET",
        "token_env": "WX_TOKEN",
        "aes_key_env": "WX_KEY",
    }
    weibo = {"uid": at.weibo.uid, "app_secret_env": "WB_SECRET", "access_token_env": "WB_TOKEN"}
    wecom = {
        "corp_id": at.wecom.corp_id,
        "corp_secret_env": "WC_SECRET",
        "token_env": "WC_TOKEN",
        "aes_key_env": "WC_KEY",
    }
    entries: dict[str, dict[str, Any]] = {
        "wechat": {**wechat, "api_url": at.wechat.url},
        "weibo": {**weibo, "api_url": at.weibo.url, "upload_url": at.weibo.url},
        "wecom": {**wecom, "api_url": at.wecom.url, "accounts": [KF]},
    }
    on = {name: {**entry, "enabled": True, "confirm": "received"} for name, entry in entries.items()}
    always = {"queues": {name: {"hours": "always"} for name in QUEUES}}
    return House(folder, changes={"channels": {"channels": on}, "queues": always})


async def one_round(house: House, at: Platforms, chance: random.Random) -> None:
    """Customers write, lines are cut, a platform goes away and comes back, and the blow falls."""
    writing = asyncio.create_task(write(at))
    await asyncio.sleep(chance.uniform(BLOW_S_MIN, BLOW_S_MAX) / 2)
    for server, path in zip(at.servers(), SENDS.values(), strict=True):
        server.will(path, chance.choice(CUTS))
    away = chance.choice(at.servers())
    await away.stop()
    await asyncio.sleep(chance.uniform(BLOW_S_MIN, BLOW_S_MAX) / 2)
    house.kill()
    await away.start()
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    await house.start()


async def write(at: Platforms) -> None:
    while True:
        await at.one_each()
        await asyncio.sleep(PAUSE_S)


def rows(house: House, query: str) -> list[tuple[Any, ...]]:
    """Ask the database beside the running house."""
    conn = sqlite3.connect(f"file:{house.data / STORE_FILE}?mode=ro", uri=True)
    try:
        return conn.execute(query).fetchall()
    finally:
        conn.close()


def kept(house: House) -> Counter[str]:
    """Return how often each text is in a conversation."""
    found = rows(house, "SELECT body FROM message WHERE direction = 'in' AND conv <> 0")
    return Counter(str(json.loads(body)["text"]) for (body,) in found)


async def until_kept(house: House, texts: list[str]) -> Counter[str]:
    """Wait until all texts are in conversations; the list that is pulled is looked at every minute."""
    found: Counter[str] = Counter()
    for _ in range(int(DRAIN_S_MAX / LOOK_S)):
        found = kept(house)
        if set(texts) <= set(found):
            break
        await asyncio.sleep(LOOK_S)
    return found


@pytest.mark.crash
async def test_nothing_acknowledged_is_lost_or_doubled_and_nothing_said_more_than_promised(
    tmp_path: Path, platforms: Platforms
) -> None:
    chance = random.Random(SEED)
    house = house_for(tmp_path, platforms)
    platforms.call(house.base)
    async with house.serving():
        for _ in range(ROUNDS):
            await one_round(house, platforms, chance)
        await platforms.one_each()
        found = await until_kept(house, platforms.acknowledged)
        lost = [text for text in platforms.acknowledged if not found[text]]
        doubled = [text for text, count in found.items() if count > 1]
        assert (lost, doubled) == ([], [])
        assert len(platforms.acknowledged) >= ROUNDS * 3
        if ROUNDS >= DRAIN_ROUNDS_MIN:
            await until_told(house, platforms, len(found))
        for name, counts in platforms.heard().items():
            assert max(counts) <= SEEN_MAX[name], name
        assert house.stop() == 0
    verified = house.command("verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    print(f"{ROUNDS} rounds, {len(platforms.acknowledged)} acknowledged, {told_twice(platforms)} told twice")


async def until_told(house: House, at: Platforms, conversations: int) -> None:
    """Every conversation's customer hears at least once, or its message is shown as given up, in doubt."""
    for _ in range(int(DRAIN_S_MAX / LOOK_S)):
        if not rows(house, "SELECT id FROM outbox WHERE state = 'waiting'"):
            break
        await asyncio.sleep(LOOK_S)
    assert not rows(house, "SELECT id, reason FROM outbox WHERE state = 'waiting'")
    given_up = rows(house, "SELECT reason FROM outbox WHERE state = 'dead'")
    assert {reason for (reason,) in given_up} <= {"unsure"}
    told = sum(1 for counts in at.heard().values() for count in counts if count)
    assert told + len(given_up) >= conversations


def told_twice(at: Platforms) -> dict[str, int]:
    return {name: sum(1 for count in counts if count > 1) for name, counts in at.heard().items()}
