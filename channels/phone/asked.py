"""What all pages of a call have in hand: one request read, how calls are answered, and the way to the letterbox."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import msgspec

from channels.contract import AnySignal, Door, LineItem
from channels.phone.company import Company
from channels.phone.documents import Pages, Speech
from channels.phone.legs import LegBook
from channels.phone.reading import line_of
from channels.phone.talk import Talk

Fields = dict[str, str]
# Whether talks are recorded: never, after the customer was told, or after they have agreed by a key.
NEVER, TOLD, AGREED = RECORDINGS = ("never", "told", "agreed")
# What happened on a line is read up to here: a conversation on one call has few steps.
ITEMS_MAX = 500


class MenuKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a key of the greeting's menu means: a language, and facts for the rules."""

    language: str = ""
    facts: dict[str, str] = {}


class Manners(msgspec.Struct, frozen=True, kw_only=True):
    """How calls are answered, from the settings."""

    language: str = "en"
    languages: dict[str, str] = {}
    menu: dict[str, MenuKey] = {}
    menu_text: str = ""
    voices: dict[str, str] = {}
    music: str = ""
    keys: bool = True
    voicemail_on: tuple[str, ...] = ()
    record: str = "never"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One webhook, read."""

    fields: Fields
    query: Mapping[str, str]
    line: str
    language: str

    @property
    def digits(self) -> str:
        """What was pressed."""
        return self.fields.get("Digits", "")[:32]


Answer = Callable[[Asked], Awaitable[str]]


class Hands(msgspec.Struct, frozen=True, kw_only=True):
    """What answers are made with."""

    door: Door
    manners: Manners
    talk: Talk
    company: Company
    book: LegBook

    def speech(self, language: str) -> Speech:
        """Return how things are said, in a language or the line's own."""
        manners = self.manners
        return Speech(
            language=language or manners.language, texts=self.door.text, voices=manners.voices, music=manners.music
        )

    async def items(self, asked: Asked) -> list[LineItem]:
        """Return what has been decided and announced on this line."""
        return await self.door.line_items(line_of(asked.line), after=0, limit=ITEMS_MAX)

    def said(self, asked: Asked) -> tuple[Speech, Pages]:
        """Return how things are said on this call, and its pages."""
        return self.speech(asked.language), self.talk.pages(asked.line, asked.language)

    async def accept(self, *signals: AnySignal | None) -> None:
        """Put what has something to say into the letterbox."""
        there = [signal for signal in signals if signal is not None]
        if there:
            await self.door.accept(there)
