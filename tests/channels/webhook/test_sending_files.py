"""Files that leave as an operator has described it: in a form, or after an upload; what is refused, and when."""

from __future__ import annotations

from typing import Any

import pytest

from channels.contract import Attachment, LineRef, Send, TryLater, Undeliverable, Unsure
from channels.webhook.files import files_of
from router.settings.problems import SettingsError
from tests.channels.webhook.entry import account, example, read
from tests.providers.faulty import Fault

CHAT, NUMBER = "1111111", "66812345678"
PNG = b"\x89PNG\r\n\x1a\n a picture"
PICTURE = Attachment(name="map.png", media_type="image/png", size_bytes=len(PNG), content=PNG)
PAPER = Attachment(name="bill 1.pdf", media_type="application/pdf", size_bytes=4, content=b"%PDF")
MEBIBYTE_BYTES = 1024 * 1024


def send(name: str, peer: str, *files: Attachment, text: str = "") -> Send:
    return Send(key="effect-1", line=LineRef(channel=name, key=peer, peer=peer), text=text, files=files)


async def test_words_and_files_leave_in_order_each_as_its_type_wants_it() -> None:
    async with account("telegram") as at:
        at.platform.started.add(CHAT)
        done = await at.channel.perform(send("telegram", CHAT, PICTURE, PAPER, text="Here they are"))
        assert at.platform.heard[CHAT] == ["Here they are", "[map.png]", "[bill 1.pdf]"]
        assert at.platform.shown == [(CHAT, "map.png", PNG), (CHAT, "bill 1.pdf", b"%PDF")]
        assert done.provider.startswith(f"{CHAT}:"), "the id of the last message"


async def test_a_file_is_uploaded_first_where_the_provider_wants_it() -> None:
    async with account("whatsapp") as at:
        at.platform.in_window.add(NUMBER)
        await at.channel.perform(send("whatsapp", NUMBER, PICTURE, PAPER))
        assert at.platform.heard[NUMBER] == ["[image]", "[bill 1.pdf]"]
        assert list(at.platform.files.values()) == [("image/png", PNG), ("application/pdf", b"%PDF")]


async def test_what_an_entry_can_send_is_said_beforehand() -> None:
    async with account("telegram") as at:
        assert at.channel.capabilities.files == {
            "image/jpeg": 10 * MEBIBYTE_BYTES,
            "image/png": 10 * MEBIBYTE_BYTES,
            "*": 20 * MEBIBYTE_BYTES,
        }
    assert files_of(None) == {}


@pytest.mark.parametrize(
    ("name", "file", "reason"),
    [
        ("line", PICTURE, "file_kind"),
        ("whatsapp", Attachment(name="x", media_type="application/x-thing", size_bytes=1, content=b"x"), "file_kind"),
        ("whatsapp", Attachment(name="x", media_type="image/png", size_bytes=0, content=b""), "file_unusable"),
        (
            "whatsapp",
            Attachment(name="x", media_type="image/png", size_bytes=0, content=b"x" * (5 * MEBIBYTE_BYTES + 1)),
            "file_too_large",
        ),
    ],
)
async def test_what_cannot_be_sent_whole_is_refused_before_a_word_leaves(
    name: str, file: Attachment, reason: str
) -> None:
    async with account(name) as at:
        with pytest.raises(Undeliverable, match=reason):
            await at.channel.perform(send(name, NUMBER, file, text="see"))
        assert at.platform.heard == {}


FAULTS: list[tuple[Fault, type[Exception], str]] = [
    (Fault(status=401), TryLater, "access_refused"),
    (Fault(status=500), TryLater, "provider_500"),
    (Fault(status=429), TryLater, "provider_429"),
    (Fault(status=400), Undeliverable, "file_refused"),
    (Fault(status=200, body=b"{}"), Undeliverable, "file_refused"),
    (Fault(hang_up=True, after=True), TryLater, "provider_silent"),
]


@pytest.mark.parametrize(("fault", "kind", "reason"), FAULTS)
async def test_an_upload_that_fails_has_told_the_customer_nothing(
    fault: Fault, kind: type[Exception], reason: str
) -> None:
    async with account("whatsapp") as at:
        at.platform.in_window.add(NUMBER)
        at.platform.server.will(at.platform.upload, fault)
        with pytest.raises(kind, match=reason):
            await at.channel.perform(send("whatsapp", NUMBER, PICTURE))
        assert at.platform.heard == {}


async def test_a_lost_answer_to_the_message_itself_is_a_doubt_and_words_are_not_repeated() -> None:
    async with account("telegram") as at:
        at.platform.started.add(CHAT)
        at.platform.server.will(f"/bot{at.platform.token}/sendPhoto", Fault(hang_up=True, after=True))
        with pytest.raises(Unsure):
            await at.channel.perform(send("telegram", CHAT, PICTURE, text="Here"))
        await at.channel.perform(send("telegram", CHAT, PICTURE, text="Here"))
        assert at.platform.heard[CHAT] == ["Here", "[map.png]", "[map.png]"]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"types": []}, "'types' must name"),
    ({"types": ["IMAGE"]}, "'types' must name"),
    ({"mebibytes_max": 26}, "'mebibytes_max' must be"),
    ({"url": "http://api.pigeon.example/x"}, "must begin with https"),
    ({"field": "", "body": {"to": "{peer}"}}, "a file needs 'field'"),
    ({"body": {"a": {"b": "c"}}}, "must map names to texts"),
    ({"body": {"to": "{text}"}}, "may hold"),
]


@pytest.mark.parametrize(("change", "word"), WRONG)
def test_a_way_that_would_send_no_file_is_said_at_the_start(change: dict[str, Any], word: str) -> None:
    entry = example("telegram")
    entry["send"]["files"] = [{**entry["send"]["files"][0], **change}]
    with pytest.raises(SettingsError, match=word):
        read("telegram", entry)
