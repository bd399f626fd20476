"""Answers and files through WeChat's customer-service interface, and media back from it. No webhooks here.

https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Service_Center_messages.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec

from channels.contract import Attachment, Done, Fetch, Send, TryLater, Typing, Undeliverable
from channels.http_out import Ask, File, Told, ask
from channels.parts import Progress, say_all, split, utf8_bytes
from channels.tencent.api import SAYS, Api, Means
from channels.wechat.messages import is_media_id

# "45002: the length of the text" comes above this; about 680 Chinese characters.
TEXT_BYTES_MAX = 2_048
# What a customer's message allows in answer, so a longer answer could never be said whole.
PARTS_MAX = 5
# One of them is for the words.
FILES_MAX = PARTS_MAX - 1
MEBIBYTE_BYTES = 1024 * 1024
MEDIA_BYTES_MAX = 20 * MEBIBYTE_BYTES
# A file of ten megabytes over a company's line.
UPLOAD_S, DOWNLOAD_S = 12.0, 20.0

CODES: Mapping[int, Means] = {
    40003: Means(Undeliverable, "address_unknown"),
    40007: Means(Undeliverable, "media_gone"),
    43004: Means(Undeliverable, "not_following"),
    45002: Means(Undeliverable, "too_long"),
    45015: Means(Undeliverable, "window_closed"),
    45047: Means(Undeliverable, "quota_used"),
    # The account has not this right (yet): what was said waits until an operator has seen to it.
    48001: Means(TryLater, "no_right"),
    48002: Means(Undeliverable, "blocked"),
    48004: Means(TryLater, "account_restricted"),
    50002: Means(Undeliverable, "blocked"),
}


class Kind(NamedTuple):
    """How WeChat calls a kind of file, and how large it may be."""

    name: str
    bytes_max: int


IMAGE, VIDEO = Kind("image", 10 * MEBIBYTE_BYTES), Kind("video", 10 * MEBIBYTE_BYTES)
VOICE = Kind("voice", 2 * MEBIBYTE_BYTES)
FILE_KINDS: Mapping[str, Kind] = {
    "image/jpeg": IMAGE,
    "image/png": IMAGE,
    "image/gif": IMAGE,
    "image/bmp": IMAGE,
    "audio/amr": VOICE,
    "audio/mpeg": VOICE,
    "video/mp4": VIDEO,
}
# WeChat tells a file's kind by the end of its name, and a customer's name for it is nobody's business there.
_ENDINGS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/bmp": "bmp",
    "audio/amr": "amr",
    "audio/mpeg": "mp3",
    "video/mp4": "mp4",
}

Part = str | Attachment


class Sender:
    """One Official Account's outgoing side."""

    def __init__(self, api: Api, base_url: str, *, kf_account: str, media_hosts: tuple[str, ...]) -> None:
        self._api, self._base_url = api, base_url
        self._kf_account = kf_account
        self._media_hosts = media_hosts

    async def send(self, effect: Send, progress: Progress) -> Done:
        """Send what has not left yet."""
        await say_all(parts_of(effect), progress, lambda part: self._say(effect.line.peer, part))
        return Done()

    async def typing(self, effect: Typing) -> Done:
        """Show or hide that somebody writes."""
        command = "Typing" if effect.on else "CancelTyping"
        await self._post("/cgi-bin/message/custom/typing", {"touser": effect.line.peer, "command": command})
        return Done()

    async def fetch(self, effect: Fetch) -> Done:
        """Bring a medium. A film comes as an address, which must be one of the platform's own."""
        if not is_media_id(effect.url):
            raise Undeliverable("media_unusable")
        query = {"media_id": effect.url}
        told = await self._api.file(self._download(f"{self._base_url}/cgi-bin/media/get", query))
        if told.media_type in SAYS:
            told = await ask(self._download(self._film(told), {}))
        if told.status != 200:
            raise Undeliverable("media_gone")
        name = told.name or effect.url[:16]
        file = Attachment(name=name, media_type=told.media_type, size_bytes=len(told.body), content=told.body)
        return Done(files=(file,))

    def _film(self, told: Told) -> str:
        try:
            url = str(msgspec.json.decode(told.body, type=dict[str, Any]).get("video_url", ""))
            parts = urlsplit(url)
        except (ValueError, RecursionError):
            raise Undeliverable("media_unusable") from None
        host = parts.hostname or ""
        ours = any(host == each or host.endswith(f".{each}") for each in self._media_hosts)
        if parts.scheme not in {"http", "https"} or not ours:
            raise Undeliverable("media_unusable")
        return url

    @staticmethod
    def _download(url: str, query: dict[str, str]) -> Ask:
        return Ask(
            method="GET", url=url, query=query, harmless=True, answer_bytes_max=MEDIA_BYTES_MAX, call_s=DOWNLOAD_S
        )

    async def _say(self, peer: str, part: Part) -> None:
        if isinstance(part, str):
            body: dict[str, Any] = {"touser": peer, "msgtype": "text", "text": {"content": part}}
        else:
            kind = FILE_KINDS[part.media_type].name
            body = {"touser": peer, "msgtype": kind, kind: {"media_id": await self._upload(part, kind)}}
        if self._kf_account:
            body["customservice"] = {"kf_account": self._kf_account}
        await self._post("/cgi-bin/message/custom/send", body)

    async def _upload(self, file: Attachment, kind: str) -> str:
        sent = File(
            field="media", name=f"file.{_ENDINGS[file.media_type]}", media_type=file.media_type, content=file.content
        )
        request = Ask(
            method="POST",
            url=f"{self._base_url}/cgi-bin/media/upload",
            query={"type": kind},
            file=sent,
            harmless=True,
            call_s=UPLOAD_S,
        )
        media_id = (await self._api.call(request)).get("media_id")
        if not isinstance(media_id, str) or not media_id:
            raise TryLater("answer_unreadable")
        return media_id

    async def _post(self, path: str, body: dict[str, Any]) -> None:
        # Plain UTF-8: characters written as \uXXXX have been shown to customers like that.
        await self._api.call(Ask(method="POST", url=f"{self._base_url}{path}", json=msgspec.json.encode(body)))


def parts_of(effect: Send) -> list[Part]:
    """Return what is sent, one message each. What cannot be sent whole is refused before a word of it leaves."""
    if not effect.line.peer:
        raise Undeliverable("address_unusable")
    words: list[Part] = [*split(effect.text, TEXT_BYTES_MAX, utf8_bytes)] if effect.text else []
    for file in effect.files:
        kind = FILE_KINDS.get(file.media_type)
        if kind is None:
            raise Undeliverable("file_kind")
        if not 0 < len(file.content) <= kind.bytes_max:
            raise Undeliverable("file_size")
    parts = [*words, *effect.files]
    if not parts:
        raise Undeliverable("nothing_to_say")
    if len(parts) > PARTS_MAX:
        raise Undeliverable("too_long")
    return parts
