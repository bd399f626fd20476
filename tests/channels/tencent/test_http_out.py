"""One call to a provider, against real sockets that refuse, hang up, redirect or say too much."""

from __future__ import annotations

import msgspec
import pytest
from aiohttp import web

from channels.contract import EffectFailed, TryLater, Undeliverable
from channels.http_out import Ask, File, ask
from tests.providers.faulty import FaultyServer


async def told_nothing(_request: web.Request) -> web.StreamResponse:
    return web.Response(text="nothing")


async def elsewhere(_request: web.Request) -> web.StreamResponse:
    raise web.HTTPFound("http://127.0.0.1:1/secret")


async def much(_request: web.Request) -> web.StreamResponse:
    return web.Response(body=b"x" * 5_000)


async def names(request: web.Request) -> web.StreamResponse:
    form = await request.post()
    file = form["media"]
    assert isinstance(file, web.FileField)
    return web.json_response([form["word"], file.filename, file.content_type, len(file.file.read())])


@pytest.fixture
async def server() -> object:
    made = FaultyServer()
    for path, handler in (("/nothing", told_nothing), ("/elsewhere", elsewhere), ("/much", much), ("/names", names)):
        made.add("POST", path, handler)
    await made.start()
    yield made
    await made.stop()


@pytest.mark.parametrize("url", ["", "ftp://example.org/", "file:///etc/hostname", "http://[", "no address"])
async def test_what_is_no_address_is_never_tried_again(url: str) -> None:
    with pytest.raises(Undeliverable, match="address_unusable"):
        await ask(Ask(method="GET", url=url))


async def test_nobody_is_followed_elsewhere(server: FaultyServer) -> None:
    told = await ask(Ask(method="POST", url=f"{server.url}/elsewhere"))
    assert told.status == 302


async def test_an_answer_has_a_limit(server: FaultyServer) -> None:
    with pytest.raises(Undeliverable, match="answer_too_large"):
        await ask(Ask(method="POST", url=f"{server.url}/much", answer_bytes_max=4_999))
    assert len((await ask(Ask(method="POST", url=f"{server.url}/much", answer_bytes_max=5_000))).body) == 5_000


async def test_a_form_carries_words_and_a_file_of_any_name_and_size(server: FaultyServer) -> None:
    file = File(field="media", name="发票 7.pdf", media_type="application/pdf", content=b"x" * 3_000_000)
    told = await ask(Ask(method="POST", url=f"{server.url}/names", form={"word": "你好 & ="}, file=file))
    assert msgspec.json.decode(told.body) == ["你好 & =", "发票 7.pdf", "application/pdf", 3_000_000]


async def test_no_reason_names_an_address_or_a_secret(server: FaultyServer) -> None:
    await server.stop()
    with pytest.raises(EffectFailed) as failed:
        await ask(Ask(method="POST", url=f"{server.url}/nothing", query={"access_token": "hunter2"}))
    assert isinstance(failed.value, TryLater)
    assert "hunter2" not in repr(failed.value)
    assert failed.value.__suppress_context__
