"""Answers as an operator describes them: what leaves, what each answer means, files in steps, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from channels.contract import Fetch, LineRef, Send, TryLater, Undeliverable, Unsure
from channels.webhook.templates import fill, fill_headers, fill_url
from tests.channels.webhook.entry import account
from tests.providers.faulty import Fault

USER, CHAT, NUMBER = "U80696558e1aa831", "1111111", "66812345678"
PUSH = "/v2/bot/message/push"


def send(name: str, peer: str, text: str = "hello", **more: Any) -> Send:
    return Send(key="effect-1", line=LineRef(channel=name, key=peer, peer=peer), text=text, **more)


async def test_an_answer_leaves_and_its_id_is_known() -> None:
    async with account("line") as at:
        done = await at.channel.perform(send("line", USER, 'say "yes" \\ {text} {"a": 1}'))
        assert at.platform.heard == {USER: ['say "yes" \\ {text} {"a": 1}']}
        assert done.provider
    async with account("telegram") as at:
        at.platform.started.add(CHAT)
        done = await at.channel.perform(send("telegram", CHAT))
        assert done.provider.startswith(f"{CHAT}:")
    async with account("whatsapp") as at:
        at.platform.in_window.add(NUMBER)
        assert (await at.channel.perform(send("whatsapp", NUMBER))).provider.startswith("wamid.out")


async def test_a_long_answer_comes_in_parts_of_the_providers_own_measure() -> None:
    async with account("telegram") as at:
        at.platform.started.add(CHAT)
        text = "🙂" * 3_000
        await at.channel.perform(send("telegram", CHAT, text))
        parts = at.platform.heard[CHAT]
        assert ("".join(parts), len(parts)) == (text, 2)
        with pytest.raises(Undeliverable, match="too_long"):
            await at.channel.perform(send("telegram", CHAT, "x" * 50_000))


async def test_a_repeat_under_the_same_key_is_seen_once() -> None:
    async with account("line") as at:
        at.platform.server.will(PUSH, Fault(hang_up=True, after=True))
        with pytest.raises(TryLater, match="provider_silent"):
            await at.channel.perform(send("line", USER))
        await at.channel.perform(send("line", USER))
        assert at.platform.heard == {USER: ["hello"]}


async def test_without_a_key_a_lost_answer_is_a_doubt() -> None:
    async with account("telegram") as at:
        at.platform.server.will(at.platform.send, Fault(hang_up=True, after=True), Fault(status=502))
        for _ in range(2):
            with pytest.raises(Unsure):
                await at.channel.perform(send("telegram", CHAT))


FAULTS: list[tuple[str, Fault, type[Exception], str]] = [
    ("line", Fault(status=401), TryLater, "access_refused"),
    ("line", Fault(status=400, body=b'{"message": "Failed to send messages"}'), Undeliverable, "blocked"),
    ("line", Fault(status=429, body=b'{"message": "You have reached your monthly limit."}'), TryLater, "quota"),
    ("line", Fault(status=429, body=b'{"message": "The API rate limit has been exceeded."}'), TryLater, "provider_429"),
    ("whatsapp", Fault(status=500, body=b'{"error": {"code": 131000}}'), TryLater, "provider_busy"),
    ("whatsapp", Fault(status=500), Unsure, "provider_500"),
    ("line", Fault(status=400, body=b"not json"), Undeliverable, "provider_400"),
    ("line", Fault(status=500), TryLater, "provider_500"),
    ("telegram", Fault(status=403, body=b'{"ok": false}'), Undeliverable, "blocked"),
    ("telegram", Fault(status=429), TryLater, "provider_429"),
    ("telegram", Fault(status=401), TryLater, "access_refused"),
    ("whatsapp", Fault(status=400, body=b'{"error": {"code": 131047}}'), Undeliverable, "window_closed"),
    ("whatsapp", Fault(status=400, body=b'{"error": {"code": 131056}}'), TryLater, "rate_limit"),
    ("whatsapp", Fault(status=400, body=b'{"error": {"code": 190}}'), TryLater, "access_refused"),
    ("whatsapp", Fault(status=400, body=b'{"error": {"code": 100}}'), Undeliverable, "provider_400"),
    ("whatsapp", Fault(status=503), TryLater, "provider_503"),
]


@pytest.mark.parametrize(("name", "fault", "kind", "reason"), FAULTS)
async def test_each_answer_means_what_was_written(name: str, fault: Fault, kind: type[Exception], reason: str) -> None:
    async with account(name) as at:
        path = PUSH if name == "line" else at.platform.send
        at.platform.server.will(path, fault)
        with pytest.raises(kind) as failed:
            await at.channel.perform(send(name, NUMBER))
        assert str(failed.value) == reason
        assert at.platform.token not in repr(failed.value)


async def test_a_provider_may_say_for_how_long_it_wants_to_be_left_alone() -> None:
    async with account("whatsapp") as at:
        at.platform.in_window.add(NUMBER)
        at.platform.errors.append((400, 131056))
        with pytest.raises(TryLater) as failed:
            await at.channel.perform(send("whatsapp", NUMBER))
        assert failed.value.after_ms == 6_000


@pytest.mark.parametrize(("name", "source"), [("line", "354718"), ("telegram", "BQADBAAD"), ("whatsapp", "100338342")])
async def test_a_file_is_brought_in_as_many_steps_as_it_takes(name: str, source: str) -> None:
    async with account(name) as at:
        at.platform.files[source] = ("application/pdf", b"%PDF-1.7 a bill")
        effect = Fetch(key="k", line=LineRef(channel=name, key="c", peer="c"), url=source)
        (file,) = (await at.channel.perform(effect)).files
        assert (file.content, file.media_type, file.source) == (b"%PDF-1.7 a bill", "application/pdf", source)
        with pytest.raises(Undeliverable, match="media_gone"):
            await at.channel.perform(Fetch(key="k", line=effect.line, url="gone"))


async def test_an_address_in_the_open_that_an_answer_names_is_not_asked() -> None:
    async with account("whatsapp") as at:
        page = b'{"url": "http://203.0.113.7/steal"}'
        at.platform.server.will("/v23.0/1", Fault(status=200, body=page))
        effect = Fetch(key="k", line=LineRef(channel="whatsapp", key="c", peer="c"), url="1")
        with pytest.raises(Undeliverable, match="media_unusable"):
            await at.channel.perform(effect)


def test_what_is_filled_in_never_leaves_its_place() -> None:
    values = {"text": '"}], "to": "eve', "peer": "../admin?x=1#y", "access": "t\r\nX-Evil: 1", "found": "a/b c"}
    assert fill({"t": ["{text}!"], "n": 1}, values) == {"t": ['"}], "to": "eve!'], "n": 1}
    assert fill_url("https://h/{peer}/x?f={found}", values) == "https://h/..%2Fadmin%3Fx%3D1%23y/x?f=a/b%20c"
    assert fill_headers({"Authorization": "Bearer {access}"}, values) == {"Authorization": "Bearer tX-Evil: 1"}
