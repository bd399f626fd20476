"""A provider's file: fetched by an effect of its own lane, kept before its row, given up by name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from channels.contract import Attachment, Capabilities, Done, Fetch, Send, TryLater, Undeliverable, Unsure
from router.outbox.fetching import FETCHES_MAX, GONE_MS
from router.site.files import FILE_BYTES_MAX
from router.store.filerows import COMING, FAILED, KEPT, FileRow, files_of
from router.verify import verify
from tests.floor.house import CALL, SITE, House, wrote

PNG = b"\x89PNG\r\n\x1a\n a picture"
PICTURE = Attachment(name="photo.jpg", media_type="image/jpeg", size_bytes=0, source="m1")
BOUND_S = 60.0


class Provider:
    """A channel that sends at once, and fetches by its script."""

    def __init__(self, *script: Any) -> None:
        self.capabilities: Capabilities = CALL
        self.script = list(script)
        self.fetched: list[str] = []
        self.sent: list[Send] = []
        self.gate: asyncio.Event | None = None
        self.under_way = self.most = 0

    def routes(self) -> list[Any]:
        return []

    async def listen(self) -> None:
        return

    async def find(self, key: str) -> Done | None:
        del key
        return None

    async def perform(self, effect: Any) -> Done:
        if isinstance(effect, Send):
            self.sent.append(effect)
            return Done(provider=f"p{len(self.sent)}")
        assert isinstance(effect, Fetch)
        self.fetched.append(effect.url)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            if self.gate is not None:
                await self.gate.wait()
            step = self.script.pop(0) if self.script else PNG
        finally:
            self.under_way -= 1
        if isinstance(step, Exception):
            raise step
        return Done(files=(Attachment(name="x", media_type="text/html", size_bytes=0, content=step),))


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    opened = await House.open(tmp_path)
    await opened.lead()
    await opened.configure()
    opened.start("intake", "outbox")
    yield opened
    await opened.close()
    report = verify(tmp_path / "patchbay.db", SITE, call_channels=["call"])
    assert report.ok, report.lines()


async def came(house: House, provider: Provider, *files: Attachment) -> None:
    house.channels["call"] = provider
    await house.door("call").accept([wrote("see", channel="call", key="k1", attachments=files)])


async def rows(house: House, message: int = 1) -> list[FileRow]:
    row = await house.store.archive.message(SITE, message)
    assert row is not None
    return files_of(row.body)


async def until(holds: Callable[[], Awaitable[bool]], turn: Callable[[], None] = lambda: None) -> None:
    async with asyncio.timeout(BOUND_S):
        while not await holds():
            turn()
            await asyncio.sleep(0.005)


async def reached(house: House, state: str, *, later_ms: int = 0) -> FileRow:
    """Wait until the first file has a state; the clock goes on by so much at each look."""

    async def holds() -> bool:
        return (await rows(house))[0].state == state

    def turn() -> None:
        house.clock.now += later_ms
        house.outbox.nudge()

    await until(holds, turn)
    return (await rows(house))[0]


async def test_a_file_is_fetched_kept_and_typed_by_its_content(house: House) -> None:
    await came(house, Provider(), PICTURE)
    file = await reached(house, KEPT)
    assert (file.media_type, file.size_bytes, file.name) == ("image/png", len(PNG), "photo.jpg")
    assert await house.files.read(file.file) == PNG


async def test_its_conversation_is_told_of_it(house: House) -> None:
    await came(house, Provider(), PICTURE)
    await reached(house, KEPT)

    async def told() -> bool:
        story = await house.store.archive.story(SITE, 1, before=2**62, limit=50)
        return "fetched" in [each.row.detail for each in story if each.row.kind == "DeliveryReported"]

    await until(told)


async def test_a_file_that_is_not_there_yet_is_asked_for_again(house: House) -> None:
    provider = Provider(Undeliverable("gone"), TryLater("provider_unreachable"), Unsure("provider_silent"))
    await came(house, provider, PICTURE)
    await reached(house, KEPT, later_ms=5_000)
    assert provider.fetched == ["m1"] * 4


async def test_a_file_that_never_comes_is_given_up_by_name(house: House) -> None:
    await came(house, Provider(*[Undeliverable("gone")] * 50), PICTURE)
    file = await reached(house, FAILED, later_ms=GONE_MS // 4)
    assert file.why == "media_gone"

    async def buried() -> bool:
        return bool(await house.store.outbox.dead_letters(SITE, 10))

    await until(buried)
    (dead,) = await house.store.outbox.dead_letters(SITE, 10)
    assert (dead.effect, dead.reason) == ("fetch", "media_gone")


@pytest.mark.parametrize("answer", [b"x" * (FILE_BYTES_MAX + 1), Undeliverable("answer_too_large")])
async def test_a_file_that_is_too_large_is_given_up_at_once(house: House, answer: Any) -> None:
    await came(house, Provider(answer), PICTURE)
    assert (await reached(house, FAILED)).why == "media_too_large"


async def test_a_reply_does_not_wait_for_a_file(house: House) -> None:
    provider = Provider()
    provider.gate = asyncio.Event()
    await house.agent()
    await came(house, provider, PICTURE)

    async def asked() -> bool:
        return bool(provider.fetched)

    await until(asked)
    await house.accept_offer(1)
    await house.say(1, "I look at it")

    async def said() -> bool:
        return bool(provider.sent)

    await until(said)
    assert (await rows(house))[0].state == COMING
    provider.gate.set()
    await reached(house, KEPT)


async def test_few_files_are_on_their_way_at_once_and_all_arrive(house: House) -> None:
    provider = Provider(*[PNG + bytes([number]) for number in range(10)])
    files = [Attachment(name=f"{n}", media_type="", size_bytes=0, source=f"m{n}") for n in range(10)]
    await came(house, provider, *files)

    async def all_here() -> bool:
        return {file.state for file in await rows(house)} == {KEPT}

    def turn() -> None:
        house.clock.now += 5_000
        house.outbox.nudge()

    await until(all_here, turn)
    assert provider.most <= FETCHES_MAX
    assert sorted(set(provider.fetched)) == sorted(f"m{n}" for n in range(10))


async def test_what_is_set_aside_is_not_fetched(house: House) -> None:
    provider = house.channels["call"] = Provider()
    await house.door("call").accept(
        [wrote("see", channel="call", key="k2", attachments=(PICTURE,), set_aside="list_mail")]
    )

    async def settled() -> bool:
        return (await house.store.letterbox.depth(SITE))[0] == 0

    await until(settled)
    assert provider.fetched == []
    assert (await house.store.outbox.depth(SITE))[0] == 0


async def test_an_inline_file_too_large_is_named_and_not_kept(house: House) -> None:
    large = Attachment(name="film.mp4", media_type="video/mp4", size_bytes=1, content=b"x" * (FILE_BYTES_MAX + 1))
    await came(house, Provider(), large)
    (file,) = await rows(house)
    assert (file.state, file.why) == (FAILED, "media_too_large")


async def test_the_files_of_a_customer_can_be_erased_for_good(house: House, tmp_path: Path) -> None:
    inline = Attachment(name="a.png", media_type="", size_bytes=0, content=PNG)
    await came(house, Provider(), PICTURE, inline)
    await reached(house, KEPT)
    conversation = await house.store.archive.conversation(SITE, 1)
    assert conversation is not None
    found = await house.store.archive.bodies_of(SITE, conversation.customer, extra="files", after=0, limit=10)
    names = [file.file for row in found for file in files_of(row.body)]
    assert len(names) == 2
    (path,) = {path for path in (tmp_path / "files").rglob("*") if path.is_file()}
    linked = tmp_path / "linked"
    linked.hardlink_to(path)
    await house.files.erase(names)
    assert not path.exists()
    assert linked.read_bytes() == b"\0" * len(PNG)
    assert await house.files.read(names[0]) is None
    (row,) = found
    assert await house.store.archive.set_extra(SITE, row.id, "files", old=row.body.extra["files"], new="")
    assert await house.store.archive.bodies_of(SITE, conversation.customer, extra="files", after=0, limit=10) == []
    assert not await house.store.archive.set_extra(SITE, row.id, "files", old=row.body.extra["files"], new="[]")
