"""The help page in front of the real node: what the team writes, what everybody reads, what is counted."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import msgspec
import pytest
import pytest_asyncio

from dashboard.helping.public import COOKIE, SEARCHES_A_MINUTE, VOTES_A_MINUTE
from dashboard.helping.wording import WORDS
from router.core.bundle import ChannelSpec
from router.core.helping import HelpRules, Reach
from router.core.state import Conv
from router.store.port import Account
from router.views.pace import Wait
from tests.dashboard.office import NOW_MS, Desk, Office, bundle

RULES = HelpRules(
    title={"en": "Help", "th": "ช่วยเหลือ"},
    categories={"orders": {"en": "Orders"}, "returns": {"en": "Returns"}},
    form="contact",
    queue="general",
)
DAY_MS = 86_400_000
FORM = "application/x-www-form-urlencoded"


def article(slug: str = "send-back", **given: Any) -> dict[str, Any]:
    texts = {"en": {"title": "Send it back", "text": "Within **30 days**. See [form](/channels/form/contact)."}}
    return {"slug": slug, "category": "returns", "texts": texts, "command_id": slug, **given}


class Reader:
    """Somebody in the world with a browser."""

    def __init__(self, office: Office) -> None:
        assert office.server is not None
        self._root = str(office.server.make_url("/")).rstrip("/")
        self.session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))

    async def get(self, path: str, **headers: str) -> tuple[int, str]:
        async with self.session.get(self._root + path, headers=headers) as response:
            return response.status, await response.text()

    async def ask(self, asked: object, **headers: str) -> tuple[int, list[dict[str, str]]]:
        """Ask for answers as the chat and the forms do."""
        async with self.session.post(f"{self._root}/help/find.json", json=asked, headers=headers) as response:
            return response.status, (await response.json())["items"] if response.status != 404 else []

    async def vote(self, slug: str, helped: str, **headers: str) -> int:
        asked = self.session.post(
            f"{self._root}/help/{slug}", data={"helped": helped}, headers=headers, allow_redirects=False
        )
        async with asked as response:
            return response.status

    async def send(self, slug: str, body: bytes, headers: dict[str, str]) -> int:
        asked = self.session.post(f"{self._root}/help/{slug}", data=body, headers=headers, allow_redirects=False)
        async with asked as response:
            return response.status


@pytest_asyncio.fixture
async def sue(office: Office) -> Desk:
    await office.configure(bundle(help=RULES))
    # A reader of this test keeps no cookie that is for an encrypted line only.
    await office.stop_serving()
    await office.serve(public_url="http://desk.example")
    return await office.desk("sue", role="supervisor")


@pytest_asyncio.fixture
async def reader(office: Office) -> AsyncIterator[Reader]:
    made = Reader(office)
    yield made
    await made.session.close()


async def published(sue: Desk, **given: Any) -> dict[str, Any]:
    made = await sue.post("/articles", article(**given))
    assert made.status == 200, made.body
    asked = {**article(**given), "version": 1, "deed": "publish", "command_id": f"{made.body['line']['slug']}-p"}
    done = await sue.call("PUT", f"/articles/{made.body['line']['number']}", asked)
    assert done.status == 200, done.body
    body: dict[str, Any] = done.body
    return body


async def test_what_is_published_is_read_by_everybody_and_what_is_a_draft_by_nobody(sue: Desk, reader: Reader) -> None:
    assert (await sue.post("/articles", article("a-draft"))).body["line"]["state"] == "draft"
    await published(sue)
    status, page = await reader.get("/help")
    assert status == 200
    assert re.findall(r'href="/help/([a-z-]+)\?', page) == ["send-back"]
    assert (await reader.get("/help/a-draft"))[0] == 404
    status, page = await reader.get("/help/send-back")
    assert status == 200
    assert "<strong>30 days</strong>" in page
    assert 'href="/channels/form/contact"' in page
    assert WORDS["en"]["open"] in page


async def test_what_is_for_the_team_is_read_at_the_desk_and_nowhere_else(
    sue: Desk, office: Office, reader: Reader
) -> None:
    made = await published(sue, audience="team")
    ana = await office.desk("ana")
    (line,) = (await ana.get("/articles?q=send")).body["items"]
    assert (line["slug"], line["url"]) == ("send-back", "")
    assert (await ana.get(f"/articles/{made['line']['number']}")).body["deeds"] == []
    assert (await reader.get("/help/send-back"))[0] == 404
    assert "send-back" not in (await reader.get("/help?q=send"))[1]


async def test_an_agent_reads_what_is_published_and_writes_nothing(sue: Desk, office: Office) -> None:
    draft = (await sue.post("/articles", article("a-draft"))).body
    ana = await office.desk("ana")
    assert (await ana.get("/articles")).body["items"] == []
    assert (await ana.get(f"/articles/{draft['line']['number']}")).status == 404
    assert (await ana.post("/articles", article("mine"))).status == 403


async def test_of_two_who_write_at_once_the_slower_is_told(sue: Desk) -> None:
    made = (await sue.post("/articles", article())).body
    place, asked = f"/articles/{made['line']['number']}", article(version=1)
    first = await sue.call("PUT", place, {**asked, "command_id": "one", "category": "orders"})
    assert (first.status, first.body["line"]["version"]) == (200, 2)
    again = await sue.call("PUT", place, {**asked, "command_id": "one", "category": "orders"})
    assert again.body["line"] == first.body["line"]
    assert (await sue.call("PUT", place, {**asked, "command_id": "two"})).code == "article_changed"
    assert (await sue.post("/articles", article(command_id="x"))).code == "article_slug"
    assert [each["deed"] for each in (await sue.get(place)).body["steps"]] == ["write", "create"]
    public = {**asked, "version": 2, "deed": "publish"}
    assert (await sue.call("PUT", place, {**public, "command_id": "three"})).status == 200
    assert (await sue.call("PUT", place, {**public, "command_id": "four"})).code == "article_changed"
    assert (await sue.call("PUT", place, {**public, "version": 3, "command_id": "five"})).code == "article_deed"


@pytest.mark.parametrize(
    ("deed", "state", "then"),
    [
        ("withdraw", "draft", ["write", "publish", "archive"]),
        ("archive", "archived", ["restore"]),
        ("look", "published", ["write", "withdraw", "archive", "look"]),
    ],
)
async def test_a_deed_leads_where_the_table_says(sue: Desk, deed: str, state: str, then: list[str]) -> None:
    made = await published(sue)
    place = f"/articles/{made['line']['number']}"
    done = (await sue.call("PUT", place, article(version=2, deed=deed, command_id="d"))).body
    assert (done["line"]["state"], done["deeds"]) == (state, then)
    assert (await sue.call("PUT", place, article(version=3, deed="publish", command_id="e"))).status == (
        200 if "publish" in then else 409
    )


async def test_a_translation_of_an_earlier_text_is_marked_until_it_is_written_or_checked(sue: Desk) -> None:
    texts = {**article()["texts"], "th": {"title": "คืนสินค้า", "text": "ภายใน 30 วัน"}}
    made = (await sue.post("/articles", article(texts=texts))).body
    assert made["line"]["older"] == []
    place = f"/articles/{made['line']['number']}"
    texts = {**texts, "en": {"title": "Send it back", "text": "Within 60 days."}}
    changed = (await sue.call("PUT", place, article(version=1, texts=texts, command_id="c"))).body
    assert (changed["line"]["older"], changed["texts"]["th"]["older"]) == (["th"], True)
    held = (await sue.call("PUT", place, article(version=2, texts=texts, checked=["th"], command_id="d"))).body
    assert held["line"]["older"] == []


async def test_readings_and_votes_are_counted_and_a_visitor_has_one(sue: Desk, office: Office, reader: Reader) -> None:
    await published(sue)
    await reader.get("/help/send-back")
    assert COOKIE not in {cookie.key for cookie in reader.session.cookie_jar}
    assert [await reader.vote("send-back", each) for each in ("yes", "yes", "no")] == [303, 303, 303]
    assert await reader.vote("send-back", "maybe") == 404
    assert await reader.vote("send-back", "yes", Origin="https://evil.example") == 403
    assert (await sue.get("/articles/misses")).body == []
    (line,) = (await sue.get("/articles")).body["items"]
    assert (line["views"], line["yes"], line["no"]) == (1, 0, 1)
    votes = [await reader.vote("send-back", "yes") for _ in range(VOTES_A_MINUTE)]
    assert votes[-1] == 429
    office.clock.at += 60_000
    assert await reader.vote("send-back", "yes") == 303


@pytest.mark.parametrize(
    ("kind", "body", "origin", "status"),
    [
        (FORM, b"helped=yes", "http://[", 403),
        (FORM, b"helped=yes", "null", 403),
        (f"{FORM}; charset=nope", b"helped=yes", "", 303),
        (FORM, b"helped=%ff\xff", "", 404),
        (FORM, b"helped=yes&x=" + b"x" * 2_000, "", 404),
        ("multipart/form-data", b"helped=yes", "", 404),
        ("multipart/form-data; boundary=x", b"no part at all", "", 404),
    ],
)
async def test_a_vote_that_no_page_of_ours_sends_is_no_fault_of_ours(
    sue: Desk, office: Office, reader: Reader, kind: str, body: bytes, origin: str, status: int
) -> None:
    await published(sue)
    headers = {"Content-Type": kind, **({"Origin": origin} if origin else {})}
    assert await reader.send("send-back", body, headers) == status
    assert office.logged == []


async def test_what_was_searched_in_vain_is_told_without_what_might_name_somebody(sue: Desk, reader: Reader) -> None:
    await published(sue)
    for query in ("tent", "Tent", "order 2041889", "mia@example.com", "send back"):
        await reader.get(f"/help?q={query}")
    assert [(each["words"], each["times"]) for each in (await sue.get("/articles/misses")).body] == [("tent", 2)]


async def test_a_chat_or_a_form_finds_the_three_fittest_in_its_language(sue: Desk, reader: Reader) -> None:
    thai = {"en": {"title": "Parcel", "text": "It comes."}, "th": {"title": "พัสดุ", "text": "พัสดุของคุณมาถึงแล้ว"}}
    await published(sue, slug="parcel", texts=thai)
    for number in range(4):
        text = {"title": f"Parcel {number}", "text": "Parcel."}
        await published(sue, slug=f"parcel-{number}", texts={"en": text})
    await published(sue, slug="inside", audience="team", texts={"en": {"title": "Parcel parcel", "text": "Parcel"}})
    status, items = await reader.ask({"query": "parcel", "language": "en"})
    assert (status, len(items)) == (200, 3)
    assert all("inside" not in each["url"] for each in items)
    assert (await reader.ask({"query": "พัสดุ", "language": "th"}))[1] == [
        {"title": "พัสดุ", "language": "th", "url": "/help/parcel?lang=th"}
    ]
    assert await reader.ask({"query": " "}) == (200, [])


async def test_the_beginning_of_a_message_finds_what_it_is_about(sue: Desk, reader: Reader) -> None:
    await published(
        sue, slug="parcel", texts={"en": {"title": "Where is my parcel?", "text": "See the tracking link."}}
    )
    await published(sue, slug="card", texts={"en": {"title": "My card is lost", "text": "We would like to know."}})
    said = "Hello, I would like to know what has become of the parcel that you sent"
    assert await reader.ask({"query": said}) == (200, [])
    assert [each["url"] for each in (await reader.ask({"query": said, "typing": True}))[1]] == ["/help/parcel?lang=en"]


@pytest.mark.parametrize(
    ("asked", "headers", "status"),
    [
        ({"query": "x"}, {"Origin": "https://elsewhere.example"}, 403),
        ({"query": "x" * 201}, {}, 400),
        ({"q": "x"}, {}, 400),
        ("x" * 3_000, {}, 400),
        ({"query": "x"}, {"Content-Type": "text/plain"}, 400),
    ],
)
async def test_a_question_that_no_page_of_ours_asks_is_refused(
    sue: Desk, reader: Reader, asked: object, headers: dict[str, str], status: int
) -> None:
    assert (await reader.ask(asked, **headers)) == (status, [])


async def test_words_that_are_being_typed_are_no_search_in_vain(sue: Desk, reader: Reader) -> None:
    await reader.ask({"query": "refundx", "typing": True})
    await reader.ask({"query": "warranty"})
    assert [each["words"] for each in (await sue.get("/articles/misses")).body] == ["warranty"]


async def test_a_script_finds_no_faster_than_a_person_and_only_our_proxies_say_for_whom_they_ask(
    office: Office, sue: Desk, reader: Reader
) -> None:
    async def asked(address: str) -> int:
        return (await reader.ask({"query": "x"}, **{"X-Forwarded-For": address}))[0]

    assert [await asked(f"192.0.2.{each}") for each in range(SEARCHES_A_MINUTE + 1)][-2:] == [200, 429]
    await office.configure(bundle(help=msgspec.structs.replace(RULES, proxies=("127.0.0.1",))))
    assert [await asked("192.0.2.1"), await asked("192.0.2.2")] == [200, 200]


async def test_an_article_that_nobody_has_looked_at_for_long_is_stale_until_somebody_does(
    sue: Desk, office: Office
) -> None:
    made = await published(sue)
    office.clock.at += RULES.stale_ms + DAY_MS
    again = office.visitor(await account(office, "sue"))
    await again.sign_in()
    assert [each["stale"] for each in (await again.get("/articles")).body["items"]] == [True]
    asked = article(version=2, deed="look", command_id="looked")
    done = await again.call("PUT", f"/articles/{made['line']['number']}", asked)
    assert done.body["line"]["stale"] is False


async def account(office: Office, login: str) -> Account:
    found = await office.store.accounts.by_login("main", login)
    assert found is not None
    return found


async def test_a_language_is_that_of_the_address_else_of_the_browser_else_the_sites_first(
    sue: Desk, reader: Reader
) -> None:
    await published(sue)
    for path, accepted, said in (
        ("/help", "th-TH,th;q=0.9,en;q=0.8", "th"),
        ("/help?lang=en", "th", "en"),
        ("/help", "xx;q=nonsense,de", "en"),
    ):
        assert f'<html lang="{said}">' in (await reader.get(path, **{"Accept-Language": accepted}))[1]
    page = (await reader.get("/help/send-back?lang=th"))[1]
    assert '<article lang="en">' in page
    assert WORDS["th"]["other_language"] in page


async def test_a_page_that_has_not_changed_is_not_sent_again(sue: Desk, office: Office, reader: Reader) -> None:
    await published(sue)
    assert office.server is not None
    address = str(office.server.make_url("/help"))
    async with reader.session.get(address) as first:
        tag, policy = first.headers["ETag"], first.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    async with reader.session.get(address, headers={"If-None-Match": tag}) as again:
        assert again.status == 304


async def test_what_somebody_writes_is_no_element_of_the_page(sue: Desk, reader: Reader) -> None:
    texts = {"en": {"title": '<img src=x onerror="a">', "text": '<script>a</script> [x](javascript:a) "q"'}}
    await published(sue, texts=texts)
    for path in ("/help", "/help/send-back", '/help?q=<script>"', "/help?q=onerror"):
        page = (await reader.get(path))[1]
        assert "<img" not in page
        assert "<script>" not in page
        assert "javascript:" not in re.findall(r'href="([^"]*)"', page)


async def test_without_the_section_there_is_no_page(office: Office, reader: Reader) -> None:
    assert (await reader.ask({"query": "x"}))[0] == 404
    assert [(await reader.get(path))[0] for path in ("/help", "/help/send-back")] == [404, 404]
    assert await reader.vote("send-back", "yes") == 404


REACHED = {
    "phone": Reach(at="+420 222 333 444", queue="night"),
    "email": Reach(at="help@example.com", label={"en": "Write us a letter"}),
    "sms": Reach(at="+420 600 000 000", queue="general"),
    "call": Reach(queue="general"),
    "nowhere": Reach(at="x"),
}


class Pace:
    """Waits as they would be known after some hours."""

    def newcomer(self, queue: str) -> Wait | None:
        return Wait(130_000, 290_000, "pace", 0.2, 40) if queue == "general" else None

    def remaining(self, conv: Conv) -> Wait | None:
        del conv
        return None


async def test_below_every_page_stand_the_ways_that_the_site_has_with_their_hours_and_wait(
    office: Office,
) -> None:
    channels = {name: ChannelSpec(load=25, live=name != "email") for name in ("chat", "phone", "email", "call")}
    rules = msgspec.structs.replace(RULES, reach=REACHED)
    await office.configure(bundle(help=rules, channels=channels))
    await office.stop_serving()
    await office.serve(waits=Pace())
    reader = Reader(office)
    page = (await reader.get("/help?lang=en"))[1]
    ways = re.findall(r"<li>(?:<a class=\"now\" href=\"([^\"]*)\">)(.*?)</a>(?:<p>(.*?)</p>)?</li>", page)
    assert ways == [
        (
            "/channels/chat/frame?site=main#main/en/",
            "<b>Chat</b>",
            "We are here now. The wait is about 2 to 5 minutes.",
        ),
        ("mailto:help@example.com", "<b>Write us a letter</b> <span>help@example.com</span>", ""),
        ("tel:+420222333444", "<b>Call us</b> <span>+420 222 333 444</span>", "Nobody is here now."),
        ("/channels/form/contact?lang=en", "<b>Write to us</b>", ""),
    ]
    thai = (await reader.get("/help?lang=th"))[1]
    assert "เวลารอประมาณ 2 ถึง 5 นาที" in thai
    await office.configure(bundle(help=msgspec.structs.replace(rules, chat=False, reach={}), channels=channels))
    assert "<p>We are here now.</p><ul" in (await reader.get("/help?lang=en"))[1]
    await reader.session.close()


@pytest.mark.parametrize(
    ("name", "at", "href"),
    [
        ("phone", "call the desk", ""),
        ("telegram", "https://t.me/shop", "https://t.me/shop"),
        ("telegram", "javascript:alert(1)", ""),
        ("wechat", "MoravaOutdoor", ""),
    ],
)
async def test_what_is_no_number_and_no_address_is_read_and_no_link(
    office: Office, sue: Desk, reader: Reader, name: str, at: str, href: str
) -> None:
    rules = msgspec.structs.replace(RULES, reach={name: Reach(at=at)}, chat=False, form="")
    await office.configure(bundle(help=rules, channels={name: ChannelSpec(load=25, live=False)}))
    page = (await reader.get("/help"))[1]
    assert at in page
    assert (re.findall(r'<a class="now" href="([^"]*)"', page) or [""]) == [href]


async def test_an_emergency_stands_above_everything(sue: Desk, reader: Reader) -> None:
    asked = {"notice": "fire", "until_ms": NOW_MS + 3_600_000, "reason": "smoke"}
    assert (await sue.post("/emergency", asked)).status == 200
    assert "We had to leave the house." in (await reader.get("/help"))[1]


def test_every_language_says_everything() -> None:
    assert {language: set(words) for language, words in WORDS.items()} == {key: set(WORDS["en"]) for key in WORDS}
    assert all(text.strip() for words in WORDS.values() for text in words.values())
