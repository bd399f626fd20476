"""What a web form refuses, and how it says so: faults, forged tokens, robots, foreign pages, bodies of no form."""

from __future__ import annotations

import re
from html import unescape

import pytest

from channels import form
from channels.form.fields import CONTACT, FIELD_CHARS_MAX
from channels.form.wording import WORDS
from tests.channels.door import MemoryDoor
from tests.channels.test_form import FILL_MS, SHOP, VALUES, house, post, token

XSS = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'{{7*7}}"


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
