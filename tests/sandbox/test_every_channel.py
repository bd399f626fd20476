"""A customer on each of the channels, played in the sandbox, and an agent at the desk: there and back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from tests import patience
from tests.sandbox.playing import Agent, SandboxHouse, Stand, at_work, standing, texts

EIGHT = ("phone", "sms", "chat", "app", "wechat", "weibo", "email", "form")
MORE = ("wecom", "line", "telegram", "whatsapp")
PARTNER = "+420222333444"
SKILLS = ["billing=3", "orders=3", "complaints=3"]
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SandboxHouse]:
    made = SandboxHouse(tmp_path_factory.mktemp("sandbox"))
    (made.config / "hours.yaml").write_text("hours: {office: always, always: always}\n")
    (made.config / "contacts.yaml").write_text(f"contacts: {{partner: {{phone: '{PARTNER}'}}}}\n")
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


@pytest.mark.parametrize(
    "channel", ["chat", "sms", "email", "wechat", "weibo", "app", "wecom", "line", "telegram", "whatsapp"]
)
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


async def test_a_visitor_says_how_it_was_and_what_could_be_better(stand: Stand, ana: Agent) -> None:
    line = await stand.opens("chat")
    await stand.does(line, "say", text="Where is it?")
    ref = await ana.accepts()
    await ana.answers(ref, "On its way")
    await stand.hears(line, "On its way")
    await stand.does(line, "rate", score="2", text="Answer sooner.")

    async def told() -> bool:
        found = (await ana.call("GET", "/ratings"))["items"]
        return [(each["ref"], each["score"], each["words"]) for each in found] == [(ref, 2, "Answer sooner.")]

    await patience.until(told)
    await ana.ends(ref)


async def test_a_link_in_an_answer_lets_a_customer_of_any_channel_say_how_it_was(stand: Stand, ana: Agent) -> None:
    line = await stand.opens("sms")
    await stand.does(line, "say", text="Is it there?")
    ref = await ana.accepts()
    await ana.answers(ref, "Yes. How were we? {rate.link}")
    shown = await stand.hears(line, "/rate/")
    address = texts(shown, "company")[-1].split()[-1]
    async with stand.session.get(address) as page:
        assert "How were you served?" in await page.text()
    async with stand.session.post(address, data={"score": "5", "words": "Quick."}) as page:
        assert page.status == 200
    found = (await ana.call("GET", "/ratings?channel=sms"))["items"]
    assert [(each["ref"], each["score"], each["words"]) for each in found] == [(ref, 5, "Quick.")]
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


async def test_a_partner_is_consulted_hears_the_agent_alone_and_takes_over(stand: Stand, ana: Agent) -> None:
    line = await stand.opens("phone")
    ref = await ana.accepts()
    await stand.sees(line, lambda shown: shown["state"] == "talk", "talks")
    await ana.call("POST", f"/conversations/{ref}/outside", {"contact": "partner"})
    await stand.sees(line, lambda shown: shown["state"] == "held", "hears music meanwhile")
    (partner,) = [each["id"] for each in stand.lines.values() if each["name"] == PARTNER]
    await stand.does(partner, "say", text="Partner speaking")
    assert "Partner speaking" not in texts(stand.lines[line], "company")
    await ana.call("POST", f"/conversations/{ref}/outside/complete", {})
    await stand.sees(line, lambda shown: shown["state"] == "talk", "speaks with the partner")
    await stand.does(partner, "say", text="How can I help?")
    await stand.hears(line, "How can I help?")
    await stand.does(line, "hang_up")
    await stand.sees(partner, lambda shown: shown["state"] == "over", "nobody is left")


async def test_a_picture_comes_by_every_channel_that_has_them(stand: Stand, ana: Agent) -> None:
    for channel in ("sms", "wechat", *MORE):
        line = await stand.opens(channel)
        await stand.does(line, "picture")
        ref = await ana.accepts()
        shown = await stand.sees(line, lambda shown: "sending" not in statuses(shown), "is settled")
        assert "kept" in statuses(shown)
        await ana.ends(ref)


async def test_a_caller_asks_to_be_called_back_by_keys(stand: Stand, ana: Agent) -> None:
    await ana.call("POST", "/presence", {"presence": "break"})
    line = await stand.opens("phone")
    await stand.hears(line, "number 1 in line")
    await stand.does(line, "press", key="1")
    await stand.hears(line, "We will call you back")
    await stand.does(line, "press", key="1")
    await stand.sees(line, lambda shown: shown["state"] == "over", "the call is over, the place is kept")
    await ana.call("POST", "/presence", {"presence": "available"})
    await ana.accepts()
    await stand.sees(line, lambda shown: shown["state"] == "talk", "is called and talks")
    await stand.does(line, "hang_up")


async def test_who_may_not_is_refused_and_nothing_happens(house: SandboxHouse, stand: Stand) -> None:
    line = await stand.opens("sms")
    for body in ({"line": line, "deed": "hang_up"}, {"line": line, "deed": "say", "wish": {"text": " "}}):
        status, _ = await stand.post("do", **body)
        assert status == 409
    assert (await stand.post("do", line="sms-0", deed="say"))[0] == 404
    assert (await stand.post("do", line=line))[0] == 400
    assert (await stand.post("enter", token="wrong"))[0] == 403
    async with aiohttp.ClientSession() as stranger:
        for path, sent in (("open", {"channel": "sms", "name": "x"}), ("do", {"line": line, "deed": "say"})):
            async with stranger.post(f"{house.base}/sandbox/api/{path}", json=sent) as answer:
                assert answer.status == 401
        async with stranger.get(f"{house.base}/sandbox/api/scene") as answer:
            assert answer.status == 401
    foreign = {"Sec-Fetch-Site": "cross-site"}
    sent = {"channel": "sms", "name": "x"}
    async with stand.session.post(f"{house.base}/sandbox/api/open", json=sent, headers=foreign) as answer:
        assert answer.status == 403


async def test_the_token_and_the_secrets_are_in_no_log(house: SandboxHouse) -> None:
    assert house.last_words().count(house.token) == 1, "it is shown once, to who has started it"
    assert "SANDBOX_" not in house.last_words()


async def test_all_that_was_asked_of_the_provider_is_in_its_own_description(stand: Stand) -> None:
    await stand.look()
    assert stand.wrong == []


async def test_every_channel_is_offered_on_the_page(stand: Stand) -> None:
    await stand.look()
    assert {name: about["off"] for name, about in stand.channels.items()} == dict.fromkeys([*EIGHT, *MORE], "")


def statuses(line: dict[str, Any]) -> list[str]:
    return [item["status"] for item in line["items"] if item["side"] == "customer"]
