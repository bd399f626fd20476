"""From what somebody wrote to the facts that rules look at: one way, for what arrives and for what is tried. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from router.core.bundle import Bundle
from router.core.facts import Facts
from router.core.rules import Topics
from router.intake.language import choose_language, script_language

# What a declared field may weigh as a fact: rules compare short words, and facts are journalled.
ATTRIBUTES_MAX, ATTRIBUTE_CHARS_MAX = 32, 80
MESSAGE, LINE = "message", "line"


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wrote, and by which channel. `language` is what the message says of itself."""

    channel: str
    kind: str = MESSAGE
    text: str = ""
    subject: str = ""
    language: str = ""
    declared: Mapping[str, str] = {}


def coded(said: Said, bundle: Bundle, topics: Topics, *, segment: str, known_language: str) -> Facts:
    """Return the facts of a message; segment and language are what its customer is known by."""
    text, subject = said.text, said.subject
    candidates = (said.language, script_language(f"{subject} {text}"), known_language)
    language = choose_language(candidates, bundle.languages)
    return Facts(
        channel=said.channel,
        language=language,
        segment=segment,
        kind=said.kind,
        topics=topics.of(text, subject, language) if text or subject else (),
        attributes=_bounded(said.declared.items()),
    )


def _bounded(declared: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    kept = sorted(declared)[:ATTRIBUTES_MAX]
    return tuple((name[:ATTRIBUTE_CHARS_MAX], value[:ATTRIBUTE_CHARS_MAX]) for name, value in kept)
