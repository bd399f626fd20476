"""A setting that leads customers from one channel to another is checked: nobody is sent to where nobody serves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from channels.discovery import discover
from router.node.switchboard import schemas_of
from router.settings.files import read_directory
from router.settings.loading import load_files

CONFIG = Path(__file__).parent.parent.parent / "config"
NOW_MS = 1_800_000_000_000


def warnings(**changes: dict[str, Any]) -> list[str]:
    """Return what is said of the shipped configuration with some entries changed."""
    files = dict(read_directory(CONFIG))
    content = yaml.safe_load(files["channels.yaml"])
    for name, change in changes.items():
        content["channels"][name] |= change
    files["channels.yaml"] = yaml.safe_dump(content)
    return [str(each) for each in load_files(files, schemas_of(discover()), now_ms=NOW_MS).warnings]


def test_what_is_shipped_leads_nobody_astray() -> None:
    assert warnings() == []


@pytest.mark.parametrize(
    ("changes", "where", "said"),
    [
        ({"form": {"enabled": False}}, "channels.chat.instead", "leads customers to 'form', which is not enabled"),
        ({"chat": {"enabled": False}}, "channels.form.chat", "leads customers to 'chat', which is not enabled"),
        ({"chat": {"instead": "contcat"}}, "channels.chat.instead", "does not have; did you mean 'contact'?"),
        (
            {"chat": {"sites": {"shop": ["https://shop.example"]}}},
            "channels.form.chat",
            "leads customers to 'main', which 'chat' does not have; there is shop",
        ),
    ],
)
def test_a_way_to_nobody_is_said_with_its_place(changes: dict[str, Any], where: str, said: str) -> None:
    (warning,) = warnings(**changes)
    assert warning.startswith("channels.yaml:")
    assert where in warning
    assert said in warning


def test_a_channel_that_is_off_leads_nobody_anywhere() -> None:
    assert warnings(chat={"enabled": False}, form={"enabled": False}) == []
