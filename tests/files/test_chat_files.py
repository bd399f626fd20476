"""Files in the chat: one upload is one message, and a link opens for its visitor only, in a sandbox."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest

from channels.uploads import FILE_BYTES_MAX, FILES_A_MINUTE
from tests.channels.tabs import house, line_of, tab, token_of, until

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(100))


async def send(
    client: Any, token: str, content: bytes = PNG, client_id: str = "c" * 12, **headers: str
) -> tuple[int, Any]:
    told = {"Content-Type": "application/octet-stream", "Authorization": f"Bearer {token}", **headers}
    path = f"/channels/chat/files?client_msg_id={client_id}&name=photo.png&media_type=image/png"
    async with client.post(path, data=content, headers=told) as answer:
        return answer.status, await answer.json()


async def test_a_file_is_one_message_however_often_it_is_sent() -> None:
    async with house() as (client, door, _):
        token = await token_of(client)
        first, again = await send(client, token), await send(client, token)
        assert (first[0], again) == (200, first)
        (message,) = door.messages
        assert (message.text, [file.content for file in message.attachments]) == ("", [PNG])
        assert message.extra == {"client": "c" * 12}


REFUSED = [
    ({"Authorization": "Bearer nobody"}, 401, "token"),
    ({"Origin": "https://evil.example"}, 403, "origin"),
    ({"Content-Type": "text/plain"}, 400, "bad_request"),
]


@pytest.mark.parametrize(("headers", "status", "code"), REFUSED)
async def test_a_file_from_anybody_else_is_refused(headers: dict[str, str], status: int, code: str) -> None:
    async with house() as (client, door, _):
        refused = await send(client, await token_of(client), **headers)
        assert (refused[0], refused[1]["error"]["code"]) == (status, code)
        assert door.messages == []


async def test_files_are_bounded_in_size_and_number() -> None:
    async with house() as (client, door, _):
        token = await token_of(client)
        assert (await send(client, token, b""))[1]["error"]["code"] == "empty"
        large = {"Content-Type": "application/octet-stream", "Authorization": f"Bearer {token}"}
        body = BytesIO(b"x" * (FILE_BYTES_MAX + 1))
        async with client.post("/channels/chat/files?client_msg_id=cccccccc", data=body, headers=large) as answer:
            assert answer.status == 413
        told = [(await send(client, token, client_id=f"c{number:08}"))[0] for number in range(FILES_A_MINUTE)]
        assert told[-1] == 429
        assert len(door.messages) == told.count(200)


async def test_while_nothing_can_be_kept_a_file_is_refused_and_may_come_again() -> None:
    async with house() as (client, door, _):
        token = await token_of(client)
        door.closed = True
        assert (await send(client, token))[0] == 503
        door.closed = False
        assert (await send(client, token))[0] == 200


async def test_a_link_opens_for_its_visitor_only_and_ends_with_the_session() -> None:
    async with house() as (client, door, ours):
        token = await token_of(client)
        await send(client, token)
        async with tab(client, token) as _:
            (conversation,) = ours._open
            link = conversation._link(door.letters[0].message, 0)
            foreign = link.replace(f"v={conversation._visitor.id}", f"v={'0' * 32}")
        for path, status in ((link, 200), (foreign, 404), (link[:-1], 404), (link.replace("-0?", "-1?"), 404)):
            async with client.get(f"/channels/chat/{path}") as answer:
                assert answer.status == status, path
        async with client.get(f"/channels/chat/{link}") as answer:
            assert await answer.read() == PNG
            assert "sandbox" in answer.headers["Content-Security-Policy"]
            assert answer.headers["Content-Disposition"].startswith("inline")
        async with client.get(f"/channels/chat/{link}", headers={"Range": "bytes=0-3"}) as answer:
            assert (answer.status, await answer.read()) == (206, PNG[:4])
        door.at_ms += 31 * 86_400_000
        async with client.get(f"/channels/chat/{link}") as answer:
            assert answer.status == 404


async def test_who_sent_only_a_file_is_talking() -> None:
    async with house() as (client, door, ours):
        token = await token_of(client)
        async with tab(client, token):
            await send(client, token)
            await until(lambda: any(ours._presence.talking.values()))
        assert line_of(door).channel == "chat"
