"""One HTTP call to a provider, and which of the four ways it went. No retry, no token, no provider's own facts."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from io import BytesIO

import aiohttp
import msgspec

from channels.contract import TryLater, Undeliverable, Unsure
from channels.typed import typed

# A provider answers in a tenth of these. With a token to renew and a call to repeat they stay below the outbox's 30 s.
CONNECT_S, CALL_S = 3.0, 5.5
ANSWER_BYTES_MAX = 256 * 1024
# A file's name is shown on a screen.
NAME_CHARS_MAX = 120
# A provider that wants more has something else in mind than our rate.
WISH_MS_MAX = 3_600_000
_CHUNK_BYTES = 64 * 1024
# A gateway says so before it has passed the request on; other server errors may come after the deed.
NOT_PASSED_ON = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A file in a form."""

    field: str
    name: str
    media_type: str
    content: bytes


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """A request. `harmless`: to ask it twice changes nothing, so a lost answer is no doubt.

    `any_status`: an answer is handed back whatever its status says; its meaning is the asker's.
    """

    method: str
    url: str
    query: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}
    json: bytes | None = None
    form: Mapping[str, str] | None = None
    file: File | None = None
    harmless: bool = False
    any_status: bool = False
    answer_bytes_max: int = ANSWER_BYTES_MAX
    call_s: float = 0.0  # 0: CALL_S


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What came back. `name` is the file name the provider gives it, `after_ms` how long it wants to be left alone."""

    status: int
    body: bytes
    media_type: str
    name: str = ""
    after_ms: int = 0


async def ask(request: Ask) -> Told:
    """Ask a provider. Raises TryLater, Undeliverable or Unsure; reasons are codes without addresses or secrets.

    Each call has a connection of its own: one that was kept may be closed by the other side in the moment in which
    we speak, and nobody knows then whether it was heard. So nothing has to be closed when a node stops, either.
    """
    timeout = aiohttp.ClientTimeout(total=request.call_s or CALL_S, sock_connect=CONNECT_S)
    lost = TryLater if request.harmless else Unsure
    try:
        connector = aiohttp.TCPConnector(force_close=True)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            return await _told(session, request)
    except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError):
        # Only a setting or a provider's link can be so.
        raise Undeliverable("address_unusable") from None
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        raise TryLater("provider_unreachable") from None
    except (aiohttp.ClientError, OSError, TimeoutError):
        raise lost("provider_silent") from None


async def _told(session: aiohttp.ClientSession, request: Ask) -> Told:
    kind = {"Content-Type": "application/json; charset=utf-8"} if request.json is not None else {}
    async with session.request(
        request.method,
        request.url,
        params=dict(request.query),
        data=_body(request),
        headers={**kind, **request.headers},
        allow_redirects=False,
    ) as answer:
        after_ms = _wish_ms(answer.headers.get("Retry-After", ""))
        if answer.status in NOT_PASSED_ON and not request.any_status:
            raise TryLater(f"provider_{answer.status}", after_ms=after_ms)
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR and not request.any_status:
            reason = f"provider_{answer.status}"
            raise TryLater(reason) if request.harmless else Unsure(reason)
        disposition = answer.content_disposition
        return Told(
            status=answer.status,
            body=await _read(answer, request.answer_bytes_max),
            media_type=answer.content_type,
            after_ms=after_ms,
            name=typed(disposition.filename or "", lines=False)[:NAME_CHARS_MAX] if disposition else "",
        )


def _wish_ms(said: str) -> int:
    """Return for how long a provider wants to be left alone, 0 where it does not say; a date is not read."""
    return min(int(said) * 1_000, WISH_MS_MAX) if said.isascii() and said.isdigit() else 0


def _body(request: Ask) -> bytes | aiohttp.FormData | None:
    if request.json is not None:
        return request.json
    if request.form is None and request.file is None:
        return None
    # Names stand in the form as they are, in UTF-8: written as %E5 they are shown so.
    form = aiohttp.FormData(quote_fields=False)
    for name, value in (request.form or {}).items():
        form.add_field(name, value)
    if request.file is not None:
        file = request.file
        form.add_field(file.field, BytesIO(file.content), filename=file.name, content_type=file.media_type)
    return form


async def _read(answer: aiohttp.ClientResponse, bytes_max: int) -> bytes:
    """Read a bounded answer: what is longer is no answer of this provider's."""
    parts: list[bytes] = []
    size_bytes = 0
    async for part in answer.content.iter_chunked(_CHUNK_BYTES):
        size_bytes += len(part)
        if size_bytes > bytes_max:
            raise Undeliverable("answer_too_large")
        parts.append(part)
    return b"".join(parts)
