"""What an operator may write about a provider: mistakes are shown with file and line, and what to write instead."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from channels import webhook
from channels.contract import LineRef, Send, TryLater
from channels.webhook.paths import Expression, Item, items, matches
from router.node.switchboard import schemas_of
from router.settings.loading import load_files
from router.settings.problems import SettingsError
from tests.channels.door import START_MS, MemoryDoor
from tests.channels.site import serving
from tests.channels.webhook.entry import PLATFORMS, account, environment_of, example, read
from tests.floor.nodehouse import CONFIG

Change = Callable[[dict[str, Any]], object]
MISTAKES: dict[str, tuple[Change, str]] = {
    "a path without a slash": (lambda e: e["receive"][0].update(text="text"), "cannot read 'text'; write '/name'"),
    "half a pair of quotes": (lambda e: e["receive"][0].update(text="'a"), "cannot read ''a'; write '/name'"),
    "a kind that is none": (lambda e: e["receive"][0].update(kind="massage"), "'kind' must be one of message, receipt"),
    "a message without a name": (lambda e: e["receive"][0].pop("id"), "'id' is missing; name its place"),
    "a key that is none": (lambda e: e["receive"][0].update(txt="/a"), "no key 'txt' here; did you mean 'text'"),
    "a condition of a map": (lambda e: e["receive"][0].update(when={"/a": {}}), "'when' wants /a to be a word"),
    "no proof at all": (lambda e: e.pop("signature"), "or anybody could write"),
    "a proof without a secret": (lambda e: e.pop("secret_env"), "'signature' needs 'secret_env: NAME_OF_THE_VARIABLE'"),
    "an algorithm of another age": (lambda e: e["signature"].update(algorithm="md5"), "must be one of sha1, sha256"),
    "a signature of nothing": (lambda e: e["signature"].update(signed="{id}"), "'signed' must hold {body}"),
    "a secret in the file": (lambda e: e.update(secret="x"), "secrets are never written here"),
    "an address in the open": (lambda e: e["send"].update(url="http://api.line.me/x"), "must begin with https://"),
    "a host with a hole": (lambda e: e["send"].update(url="https://{peer}/x"), "its host without holes"),
    "a hole that is none": (lambda e: e["send"]["body"].update(to="{who}"), "'body' may hold {text}, {peer}"),
    "words that are not sent": (lambda e: e["send"].update(body={"to": "{peer}"}), "'body' must hold {text}"),
    "a repeat nobody knows": (lambda e: e["send"].update(headers={}), "'repeatable' needs {key} or {uuid}"),
    "an access that is nowhere": (lambda e: e.pop("access_env"), "{access} needs 'access_env: NAME_OF_THE_VARIABLE'"),
    "an outcome that fits all": (lambda e: e["send"].update(outcomes=[{"means": "done"}]), "needs 'status: [400]' or"),
    "a step to nowhere": (
        lambda e: e["fetch"].append(copy.deepcopy(e["fetch"][0])),
        "every step but the last needs 'find'",
    ),
    "a window in words": (lambda e: e.update(reply_window="a day"), "expected a duration"),
    "a channel that serves no other": (lambda e: e.update(by="line"), "serves no other entry; write one of webhook"),
}


@pytest.mark.parametrize("name", sorted(MISTAKES))
def test_a_mistake_is_shown_with_its_place_and_what_to_write(name: str) -> None:
    change, words = MISTAKES[name]
    entry = copy.deepcopy(example("line"))
    change(entry)
    with pytest.raises(SettingsError) as refused:
        read("line", entry)
    problems = [str(problem) for problem in refused.value.problems]
    assert any(words in problem for problem in problems), problems
    assert all(problem.startswith("channels.yaml:") for problem in problems)
    line = int(problems[0].split(":")[1])
    assert line >= 2


def test_the_place_of_a_mistake_is_its_line() -> None:
    entry = copy.deepcopy(example("line"))
    entry["receive"][2]["peer"] = "oops"
    written = yaml.safe_dump({"channels": {"line": entry}}, sort_keys=False)
    with pytest.raises(SettingsError) as refused:
        load_files({"site.yaml": CONFIG, "channels.yaml": written}, schemas_of({"webhook": webhook}), now_ms=START_MS)
    line = int(str(refused.value.problems[0]).split(":")[1])
    assert "kind: recalled" in written.splitlines()[line - 1]


def test_an_entry_of_an_unknown_name_is_told_of_by() -> None:
    with pytest.raises(SettingsError) as refused:
        read("signal", {"enabled": True})
    assert "add 'by: webhook'" in str(refused.value.problems[0])


def test_a_name_that_is_a_channel_of_its_own_is_refused() -> None:
    modules = {"webhook": webhook, "line": webhook}
    files = {"site.yaml": CONFIG, "channels.yaml": yaml.safe_dump({"channels": {"line": example("line")}})}
    with pytest.raises(SettingsError, match="is a channel of its own"):
        load_files(files, schemas_of(modules), now_ms=START_MS)


@pytest.mark.parametrize("name", sorted(PLATFORMS))
def test_the_examples_of_the_documentation_are_sound_and_name_missing_secrets(name: str) -> None:
    settings = read(name, example(name))
    environment = environment_of(PLATFORMS[name]())
    for variable in environment:
        fewer = {key: value for key, value in environment.items() if key != variable}
        with pytest.raises(ValueError, match=variable) as missing:
            webhook.build(settings, MemoryDoor(name=name), fewer)
        assert not any(secret in str(missing.value) for secret in environment.values())


async def test_an_entry_that_only_receives_answers_later_and_one_that_only_sends_receives_nothing() -> None:
    silent = example("line")
    del silent["send"]
    channel = webhook.build(read("line", silent), MemoryDoor(name="line"), environment_of(PLATFORMS["line"]()))
    with pytest.raises(TryLater, match="not_configured"):
        await channel.perform(Send(key="k", line=LineRef(channel="line", key="U1", peer="U1"), text="x"))
    deaf = {key: value for key, value in example("line").items() if key not in {"receive", "signature"}}
    channel = webhook.build(read("line", deaf), MemoryDoor(name="line"), environment_of(PLATFORMS["line"]()))
    async with serving(channel, "line") as client, client.post("/channels/line/hook", data=b"{}") as told:
        assert told.status == 404


async def test_a_challenge_by_post_is_sent_back_once_it_is_proven() -> None:
    async with account("telegram", handshake={"field": "/challenge"}) as at:
        headers = {"X-Telegram-Bot-Api-Secret-Token": at.platform.secret}
        said = {"type": "url_verification", "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"}
        async with at.client.post("/channels/telegram/hook", json=said, headers=headers) as told:
            assert await told.text() == said["challenge"]
        async with at.client.post("/channels/telegram/hook", json=said) as told:
            assert told.status == 403
        assert at.door.letters == []


async def test_a_form_is_read_like_json() -> None:
    changes = {
        "format": "form",
        "receive": [{"id": "/MessageSid", "peer": "/From", "text": "/Body", "at": "/When", "at_in": "iso"}],
    }
    async with account("telegram", **changes) as at:
        headers = {"X-Telegram-Bot-Api-Secret-Token": at.platform.secret}
        form = {"MessageSid": "SM1", "From": "+66811111111", "Body": "สวัสดี & ok", "When": "2026-11-01T10:00:00+07:00"}
        async with at.client.post("/channels/telegram/hook", data=form, headers=headers) as told:
            assert told.status == 200
        (message,) = at.door.messages
        assert (message.text, message.line.peer, message.sent_ms) == ("สวัสดี & ok", "+66811111111", 1_793_502_000_000)


async def test_many_posts_at_once_are_each_taken_once() -> None:
    async with account("line") as at:
        assert set(await asyncio.gather(*(at.platform.say(f"U{n}", f"words {n}") for n in range(50)))) == {200}
        assert len({message.text for message in at.door.messages}) == 50


# --- ways to values ------------------------------------------------------------------------------------------------

BODY = {"a": [{"b": {"c": 1, "d": [True, None]}}, {"b": {"c": "two"}}], "n": "top", "empty": ""}
WAYS = {
    "/b/c": ["1", "two"],
    "/b/d/0": ["true", ""],
    "/b/d/1 | /b/c": ["1", "two"],
    "../0/b/c": ["1", "1"],
    "../../n": ["top", "top"],
    "../../../n": ["", ""],
    "../../empty | 'none'": ["none", "none"],
    "'{/b/c}:{../../n}'": ["1:top", "two:top"],
    "'{/b/x}' | 'a | b'": ["a | b", "a | b"],
    "/b": ["", ""],
    "/b/d/99": ["", ""],
}


@pytest.mark.parametrize("way", sorted(WAYS))
def test_a_way_finds_its_value(way: str) -> None:
    assert [Expression(way).of(item) for item in items("/a/*", BODY)] == WAYS[way]


def test_a_condition_tells_words_numbers_and_presence_apart() -> None:
    item = Item(({"n": 1, "t": True, "s": "1", "none": None},))
    assert matches(item, {"/n": 1, "/t": True, "/s": ["x", "1"]})
    assert not matches(item, {"/n": True})
    assert not matches(item, {"/t": 1})
    assert not matches(item, {"/none": "*"})


def test_a_list_without_end_is_cut() -> None:
    assert len(list(items("/*", [{}] * 5_000))) == 1_000
