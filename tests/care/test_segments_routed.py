"""On a whole node with its files: a segment changed by hand, by a table or by a rule is what routing follows."""

from __future__ import annotations

import json
from pathlib import Path

from channels import contract as sig
from channels import sms
from router.care.importing import Importing
from router.store.port import Placing
from tests.floor.nodehouse import CONFIG, SITE, NodeHouse
from tests.providers.twilio import ACCOUNT, TOKEN

THEIRS = "+66812345678"
QUEUES = "  golden: {label: {en: Golden}, hours: always}\n  night:"
RULES = """rules:
  - {name: vips, when: 'customer.segment == "vip"', queue: golden}
"""
SEGMENTS = """
segments:
  vip: {label: {en: VIP}, when: 'numbers["spent"] >= 1000'}
"""


async def lands(house: NodeHouse, key: str) -> tuple[int, str]:
    """They write on a line of theirs; return who they are and in which queue they are."""
    number = sig.Identity(kind="phone", value=THEIRS, verified="carrier")
    line = sig.LineRef(channel="sms", key=key, peer=f"{key} via +66200000000")
    state = house.served.floor.state
    before = set(state.convs)
    said = sig.MessageIn(line=line, dedupe=key, text=f"hello {key}", identities=(number,))
    await house.served._build_door("sms").accept([said])
    await house.until(lambda: set(state.convs) - before != set(), "opened")
    (conv,) = set(state.convs) - before
    return state.convs[conv].customer, state.convs[conv].cls.queue


async def test_the_next_conversation_follows_a_changed_segment(tmp_path: Path) -> None:
    twilio = {"account_sid": ACCOUNT, "auth_token_env": "TOKEN", "api_url": "http://127.0.0.1:9"}
    house = NodeHouse(tmp_path, {"sms": sms}, f"  sms: {json.dumps(twilio | {'numbers': ['+66200000000']})}\n")
    text = CONFIG.replace("  night:", QUEUES, 1).replace("rules:\n", RULES, 1) + SEGMENTS
    (house.config / "site.yaml").write_text(text)
    await house.start(environment={"TOKEN": TOKEN})
    try:
        await house.ready()
        customer, queue = await lands(house, "one")
        assert queue == "general"
        by_hand = Placing(command="p1", customer=customer, at=1, agent=7, was="", segment="vip", why="asked")
        assert not (await house.store.customers.place(SITE, by_hand)).refused
        assert await lands(house, "two") == (customer, "golden")
        table = f"phone,segment,spent\n{THEIRS},,10\n"
        assert (await Importing(SITE, house.store).do(table, at=2)).placed == 1
        assert await lands(house, "three") == (customer, "general")
        await Importing(SITE, house.store).do(f"phone,spent\n{THEIRS},1000\n", at=3)
        assert await lands(house, "four") == (customer, "golden")
    finally:
        await house.stop()
