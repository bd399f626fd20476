"""Files that leave as an operator has described it: beforehand to be named, or in the message's own form. No words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from channels.contract import Attachment, TryLater, Undeliverable
from channels.http_out import Ask, File, Told, ask
from channels.webhook.paths import Expression, Item
from channels.webhook.settings import ANY_TYPE, MEBIBYTE_BYTES, FileWay, Outgoing
from channels.webhook.templates import fill, fill_headers, fill_url

# Ten megabytes to a provider; the outbox holds a lane for thirty seconds.
UPLOAD_S = 12.0


def files_of(out: Outgoing | None) -> Mapping[str, int]:
    """Return the media types that an entry can send and how large, as a channel says it."""
    ways = out.files if out else ()
    return {kind: way.mebibytes_max * MEBIBYTE_BYTES for way in reversed(ways) for kind in way.types}


def way_of(ways: Sequence[FileWay], file: Attachment) -> FileWay:
    """Return how a file is sent. Raises Undeliverable: before a word of the message leaves."""
    named = next((way for way in ways if file.media_type in way.types), None)
    way = named or next((way for way in ways if ANY_TYPE in way.types), None)
    if way is None:
        raise Undeliverable("file_kind")
    if len(file.content) > way.mebibytes_max * MEBIBYTE_BYTES:
        raise Undeliverable("file_too_large")
    if not file.content:
        raise Undeliverable("file_unusable")
    return way


async def send_file(way: FileWay, file: Attachment, values: Mapping[str, str], *, harmless: bool) -> Told:
    """Upload a file where it must be, and send it. Raises TryLater, Undeliverable or Unsure."""
    values = {**values, "name": file.name, "type": file.media_type, "media": ""}
    if way.upload is not None:
        upload = way.upload
        told = await _ask(upload.url, upload.headers, values, form=upload.form, file=_part(upload.field, file))
        values["media"] = Expression(upload.find).of(Item((_read(told),)))
        if told.status >= 400 or not values["media"]:
            raise _not_taken(told.status)
    if way.field:
        return await _ask(way.url, way.headers, values, form=way.body, file=_part(way.field, file), harmless=harmless)
    body = msgspec.json.encode(fill(way.body, values))
    request = Ask(
        method="POST",
        url=fill_url(way.url, values),
        headers=fill_headers(way.headers, values),
        json=body,
        harmless=harmless,
        any_status=True,
    )
    return await ask(request)


async def _ask(
    url: str,
    headers: Mapping[str, str],
    values: Mapping[str, str],
    *,
    form: Mapping[str, Any],
    file: File,
    harmless: bool = True,
) -> Told:
    request = Ask(
        method="POST",
        url=fill_url(url, values),
        headers=fill_headers(headers, values),
        form=fill(form, values),
        file=file,
        harmless=harmless,
        any_status=True,
        call_s=UPLOAD_S,
    )
    return await ask(request)


def _part(field: str, file: Attachment) -> File:
    return File(field=field, name=file.name, media_type=file.media_type, content=file.content)


def _not_taken(status: int) -> TryLater | Undeliverable:
    """An upload that was refused has told the customer nothing: only what time may cure is tried again."""
    if status in {401, 403}:
        return TryLater("access_refused")
    if status in {408, 425, 429} or status >= 500:
        return TryLater(f"provider_{status}")
    return Undeliverable("file_refused")


def _read(told: Told) -> Any:
    try:
        return msgspec.json.decode(told.body) if told.body else None
    except (ValueError, RecursionError):
        return None
