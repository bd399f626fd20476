"""The web app's files: few, small, our own, and nothing from elsewhere."""

from __future__ import annotations

import gzip
import hashlib
import re
from pathlib import Path

import pytest

from dashboard.pages import GZIP_LEVEL
from tests.web.modules import FIRST_ROOMS, LANGUAGES, WEB, desk_modules, modules, name_of, styles

OWN_MODULES_MAX = 15  # A browser fetches each by itself; more would be felt on a slow line.
TRANSFER_BYTES_MAX = 70_000  # The desk opens within two seconds on 3G.
MODULE_LINES_MAX = 400
TESTS = Path(__file__).parent


def test_the_desk_has_few_modules() -> None:
    assert 0 < len(desk_modules()) <= OWN_MODULES_MAX


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_a_module_says_first_what_lives_in_it_and_is_not_long(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert lines[0] == "// @ts-check"
    assert re.match(r"// [A-Z].*", lines[1])
    assert len(lines) <= MODULE_LINES_MAX


def test_the_whole_desk_is_a_small_transfer() -> None:
    """UI.md 8.3."""
    files = [
        *desk_modules(),
        WEB / "vendor" / "ui.js",
        WEB / "frame" / "frame.css",
        WEB / "index.html",
        WEB / "icon.svg",
    ]
    for language in LANGUAGES:
        words = [WEB / "words" / f"{room}.{language}.json" for room in FIRST_ROOMS]
        assert sum(len(gzip.compress(path.read_bytes(), GZIP_LEVEL)) for path in [*files, *words]) <= TRANSFER_BYTES_MAX


@pytest.mark.parametrize(
    ("folder", "name"), [(WEB / "vendor", "ui.js"), (TESTS / "vendor", "axe.min.js")], ids=["ui.js", "axe.min.js"]
)
def test_a_vendored_file_is_the_one_that_is_noted(folder: Path, name: str) -> None:
    noted = re.search(rf"sha256 of {re.escape(name)}: `([0-9a-f]{{64}})`", (folder / "VENDORED.md").read_text())
    assert noted
    assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == noted[1]


@pytest.mark.parametrize("path", [*modules(), *styles(), WEB / "index.html"], ids=name_of)
def test_nothing_is_fetched_from_another_host(path: Path) -> None:
    addresses = re.findall(
        r"""(?:https?:)?//[\w-]+\.[\w.-]+""", re.sub(r"^\s*//.*$", "", path.read_text(), flags=re.MULTILINE)
    )
    assert addresses == []


def test_every_import_of_the_desk_is_a_file_that_is_there() -> None:
    for path in modules():
        for name in re.findall(r"""(?:from |import\()["']([^"']+)["']""", path.read_text()):
            assert (path.parent / name).is_file(), f"{name_of(path)} imports {name}"


def test_the_policy_needs_no_inline_style_and_no_inline_script() -> None:
    page = (WEB / "index.html").read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page)
    for path in modules():
        assert not re.search(r"\bstyle=|innerHTML|insertAdjacentHTML|\beval\(|new Function\(", path.read_text()), (
            path.name
        )


def selectors(style: str) -> list[str]:
    """Return the selectors of a style sheet, each by itself; those within a condition too."""
    plain = re.sub(r"@keyframes[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}|/\*.*?\*/", "", style, flags=re.DOTALL)
    heads = re.findall(r"([^{}]+)\{[^{}]*\}", re.sub(r"@(?:media|container|supports)[^{]*\{", "", plain))
    return [one.strip() for head in heads for one in re.split(r",(?![^(]*\))", head)]


# What a screen shows in a dialog over another screen; nobody else has a class of that name.
DIALOGS = {"customers": ("find",)}


# A screen's style stays in the page when another screen is opened.
@pytest.mark.parametrize(
    ("screen", "root"),
    [
        ("queues", "queues-view"),
        ("team", "team-view"),
        ("rules", "rules-view"),
        ("customers", "customers"),
        ("complaints", "complaints-view"),
        ("followups", "followups-view"),
        ("reviews", "reviews-view"),
        ("help", "help-view"),
        ("why", "why-page"),
    ],
)
def test_a_screens_style_touches_no_other_screen(screen: str, root: str) -> None:
    found = selectors((WEB / screen / f"{screen}.css").read_text())
    assert len(found) > 10
    roots = "|".join((root, *DIALOGS.get(screen, ())))
    assert [each for each in found if not re.match(rf"\.(?:{roots})(?![\w-])", each)] == []
    others = "".join(path.read_text() for path in modules() if path.parent.name != screen)
    assert not [each for each in DIALOGS.get(screen, ()) if re.search(rf'class="{each}["\s]', others)]
    assert (
        f'"{root}"' in (WEB / screen / f"{screen}.js").read_text()
        or f"`{root} " in (WEB / screen / f"{screen}.js").read_text()
    )
