"""The screens' modules and catalogues, and what their templates say outside expressions. No test lives here."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from dashboard.pages import modules_of, read_files

T = TypeVar("T")
WEB = Path(__file__).parent.parent.parent / "dashboard" / "web"
ATTRIBUTES = re.compile(r"""(?:aria-label|title|placeholder|alt)=["']([^"']+)["']""")


LANGUAGES = ("en", "zh", "th")
# What is read before anything is shown; every other room's words come with its screen.
FIRST_ROOMS = ("frame", "desk")


def looks(every: Sequence[T], some: Sequence[T]) -> Sequence[T]:
    """Return in what looks a screen is tried: all of them in the long round, the most telling in the short one."""
    return every if "PATCHBAY_ROUNDS" in os.environ else some


def modules() -> list[Path]:
    return sorted(path for path in WEB.rglob("*.js") if path.parent.name != "vendor")


def styles() -> list[Path]:
    return sorted(WEB.rglob("*.css"))


def name_of(path: Path) -> str:
    """Return a file's name below the web app's root, for a test's id."""
    return path.relative_to(WEB).as_posix()


def desk_modules() -> list[Path]:
    """Return what a desk with an open conversation fetches: the entry, all it imports, the customer's column."""
    files = read_files(WEB)
    names = [*modules_of(files, "app.js"), *modules_of(files, "desk/customer.js")]
    return [WEB / name for name in dict.fromkeys(names) if not name.startswith("vendor/")]


def rooms() -> list[str]:
    return sorted({path.name.split(".")[0] for path in (WEB / "words").glob("*.json")})


def words_of(room: str, language: str) -> dict[str, str]:
    found: dict[str, str] = json.loads((WEB / "words" / f"{room}.{language}.json").read_text())
    return found


def all_words(language: str) -> dict[str, str]:
    return {key: text for room in rooms() for key, text in words_of(room, language).items()}


def words_for(path: Path) -> set[str]:
    """Return the keys that are there when a module is shown: the first rooms' and its own room's."""
    own = path.parent.name
    seen = {*FIRST_ROOMS, *([own] if own in rooms() else [])}
    return {key for room in seen for key in words_of(room, "en")}


def template_texts(source: str) -> list[str]:
    """Return the words between tags, and in attributes that people read, of every html`…`."""
    return [text for template in _templates(source) for text in _texts(template)]


def _texts(template: str) -> list[str]:
    between = re.findall(r">([^<>]+)<", f">{template}<")
    shown = [re.sub(r"\s+", " ", text).strip() for text in [*between, *ATTRIBUTES.findall(template)]]
    return [text for text in shown if text and "=" not in text]


def _templates(source: str) -> list[str]:
    """Return each template with its expressions cut out; a template within an expression is found by itself."""
    found = []
    for match in re.finditer(r"html`", source):
        at, kept = match.end(), []
        while source[at] != "`":
            if source.startswith("${", at):
                at = _after_expression(source, at + 2)
                kept.append("\x00")
            else:
                kept.append(source[at])
                at += 1
        found.append("".join(kept).replace("\x00", ""))
    return found


def _after_expression(source: str, at: int) -> int:
    """Return the place after the brace that ends an expression, past nested braces and templates."""
    depth = 1
    while depth:
        if source[at] == "`":
            at = _after_template(source, at + 1)
            continue
        depth += {"{": 1, "}": -1}.get(source[at], 0)
        at += 1
    return at


def _after_template(source: str, at: int) -> int:
    while source[at] != "`":
        at = _after_expression(source, at + 2) if source.startswith("${", at) else at + 1
    return at + 1
