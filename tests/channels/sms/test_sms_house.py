"""A customer writes an SMS to a whole node: offered, accepted, answered; repeats, and a provider that is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from channels import sms
from router.core import commands as cmd
from router.store.port import Body
from router.verify import verify
from tests.channels.sms.conftest import OURS
from tests.floor.nodehouse import NodeHouse
from tests.providers.twilio import ACCOUNT, TOKEN, Fault, Twilio

PUBLIC = "http://127.0.0.1"
THEIRS = "+66812345678"


@pytest.fixture
async def twilio() -> AsyncIterator[Twilio]:
    made = Twilio(auto_statuses=("sent", "delivered"))
    await made.start()
    yield made
    await made.stop()
    assert made.wrong == []


@pytest.fixture
async def house(tmp_path: Path, twilio: Twilio) -> AsyncIterator[NodeHouse]:
    entry = (
        f"  sms: {{account_sid: {ACCOUNT}, auth_token_env: TOKEN, api_url: '{twilio.url}', "
        f"numbers: ['{OURS}'], reconcile_s: 10}}\n"
    )
    made = NodeHouse(tmp_path, {"sms": sms}, entry)
    await made.start(environment={"TOKEN": TOKEN})
    twilio.reach = lambda url: url.replace(PUBLIC, str(made.client.make_url("/")).rstrip("/"))
    await made.ready()
    yield made
    await made.stop()
    report = verify(made.path, "main", call_channels=["sms"])
    assert report.ok, report.lines()


async def hear(twilio: Twilio, text: str, **more: str) -> None:
    status, _ = await twilio.receive(f"{PUBLIC}/channels/sms/in", From=THEIRS, To=OURS, Body=text, **more)
    assert status == 200


async def accepted(house: NodeHouse) -> None:
    await house.agent(1, "sms")
    state = house.served.floor.state
    await house.until(lambda: 1 in state.convs and state.convs[1].offer is not None, "offered")
    offer = state.convs[1].offer
    assert offer is not None
    await house.made(cmd.Accept(id="a1", agent=1, conv=1, offer=offer.id))


async def reply(house: NodeHouse, text: str, name: str) -> int:
    body = Body(direction="out", author="agent:1", text=text, created_ms=1)
    (message,) = await house.store.archive.write("main", [body])
    await house.made(cmd.Reply(id=name, agent=1, conv=1, message=message))
    return message


async def delivered(house: NodeHouse, message: int) -> None:
    """Wait until the desk would show it as delivered."""
    for _ in range(1_000):
        row = await house.store.archive.message("main", message)
        if row is not None and row.status == "delivered":
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"never delivered\n{house.log.getvalue()[-2000:]}")


async def test_a_customer_writes_an_agent_answers_and_the_receipt_is_shown(house: NodeHouse, twilio: Twilio) -> None:
    await hear(twilio, "สวัสดี")
    await accepted(house)
    message = await reply(house, "สวัสดีค่ะ", "r1")
    await house.until(lambda: [m["body"] for m in twilio.sent()] == ["สวัสดีค่ะ"], "sent")
    assert twilio.sent()[0]["to"] == THEIRS

    await delivered(house, message)


async def test_the_same_webhook_twice_makes_nothing_twice(house: NodeHouse, twilio: Twilio) -> None:
    sid = "SM" + "a" * 32
    await hear(twilio, "hello", MessageSid=sid)
    await hear(twilio, "hello", MessageSid=sid)
    await accepted(house)
    assert list(house.served.floor.state.convs) == [1]
    story = await house.store.archive.story("main", 1, before=1 << 60, limit=50)
    assert [item.message.body.text for item in story if item.message] == ["hello"]


async def test_a_provider_that_is_away_gets_the_reply_later_and_once(house: NodeHouse, twilio: Twilio) -> None:
    await hear(twilio, "hello")
    await accepted(house)
    twilio.faults.append(Fault(path="Messages.json", status=503, times=1))
    await reply(house, "later", "r1")
    await house.until(lambda: [m["body"] for m in twilio.sent()] == ["later"], "sent in the end")


async def test_a_lost_answer_is_looked_for_and_the_customer_reads_it_once(house: NodeHouse, twilio: Twilio) -> None:
    await hear(twilio, "hello")
    await accepted(house)
    twilio.faults.append(Fault(path="Messages.json", status=0, after=True, times=1))
    message = await reply(house, "once", "r1")
    await house.until(lambda: len(twilio.asked) >= 2 and any(a.method == "GET" for a in twilio.asked), "asked")
    second = await reply(house, "then this", "r2")
    await house.until(lambda: [m["body"] for m in twilio.sent()] == ["once", "then this"], "both, once")
    assert message != second


async def test_a_bare_stop_opens_no_conversation(house: NodeHouse, twilio: Twilio) -> None:
    await hear(twilio, "STOP")
    await hear(twilio, "hello after all")
    await house.until(lambda: 1 in house.served.floor.state.convs)
    story = await house.store.archive.story("main", 1, before=1 << 60, limit=50)
    assert [item.message.body.text for item in story if item.message] == ["hello after all"]
