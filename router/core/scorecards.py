"""How a site reviews conversations: its scorecards, and which ones are drawn. A part of the bundle, no decision."""

from __future__ import annotations

import msgspec


class Question(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One question, with its text by language. `points`: the most it gives, 1 for yes or no.

    `weight`: its part of the whole beside the others'. `fatal`: no points here make the whole 0.
    """

    name: str
    text: dict[str, str] = {}
    points: int = 1
    weight: int = 1
    fatal: bool = False


class Scorecard(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is asked of conversations of some channels, of all of them where none is named."""

    name: str
    questions: tuple[Question, ...]
    label: dict[str, str] = {}
    channels: tuple[str, ...] = ()


class ReviewRules(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The section `reviews`. Without scorecards there is the usual one, which `router.care.reviews` knows.

    `per_week`: so many of an agent's conversations of a week are drawn. Besides, always: those rated `rated_max` or
    worse (0: none), those handed on, those that came back after their end. `link_ms`: how long a rating link counts.
    `keep_ms`: how long what customers wrote with a rating, and what was written in a review, is kept.
    """

    scorecards: tuple[Scorecard, ...] = ()
    per_week: int = 3
    rated_max: int = 2
    transferred: bool = False
    reopened: bool = False
    link_ms: int = 14 * 24 * 3_600_000
    keep_ms: int = 760 * 24 * 3_600_000
