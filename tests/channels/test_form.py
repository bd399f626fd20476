"""Web forms as browsers, scripts and robots post them, over a real HTTP server."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import FormData

from channels import form
from channels.form.fields import CONTACT, FIELD_CHARS_MAX, Field, Form
from channels.form.wording import LANGUAGES, WORDS
from tests.channels.door import MemoryDoor
from tests.channels.site import Client, serving

SHOP = "https://shop.example"
FILL_MS = 5_000
VALUES = {"name": "Ann", "email": "ann@example.org", "about": "order", "message": "Where is my order?"}
NO_ADDRESS = Form(fields={"text": Field(type="textarea", required=True), "phone": Field(type="phone")})


@asynccontextmanager
async def house(door: MemoryDoor | None = None, **changes: Any) -> AsyncIterator[tuple[Client, MemoryDoor]]:
    door = door or MemoryDoor()
    contact = Form(title=CONTACT.title, fields=CONTACT.fields, origins=(SHOP,))
    forms = {"contact": contact, "voice": NO_ADDRESS}
    async with serving(form.build(form.Settings(**{"forms": forms, **changes}), door, {}), "form") as client:
        yield client, door


async def token(client: Client, door: MemoryDoor, name: str = "contact") -> str:
    """Open a form as a person does, and take the time a person takes."""
    async with client.get(f"/channels/form/{name}") as response:
        found = re.search(r'name="token" value="([^"]+)"', await response.text())
    door.at_ms += FILL_MS
    assert found
    return unescape(found.group(1))


class Answer:
    """What came back, read once."""

    def __init__(self, status: int, text: str, headers: Any) -> None:
        self.status, self.text, self.headers = status, text, headers


async def post(client: Client, name: str = "contact", *, query: str = "", **options: Any) -> Answer:
    async with client.post(f"/channels/form/{name}{query}", allow_redirects=False, **options) as response:
        return Answer(response.status, await response.text(), response.headers)


# --- the way of a person ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["urlencoded", "multipart"])
async def test_a_form_works_without_javascript(kind: str) -> None:
    async with house() as (client, door):
        fields = {**VALUES, "token": await token(client, door)}
        data: Any = FormData(fields, default_to_multipart=True) if kind == "multipart" else fields
        sent = await post(client, data=data, headers={"Origin": door.public_url})
        assert sent.status == 303
        async with client.get(f"/channels/form/{sent.headers['Location']}") as response:
            thanks = await response.text()
    (message,) = door.messages
    assert "PB-00001" in thanks
    assert message.text == "Where is my order?\n\nWhat is it about?: An order"
    assert (message.line.channel, message.line.peer, message.arrived_by) == ("email", "ann@example.org", "form")
    assert (message.name, message.declared) == ("Ann", {"about": "order"})
    assert [(i.kind, i.value, i.verified) for i in message.identities] == [("email", "ann@example.org", "")]


async def test_a_script_posts_json_and_gets_json() -> None:
    async with house() as (client, door):
        async with client.get("/channels/form/contact/token", headers={"Origin": SHOP}) as response:
            given = (await response.json())["token"]
            assert response.headers["Access-Control-Allow-Origin"] == SHOP
        door.at_ms += FILL_MS
        sent = await post(client, json={**VALUES, "token": given}, headers={"Origin": SHOP})
    assert (sent.status, sent.headers["Access-Control-Allow-Origin"]) == (201, SHOP)
    assert '"reference": "PB-00001"' in sent.text
    assert len(door.messages) == 1


async def test_a_form_without_an_address_is_a_line_of_its_own_that_nothing_answers() -> None:
    async with house() as (client, door):
        fields = {
            "text": "The shop was closed",
            "phone": "+420 601 234 567",
            "token": await token(client, door, "voice"),
        }
        sent = await post(client, "voice", data=fields)
        async with client.get(f"/channels/form/{sent.headers['Location']}") as response:
            assert "e-mail" not in await response.text()
    (message,) = door.messages
    assert (message.line.channel, message.line.peer, message.no_auto_answer) == ("form", "", True)
    assert [(i.kind, i.value) for i in message.identities] == [("phone", "+420 601 234 567")]


async def test_the_same_press_twice_is_one_message_and_one_reference() -> None:
    async with house() as (client, door):
        fields = {**VALUES, "token": await token(client, door)}
        first, second = await post(client, data=fields), await post(client, data=fields)
    assert first.headers["Location"] == second.headers["Location"]
    assert len(door.messages) == 1


async def test_other_words_under_a_used_token_are_not_lost_and_join_the_conversation() -> None:
    async with house() as (client, door):
        fields = {**VALUES, "token": await token(client, door)}
        await post(client, data=fields)
        await post(client, data={**fields, "message": "I forgot something"})
    one, two = door.messages
    assert one.line == two.line
    assert two.text.startswith("I forgot something")


async def test_another_address_under_a_used_token_is_another_customers_conversation() -> None:
    async with house() as (client, door):
        fields = {**VALUES, "token": await token(client, door)}
        await post(client, data=fields)
        await post(client, data={**fields, "email": "eve@example.org"})
    one, two = door.messages
    assert one.line != two.line


async def test_outside_hours_the_thank_you_page_says_when_we_open() -> None:
    texts = {"off-hours": "Open again {opens}. Your reference is {reference}."}
    async with house(MemoryDoor(opens_ms=1_900_000_000_000, texts=texts)) as (client, door):
        sent = await post(client, data={**VALUES, "token": await token(client, door)})
        async with client.get(f"/channels/form/{sent.headers['Location']}") as response:
            assert "Open again 1900000000000. Your reference is PB-00001." in await response.text()


@pytest.mark.parametrize(
    ("minutes", "language", "said"),
    [
        (45, "en", "We mean to answer within 45 minutes."),
        (240, "en", "We mean to answer within 4 hours."),
        (200, "th", "เราตั้งใจจะตอบภายใน 4 ชั่วโมง"),
        (3 * 24 * 60, "zh", "我们力争在 3 天内回复。"),
    ],
)
async def test_the_thank_you_page_says_by_when_an_answer_is_meant(minutes: int, language: str, said: str) -> None:
    """UI.md 3.5: number, expected answer time."""
    door = MemoryDoor()
    door.answer_by_ms = door.now_ms() + minutes * 60_000
    async with house(door) as (client, _):
        sent = await post(client, query=f"?lang={language}", data={**VALUES, "token": await token(client, door)})
        async with client.get(f"/channels/form/{sent.headers['Location']}") as response:
            assert said in await response.text()


async def test_a_decision_that_takes_long_gives_the_letters_own_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(form, "DECISION_WAIT_MS", 20)
    async with house(MemoryDoor(deciding=False)) as (client, door):
        sent = await post(client, data={**VALUES, "token": await token(client, door)})
    assert "ref=L-0001" in sent.headers["Location"]


async def test_the_longest_message_in_any_script_fits_and_a_larger_body_is_413() -> None:
    async with house() as (client, door):
        longest = "账" * FIELD_CHARS_MAX["textarea"]
        body = f"message={quote(longest)}&email=ann@example.org&token={await token(client, door)}"
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        assert (await post(client, data=body.encode(), headers=kind)).status == 303
        assert door.messages[0].text == longest
        assert (await post(client, data=b"message=" + b"x" * form.BODY_BYTES_MAX, headers=kind)).status == 413


async def test_a_redirect_never_leaves_the_form(monkeypatch: pytest.MonkeyPatch) -> None:
    async with house() as (client, door):
        for query in ("?next=https://evil.example", "?lang=//evil.example"):
            sent = await post(client, data={**VALUES, "token": await token(client, door)}, query=query)
            assert re.fullmatch(r"contact/thanks\?lang=(en|zh|th)&ref=[0-9A-Z-]+", sent.headers["Location"])


@pytest.mark.parametrize(
    ("query", "header", "language"),
    [("?lang=th", "zh", "th"), ("", "zh-CN,zh;q=0.9", "zh"), ("", "cs, th;q=0.5", "th"), ("?lang=xx", "", "en")],
)
async def test_a_form_speaks_the_visitors_language(query: str, header: str, language: str) -> None:
    told = {"Accept-Language": header}
    async with house() as (client, _), client.get(f"/channels/form/contact{query}", headers=told) as response:
        page = await response.text()
    assert f'<html lang="{language}">' in page
    assert CONTACT.fields["message"].label[language] in page


def test_every_word_is_there_in_every_language() -> None:
    assert all(set(words) == set(LANGUAGES) for words in WORDS.values())


async def test_every_script_and_sign_arrives_as_it_was_typed() -> None:
    async with house() as (client, door):
        words = "全角　空格\nمی‌خواهم 👩‍👩‍👧"
        await post(client, data={**VALUES, "message": words.replace("\n", "\r\n"), "token": await token(client, door)})
    assert door.messages[0].text.startswith(words)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"website": Field()}, "may not be called website"),
        ({"token": Field()}, "may not be called token"),
        ({"free": Field(fact=True)}, "only a select can be a fact"),
        ({'x" onclick="': Field()}, "letters, digits"),
    ],
)
def test_a_form_that_cannot_be_is_refused_when_it_is_built(fields: dict[str, Field], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        form.build(form.Settings(forms={"x": Form(fields=fields)}), MemoryDoor(), {})
