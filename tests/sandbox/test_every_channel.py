"""A customer on each of the eight channels, played in the sandbox, and an agent at the desk: there and back."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.sandbox.playing import Agent, SandboxHouse, Stand, at_work, standing, texts

SKILLS = ["billing=3", "orders=3", "complaints=3"]
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SandboxHouse]:
    made = SandboxHouse(tmp_path_factory.mktemp("sandbox"))
    (made.config / "hours.yaml").write_text("hours: {office: always, always: always}\n")
    async with made.serving():
        made.add_person("ana", skill=SKILLS, capacity=1000)
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def stand(house: SandboxHouse) -> AsyncIterator[Stand]:
    async with standing(house) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def ana(house: SandboxHouse) -> AsyncIterator[Agent]:
    async with at_work(house, "ana") as made:
        yield made


@pytest.mark.parametrize("channel", ["chat", "sms", "email", "wechat", "weibo", "app"])
async def test_what_a_customer_writes_reaches_the_desk_and_the_answer_comes_back(
    stand: Stand, ana: Agent, channel: str
) -> None:
    line = await stand.opens(channel)
    await stand.does(line, "say", text=f"Hello by {channel}")
    ref = await ana.accepts()
    await ana.reads(ref, f"Hello by {channel}")
    await stand.sees(line, lambda shown: "kept" in [item["status"] for item in shown["items"]], "is said to be kept")
    await ana.answers(ref, f"Good day, {channel}")
    await stand.hears(line, f"Good day, {channel}")
    await stand.does(line, "say", text="Thank you")
    await ana.reads(ref, "Thank you")
    await ana.ends(ref)


async def test_a_form_is_answered_by_mail_and_the_customer_answers_that(stand: Stand, ana: Agent) -> None:
    line = await stand.opens("form")
    await stand.does(line, "send", text="Where is my parcel?", about="order")
    ref = await ana.accepts()
    await ana.reads(ref, "Where is my parcel?")
    await ana.answers(ref, "On its way")
    await stand.hears(line, "On its way")
    await stand.does(line, "say", text="Many thanks")
    await ana.reads(ref, "Many thanks")
    await ana.ends(ref)


async def test_a_caller_waits_talks_is_held_and_hangs_up(stand: Stand, ana: Agent) -> None:
    line = await stand.opens("phone")
    await stand.hears(line, "Welcome")
    ref = await ana.accepts()
    await stand.sees(line, lambda shown: shown["state"] == "talk", "talks")
    await stand.does(line, "say", text="My invoice is wrong")
    (softphone,) = [each for each in stand.lines.values() if each["channel"] == "softphone"]
    await stand.hears(softphone["id"], "My invoice is wrong")
    await stand.does(softphone["id"], "say", text="Let me see")
    await stand.hears(line, "Let me see")
    await ana.call("POST", f"/conversations/{ref}/hold", {"on": True})
    await stand.sees(line, lambda shown: shown["state"] == "held", "is held")
    await ana.call("POST", f"/conversations/{ref}/hold", {"on": False})
    await stand.sees(line, lambda shown: shown["state"] == "talk", "talks again")
    await stand.does(line, "hang_up")
    await stand.sees(line, lambda shown: shown["state"] == "over", "is over")
    assert "call" in stand.lines[line]["deeds"]
    assert "My invoice is wrong" in texts(stand.lines[line], "customer")


async def test_every_channel_is_offered_on_the_page(stand: Stand) -> None:
    await stand.look()
    assert {name: about["off"] for name, about in stand.channels.items()} == dict.fromkeys(
        ["phone", "sms", "chat", "app", "wechat", "weibo", "email", "form"], ""
    )
