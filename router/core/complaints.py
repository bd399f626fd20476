"""What a site calls its complaints, and what it promises about them: a part of the bundle. It decides nothing."""

from __future__ import annotations

import msgspec


class Choice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One name of a list, with its label by language. `amount`: of a remedy, that it is one of money."""

    name: str
    label: dict[str, str] = {}
    amount: bool = False


class Severity(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How grave, and what is promised then: so much time of a calendar to acknowledge and answer (empty: all time)."""

    name: str
    acknowledge_ms: int
    answer_ms: int
    label: dict[str, str] = {}
    hours: str = ""


class ComplaintRules(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The section `complaints`; an empty list or 0 says the usual, which `router.care.complaints` knows.

    `topics`: conversations with one of these sound like a complaint. `close_ms`: how long an answered one waits to be
    closed. `keep_ms`: how long what was written is kept after that.
    """

    topics: tuple[str, ...] = ()
    kinds: tuple[Choice, ...] = ()
    about: tuple[Choice, ...] = ()
    severities: tuple[Severity, ...] = ()
    causes: tuple[Choice, ...] = ()
    remedies: tuple[Choice, ...] = ()
    currency: str = ""
    close_ms: int = 0
    keep_ms: int = 0
