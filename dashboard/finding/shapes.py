"""What the routes of this room ask and answer: saved replies, colleagues, mentions, what was found. No decisions."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from dashboard.requests import Request
from dashboard.shapes import Person, Shape, Summary

# Shorter matches nearly everything, longer is a sentence that nobody remembers word by word.
WORDS_CHARS_MAX = 100


class SavedReplyShape(Shape, frozen=True, kw_only=True):
    """`text` by language; `queues` keeps it to conversations of these, all when empty."""

    name: str
    label: dict[str, str]
    text: dict[str, str]
    queues: list[str]


class Colleague(Shape, frozen=True, kw_only=True):
    """Somebody whom a note may tell of a conversation, by `@login`."""

    id: int
    login: str
    name: str


class MentionShape(Shape, frozen=True, kw_only=True):
    """A note that names me and that I have not looked at yet."""

    ref: str
    by: Person | None
    at: int


class FindQuery(Request, frozen=True, kw_only=True):
    text: Annotated[str, Meta(min_length=1, max_length=WORDS_CHARS_MAX, description="words, at most 100 characters")]
    messages: bool = False


class FoundCustomer(Shape, frozen=True, kw_only=True):
    id: int
    name: str


class FoundPerson(FoundCustomer, frozen=True, kw_only=True):
    """`known_as`: an address or number that tells people of one name apart, empty without; `last_at`: 0 for never."""

    known_as: str
    last_at: int


class FoundMessage(Shape, frozen=True, kw_only=True):
    """A message with the words, in the conversation where it was said."""

    ref: str
    at: int
    text: str
    customer: FoundCustomer


class Found(Shape, frozen=True, kw_only=True):
    """`more`: there is more than was looked at, and longer words find less."""

    customers: list[FoundPerson]
    conversations: list[Summary]
    messages: list[FoundMessage]
    more: bool
