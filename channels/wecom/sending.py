"""Answers and files through WeCom's customer-service interface, and media back from it. No pulling here.

https://developer.work.weixin.qq.com/document/path/94677
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from channels.contract import Attachment, Done, Fetch, Send, TryLater, Undeliverable
from channels.http_out import Ask, File
from channels.parts import Progress, rest_in_time, split, utf8_bytes
from channels.tencent.api import Api, Means
from channels.typed import typed
from channels.wecom.messages import is_media_id, parties_of

TEXT_BYTES_MAX, PARTS_MAX = 2_048, 5
# One of them is for the words.
FILES_MAX = PARTS_MAX - 1
MEBIBYTE_BYTES = 1024 * 1024
MEDIA_BYTES_MAX = 20 * MEBIBYTE_BYTES
UPLOAD_S, DOWNLOAD_S = 12.0, 20.0
NAME_CHARS_MAX = 60
# In other states a session belongs to WeCom's own pool or staff, and nothing of ours is delivered.
STATE_INVALID, STATE_OURS = 95018, 1
# What a message id says that was taken before: so the message is there.
ID_TAKEN = 40058

CODES: Mapping[int, Means] = {
    40096: Means(Undeliverable, "address_unknown"),
    40007: Means(Undeliverable, "media_gone"),
    48002: Means(TryLater, "no_right"),
    95000: Means(Undeliverable, "account_unknown"),
    95001: Means(Undeliverable, "quota_used"),
    95002: Means(Undeliverable, "window_closed"),
    95004: Means(Undeliverable, "account_unknown"),
    95011: Means(TryLater, "not_managed_here"),
    95012: Means(TryLater, "not_managed_here"),
    95013: Means(Undeliverable, "session_closed"),
    95017: Means(TryLater, "not_managed_here"),
    STATE_INVALID: Means(Undeliverable, "session_not_ours"),
}
# By the beginning of the media type, and how large each may be. Anything else goes as a file.
KINDS: Mapping[str, tuple[str, int]] = {
    "image/jpeg": ("image", 2 * MEBIBYTE_BYTES),
    "image/png": ("image", 2 * MEBIBYTE_BYTES),
    "audio/amr": ("voice", 2 * MEBIBYTE_BYTES),
    "video/mp4": ("video", 10 * MEBIBYTE_BYTES),
}
ANY_FILE = ("file", 20 * MEBIBYTE_BYTES)
# The platform refuses files of fewer bytes.
FILE_BYTES_MIN = 5

Part = str | Attachment


class Sender:
    """One corporation's outgoing side."""

    def __init__(self, api: Api, base_url: str) -> None:
        self._api, self._base_url = api, base_url

    async def send(self, effect: Send, progress: Progress) -> Done:
        """Send what has not left yet. Each part has an id of its own, by which the platform knows a repeat."""
        parties, parts = parties_of(effect.line.peer), parts_of(effect)
        if parties is None:
            raise Undeliverable("address_unusable")
        started = asyncio.get_running_loop().time()
        begun = await progress.read()
        # The last part that was begun is said again: whether it has left, its id will tell.
        for number, part in enumerate(parts[max(begun - 1, 0) :], max(begun, 1)):
            if number > begun + 1:
                rest_in_time(started)
            if number > begun:
                await progress.note(number)
            await self._say(parties, part, message_id(effect.key, number), again=number == begun)
        return Done(provider=message_id(effect.key))

    async def greet(self, code: str, text: str, key: str) -> None:
        """Say a welcome to somebody who has just entered."""
        body = {"code": code, "msgid": message_id(key, 1), "msgtype": "text", "text": {"content": text}}
        await self._post("/cgi-bin/kf/send_msg_on_event", body)

    async def fetch(self, effect: Fetch) -> Done:
        """Bring a medium."""
        if not is_media_id(effect.url):
            raise Undeliverable("media_unusable")
        request = Ask(
            method="GET",
            url=f"{self._base_url}/cgi-bin/media/get",
            query={"media_id": effect.url},
            harmless=True,
            answer_bytes_max=MEDIA_BYTES_MAX,
            call_s=DOWNLOAD_S,
        )
        told = await self._api.file(request)
        if told.status != 200:
            raise Undeliverable("media_gone")
        name = told.name or effect.url[:16]
        file = Attachment(name=name, media_type=told.media_type, size_bytes=len(told.body), content=told.body)
        return Done(files=(file,))

    async def _say(self, parties: tuple[str, str], part: Part, msgid: str, *, again: bool) -> None:
        body = {"open_kfid": parties[0], "touser": parties[1], "msgid": msgid, **await self._content(part)}
        code = await self._sent(body)
        if code == STATE_INVALID:
            await self._take_over(parties)
            code = await self._sent(body)
        if code and not (again and code == ID_TAKEN):
            raise self._api.failure(code)

    async def _sent(self, body: dict[str, Any]) -> int:
        request = Ask(method="POST", url=f"{self._base_url}/cgi-bin/kf/send_msg", json=msgspec.json.encode(body))
        return await self._api.code_of(request)

    async def _take_over(self, parties: tuple[str, str]) -> None:
        """Bring the session into our hands; from WeCom's staff or out of an ended one it cannot be taken."""
        state = {"open_kfid": parties[0], "external_userid": parties[1], "service_state": STATE_OURS}
        request = Ask(
            method="POST",
            url=f"{self._base_url}/cgi-bin/kf/service_state/trans",
            json=msgspec.json.encode(state),
            harmless=True,
        )
        if await self._api.code_of(request):
            raise Undeliverable("session_not_ours")

    async def _content(self, part: Part) -> dict[str, Any]:
        if isinstance(part, str):
            return {"msgtype": "text", "text": {"content": part}}
        kind, _ = KINDS.get(part.media_type, ANY_FILE)
        return {"msgtype": kind, kind: {"media_id": await self._upload(part, kind)}}

    async def _upload(self, file: Attachment, kind: str) -> str:
        # Only a document's name is the customer's business; it stands under the file in their chat.
        name = typed(file.name, lines=False)[-NAME_CHARS_MAX:] or "file"
        request = Ask(
            method="POST",
            url=f"{self._base_url}/cgi-bin/media/upload",
            query={"type": kind},
            file=File(field="media", name=name, media_type=file.media_type, content=file.content),
            harmless=True,
            call_s=UPLOAD_S,
        )
        media_id = (await self._api.call(request)).get("media_id")
        if not isinstance(media_id, str) or not media_id:
            raise TryLater("answer_unreadable")
        return media_id

    async def _post(self, path: str, body: dict[str, Any]) -> None:
        await self._api.call(Ask(method="POST", url=f"{self._base_url}{path}", json=msgspec.json.encode(body)))


def message_id(key: str, part: int = 0) -> str:
    """Return the id of a part, or of the whole answer: at most 32 letters, the same on each repeat."""
    whole = f"pb{hashlib.sha256(key.encode()).hexdigest()[:24]}"
    return f"{whole}_{part}" if part else whole


def parts_of(effect: Send) -> list[Part]:
    """Return what is sent, one message each. What cannot be sent whole is refused before a word of it leaves."""
    for file in effect.files:
        _, bytes_max = KINDS.get(file.media_type, ANY_FILE)
        if not FILE_BYTES_MIN <= len(file.content) <= bytes_max:
            raise Undeliverable("file_size")
    words: list[Part] = [*split(effect.text, TEXT_BYTES_MAX, utf8_bytes)] if effect.text else []
    parts = [*words, *effect.files]
    if not parts:
        raise Undeliverable("nothing_to_say")
    if len(parts) > PARTS_MAX:
        raise Undeliverable("too_long")
    return parts
