"""Answers to Weibo and files from it: one call each, and what its error codes mean. No webhooks here.

https://open.weibo.com/wiki/Send_Customer_Service_Message
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec

from channels.contract import Attachment, Done, EffectFailed, Fetch, Send, TryLater, Undeliverable, Unsure
from channels.http_out import Ask, Told, ask
from channels.parts import Progress, say_all, split
from channels.weibo.messages import is_uid

# "Fewer than 300 characters"; there is no limit to how many messages, so that one is ours.
TEXT_CHARS_MAX, PARTS_MAX = 299, 10
MEDIA_BYTES_MAX = 20 * 1024 * 1024
DOWNLOAD_S = 20.0


class Means(NamedTuple):
    """What an error code means for an answer."""

    way: type[TryLater] | type[Undeliverable]
    reason: str
    after_ms: int = 0


CODES: Mapping[int, Means] = {
    10001: Means(TryLater, "provider_busy"),
    10002: Means(TryLater, "provider_busy"),
    10009: Means(TryLater, "provider_busy"),
    10010: Means(TryLater, "provider_busy"),
    10014: Means(TryLater, "no_right"),
    10022: Means(TryLater, "rate_limit", 3_600_000),
    10023: Means(TryLater, "rate_limit", 3_600_000),
    10024: Means(TryLater, "rate_limit", 3_600_000),
    21301: Means(TryLater, "token_refused"),
    21314: Means(TryLater, "token_refused"),
    21315: Means(TryLater, "token_refused"),
    21316: Means(TryLater, "token_refused"),
    21317: Means(TryLater, "token_refused"),
    21327: Means(TryLater, "token_expired"),
    21332: Means(TryLater, "token_refused"),
}


class Sender:
    """One account's outgoing side."""

    def __init__(self, access_token: str, *, api_url: str, upload_url: str) -> None:
        self._token = access_token
        self._api_url, self._upload_url = api_url.rstrip("/"), upload_url.rstrip("/")

    async def send(self, effect: Send, progress: Progress) -> Done:
        """Send what has not left yet."""
        await say_all(parts_of(effect), progress, lambda part: self._say(effect.line.peer, part))
        return Done()

    async def _say(self, peer: str, text: str) -> None:
        # Plain JSON: the form encodes it, and encoded twice the customer would see signs of per cent.
        form = {
            "access_token": self._token,
            "receiver_id": peer,
            "type": "text",
            "data": msgspec.json.encode({"text": text}).decode(),
            "save_sender_box": "1",
        }
        fault = fault_of(await ask(Ask(method="POST", url=f"{self._api_url}/2/messages/reply.json", form=form)))
        if fault is not None:
            raise fault

    async def fetch(self, effect: Fetch) -> Done:
        """Bring a file that a customer has sent."""
        if not is_uid(effect.url):
            raise Undeliverable("media_unusable")
        request = Ask(
            method="GET",
            url=f"{self._upload_url}/2/mss/msget",
            query={"access_token": self._token, "fid": effect.url},
            harmless=True,
            answer_bytes_max=MEDIA_BYTES_MAX,
            call_s=DOWNLOAD_S,
        )
        told = await ask(request)
        if told.status != 200 or told.media_type == "application/json":
            fault = fault_of(told)
            raise fault if isinstance(fault, TryLater) else Undeliverable("media_gone")
        name = told.name or effect.url
        file = Attachment(name=name, media_type=told.media_type, size_bytes=len(told.body), content=told.body)
        return Done(files=(file,))


def parts_of(effect: Send) -> list[str]:
    """Return what is sent, one message each. What cannot be sent whole is refused before a word of it leaves."""
    if not is_uid(effect.line.peer):
        raise Undeliverable("address_unusable")
    if effect.files:
        raise Undeliverable("file_kind")
    parts = [part for part in split(effect.text, TEXT_CHARS_MAX) if part]
    if not parts:
        raise Undeliverable("nothing_to_say")
    if len(parts) > PARTS_MAX:
        raise Undeliverable("too_long")
    return parts


def passive_reply(text: str, *, us: str, them: str) -> dict[str, str | bool]:
    """Return the answer to a push that says something. Here the JSON inside must be encoded by ourselves."""
    data = quote(msgspec.json.encode({"text": text}).decode(), safe="")
    return {"result": True, "sender_id": us, "receiver_id": them, "type": "text", "data": data}


def fault_of(told: Told) -> EffectFailed | None:
    """Return what went wrong by an answer, None where nothing did."""
    try:
        said = msgspec.json.decode(told.body, type=dict[str, Any])
    except (ValueError, RecursionError):
        return Unsure("answer_unreadable") if told.status == 200 else TryLater("answer_unreadable")
    code = said.get("error_code")
    if isinstance(code, int) and code:
        means = CODES.get(code) or Means(Undeliverable, f"provider_{code}")
        return TryLater(means.reason, after_ms=means.after_ms) if means.way is TryLater else means.way(means.reason)
    return Undeliverable("refused") if said.get("result") is False else None
