"""The copied configuration: our channels in the place of theirs, everything else as it was written."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from channels.discovery import discover
from dashboard.sandbox.credentials import Credentials
from dashboard.sandbox.overlay import Places, entries_of, overlaid, write_overlay
from router.node.switchboard import schemas_of
from router.settings.loading import load
from tests.e2e.house import ROOT

PLACES = Places(
    twilio="http://127.0.0.1:1",
    wechat="http://127.0.0.1:2",
    weibo="http://127.0.0.1:3",
    wecom="http://127.0.0.1:8",
    line="http://127.0.0.1:9",
    telegram="http://127.0.0.1:10",
    whatsapp="http://127.0.0.1:11",
    mail_in=4,
    mail_out=5,
    broker=6,
    gate=7,
)
PLAYED = {"phone", "sms", "chat", "app", "wechat", "weibo", "email", "form", "wecom", "line", "telegram", "whatsapp"}


@pytest.mark.parametrize("always_open", [False, True])
def test_the_shipped_configuration_stays_sound_with_every_channel_on(tmp_path: Path, always_open: bool) -> None:
    entries = entries_of(Credentials(), PLACES)
    write_overlay(ROOT / "config", tmp_path / "copy", entries, always_open=always_open)
    loaded = load(tmp_path / "copy", schemas_of(discover()), now_ms=time.time_ns() // 1_000_000)
    assert {name for name, entry in loaded.channels.items() if entry.enabled} == PLAYED


def test_every_channel_can_be_built_from_the_generated_credentials_alone(tmp_path: Path) -> None:
    keys = Credentials()
    write_overlay(ROOT / "config", tmp_path / "copy", entries_of(keys, PLACES), always_open=False)
    text = (tmp_path / "copy" / "channels.yaml").read_text()
    assert not [value for value in keys.environment().values() if value in text], "secrets are named, never written"
    assert all(name in text for name in keys.environment())


def test_what_is_not_ours_stays_as_it_was_written() -> None:
    text = "limits: {grace: 60s}  # a reason\nchannels:\n  chat: {enabled: true, confirm: in-line}\n# the end\n"
    changed = overlaid(text, {"chat": {"sockets_per_ip": 7}}, always_open=True)
    assert changed.startswith("limits: {grace: 60s}  # a reason\n")
    assert '"confirm": "in-line"' in changed
    assert '"sockets_per_ip": 7' in changed
    assert "true" not in overlaid("hours: {office: {mon: closed}}", {}, always_open=False)


def test_a_file_that_cannot_be_read_is_left_to_the_loader() -> None:
    assert overlaid("channels: [", {}, always_open=True) == "channels: ["
    assert overlaid("just words", {}, always_open=True) == "just words"


def test_the_copy_follows_and_forgets_what_is_gone(tmp_path: Path) -> None:
    source, copy = tmp_path / "config", tmp_path / "copy"
    source.mkdir()
    (source / "one.yaml").write_text("a: 1\n")
    (source / "two.yaml").write_text("b: 1\n")
    write_overlay(source, copy, {}, always_open=False)
    (source / "two.yaml").unlink()
    (source / "one.yaml").write_text("a: 2\n")
    write_overlay(source, copy, {}, always_open=False)
    assert {path.name: path.read_text() for path in copy.iterdir()} == {"one.yaml": "a: 2\n"}


def test_credentials_are_new_each_time_and_say_nothing() -> None:
    one, two = Credentials(), Credentials()
    assert not set(one.environment().values()) & set(two.environment().values())
    assert repr(one) == "Credentials()"
