"""Files at the desk's API: uploaded for a reply, kept with the draft, served to whoever may see, never as a page."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.surroundings import FileRefused, Sendable
from router.core import commands as cmd
from router.site.files import FolderFiles
from router.site.ranges import headers_of, part_of
from router.store.filerows import FileRow, files_of, with_files
from router.store.port import Body
from tests.dashboard.office import SITE, Desk, Office

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(200))
TAKES = Sendable(kinds={"image/png": 1_000, "*": 2_000}, files_max=3, bytes_max=2_500)


class FileDesk:
    """One agent who owns one conversation."""

    def __init__(self, office: Office, desk: Desk, ref: str) -> None:
        self.office, self.desk, self.ref = office, desk, ref

    @property
    def path(self) -> str:
        return f"/conversations/{self.ref}/files"

    async def upload(self, content: bytes = PNG, name: str = "photo.png", **query: str) -> tuple[int, Any]:
        headers = {"X-CSRF": self.desk.csrf, "Content-Type": "application/octet-stream"}
        url = f"{self.desk.base}/api/v1{self.path}"
        params = {"name": name, **query}
        async with self.desk.http.post(url, params=params, data=content, headers=headers) as answer:
            return answer.status, await answer.json()

    async def uploaded(self, content: bytes = PNG, name: str = "photo.png") -> str:
        status, told = await self.upload(content, name)
        assert status == 200, told
        return str(told["id"])

    async def fetch(self, name: str, *, query: str = "", **headers: str) -> tuple[aiohttp.ClientResponse, bytes]:
        url = f"{self.desk.base}/api/v1{self.path}/{name}{query}"
        async with self.desk.http.get(url, headers=headers) as answer:
            return answer, await answer.read()

    async def reply(self, client: str = "c1", **more: Any) -> Any:
        return await self.desk.post(f"/conversations/{self.ref}/reply", {"client_id": client, **more})

    async def sent(self) -> list[dict[str, Any]]:
        story = await self.desk.get(f"/conversations/{self.ref}/story")
        return [item for item in story.body["items"] if item["kind"] == "out"]


@pytest.fixture
async def at(office: Office, tmp_path: Path) -> FileDesk:
    await office.stop_serving()
    files = FolderFiles(tmp_path / "files", b"k" * 32)
    await office.serve(files=files, sendable=lambda channel: TAKES if channel == "chat" else Sendable())
    desk = await office.desk("ann", shift=True, skills={"billing": 3})
    conv = await office.arrives("my bill", topics=("bill",))
    answer = await desk.post(f"/conversations/{office.ref(conv)}/accept", {"offer": office.offer(conv)})
    assert answer.status == 200, answer.text
    return FileDesk(office, desk, office.ref(conv))


async def test_an_uploaded_file_leaves_with_the_reply_and_is_served(at: FileDesk) -> None:
    name = await at.uploaded(name="../../a photo\u202e.png")
    assert (await at.reply(files=[name])).status == 200
    (said,) = await at.sent()
    (file,) = said["files"]
    told = (file["name"], file["media_type"], file["size_bytes"], file["state"], file["shown"])
    assert told == ("a photo.png", "image/png", len(PNG), "kept", True)
    answer, content = await at.fetch(file["id"])
    assert content == PNG
    assert answer.headers["Content-Type"] == "image/png"


async def test_what_is_uploaded_stays_with_the_draft_until_it_is_sent_or_dropped(at: FileDesk) -> None:
    first, second = await at.uploaded(name="1.png"), await at.uploaded(name="2.png")
    assert [each["name"] for each in (await at.desk.get(at.path)).body] == ["1.png", "2.png"]
    assert (await at.desk.call("DELETE", f"{at.path}/{second}", {})).status == 204
    assert [each["id"] for each in (await at.desk.get(at.path)).body] == [first]
    assert (await at.desk.get("/drafts")).body == {}
    assert (await at.reply(text="here", files=[first])).status == 200
    assert (await at.desk.get(at.path)).body == []


async def test_a_repeated_reply_is_one_message_with_its_files(at: FileDesk) -> None:
    name = await at.uploaded()
    first = await at.reply(text="here", files=[name])
    again = await at.reply(text="here", files=[name])
    assert (again.status, again.body["message"]) == (200, first.body["message"])
    assert [len(said["files"]) for said in await at.sent()] == [1]


async def test_a_file_of_the_story_can_be_sent_again(at: FileDesk) -> None:
    await at.reply(files=[await at.uploaded()])
    (said,) = await at.sent()
    assert (await at.reply("c2", text="once more", files=[said["files"][0]["id"]])).status == 200
    assert [len(each["files"]) for each in await at.sent()] == [1, 1]


REFUSED = [
    ([(b"%PDF-1.7" + b"x" * 3_000, "a.pdf")], "file_too_large"),
    ([(PNG * 6, "a.png")], "file_too_large"),
    ([(PNG, f"{n}.png") for n in range(4)], "files_too_many"),
    ([(b"%PDF-1.7" + b"x" * 1_500, "a.pdf"), (b"%PDF-1.7" + b"x" * 1_500, "b.pdf")], "files_too_large"),
]


@pytest.mark.parametrize(("files", "code"), REFUSED)
async def test_what_a_channel_cannot_send_is_refused_by_name_and_nothing_is_said(
    at: FileDesk, files: list[tuple[bytes, str]], code: str
) -> None:
    names = [await at.uploaded(content, name) for content, name in files]
    refused = await at.reply(files=names)
    assert (refused.status, refused.code) == (400, code)
    assert await at.sent() == []
    assert len((await at.desk.get(at.path)).body) == len(names)


def test_a_channel_that_sends_no_files_says_so() -> None:
    with pytest.raises(FileRefused, match="files_not_taken"):
        Sendable().check([("image/png", 1)])
    with pytest.raises(FileRefused, match="file_kind"):
        Sendable(kinds={"image/png": 5}, files_max=1).check([("application/pdf", 1)])
    Sendable().check([])


async def test_the_limits_of_a_line_are_told_before_anything_is_sent(at: FileDesk) -> None:
    lines = (await at.desk.get(f"/conversations/{at.ref}")).body["lines"]
    assert lines[0]["files"] == {"kinds": dict(TAKES.kinds), "files_max": 3, "bytes_max": 2_500}


@pytest.mark.parametrize("text", ["", None])
async def test_a_reply_without_words_and_without_files_is_refused(at: FileDesk, text: str | None) -> None:
    refused = await at.reply(**({} if text is None else {"text": text}))
    assert (refused.status, refused.body["error"]["field"]) == (400, "text")


async def test_an_unknown_file_is_refused_by_name(at: FileDesk) -> None:
    for name in ("ab" * 12, "1-7", "999999-0"):
        assert (await at.reply(files=[name])).code == "file_unknown"
        assert (await at.fetch(name))[0].status == 404


async def test_an_upload_needs_the_sessions_token_its_own_type_and_something_in_it(at: FileDesk) -> None:
    url = f"{at.desk.base}/api/v1{at.path}?name=a"
    async with at.desk.http.post(url, data=b"x", headers={"Content-Type": "application/octet-stream"}) as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (403, "csrf")
    async with at.desk.http.post(url, data=b"x", headers={"Content-Type": "text/plain", "X-CSRF": at.desk.csrf}) as no:
        assert (no.status, (await no.json())["error"]["code"]) == (400, "not_bytes")
    status, told = await at.upload(b"")
    assert (status, told["error"]["code"]) == (400, "file_empty")


async def test_an_upload_is_bounded_in_bytes_and_in_number(at: FileDesk) -> None:
    headers = {"X-CSRF": at.desk.csrf, "Content-Type": "application/octet-stream", "Content-Length": str(26 * 2**20)}
    url = f"{at.desk.base}/api/v1{at.path}?name=a"
    async with at.desk.http.post(url, data=BytesIO(b"x" * 26 * 2**20), headers=headers) as answer:
        assert answer.status == 413
    told = [(await at.upload(b"x%d" % number))[0] for number in range(32)]
    assert told[:20] == [200] * 20
    assert {400, 429} >= set(told[20:])
    assert told[-1] == 429


async def test_who_may_not_see_the_conversation_gets_no_file_and_uploads_none(at: FileDesk) -> None:
    await at.reply(files=[await at.uploaded()])
    (said,) = await at.sent()
    staged = await at.uploaded(name="mine.png")
    name = said["files"][0]["id"]
    other = FileDesk(at.office, await at.office.desk("eve"), at.ref)
    for asked in (name, staged):
        assert (await other.fetch(asked))[0].status == 404
    assert (await other.upload())[0] in {404, 409}
    nobody = FileDesk(at.office, at.office.visitor(), at.ref)
    assert (await nobody.fetch(name))[0].status == 401
    boss = FileDesk(at.office, await at.office.desk("boss", role="supervisor"), at.ref)
    assert (await boss.fetch(name))[0].status == 200
    assert (await boss.fetch(staged))[0].status == 404
    assert (await boss.upload())[0] == 409


async def test_a_file_of_one_conversation_is_not_found_under_another(at: FileDesk) -> None:
    await at.reply(files=[await at.uploaded()])
    (said,) = await at.sent()
    conv = await at.office.arrives("me too", key="k2")
    await at.desk.post(f"/conversations/{at.office.ref(conv)}/accept", {"offer": at.office.offer(conv)})
    elsewhere = FileDesk(at.office, at.desk, at.office.ref(conv))
    assert (await elsewhere.fetch(said["files"][0]["id"]))[0].status == 404


PAGES = [
    (b"<!doctype html><script>alert(1)</script>", "page.html"),
    (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "photo.png"),
    (b"MZ\x90\0", "invoice.pdf"),
]


@pytest.mark.parametrize(("content", "name"), PAGES)
async def test_no_page_and_no_program_is_ever_shown(at: FileDesk, content: bytes, name: str) -> None:
    staged = await at.uploaded(content, name)
    answer, body = await at.fetch(staged)
    assert body == content
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_picture_is_shown_in_a_sandbox_and_saved_when_asked_for(at: FileDesk) -> None:
    staged = await at.uploaded(name='账单 "1".png')
    shown, _ = await at.fetch(staged)
    assert shown.headers["Content-Disposition"].startswith("inline;")
    assert "%E8%B4%A6%E5%8D%95" in shown.headers["Content-Disposition"]
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    assert shown.headers["Cache-Control"].startswith("private")
    saved, _ = await at.fetch(staged, query="?download=true")
    assert saved.headers["Content-Disposition"].startswith("attachment;")
    again, body = await at.fetch(staged, **{"If-None-Match": shown.headers["ETag"]})
    assert (again.status, body) == (304, b"")


async def test_a_range_of_a_file_is_served(at: FileDesk) -> None:
    staged = await at.uploaded()
    part, body = await at.fetch(staged, Range="bytes=8-11")
    assert (part.status, body, part.headers["Content-Range"]) == (206, PNG[8:12], f"bytes 8-11/{len(PNG)}")
    beyond, _ = await at.fetch(staged, Range=f"bytes={len(PNG)}-")
    assert (beyond.status, beyond.headers["Content-Range"]) == (416, f"bytes */{len(PNG)}")


async def test_a_file_that_is_coming_or_failed_is_shown_by_name_and_not_served(at: FileDesk) -> None:
    rows = [FileRow(name="a.jpg", source="m1"), FileRow(name="b.jpg", source="m2", reason="media_gone")]
    (message,) = await at.office.store.archive.write(
        SITE, [with_files(Body(direction="in", author="customer", created_ms=1), rows)]
    )
    found = await at.office.store.archive.message(SITE, message)
    assert found is not None
    assert [(file.state, file.why) for file in files_of(found.body)] == [("coming", ""), ("failed", "media_gone")]
    assert (await at.fetch(f"{message}-0"))[0].status == 404


RANGES = [
    ("", (0, 10)),
    ("bytes=0-4", (0, 5)),
    ("bytes=5-", (5, 5)),
    ("bytes=-3", (7, 3)),
    ("bytes=-30", (0, 10)),
    ("bytes=2-100", (2, 8)),
    ("bytes=10-", None),
    ("bytes=-0", None),
    ("bytes=5-2", (0, 10)),
    ("bytes=-", (0, 10)),
    ("bytes=0-1,3-4", (0, 10)),
    ("lines=0-1", (0, 10)),
]


@pytest.mark.parametrize(("header", "part"), RANGES)
def test_a_range_header_names_a_part(header: str, part: tuple[int, int] | None) -> None:
    assert part_of(header, 10) == part


@given(st.text(max_size=30), st.integers(1, 100))
def test_no_range_reaches_beyond_the_file(text: str, size_bytes: int) -> None:
    part = part_of(f"bytes={text}", size_bytes)
    assert part is None or (part[0] >= 0 and part[1] > 0 and sum(part) <= size_bytes)


@given(st.text(max_size=60))
def test_no_name_breaks_out_of_its_header(name: str) -> None:
    told = headers_of(name.encode("utf-8", "replace").decode(), "image/png", "m", download=True)["Content-Disposition"]
    assert told.isascii()
    assert not set(told) & set("\r\n\0")
    assert told.count('"') == 2


async def test_a_desk_that_looks_sees_a_file_arrive(at: FileDesk) -> None:
    archive, conv = at.office.store.archive, next(iter(at.office.floor.state.convs))
    message = 1
    found = await archive.message(SITE, message)
    assert found is not None
    coming = with_files(found.body, [FileRow(name="a.png", source="m1")]).extra["files"]
    assert await archive.set_extra(SITE, message, "files", old="", new=coming)
    socket = at.desk.sockets[0]
    await socket.ws.send_json({"type": "look", "ref": at.ref})
    shown = await socket.next("story")
    assert [file["state"] for item in shown["items"] for file in item.get("files", [])] == ["coming"]
    kept = with_files(found.body, [FileRow(name="a.png", source="m1", media_type="image/png", file="f" * 40)])
    assert await archive.set_extra(SITE, message, "files", old=coming, new=kept.extra["files"])
    await at.office.made(cmd.ReportDelivery(id="E1:fetched", conv=conv, message=message, status="fetched"))
    told = await socket.next("story")
    assert [(item["kind"], item["files"][0]["state"]) for item in told["items"]] == [("in", "kept")]
