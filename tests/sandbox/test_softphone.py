"""The played softphone in Chromium, on the desk's own page: it takes calls as Twilio's Voice SDK does."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.sandbox.playing import Agent, SandboxHouse, Stand, at_work, standing
from tests.sandbox.softphone_page import SoftphonePage, key_of, softphone_page

SKILLS = ["billing=3", "orders=3", "complaints=3"]
HOUR_MS = 3_600_000
# The public names of both libraries, without making a device: that one would begin to call the vendor.
SURFACES = """async () => {
  const names = (it) => {
    const found = new Set(Object.keys(it));
    for (let at = Object.getPrototypeOf(it); at && at !== Object.prototype; at = Object.getPrototypeOf(at))
      Object.getOwnPropertyNames(at).forEach((name) => found.add(name));
    return [...found].filter((name) => !name.startsWith("_"));
  };
  const made = [];
  for (const path of ["/sandbox/ui/softphone.js", "/channels/phone/softphone.js"]) {
    const { Device, Call } = await import(path);
    const device = Object.create(Device.prototype);
    const played = path.startsWith("/sandbox");
    const call = played ? new Call(device, {}) : Object.create(Call.prototype);
    // What the vendor's constructor sets, which needs a microphone to run.
    const fields = played ? [] : ["parameters", "customParameters", "callerInfo"];
    made.push({
      device: names(device),
      "device states": Object.values(Device.State),
      "device events": Object.values(Device.EventName),
      call: [...names(call), ...fields],
      "call states": Object.values(Call.State),
    });
  }
  return made;
}"""
pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SandboxHouse]:
    made = SandboxHouse(tmp_path_factory.mktemp("sandbox"))
    (made.config / "hours.yaml").write_text("hours: {office: always, always: always}\n")
    async with made.serving():
        made.add_person("ana", skill=SKILLS, capacity=1000)
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def ana(house: SandboxHouse) -> AsyncIterator[Agent]:
    async with at_work(house, "ana") as made:
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def stand(house: SandboxHouse) -> AsyncIterator[Stand]:
    async with standing(house) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def phone(house: SandboxHouse, chromium: Browser) -> AsyncIterator[SoftphonePage]:
    async with softphone_page(house, chromium) as made:
        yield made


async def test_an_agent_takes_a_call_in_the_browser_is_muted_and_hangs_up(
    stand: Stand, ana: Agent, phone: SoftphonePage
) -> None:
    await phone.begin(await key_of(ana))
    assert await phone.told() == ["registering", "registered"]
    line = await stand.opens("phone")
    ref = await ana.accepts()
    await phone.hears("incoming")
    assert (await stand.sees(line, lambda shown: shown["state"], "waits"))["state"] != "talk"
    assert await phone.does("[call.status(), call.direction, device.isBusy]") == ["pending", "INCOMING", False]
    await phone.does("call.accept()")
    await phone.hears("accept")
    await stand.sees(line, lambda shown: shown["state"] == "talk", "talks")
    await stand.does(line, "say", text="My invoice is wrong")
    await phone.comes("call.heard.includes('My invoice is wrong')")
    assert await phone.does("call.say('Let me see')")
    await stand.hears(line, "Let me see")
    await phone.does("call.mute(true)")
    assert not await phone.does("call.say('Nobody hears this')")
    await phone.does("call.mute(false)")
    await phone.does("call.sendDigits('5')")
    await stand.hears(line, "tone 5")
    await ana.ends(ref)
    await phone.hears("disconnect")
    assert await phone.does("[call.status(), device.calls.length, device.isBusy]") == ["closed", 0, False]
    assert (await phone.told())[3:] == ["accept", "mute true", "mute false", "disconnect"]


async def test_a_caller_who_hangs_up_while_it_rings_stops_the_ringing(
    stand: Stand, ana: Agent, phone: SoftphonePage
) -> None:
    await phone.begin(await key_of(ana))
    line = await stand.opens("phone")
    await ana.accepts()
    await phone.hears("incoming")
    await stand.does(line, "hang_up")
    await phone.hears("cancel")
    assert await phone.does("call.status()") == "closed"


async def test_what_one_page_takes_rings_no_more_on_the_other_and_ends_with_its_page(
    house: SandboxHouse, chromium: Browser, stand: Stand, ana: Agent, phone: SoftphonePage
) -> None:
    async with softphone_page(house, chromium) as other:
        await phone.begin(await key_of(ana))
        await other.begin(await key_of(ana))
        line = await stand.opens("phone")
        await ana.accepts()
        await phone.hears("incoming")
        await other.hears("incoming")
        await other.does("call.accept()")
        await phone.hears("cancel")
        await stand.sees(line, lambda shown: shown["state"] == "talk", "talks")
        await other.page.goto("about:blank")
        await stand.sees(line, lambda shown: shown["state"] == "waiting", "the agent's leg is gone with the page")
    await stand.does(line, "hang_up")


async def test_a_token_that_ends_is_told_before_and_renewed_without_a_gap(ana: Agent, phone: SoftphonePage) -> None:
    await phone.begin(await key_of(ana), tokenRefreshMs=HOUR_MS - 300)
    await phone.hears("tokenWillExpire")
    await phone.does("window.told.length = 0")
    await phone.does(f"device.updateOptions({{tokenRefreshMs: {HOUR_MS - 300}}})")
    await phone.does(f"device.updateToken({(await key_of(ana))['token']!r})")
    await phone.hears("tokenWillExpire")
    assert await phone.told() == ["tokenWillExpire"], "it stayed registered"
    assert await phone.does("device.state") == "registered"


async def test_a_token_that_is_not_ours_registers_nobody(ana: Agent, phone: SoftphonePage) -> None:
    key = await key_of(ana)
    head, body, mark = key["token"].split(".")
    await phone.begin({**key, "token": f"{head}.{body}.{mark[::-1]}"})
    assert (await phone.told())[-1] == "refused 20101"
    assert await phone.does("device.state") == "unregistered"


async def test_another_origin_has_no_softphone_here(house: SandboxHouse) -> None:
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(f"{house.base}/sandbox/softphone", headers={"Origin": "https://elsewhere.example"})
    assert refused.value.status == 403


async def test_what_is_played_has_no_name_that_the_vendors_own_library_lacks(phone: SoftphonePage) -> None:
    """The real library is loaded under the desk's policy, and nobody is called: what is compared is its surface."""
    ours, theirs = await phone.does(SURFACES)
    assert {name: sorted(set(names) - set(theirs[name])) for name, names in ours.items()} == {
        "device": [],
        "device states": [],
        "device events": [],
        "call": ["heard", "say"],
        "call states": [],
    }
