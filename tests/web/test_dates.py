"""How days, times and names are told: every screen counts years as the site does (UI.md 5.5, 8.50)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.web.conftest import Sit
from tests.web.fake_server import FakeServer
from tests.web.modules import WEB, modules, name_of

DATED = re.compile(r"\b(?:dateStyle|year|month|day): ")
CHAT = WEB.parent.parent / "channels" / "chat" / "web"
# Reckons with a moment of the site, and shows none.
RECKONS = "rules/moment.js"

IN_PAGE = """([name, ...given]) =>
    import(new URL("frame/parts.js", document.querySelector("script[type=module]").src))
        .then((parts) => parts[name](...given))"""


@pytest.mark.parametrize("path", [path for path in modules() if name_of(path) != RECKONS], ids=name_of)
def test_a_date_with_a_year_or_a_month_is_told_in_the_sites_calendar(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    formats = [line for line in source.splitlines() if "Intl.DateTimeFormat(" in line]
    assert not [line for line in formats if DATED.search(line) and "DateTimeFormat(locale()" not in line]
    # Options that are made elsewhere in a module, and handed to its formats.
    if formats and DATED.search(source):
        assert [line for line in formats if "locale()" in line], path


@pytest.mark.parametrize("path", [*modules(), *CHAT.glob("*.js")], ids=lambda path: path.name)
def test_midnight_is_zero_hours_in_every_browser(path: Path) -> None:
    """`hour12: false` is 24:05 in the English of many browsers that hang on walls."""
    source = path.read_text(encoding="utf-8")
    assert "hour12" not in source
    hours = [line for line in source.splitlines() if re.search(r"\bhour: \"|timeStyle", line)]
    assert not [
        line for line in hours if 'hourCycle: "h23"' not in line and "...options" not in line and "shown(" not in line
    ]


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("Dao Thị Hương", "DH"),
        ("张伟", "张"),
        ("กัลยา ศรีสุข", "กัศ"),
        ("É́mile", "É́"),
        ("👩‍👩‍👧 Family", "👩‍👩‍👧F"),
        ("  ", "?"),
    ],
)
async def test_initials_are_whole_letters_of_any_script(sit: Sit, name: str, initials: str) -> None:
    seat = await sit()
    assert await seat.page.evaluate(IN_PAGE, ["initials", name]) == initials


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="session")
async def test_the_exact_time_is_whole_in_its_title_and_of_twenty_four_hours(sit: Sit, server: FakeServer) -> None:
    seat = await sit(locale="en-US", timezone_id="Europe/Prague")
    afternoon = "2026-11-23T13:31:00Z"
    at = await seat.page.evaluate("(text) => Date.parse(text)", afternoon)
    full = await seat.page.evaluate(IN_PAGE, ["fullOf", at])
    assert full.startswith("Monday, November 23, 2026")
    assert full.endswith("14:31")
    summary = server.floor.own("Marta Kowalska")
    await seat.open(summary)
    await seat.composer.fill("Hello")
    await seat.composer.press("Enter")
    summary["actor"] = "customer"
    server.floor.changed(summary)
    age = seat.card(summary).locator(".age")
    assert re.search(r"\d\d:\d\d$", await age.get_attribute("title") or "")
