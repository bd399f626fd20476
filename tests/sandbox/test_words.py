"""The page's words: every language has them all, and every channel, state and deed has one."""

from __future__ import annotations

import json
import re

import pytest

from dashboard.sandbox.credentials import Credentials
from dashboard.sandbox.overlay import entries_of
from dashboard.sandbox.players.phone import CUSTOMERS
from dashboard.sandbox.routes import FILES, WEB
from tests.sandbox.test_overlay import PLACES

USED = re.compile(r"""\bt\(\s*["']([\w.]+)["']""")
HOLE = re.compile(r"\{(\w+)\}")
Words = dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def words() -> Words:
    source = (WEB / "words.js").read_text()
    start = source.index("= {", source.index("export const WORDS")) + 2
    found: Words
    found, _ = json.JSONDecoder().raw_decode(source[start:])
    return found


def test_every_language_says_everything_with_the_same_holes(words: Words) -> None:
    assert set(words) == {"en", "zh", "th"}
    for catalogue in words.values():
        assert set(catalogue) == set(words["en"])
        for key, text in words["en"].items():
            assert text.strip()
            assert set(HOLE.findall(catalogue[key])) == set(HOLE.findall(text)), key


def test_every_word_that_is_used_exists(words: Words) -> None:
    used = {key for name in ("sandbox.js", "scene.js") for key in USED.findall((WEB / name).read_text())}
    assert used <= set(words["en"])


def test_every_channel_state_and_deed_has_its_word(words: Words) -> None:
    channels = {f"channel.{name}" for name in entries_of(Credentials(), PLACES)}
    states = {f"state.{state}" for state in CUSTOMERS}
    deeds = {f"deed.{deed}" for deeds in CUSTOMERS.values() for deed in deeds if deed != "press"}
    assert channels | states | deeds <= set(words["en"])


def test_every_file_of_the_page_is_there_and_nothing_stands_inline() -> None:
    assert all(path.is_file() for path, _ in FILES.values())
    page = (WEB / "index.html").read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", page)
    assert "innerHTML" not in "".join((WEB / name).read_text() for name in ("sandbox.js", "scene.js"))
