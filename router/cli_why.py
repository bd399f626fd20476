"""The `patchbay why` command: every decision about one conversation, in the words of the desk's screen."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from router.cli_options import DATA, site

if TYPE_CHECKING:
    from router.floor.decisions import Decided
    from router.store.port import Store

LANGUAGES = ("en", "zh", "th")
# Decisions read at a time; a story has dozens, rarely hundreds.
PAGE_ROWS = 200
_BLANKS = re.compile(r"\{(\w+)\}")


@click.command()
@DATA
@click.argument("reference")
@click.option("--language", type=click.Choice(LANGUAGES), default="en", show_default=True, help="In which words.")
def why(data: Path, reference: str, language: str) -> None:
    """Say every decision about a conversation, with its reasons. REFERENCE is its number, as the customer was told."""
    from router.cli import with_store  # noqa: PLC0415

    for line in with_store(data, lambda store: _told(store, reference.strip().lstrip("#").upper(), Words(language))):
        click.echo(line)


class Words:
    """The sentences of the screen, in one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        folder = files("dashboard") / "web" / "words"
        self._says: dict[str, str] = {}
        for room in ("frame", "why"):
            self._says |= json.loads((folder / f"{room}.{language}.json").read_text(encoding="utf-8"))

    def named(self, code: str) -> str:
        """Return a code in words."""
        return self._says.get(f"named.{code}") or code[:1].upper() + re.sub("[-_]", " ", code[1:])

    def reasons(self, each: Decided) -> str:
        """Return why, empty where no reason was journalled."""
        said = [self._says.get(f"reason.{code}") or self.named(code) for code in each.why]
        if each.kind == "Offered" and each.among > 1:
            said.append(_filled(self._says["why.among.other"], {"n": each.among}))
        return _filled(self._says["why.because"], {"why": ", ".join(said)}) if said else ""

    def sentence(self, each: Decided, values: dict[str, Any]) -> str:
        """Return what was decided, by the most particular sentence there is for it."""
        variant = "agent" if each.to_agent else "until" if each.until_ms else ""
        keys = (f"story.{each.kind}.{variant}", f"story.{each.kind}")
        text = next((self._says[key] for key in keys if key in self._says), self.named(each.kind))
        detail = " · ".join(self.named(code) for code in re.split("[ ,]+", each.detail) if code)
        return _filled(text, {"detail": detail, "name": self._says["why.somebody"], **values})


async def _told(store: Store, reference: str, words: Words) -> list[str]:
    from router.floor.decisions import decisions  # noqa: PLC0415

    row = await store.archive.conversation_by_reference(site(), reference)
    if row is None:
        raise click.ClickException(f"There is no conversation {reference}.")
    told, more = await decisions(store, site(), row.conv, limit=PAGE_ROWS)
    while more:
        page, more = await decisions(store, site(), row.conv, before=told[0].seq, limit=PAGE_ROWS)
        told[:0] = page
    names = await _names(store, {number for each in told for number in (each.agent, each.to_agent)} - {0})
    zone, labels = await _labels(store, words.language)
    head = f"{row.reference}: {words.named(row.channel)}, {words.named(row.state)} ({zone})"
    return [head, "", *_lines(told, words, names, (zone, labels))]


def _lines(told: list[Decided], words: Words, names: dict[int, str], floor: tuple[str, dict[str, str]]) -> list[str]:
    zone, labels = floor
    lines = []
    for each in told:
        values = {"to": names.get(each.to_agent, ""), "queue": labels.get(each.queue, each.queue), "rule": each.rule}
        values |= {"n": str(each.among), "at": _said(each.until_ms, zone)}
        if each.agent:
            values["name"] = names.get(each.agent) or f"agent {each.agent}"
        lines.append(f"{_said(each.at, zone, seconds=True)}  {words.sentence(each, values)}")
        because = words.reasons(each)
        lines += [f"{'':21}{because}"] if because else []
    return lines


async def _names(store: Store, agents: set[int]) -> dict[int, str]:
    accounts = [await store.accounts.by_id(site(), agent) for agent in sorted(agents)]
    return {each.id: each.name for each in accounts if each is not None}


async def _labels(store: Store, language: str) -> tuple[str, dict[str, str]]:
    """Return the zone and the queues' labels of the configuration that was kept last, UTC and none without one."""
    from router.core.bundle import decode_bundle  # noqa: PLC0415

    kept = await store.journal.bundles(site())
    data = await store.journal.bundle(site(), kept[0][0]) if kept else None
    if data is None:
        return "UTC", {}
    bundle = decode_bundle(data)
    return bundle.zone, {name: queue.label.get(language, name) for name, queue in bundle.queues.items()}


def _said(at: int, zone: str, *, seconds: bool = False) -> str:
    from router.settings.zones import zone_of  # noqa: PLC0415

    moment = datetime.fromtimestamp(at / 1000, UTC).astimezone(zone_of(zone))
    return f"{moment:%Y-%m-%d %H:%M:%S}" if seconds else f"{moment:%Y-%m-%d %H:%M}"


def _filled(text: str, values: dict[str, Any]) -> str:
    return _BLANKS.sub(lambda found: str(values.get(found[1], "")), text)
