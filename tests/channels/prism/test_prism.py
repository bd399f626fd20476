"""Every request to Twilio that the tests of telephone and SMS bring about, before Prism and the vendor's document."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from dashboard.sandbox.providers.twilio import DOCUMENT
from tests.channels.phone import conftest as phones
from tests.channels.phone import test_phone_calls, test_phone_company, test_phone_later, test_phone_recording
from tests.channels.prism.judge import Judge, described, judging
from tests.channels.sms import conftest as texts
from tests.channels.sms import test_sms_out
from tests.providers.twilio import ACCOUNT, TOKEN, Asked, Twilio

ROOT = Path(__file__).parents[3]
HOW = {"pages": "GET"}
pytestmark = pytest.mark.asyncio(loop_scope="module")
SIGNED = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT, TOKEN)}
# How the channels name what they ask for.
ASKED = re.compile(r'rest\.(get|post|pages|delete)\(\s*f?"([\w/{}\[\]().\'"]+?\.json)"')
Scenario = Callable[..., Awaitable[None]]


class JudgedTwilio(Twilio):
    """The played provider; what it is asked and what it says go before Prism first."""

    judge: Judge

    async def _answer(self, request: web.Request, asked: Asked) -> tuple[int, Any]:
        status, answer = await super()._answer(request, asked)
        # Content has no description: the address of a medium without `.json` leads to the storage.
        if not isinstance(answer, web.Response):
            self.wrong += await self.judge.judge(request, status=status, answer=answer)
        return status, answer


def scenarios(module: Any, argument: str) -> list[Any]:
    """Return the module's tests that need nothing but a channel and its provider."""
    return [
        pytest.param(test, id=name.removeprefix("test_"))
        for name, test in vars(module).items()
        if name.startswith("test_") and list(inspect.signature(test).parameters) in ([argument], [])
        if inspect.iscoroutinefunction(test)
    ]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def judge(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Judge]:
    async with judging(tmp_path_factory.mktemp("prism")) as made:
        yield made


@pytest.fixture(autouse=True)
def judged(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the scenarios' provider be the one that is judged."""
    ours = type("Judged", (JudgedTwilio,), {"judge": judge})
    monkeypatch.setattr(phones, "Twilio", ours)
    monkeypatch.setattr(texts, "Twilio", ours)


CALLS = [
    one
    for module in (test_phone_calls, test_phone_company, test_phone_later, test_phone_recording)
    for one in scenarios(module, "exchange")
]
MESSAGES = scenarios(test_sms_out, "desk")


async def played(judge: Judge, scenario: Scenario, surrounding: Callable[[], Any]) -> None:
    judge.played.add(scenario)
    async with surrounding() as made:
        await (scenario(made) if inspect.signature(scenario).parameters else scenario())


@pytest.mark.parametrize("scenario", CALLS)
async def test_what_a_call_asks_of_the_vendor_is_as_its_document_says(judge: Judge, scenario: Scenario) -> None:
    await played(judge, scenario, phones.exchange_with)


@pytest.mark.parametrize("scenario", MESSAGES)
async def test_what_a_message_asks_of_the_vendor_is_as_its_document_says(judge: Judge, scenario: Scenario) -> None:
    await played(judge, scenario, texts.desk_with)


@pytest.mark.parametrize(
    ("path", "form", "signed"),
    [
        ("/Messages.json", {"Body": "for nobody"}, True),
        ("/Calls.json", {"To": "+1", "From": "+2", "Timeout": "soon"}, True),
        ("/Calls/CA1.json", {"Status": "completed"}, True),
        ("/Conversations.json", {"To": "+1"}, True),
        ("/Messages.json", {"To": "+1"}, False),
    ],
)
async def test_what_is_not_as_the_document_says_is_found(
    judge: Judge, path: str, form: dict[str, str], *, signed: bool
) -> None:
    twilio = phones.Twilio()
    await twilio.start()
    headers = SIGNED if signed else {}
    url = f"{twilio.url}/2010-04-01/Accounts/{ACCOUNT}{path}"
    async with twilio.session.post(url, data=form, headers=headers) as answer:
        assert answer.status >= 400
    assert [fault for fault in twilio.wrong if ": request" in fault or "route" in fault.lower()], twilio.wrong
    await twilio.stop()


async def test_an_answer_of_the_played_provider_that_the_vendor_would_not_give_is_found(judge: Judge) -> None:
    twilio = phones.Twilio()
    await twilio.start()
    twilio.list_message("no sid of theirs", direction="inbound", From="+1", To="+2", Body="x")
    url = f"{twilio.url}/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    async with twilio.session.get(url, headers=SIGNED):
        assert [fault for fault in twilio.wrong if ": response" in fault], twilio.wrong
    await twilio.stop()


async def test_every_request_that_the_channels_can_make_has_been_judged(judge: Judge) -> None:
    for each, surrounding in [
        *((one, phones.exchange_with) for one in CALLS),
        *((one, texts.desk_with) for one in MESSAGES),
    ]:
        (scenario,) = each.values
        if scenario not in judge.played:
            await played(judge, scenario, surrounding)
    written = [
        (HOW.get(how, how.upper()), re.compile(r".+/" + re.sub(r"\\\{.*?\\\}", "[^/]+", re.escape(path)) + "$"))
        for room in ("phone", "sms")
        for source in sorted((ROOT / "channels" / room).glob("*.py"))
        for how, path in ASKED.findall(source.read_text())
    ]
    assert len(written) > 10
    unseen = [
        like.pattern
        for how, like in written
        if not any(how == method and like.match(path) for method, path in judge.seen)
    ]
    assert not unseen, "play it in a test of phone or SMS that needs nothing but `exchange` or `desk`"


async def test_the_lock_of_the_server_holds_versions_and_hashes_and_no_address() -> None:
    packages = json.loads((Path(__file__).parent / "package-lock.json").read_text())["packages"]
    del packages[""]
    assert len(packages) > 100
    assert not [
        name for name, one in packages.items() if "resolved" in one or not one["integrity"].startswith("sha512-")
    ]


async def test_our_excerpt_says_what_the_vendor_says() -> None:
    whole = described()
    excerpt = json.loads(DOCUMENT.read_text())["paths"]
    for path, method, operation in [
        (path, method, each) for path, of in excerpt.items() for method, each in of.items()
    ]:
        theirs = whole["paths"][path][method]
        named = {(each["name"], each["in"]): each for each in theirs["parameters"]}
        assert set(named) == {(each["name"], each["in"]) for each in operation["parameters"]}
        for each in operation["parameters"]:
            assert within(each, named[each["name"], each["in"]], whole), f"{method} {path}: {each['name']}"
        assert within(operation.get("requestBody", {}), theirs.get("requestBody", {}), whole), f"{method} {path}"


def within(ours: Any, theirs: Any, whole: dict[str, Any]) -> bool:
    """Return whether all that we say is said there, too, or where it points to."""
    if not isinstance(ours, dict):
        return bool(ours == theirs)
    for part in theirs.get("$ref", "#").split("/")[1:]:
        whole_or_part = whole if part == "components" else theirs
        theirs = whole_or_part[part]
    return all(name in theirs and within(ours[name], theirs[name], whole) for name in ours)
