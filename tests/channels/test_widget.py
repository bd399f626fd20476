"""The chat widget's files: the same words in every language, small, nothing inline, nothing from afar."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from channels.chat.files import Files

WEB = Path(__file__).parent.parent.parent / "channels" / "chat" / "web"
LAUNCHER_BYTES_MAX, FRAME_BYTES_MAX = 6 * 1024, 25 * 1024


def words() -> dict[str, set[str]]:
    """Return the keys of words.js by language."""
    found: dict[str, set[str]] = {}
    language = ""
    for line in (WEB / "words.js").read_text(encoding="utf-8").splitlines():
        if opened := re.fullmatch(r"  (\w\w): \{", line):
            language = opened.group(1)
            found[language] = set()
        elif key := re.match(r'    (\w+): "(.+)",', line):
            found[language].add(key.group(1))
    return found


def test_every_language_says_the_same() -> None:
    found = words()
    assert set(found) == {"en", "zh", "th"}
    assert found["en"] == found["zh"] == found["th"]
    assert len(found["en"]) > 20


def test_what_the_page_asks_for_is_there() -> None:
    page = (WEB / "frame.html").read_text(encoding="utf-8")
    script = (WEB / "frame.js").read_text(encoding="utf-8")
    asked = set(re.findall(r'data-word="(\w+)"', page)) | set(re.findall(r'say\("(\w+)"', script))
    assert asked <= words()["en"]
    assert "title" in asked


def test_the_launcher_is_small() -> None:
    assert len(gzip.compress((WEB / "widget.js").read_bytes())) <= LAUNCHER_BYTES_MAX


def test_the_chat_itself_is_small() -> None:
    modules = {path.name for path in WEB.glob("*.js")} - {"widget.js"}
    sent = [WEB / name for name in ("frame.html", "frame.css", *modules)]
    assert len(sent) > 6
    assert sum(len(gzip.compress(path.read_bytes())) for path in sent) <= FRAME_BYTES_MAX


@pytest.mark.parametrize("page", ["frame.html", "demo.html", "demo-th.html", "demo-zh.html"])
def test_pages_hold_no_script_or_style_of_their_own(page: str) -> None:
    text = (WEB / page).read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", text)
    assert not re.search(r"""<[^<>]*(src|href)=["']https?://""", text)


@pytest.mark.parametrize("script", ["frame.js", "line.js", "widget.js", "answers.js", "links.js"])
def test_text_only_ever_becomes_text(script: str) -> None:
    text = (WEB / script).read_text(encoding="utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text)


def test_every_file_that_is_there_is_served() -> None:
    paths = set(Files("https://patchbay.test", {}).paths)
    assert paths == {f"/{file.stem if file.suffix == '.html' else file.name}" for file in WEB.iterdir()}
