"""The section `help` is read as it is written; what cannot be is said with its place and a remedy."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from router.core.bundle import DAY_MS, decode_bundle, encode_bundle
from router.core.helping import HelpRules, Reach
from router.settings.loading import load_files
from router.settings.problems import SettingsError
from tests.settings.conftest import NOW_MS, SCHEMAS, files_with

SHIPPED = Path(__file__).parents[2] / "config" / "help.yaml"
GOOD = """help:
  title: {en: Help}
  categories:
    orders: {en: Orders}
  form: contact
  queue: general
  chat: false
  stale_after: 30d
  proxies: ["10.0.0.7"]
  reach:
    talk: {at: "https://chat.example", queue: general, label: {en: Talk to us}}
"""


def test_everything_is_read_and_kept() -> None:
    bundle = load_files(files_with(GOOD, "help.yaml"), SCHEMAS, now_ms=NOW_MS).bundle
    assert bundle.help == HelpRules(
        title={"en": "Help"},
        categories={"orders": {"en": "Orders"}},
        order=("orders",),
        form="contact",
        queue="general",
        chat=False,
        stale_ms=30 * DAY_MS,
        proxies=("10.0.0.7",),
        reach={"talk": Reach(at="https://chat.example", queue="general", label={"en": "Talk to us"})},
    )
    assert decode_bundle(encode_bundle(bundle)).help == bundle.help


def test_a_configuration_without_a_help_page_has_the_bytes_it_had_before() -> None:
    bundle = load_files(files_with("limits: {}\n", "a.yaml"), SCHEMAS, now_ms=NOW_MS).bundle
    assert "help" not in msgspec.json.decode(encode_bundle(bundle))
    assert bundle.help.title == {}


def test_the_shipped_page_speaks_every_language() -> None:
    shipped = msgspec.yaml.decode(SHIPPED.read_bytes())["help"]
    said = [shipped["title"], *shipped["categories"].values()]
    assert {frozenset(each) for each in said} == {frozenset({"en", "zh", "th"})}


@pytest.mark.parametrize(
    ("wrong", "right", "place"),
    [
        ("title: {en: Help}", "titel: {en: Help}", "help"),
        ("queue: general", "queue: nowhere", "help.queue"),
        ("orders: {en: Orders}", "orders: {xx: Orders}", "help.categories.orders"),
        ("stale_after: 30d", "stale_after: 1s", "help.stale_after"),
        ("talk: {at", "tlak: {at", "help.reach.tlak"),
        ("queue: general, label", "queue: nowhere, label", "help.reach.talk.queue"),
        ("chat: false", "chat: maybe", "help.chat"),
    ],
)
def test_what_cannot_be_is_said_with_its_place(wrong: str, right: str, place: str) -> None:
    with pytest.raises(SettingsError) as told:
        load_files(files_with(GOOD.replace(wrong, right), "help.yaml"), SCHEMAS, now_ms=NOW_MS)
    assert any(problem.file == "help.yaml" and problem.where.startswith(place) for problem in told.value.problems)


def test_categories_stay_in_the_order_in_which_they_were_written() -> None:
    text = GOOD.replace(
        "    orders: {en: Orders}\n", "    repair: {en: Repair}\n    orders: {en: Orders}\n    about: {en: About}\n"
    )
    bundle = load_files(files_with(text, "help.yaml"), SCHEMAS, now_ms=NOW_MS).bundle
    assert list(decode_bundle(encode_bundle(bundle)).help.shelves) == ["repair", "orders", "about"]
