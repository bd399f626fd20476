"""One contract for every channel that is found: settings, capabilities, secrets, refusals, limits, discovery."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

import channels
from channels import contract as sig
from channels.discovery import discover
from router.pages import sendable
from tests.channels.door import MemoryDoor

MODULES = discover()
SECRET = "hunter2-never-shown-and-long-enough-for-a-key"
ADDRESS, TEXT = "ann@private.example", "words of a customer"
BODY_BYTES_MAX = 30 * 1024 * 1024
LIVE_EFFECTS = {"Connect", "Hold", "HangUp", "Move", "Play"}
NEW_CHANNEL = '''
"""A channel of a test."""
from channels.contract import Capabilities, Settings as Common

CAPABILITIES = Capabilities(delivery="call", live=False, load=5)


class Settings(Common, frozen=True, kw_only=True, forbid_unknown_fields=True):
    colour: str = "red"


def build(settings, door, environment):
    raise ValueError("nothing to build")
'''


class Unknown(sig.Effect, frozen=True, kw_only=True):
    """An effect of a later release."""


def settings_of(name: str, **values: Any) -> sig.Settings:
    settings: sig.Settings = vars(MODULES[name])["Settings"](**values)
    return settings


def built(name: str) -> sig.Channel:
    return MODULES[name].build(settings_of(name), MemoryDoor(), {})


def line(name: str) -> sig.LineRef:
    return sig.LineRef(channel=name, key="0123456789abcdef", peer=ADDRESS)


def every_effect(name: str) -> list[Any]:
    common = {"key": "k", "line": line(name)}
    return [
        sig.Send(**common, text=TEXT),  # type: ignore[arg-type]
        sig.Connect(**common, party="agent:1", address=ADDRESS),  # type: ignore[arg-type]
        sig.Hold(**common, on=True),  # type: ignore[arg-type]
        sig.Move(**common, to=ADDRESS),  # type: ignore[arg-type]
        sig.HangUp(**common),  # type: ignore[arg-type]
        sig.Play(**common, notice="off-hours"),  # type: ignore[arg-type]
        sig.Fetch(**common, url=f"https://{ADDRESS}"),  # type: ignore[arg-type]
        Unknown(**common),  # type: ignore[arg-type]
    ]


every_channel = pytest.mark.parametrize("name", sorted(MODULES))


def test_the_three_channels_of_the_first_release_are_found() -> None:
    assert {"chat", "email", "form"} <= set(MODULES)


@every_channel
def test_settings_derive_from_the_common_ones_and_refuse_unknown_keys(name: str) -> None:
    settings = vars(MODULES[name])["Settings"]
    assert issubclass(settings, sig.Settings)
    assert settings().enabled
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"no_such_key": 1}, settings)


@every_channel
def test_capabilities_are_consistent(name: str) -> None:
    can = MODULES[name].CAPABILITIES
    assert can.delivery in {"call", "push"}
    assert can.opens_on in {"message", "line"}
    assert 0 < can.load <= 100
    assert can.text_chars_max > 0
    assert can.live or not LIVE_EFFECTS & set(can.effects)
    # Which files leave may depend on an entry's settings; nothing else does.
    assert msgspec.structs.replace(built(name).capabilities, files=can.files) == can


def test_only_where_words_can_be_sent_does_a_desk_offer_to_write() -> None:
    assert {name for name, module in MODULES.items() if sendable(module.CAPABILITIES).unwritable} == {"form", "phone"}


@every_channel
async def test_what_a_channel_cannot_do_is_undeliverable_and_says_no_more(name: str) -> None:
    channel, can = built(name), MODULES[name].CAPABILITIES
    for effect in every_effect(name):
        offered = can.delivery == "call" and type(effect).__name__ in can.effects
        with pytest.raises(sig.EffectFailed) as failed:
            await channel.perform(effect)
        assert offered or isinstance(failed.value, sig.Undeliverable)
        assert not any(word in f"{failed.value!r}{failed.value.reason}" for word in (ADDRESS, TEXT, "private"))


@every_channel
async def test_a_channel_that_cannot_ask_finds_nothing(name: str) -> None:
    if not MODULES[name].CAPABILITIES.can_find:
        assert await built(name).find("k") is None


@every_channel
def test_a_secret_that_is_missing_is_named_by_its_variable_and_never_by_its_value(name: str) -> None:
    fields = [field for field in vars(MODULES[name])["Settings"].__struct_fields__ if field.endswith("_env")]
    for field in fields:
        with pytest.raises(ValueError, match="MISSING_VARIABLE") as failed:
            MODULES[name].build(settings_of(name, **{field: "MISSING_VARIABLE"}), MemoryDoor(), {"OTHER": SECRET})
        assert SECRET not in str(failed.value)
        channel = MODULES[name].build(settings_of(name, **{field: "PRESENT"}), MemoryDoor(), {"PRESENT": SECRET})
        assert SECRET not in repr(channel)


@every_channel
def test_routes_are_bounded_and_stay_under_the_channel(name: str) -> None:
    routes = built(name).routes()
    assert len({(route.method, route.path) for route in routes}) == len(routes)
    for route in routes:
        assert 0 < route.body_bytes_max <= BODY_BYTES_MAX
        assert route.path.startswith("/")
        assert route.method in {"GET", "POST", "OPTIONS", "PUT", "DELETE"}


@every_channel
async def test_a_channel_without_a_link_returns_at_once_or_can_be_cancelled(name: str) -> None:
    import asyncio

    task = asyncio.create_task(built(name).listen())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled() or task.exception() is None


def test_a_channel_in_a_new_file_is_found_and_nothing_else_is_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pigeon.py").write_text(NEW_CHANNEL)
    (tmp_path / "no_channel.py").write_text('"""Words that two channels share."""\n')
    monkeypatch.setattr(channels, "__path__", [*channels.__path__, str(tmp_path)])
    found = discover()
    assert set(found) == {*MODULES, "pigeon"}
    assert vars(found["pigeon"])["Settings"]().colour == "red"
    assert found["pigeon"].CAPABILITIES.load == 5
