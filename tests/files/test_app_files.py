"""Files of the company's own app: one upload is one message, an answer's file opens for its customer alone."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from channels import app
from channels.app.frames import line_of
from channels.contract import Attachment, Undeliverable
from channels.uploads import FILE_BYTES_MAX, FILES_A_MINUTE
from tests.channels.app.account import ENVIRONMENT, mosquitto, phone, send, settings_of, until
from tests.channels.app.test_app_gate import KEY, token
from tests.channels.door import MemoryDoor
from tests.channels.site import Client, serving
from tests.channels.staffed import staffed
from tests.files.both_ways import answers_with, arrived

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(100))
PICTURE = Attachment(name="map.png", media_type="image/png", size_bytes=len(PNG), content=PNG)
SETTINGS = app.Settings(broker="mqtt://127.0.0.1:1", password_env="MQTT_PASSWORD", token_key_env="TOKEN_KEY")
KEYS = {**ENVIRONMENT, "TOKEN_KEY": KEY}


@asynccontextmanager
async def files_of(door: MemoryDoor) -> AsyncIterator[Client]:
    # Tokens are of now.
    door.at_ms = time.time_ns() // 1_000_000
    async with serving(app.build(SETTINGS, door, KEYS), "app") as client:
        yield client


async def upload(
    client: Any, content: bytes = PNG, client_id: str = "c" * 12, customer: str = "cust-1", **headers: str
) -> tuple[int, Any]:
    told = {"Content-Type": "application/octet-stream", "Authorization": f"Bearer {token(customer)}", **headers}
    path = f"/channels/app/files?client_msg_id={client_id}&name=photo.png&media_type=text/html"
    async with client.post(path, data=content, headers=told) as answer:
        return answer.status, await answer.json()


async def test_a_file_is_one_message_of_the_tokens_customer_however_often_it_is_sent() -> None:
    door = MemoryDoor()
    async with files_of(door) as client:
        first, again = await upload(client), await upload(client)
        assert (first[0], again) == (200, first)
        (message,) = door.messages
        assert (message.line, message.text) == (line_of("cust-1"), "")
        assert [(file.name, file.content) for file in message.attachments] == [("photo.png", PNG)]


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [({"Authorization": "Bearer nobody"}, 401, "token"), ({"Content-Type": "text/plain"}, 400, "bad_request")],
)
async def test_what_is_no_file_of_a_proved_customer_is_refused(headers: dict[str, str], status: int, code: str) -> None:
    door = MemoryDoor()
    async with files_of(door) as client:
        refused = await upload(client, **headers)
        assert (refused[0], refused[1]["error"]["code"]) == (status, code)
        assert (await upload(client, client_id="short"))[0] == 400
        assert door.messages == []


async def test_files_are_bounded_in_size_and_number_for_each_customer() -> None:
    door = MemoryDoor()
    async with files_of(door) as client:
        assert (await upload(client, b""))[1]["error"]["code"] == "empty"
        told = {"Content-Type": "application/octet-stream", "Authorization": f"Bearer {token('cust-1')}"}
        body = BytesIO(b"x" * (FILE_BYTES_MAX + 1))
        async with client.post("/channels/app/files?client_msg_id=cccccccc", data=body, headers=told) as answer:
            assert answer.status == 413
        answers = [(await upload(client, client_id=f"c{number:08}"))[0] for number in range(FILES_A_MINUTE)]
        assert answers[-1] == 429
        assert (await upload(client, customer="cust-2", client_id="d" * 8))[0] == 200


async def test_while_nothing_can_be_kept_a_file_is_refused_and_may_come_again() -> None:
    door = MemoryDoor()
    async with files_of(door) as client:
        door.closed = True
        assert (await upload(client))[0] == 503
        door.closed = False
        assert (await upload(client))[0] == 200


async def test_without_a_key_for_tokens_there_is_no_way_to_files() -> None:
    channel = app.build(app.Settings(broker="mqtt://127.0.0.1:1"), MemoryDoor(), {})
    assert channel.routes() == ()
    with pytest.raises(Undeliverable, match="files_not_taken"):
        await channel.perform(send("see", files=(PICTURE,)))


async def test_files_go_both_ways_between_an_app_and_a_desk(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as broker:
        settings = settings_of(broker, token_key_env="TOKEN_KEY")
        async with staffed(tmp_path, "app", app, settings, KEYS) as house, phone(broker) as ann:
            await until(lambda: broker.subscriptions() > 0, "subscribed")
            assert (await upload(house.client))[0] == 200
            await house.taken()
            row, content = await arrived(house)
            assert (row.name, row.media_type, content) == ("photo.png", "image/png", PNG), "typed by its content"
            await answers_with(house, "Here is the map.", PNG, "image/png")
            await until(lambda: [each for each in ann.of("msg") if each["kind"] == "out"], "the answer")
            own, told = (each["files"] for each in ann.of("msg") if each["kind"] in {"in", "out"})
            (file,) = told
            assert own[0]["url"] != file["url"]
            assert (file["name"], file["media_type"], file["size_bytes"]) == ("drawing.png", "image/png", len(PNG))
            for customer, status in (("cust-1", 200), ("cust-2", 404)):
                headers = {"Authorization": f"Bearer {token(customer)}"}
                async with house.client.get(f"/channels/app/{file['url']}", headers=headers) as answer:
                    assert answer.status == status
                    assert status != 200 or await answer.read() == PNG
                    assert status != 200 or "sandbox" in answer.headers["Content-Security-Policy"]
            async with house.client.get(f"/channels/app/{file['url']}") as answer:
                assert answer.status == 401
