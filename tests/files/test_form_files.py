"""Files of a web form: they come with its message, bounded, and the same press twice is one message."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from channels import form
from channels.form.fields import FILES_BYTES_MAX, Field, Form
from tests.channels.door import MemoryDoor
from tests.channels.site import serving

PNG = b"\x89PNG\r\n\x1a\n a picture"
FIELDS = {"message": Field(type="textarea", required=True), "papers": Field(type="file")}
SETTINGS = form.Settings(forms={"claim": Form(fields=FIELDS, fill_ms_min=0)})


async def post(client: Any, token: str, *files: tuple[str, bytes]) -> tuple[int, str]:
    body = aiohttp.FormData(quote_fields=False)
    body.add_field("token", token)
    body.add_field("message", "My claim")
    for name, content in files:
        body.add_field("papers", content, filename=name, content_type="text/html")
    async with client.post("/channels/form/claim", data=body, allow_redirects=False) as answer:
        return answer.status, await answer.text()


async def token_of(client: Any) -> str:
    async with client.get("/channels/form/claim/token") as answer:
        return str((await answer.json())["token"])


async def test_files_come_with_the_message_and_the_same_press_twice_is_one() -> None:
    door = MemoryDoor()
    async with serving(form.build(SETTINGS, door, {}), "form") as client:
        token = await token_of(client)
        for _ in range(2):
            assert (await post(client, token, ("a.png", PNG), ("发票.pdf", b"%PDF-1.7")))[0] == 303
    (message,) = door.messages
    assert [(file.name, file.content) for file in message.attachments] == [("a.png", PNG), ("发票.pdf", b"%PDF-1.7")]


async def test_other_files_are_another_message_and_no_file_is_none() -> None:
    door = MemoryDoor()
    async with serving(form.build(SETTINGS, door, {}), "form") as client:
        token = await token_of(client)
        for files in ([("a.png", PNG)], [("a.png", PNG + b"2")], [("", b"")], []):
            assert (await post(client, token, *files))[0] == 303
    assert [len(message.attachments) for message in door.messages] == [1, 1, 0]


TOO_MUCH = [
    ([(f"{number}.png", PNG) for number in range(6)], "too many files"),
    ([("a.png", b"x" * (FILES_BYTES_MAX // 2 + 1)), ("b.png", b"x" * (FILES_BYTES_MAX // 2))], "too large"),
]


@pytest.mark.parametrize(("files", "said"), TOO_MUCH)
@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
async def test_too_many_or_too_large_files_are_refused_by_name(files: list[tuple[str, bytes]], said: str) -> None:
    door = MemoryDoor()
    async with serving(form.build(SETTINGS, door, {}), "form") as client:
        status, page = await post(client, await token_of(client), *files)
    assert (status, said in page, "choose the files once more" in page) == (422, True, True)
    assert door.messages == []


async def test_a_form_without_a_file_field_takes_none() -> None:
    door = MemoryDoor()
    settings = form.Settings(forms={"claim": Form(fields={"message": FIELDS["message"]}, fill_ms_min=0)})
    async with serving(form.build(settings, door, {}), "form") as client:
        assert (await post(client, await token_of(client), ("a.png", PNG)))[0] == 303
    assert door.messages[0].attachments == ()


async def test_the_limits_are_told_before_anything_is_sent() -> None:
    async with serving(form.build(SETTINGS, MemoryDoor(), {}), "form") as client:
        for language, said in (("en", "At most 5 files, 10 MB"), ("zh", "最多 5 个文件"), ("th", "ไม่เกิน 5 ไฟล์")):
            async with client.get(f"/channels/form/claim?lang={language}") as answer:
                page = await answer.text()
            assert said in page
            assert 'enctype="multipart/form-data"' in page
