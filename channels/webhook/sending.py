"""What an operator has written about the provider's interface, done: one call each, and what its answer means."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from channels.contract import Attachment, Done, EffectFailed, Fetch, Send, TryLater, Undeliverable, Unsure
from channels.http_out import Ask, Told, ask
from channels.parts import Progress, say_all, split, utf8_bytes
from channels.webhook.files import send_file, way_of
from channels.webhook.paths import Expression, Item, matches
from channels.webhook.settings import MEBIBYTE_BYTES, FileWay, Outcome, Outgoing, Step
from channels.webhook.templates import fill, fill_headers, fill_url

DOWNLOAD_S = 20.0
_LATER = frozenset({408, 425, 429, 503})
# Our credentials are wrong, not the message: it waits until that is mended.
_ACCESS = frozenset({401, 403})
WEIGHTS: Mapping[str, Callable[[str], int]] = {
    "characters": len,
    "utf16": lambda text: len(text.encode("utf-16-le")) // 2,
    "bytes": utf8_bytes,
}


class Sender:
    """One entry's outgoing side."""

    def __init__(self, out: Outgoing, access: str) -> None:
        self._out, self._access = out, access
        self._provider = Expression(out.provider)

    async def send(self, effect: Send, progress: Progress) -> Done:
        """Send what has not left yet; return the id of the last part."""
        files = [(way_of(self._out.files, file), file) for file in effect.files]
        texts = split(effect.text, self._out.text_max, WEIGHTS[self._out.text_count])
        parts: list[str | tuple[FileWay, Attachment]] = [*(text for text in texts if text), *files]
        if not parts:
            raise Undeliverable("nothing_to_say")
        if len(parts) > self._out.parts_max:
            raise Undeliverable("too_long")
        said: list[str] = []

        async def say(numbered: tuple[int, str | tuple[FileWay, Attachment]]) -> None:
            number, part = numbered
            told = self._say(effect, number, part) if isinstance(part, str) else self._show(effect, number, *part)
            said.append(await told)

        await say_all(list(enumerate(parts)), progress, say)
        return Done(provider=said[-1] if said else "")

    async def _say(self, effect: Send, number: int, text: str) -> str:
        out, values = self._out, self._values(effect, number, text)
        body = fill(out.body, values)
        request = Ask(
            method=out.method,
            url=fill_url(out.url, values),
            headers=fill_headers(out.headers, values),
            json=msgspec.json.encode(body) if out.format == "json" else None,
            form=body if out.format == "form" else None,
            harmless=out.repeatable,
            any_status=True,
        )
        return self._heard(await ask(request), self._provider)

    async def _show(self, effect: Send, number: int, way: FileWay, file: Attachment) -> str:
        values = self._values(effect, number, "")
        told = await send_file(way, file, values, harmless=self._out.repeatable)
        return self._heard(told, Expression(way.provider) if way.provider else self._provider)

    def _heard(self, told: Told, provider: Expression) -> str:
        said = _body(told)
        fault = fault_of(self._out.outcomes, told, said, repeatable=self._out.repeatable)
        if fault is not None:
            raise fault
        return provider.of(Item((said,)))

    def _values(self, effect: Send, number: int, text: str) -> dict[str, str]:
        key = hashlib.sha256(f"{effect.key}\0{number}".encode()).digest()
        return {
            "text": text,
            "peer": effect.line.peer,
            "line": effect.line.key,
            "key": key.hex()[:32],
            "uuid": str(uuid.UUID(bytes=key[:16], version=4)),
            "reference": effect.reference,
            "author": effect.author,
            "language": effect.language,
            "last": effect.thread[-1] if effect.thread else "",
            "access": self._access,
        }


def fault_of(outcomes: tuple[Outcome, ...], told: Told, said: Any, *, repeatable: bool) -> EffectFailed | None:
    """Return what went wrong by an answer, None where nothing did. What the operator has written counts first."""
    status = told.status
    for each in outcomes:
        if (not each.status or status in each.status) and matches(Item((said,)), each.when):
            if each.means == "done":
                return None
            later = each.means == "later"
            return TryLater(each.reason, after_ms=each.after_ms) if later else Undeliverable(each.reason)
    if 200 <= status < 300:
        return None
    if status in _ACCESS:
        return TryLater("access_refused")
    reason = f"provider_{status}"
    if status in _LATER or (status >= 500 and repeatable):
        return TryLater(reason, after_ms=told.after_ms)
    return Unsure(reason) if status >= 500 else Undeliverable(reason)


class Fetcher:
    """Brings a file that a message has named, in as many steps as the provider wants."""

    def __init__(self, steps: tuple[Step, ...], access: str, mebibytes_max: int) -> None:
        self._steps, self._access, self._bytes_max = steps, access, mebibytes_max * MEBIBYTE_BYTES

    async def fetch(self, effect: Fetch) -> Done:
        """Bring one file. Raises TryLater or Undeliverable."""
        if not self._steps:
            raise Undeliverable("media_unusable")
        found = ""
        for step in self._steps[:-1]:
            told = await self._ask(step, effect.url, found)
            found = Expression(step.find).of(Item((_body(told),)))
            if not found:
                raise Undeliverable("media_gone")
        told = await self._ask(self._steps[-1], effect.url, found)
        kind = told.media_type or "application/octet-stream"
        name = told.name or effect.url.rstrip("/").rpartition("/")[2][:80] or "file"
        file = Attachment(name=name, media_type=kind, size_bytes=len(told.body), content=told.body, source=effect.url)
        return Done(files=(file,))

    async def _ask(self, step: Step, source: str, found: str) -> Told:
        values = {"source": source, "found": found, "access": self._access}
        url = fill_url(step.url, values, plain=_whole(step.url))
        if _whole(step.url) and not url.startswith(("https://", self._origin())):
            raise Undeliverable("media_unusable")
        request = Ask(
            method="GET",
            url=url,
            headers=fill_headers(step.headers, values),
            harmless=True,
            answer_bytes_max=self._bytes_max,
            call_s=DOWNLOAD_S,
        )
        told = await ask(request)
        if told.status in _ACCESS:
            raise TryLater("access_refused")
        if told.status in _LATER:
            raise TryLater(f"provider_{told.status}")
        if told.status != 200:
            raise Undeliverable("media_gone")
        return told

    def _origin(self) -> str:
        """An address that an answer names may be of the provider's own host, whatever that is, or in TLS."""
        return "/".join(self._steps[0].url.split("/")[:3]) + "/"


def _whole(url: str) -> tuple[str, ...]:
    """A step whose address is nothing but a hole asks for an address that the provider has named."""
    return (url[1:-1],) if url in {"{found}", "{source}"} else ()


def _body(told: Told) -> Any:
    try:
        return msgspec.json.decode(told.body) if told.body else None
    except (ValueError, RecursionError):
        if told.status == 200:
            raise Unsure("answer_unreadable") from None
        return None


__all__ = ["Fetcher", "Sender", "fault_of"]
