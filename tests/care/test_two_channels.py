"""One person by WeChat and by SMS, through a whole node: to one agent, and both told, once it is known who they are."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from channels import sms, wechat
from router.core import commands as cmd
from router.store.port import Caller, CustomerRow, Identity
from router.verify import verify
from tests.channels.wechat.account import CUSTOMER as OPENID
from tests.channels.wechat.account import environment_of, settings_of
from tests.floor.nodehouse import CONFIG, NodeHouse
from tests.providers.twilio import ACCOUNT, TOKEN, Twilio
from tests.providers.wechat import WeChatPlatform

SITE, PUBLIC = "main", "http://127.0.0.1"
OURS, THEIRS = "+66200000000", "+66812345678"
SAME = CONFIG.replace("wrap_up: 1m}", "wrap_up: 1m, same_customer: {hold: 30s}}")


@pytest.fixture
async def twilio() -> AsyncIterator[Twilio]:
    made = Twilio(auto_statuses=("sent", "delivered"))
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def platform() -> AsyncIterator[WeChatPlatform]:
    made = WeChatPlatform()
    await made.server.start()
    yield made
    await made.server.stop()


@pytest.fixture
async def house(tmp_path: Path, twilio: Twilio, platform: WeChatPlatform) -> AsyncIterator[NodeHouse]:
    """Both channels on one node; when it closes, its journal keeps every promise."""
    settings = settings_of(platform)
    given = {
        name: getattr(settings, name) for name in ("app_id", "app_secret_env", "token_env", "aes_key_env", "api_url")
    }
    text = {
        "account_sid": ACCOUNT,
        "auth_token_env": "TOKEN",
        "api_url": twilio.url,
        "numbers": [OURS],
        "reconcile_s": 10,
    }
    entries = f"  wechat: {json.dumps(given)}\n  sms: {json.dumps(text)}\n"
    made = NodeHouse(tmp_path, {"wechat": wechat, "sms": sms}, entries)
    made.write(SAME, entries)
    await made.start(environment={"TOKEN": TOKEN, **environment_of(platform)})
    twilio.reach = lambda url: url.replace(PUBLIC, str(made.client.make_url("/")).rstrip("/"))
    platform.callback = str(made.client.make_url("/channels/wechat/callback"))
    await made.ready()
    yield made
    await made.stop()
    report = verify(made.path, SITE, call_channels=["sms", "wechat"])
    assert report.ok, report.lines()


async def texts(twilio: Twilio, text: str) -> None:
    status, _ = await twilio.receive(f"{PUBLIC}/channels/sms/in", From=THEIRS, To=OURS, Body=text)
    assert status == 200


async def offered(house: NodeHouse, conv: int) -> Any:
    convs = house.served.floor.state.convs
    await house.until(lambda: conv in convs and convs[conv].offer is not None, f"{conv} rings")
    return convs[conv]


async def taken(house: NodeHouse, conv: int, agent: int) -> None:
    offer = (await offered(house, conv)).offer
    assert offer.agent == agent
    await house.made(cmd.Accept(id=f"accept{offer.id}", agent=agent, conv=conv, offer=offer.id))


async def person_of(house: NodeHouse, conv: int) -> CustomerRow:
    customer = house.served.floor.state.convs[conv].customer
    found = await house.store.archive.customer(SITE, customer)
    assert found is not None
    return found


async def test_who_is_known_to_be_one_by_openid_and_number_rings_at_the_agent_who_has_them(
    house: NodeHouse, twilio: Twilio, platform: WeChatPlatform
) -> None:
    await house.agent(1, "wechat", "sms")
    await platform.say(OPENID, "Where is my parcel?")
    await taken(house, 1, agent=1)
    # Another channel of the company (its app, say) has proved that this account and this number are one person's.
    proofs = [Identity(kind="openid", value=f"{platform.app_id}:{OPENID}", verified="wechat")]
    known = await person_of(house, 1)
    proofs = [each for each in known.identities if each.verified]
    number = Identity(kind="phone", value=THEIRS, verified="app")
    await house.store.archive.meet(SITE, [Caller(channel="app", key="u1", peer="u1", identities=[*proofs, number])], 1)
    await house.agent(2, "wechat", "sms")
    await texts(twilio, "It is urgent")
    conv = await offered(house, 2)
    assert (conv.offer.agent, conv.offer.why) == (1, ("same_customer",))
    assert (await person_of(house, 2)).person == known.id
    assert (house.served.floor.state.convs[1].related, conv.related) == ((2,), (1,))


async def test_strangers_are_one_person_once_somebody_says_so_and_two_again_when_it_is_taken_back(
    house: NodeHouse, twilio: Twilio, platform: WeChatPlatform
) -> None:
    await house.agent(1, "wechat", "sms")
    await platform.say(OPENID, "Where is my parcel?")
    await taken(house, 1, agent=1)
    await texts(twilio, "hello")
    await taken(house, 2, agent=1)
    one, two = await person_of(house, 1), await person_of(house, 2)
    assert one.person != two.person
    assert house.served.floor.state.convs[1].related == ()
    made = await house.store.care.merge(SITE, one.id, two.id, why="by_hand", agent=1, at=2_000)
    await texts(twilio, "are you there?")
    await house.until(lambda: house.served.floor.state.convs[2].key_ms > 0, "joined")
    lines = [line.id for line in await house.store.archive.lines_of(SITE, one.id)]
    await house.made(cmd.Relate(id="merge", lines=tuple(lines)))
    convs = house.served.floor.state.convs
    assert (convs[1].related, convs[2].related) == ((2,), (1,))
    assert await house.store.care.unmerge(SITE, made.merge, agent=1, at=3_000) == ""
    await house.made(cmd.Relate(id="unmerge", lines=(lines[0],), apart=(lines[1],)))
    assert (convs[1].related, convs[2].related) == ((), ())
    await platform.say(OPENID, "still me")
    story_of_two = await house.store.archive.story(SITE, 2, before=2**62, limit=50)
    assert [each.message.body.text for each in story_of_two if each.message] == ["hello", "are you there?"]
    assert (await person_of(house, 1)).identities == one.identities
    assert (await person_of(house, 2)).identities == two.identities
