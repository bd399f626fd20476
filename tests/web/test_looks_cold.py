"""A room that is opened cold is styled: what its templates name is defined in the frame's style or in its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.modules import WEB

# Names that only tell parts apart, for tests and readers: no style hangs on them anywhere.
MARKS = {
    "complaints": {"of-kind", "of-stage"},
    "customers": {"deeds"},
    "followups": {"promise"},
    "handing": {"party", "told"},
    "reviews": {"given"},
    "rules": {"days", "outcome-box", "rule-list", "when"},
    "team": {"of-since", "of-work"},
    "wallboard": {"of-channels", "of-needs"},
}
ROOMS = sorted(path.parent.name for path in WEB.glob("*/*.css") if path.parent.name != "frame")
OPENING = re.compile(r"<([a-z][a-z0-9]*|\$\{\w+\})(?=\s)")
PLAIN = re.compile(r'\bclass="([^"$]*)"')
COUNTED = re.compile(r"\bclass=\$\{")
NAME = re.compile(r"[a-z][\w-]*")
CLASS = re.compile(r"\.([a-z][\w-]*)")


def expression(source: str, start: int) -> str:
    """Return what stands between braces of which the first is behind us."""
    depth, at = 1, start
    while depth:
        depth += {"{": 1, "}": -1}.get(source[at], 0)
        at += 1
    return source[start : at - 1]


def named_in(code: str) -> set[str]:
    """Return the names that an expression may give: what is written in a template, and both ends of a choice."""
    said = re.sub(r"\S*\$\{[^{}]*\}\S*", " ", code.strip("`")) if code.startswith("`") else ""
    chosen = " ".join(re.findall(r'[?:]\s*"([^"]*)"', code))
    return {word for word in f"{said} {chosen}".split() if NAME.fullmatch(word)}


def used_in(source: str) -> Iterator[tuple[str, str]]:
    """Yield each class with the tag that bears it, none where a component does."""
    found = [(match.start(), set(match[1].split())) for match in PLAIN.finditer(source)]
    found += [(match.start(), named_in(expression(source, match.end()))) for match in COUNTED.finditer(source)]
    for at, names in found:
        tag = [match[1] for match in OPENING.finditer(source, max(0, at - 2_000), at)][-1:]
        for name in names:
            yield ("" if not tag or tag[0].startswith("$") else tag[0]), name


def used(room: str) -> set[tuple[str, str]]:
    return {pair for path in sorted((WEB / room).glob("*.js")) for pair in used_in(path.read_text())}


def defined(path: Path) -> set[tuple[str, str]]:
    """Return the classes that have a style, each with the tag it is for, none where it is for any."""
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    compounds = {part for head in re.findall(r"[^{};]+(?=\{)", text) for part in re.split(r"[\s>+~,()]+", head)}
    pairs = set()
    for part in compounds:
        tag = re.match(r"[a-z][a-z0-9]*", part)
        pairs |= {(tag[0] if tag else "", name) for name in CLASS.findall(part)}
    return pairs


def unstyled(room: str) -> list[str]:
    """Return what a room's templates name and no style defines that is there when it is opened."""
    there = defined(WEB / "frame" / "frame.css") | defined(WEB / room / f"{room}.css")
    any_tag = {name for _, name in there}
    bare = {
        (tag, name)
        for tag, name in used(room)
        if not ({("", name), (tag, name)} & there or (not tag and name in any_tag))
    }
    return sorted(f"{tag}.{name}" for tag, name in bare if name not in MARKS.get(room, ()))


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_opened_cold_finds_every_class_in_its_own_style_or_the_frames(room: str) -> None:
    assert not unstyled(room), f"{room}: no style for these where nothing else was opened before"


def test_names_that_only_tell_parts_apart_are_still_named() -> None:
    for room, names in MARKS.items():
        assert names <= {name for _, name in used(room)}, f"{room}: forget those that are gone"


def test_the_tags_that_bear_a_class_are_read_also_where_it_is_chosen() -> None:
    source = 'html`<button type="button" class=${sure ? "danger" : ""}>a</button><${Icon} class="small" />`'
    assert set(used_in(source)) == {("button", "danger"), ("", "small")}
    assert named_in('`chip ${late ? "late" : ""} of-${kind}`') == {"chip", "late"}


def test_the_dialog_that_links_customers_is_styled_over_the_desk_as_well() -> None:
    heads = re.findall(r"[^{};/]+(?=\{)", (WEB / "customers" / "customers.css").read_text())
    of_find = [head.strip() for head in heads if re.search(r"\.(find|people|person-row)\b", head)]
    assert of_find
    assert not [head for head in of_find if ".customers" in head], "it stands outside the customers' screen"
