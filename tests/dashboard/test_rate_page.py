"""The page behind a rating link: looking says nothing, sending rates once, and what is no link of ours is nothing."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest

from dashboard.reviews.page_words import WORDS, language_of
from router.site.ratelinks import DAY_MS, RateLinks
from router.store.port import RatingRow
from tests.dashboard.office import SITE, Office
from tests.dashboard.reviewed import floor_of, served

KEY = bytes(range(32))


@pytest.fixture
async def links(office: Office) -> RateLinks:
    """The office again, with links."""
    made = RateLinks(KEY, "https://desk.example", office.clock.now_ms)
    await office.stop_serving()
    await office.serve(rate_links=made)
    return made


async def asked(
    office: Office, token: str, form: dict[str, str] | None = None, **headers: str
) -> tuple[int, str, dict[str, str]]:
    assert office.server is not None
    address = office.server.make_url(f"/rate/{token}")
    async with aiohttp.ClientSession() as http:
        sent = http.get(address, headers=headers) if form is None else http.post(address, data=form, headers=headers)
        async with sent as answer:
            return answer.status, await answer.text(), dict(answer.headers)


async def said(office: Office) -> RatingRow | None:
    return await office.store.reviews.rating(SITE, 1)


async def test_looking_at_the_page_rates_nothing_and_sending_it_does(office: Office, links: RateLinks) -> None:
    ana, _ = await floor_of(office)
    await served(office, ana)
    token = links.token(1, for_ms=DAY_MS)
    status, page, headers = await asked(office, token)
    assert (status, "How were you served?" in page, "<script" in page) == (200, True, False)
    assert "script-src" not in headers["Content-Security-Policy"]
    assert (headers["Referrer-Policy"], headers["X-Robots-Tag"]) == ("no-referrer", "noindex")
    assert "Ada" not in page
    assert await said(office) is None
    for _ in range(2):
        status, page, _ = await asked(office, token, {"score": "2", "words": "Too <b>slow</b>.\r\nReally."})
        assert (status, "Thank you" in page) == (200, True)
    first = await said(office)
    assert first is not None
    assert (first.score, first.words) == (2, "Too <b>slow</b>.\nReally.")
    position = office.floor.position
    await asked(office, token, {"score": "2"})
    assert office.floor.position == position, "the same word is one"
    for score in ("5", "2"):
        await asked(office, token, {"score": score})
        now = await said(office)
        assert now is not None
        assert (now.score, now.words) == (int(score), first.words)


async def test_a_link_that_is_not_ours_or_over_is_nothing(office: Office, links: RateLinks) -> None:
    ana, _ = await floor_of(office)
    await served(office, ana)
    good = links.token(1, for_ms=DAY_MS)
    forged = RateLinks(bytes(32), "https://desk.example", office.clock.now_ms).token(1, for_ms=DAY_MS)
    for token in (forged, good[:-1] + ("A" if good[-1] != "A" else "B"), "x", good + "AAAA", "%C3%A9", "a" * 4_000):
        assert (await asked(office, token))[0] == 404, token
        assert (await asked(office, token, {"score": "1"}))[0] == 404, token
    office.clock.at += 2 * DAY_MS
    status, page, _ = await asked(office, good, {"score": "1"}, **{"Accept-Language": "th-TH,en;q=0.5"})
    assert (status, WORDS["th"]["over"] in page, '<html lang="th">' in page) == (404, True, True)
    assert await said(office) is None


async def test_bad_input_is_said_and_what_was_written_stays(office: Office, links: RateLinks) -> None:
    ana, _ = await floor_of(office)
    await served(office, ana)
    token = links.token(1, for_ms=DAY_MS)
    for score in ("", "6", "x"):
        status, page, _ = await asked(office, token, {"score": score, "words": "A <i>word</i>"})
        assert (status, WORDS["en"]["choose"] in page, "A &lt;i&gt;word" in page) == (400, True, True)
    assert (await asked(office, token, {"score": "1", "words": "x" * 20_000}))[0] == 400
    assert office.server is not None
    async with aiohttp.ClientSession() as http:
        for kind, body in (
            ("application/x-www-form-urlencoded; charset=none", b"score=%FF"),
            ("application/x-www-form-urlencoded", b"score=1&words=\xff"),
            ("application/x-www-form-urlencoded", b"&".join(b"a=%d" % number for number in range(99))),
            ("multipart/form-data; boundary=x", b"--x"),
            ("application/json", b'{"score": 1}'),
        ):
            address = office.server.make_url(f"/rate/{token}")
            async with http.post(address, data=body, headers={"Content-Type": kind}) as answer:
                assert answer.status == 400, kind
    await office.stop_leading()
    statuses = {(await asked(office, token, {"score": "1"}))[0] for _ in range(2)}
    assert statuses == {503}
    statuses = {(await asked(office, token, {"score": "1"}))[0] for _ in range(20)}
    assert 429 in statuses
    assert await said(office) is None


async def test_an_answer_carries_the_link_where_it_is_wanted(office: Office, links: RateLinks) -> None:
    ana, _ = await floor_of(office)
    conv = await office.arrives("hello")
    await ana.accept(conv)
    for deed, client in (("reply", "c1"), ("note", "c2")):
        answer = await ana.post(
            f"/conversations/{office.ref(conv)}/{deed}", {"text": "Bye {rate.link}", "client_id": client}
        )
        assert answer.status == 200, answer.text
    items = (await ana.get(f"/conversations/{office.ref(conv)}/story")).body["items"]
    texts = [each["text"] for each in items if each["kind"] in {"out", "note"}]
    assert texts == [f"Bye {links.link(conv, for_ms=14 * DAY_MS)}", "Bye {rate.link}"]
    assert links.conversation(texts[0].rpartition("/")[2]) == conv


def test_the_page_speaks_the_readers_language_and_all_say_the_same() -> None:
    assert len({frozenset(words) for words in WORDS.values()}) == 1
    told = ("th-TH,th;q=0.9,en;q=0.8", "zh-CN", "de-DE,zh;q=0.5", "fr", "")
    assert [language_of(accepted) for accepted in told] == ["th", "zh", "zh", "en", "en"]


def test_the_style_is_a_file_of_ours() -> None:
    style = (Path(__file__).parent.parent.parent / "dashboard" / "reviews" / "rate.css").read_text()
    assert "url(" not in style
    assert "@import" not in style
