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
XSS = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'{{7*7}}"
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


# --- refusals -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"email": ""}, "email", "required"),
        ({"email": "ann"}, "email", "email"),
        ({"email": "ann@example.org\nBcc: eve@example.net"}, "email", "email"),
        ({"message": "  "}, "message", "required"),
        ({"message": "x" * (FIELD_CHARS_MAX["textarea"] + 1)}, "message", "too_long"),
        ({"name": "x" * (FIELD_CHARS_MAX["text"] + 1)}, "name", "too_long"),
        ({"about": "invented"}, "about", "select"),
        ({"message": "http://a.example " * 9}, "message", "links"),
    ],
)
async def test_a_fault_is_told_at_its_field_and_what_was_entered_stays(
    change: dict[str, str], field: str, code: str
) -> None:
    async with house() as (client, door):
        given = await token(client, door)
        sent = await post(client, data={**VALUES, **change, "token": given})
        as_json = await post(client, json={**VALUES, **change, "token": given})
    assert sent.status == as_json.status == 422
    assert (
        f'aria-describedby="{field}-help {field}-fault"' in sent.text
        or f'aria-describedby="{field}-fault"' in sent.text
    )
    assert f'<p class="fault" id="{field}-fault">{WORDS[code]["en"]}</p>' in unescape(sent.text)
    assert f'<a href="#{field}">' in sent.text
    kept = {**VALUES, **change}
    assert f'value="{kept["name"]}"' in sent.text
    assert f'"{field}":' in as_json.text
    assert given in sent.text
    assert door.messages == []


async def test_nothing_that_is_entered_becomes_markup() -> None:
    async with house() as (client, _):
        fields = {**dict.fromkeys(CONTACT.fields, XSS), "email": "", "token": XSS}
        for query in ("", "?lang=%22%3E%3Cscript%3E"):
            page = (await post(client, data=fields, query=query)).text
            assert "<script>" not in page
            assert "<img" not in page
            assert page.count("&lt;script&gt;") == 2
        for path in ("contact/thanks?ref=%22%3E%3Cscript%3E&opens=%3Cscript%3E", "contact?lang=%3Cscript%3E"):
            async with client.get(f"/channels/form/{path}") as response:
                assert "<script>" not in await response.text()
                assert "script-src 'self';" in response.headers["Content-Security-Policy"]
                assert "default-src 'none'" in response.headers["Content-Security-Policy"]


async def test_a_message_with_markup_is_kept_as_it_was_written() -> None:
    async with house() as (client, door):
        await post(client, data={**VALUES, "message": XSS, "token": await token(client, door)})
    assert door.messages[0].text.startswith(XSS)


@pytest.mark.parametrize("forged", ["", "rubbish", "A" * 60, "ผิด"])
async def test_a_forged_token_is_refused_once_and_replaced(forged: str) -> None:
    async with house() as (client, door):
        first = await post(client, data={**VALUES, "token": forged})
        assert (first.status, door.messages) == (422, [])
        assert "Where is my order?" in first.text
        found = re.search(r'name="token" value="([^"]+)"', first.text)
        assert found
        door.at_ms += FILL_MS
        second = await post(client, data={**VALUES, "token": unescape(found.group(1))})
    assert second.status == 303


async def test_an_expired_token_and_one_of_another_form_are_refused() -> None:
    async with house() as (client, door):
        other = await token(client, door, "voice")
        assert (await post(client, data={**VALUES, "token": other})).status == 422
        old = await token(client, door)
        door.at_ms += form.TOKEN_MS_MAX
        assert (await post(client, data={**VALUES, "token": old})).status == 422
    assert door.messages == []


async def test_who_fills_faster_than_a_person_is_asked_to_press_again() -> None:
    async with house() as (client, door):
        given = await token(client, door)
        door.at_ms -= FILL_MS
        fast = await post(client, data={**VALUES, "token": given})
        assert (fast.status, door.messages) == (422, [])
        assert given in fast.text
        door.at_ms += FILL_MS
        assert (await post(client, data={**VALUES, "token": given})).status == 303


async def test_a_robot_in_the_trap_is_thanked_and_nothing_is_kept() -> None:
    async with house() as (client, door):
        sent = await post(client, data={**VALUES, "website": "https://spam.example", "token": "none"})
        assert sent.status == 303
        async with client.get(f"/channels/form/{sent.headers['Location']}") as response:
            assert response.status == 200
    assert door.messages == []


async def test_a_foreign_page_may_not_post_and_a_listed_one_may() -> None:
    async with house() as (client, door):
        given = await token(client, door)
        fields = {**VALUES, "token": given}
        for headers in (
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Referer": "https://evil.example/page"},
            {"Origin": f"{SHOP}.evil.example"},
            {"Origin": "https://evil.example", "Referer": SHOP},
        ):
            assert (await post(client, data=fields, headers=headers)).status == 403
        assert door.messages == []
        for headers in (
            {"Origin": SHOP},
            {"Referer": f"{SHOP}/page"},
            {"Origin": f"http://127.0.0.1:{client.port}"},
            {},
        ):
            assert (await post(client, data=fields, headers=headers)).status == 303


async def test_the_preflight_answers_with_the_exact_origin() -> None:
    async with house() as (client, _):
        for origin, status in ((SHOP, 204), ("https://evil.example", 403)):
            async with client.options("/channels/form/contact", headers={"Origin": origin}) as response:
                assert response.status == status
                allowed = response.headers.get("Access-Control-Allow-Origin")
                assert allowed == (SHOP if status == 204 else None)
                assert "Access-Control-Allow-Credentials" not in response.headers


async def test_too_many_from_one_host_or_address_wait_and_keep_their_words() -> None:
    for settings in ({"per_ip_an_hour": 1}, {"per_address_an_hour": 1}):
        async with house(**settings) as (client, door):
            for status in (303, 429):
                sent = await post(client, data={**VALUES, "token": await token(client, door)})
                assert sent.status == status
            assert int(sent.headers["Retry-After"]) > 0
            assert "Where is my order?" in sent.text
            assert len(door.messages) == 1


async def test_a_closed_letterbox_keeps_the_words_on_the_page_and_the_token() -> None:
    async with house(MemoryDoor(closed=True)) as (client, door):
        given = await token(client, door)
        refused = await post(client, data={**VALUES, "token": given})
        assert (refused.status, refused.headers["Retry-After"]) == (503, "30")
        assert "Where is my order?" in refused.text
        assert given in refused.text
        door.closed = False
        assert (await post(client, data={**VALUES, "token": given})).status == 303


@pytest.mark.parametrize("path", ["unknown", "unknown/token", "unknown/thanks"])
async def test_an_unknown_form_is_not_there(path: str) -> None:
    async with house() as (client, _):
        async with client.get(f"/channels/form/{path}") as response:
            assert response.status == 404
        assert (await post(client, "unknown", data=VALUES)).status == 404


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"message=%FF%FE", "application/x-www-form-urlencoded"),
        (b"message=\xff\xfe", "application/x-www-form-urlencoded"),
        ("message=账单".encode("gbk"), "application/x-www-form-urlencoded; charset=gbk"),
        (b"message=x&" * 200, "application/x-www-form-urlencoded"),
        (b'{"message": 1}', "application/json"),
        (b'{"message": "\xff"}', "application/json"),
        (b'["message"]', "application/json"),
        (b"{", "application/json"),
        (b"message=x", "text/plain"),
        (b"--x\r\nrubbish", "multipart/form-data; boundary=y"),
        (b"", "multipart/form-data"),
    ],
)
async def test_a_body_that_is_no_form_is_refused_by_name(body: bytes, kind: str) -> None:
    async with house() as (client, door):
        sent = await post(client, data=body, headers={"Content-Type": kind})
    assert sent.status in {400, 422}
    assert door.messages == []


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
