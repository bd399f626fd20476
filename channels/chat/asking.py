"""What the greeting asks for the rules' sake: a choice each, in the visitor's language. Never free text."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping

import msgspec

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
_VALUE = re.compile(r"\S.{0,79}")
# Each question keeps some people from asking theirs: only what a rule needs.
QUESTIONS_MAX = 3
OPTIONS_MAX = 20


class Question(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One question. `options` maps a value, which rules see as a fact, to its label per language."""

    label: dict[str, str] = {}
    required: bool = False
    options: dict[str, dict[str, str]]


def check_questions(asks: Mapping[str, Question]) -> None:
    """Raise ValueError where a question cannot be asked or answered."""
    if len(asks) > QUESTIONS_MAX:
        raise ValueError(f"chat.asks: at most {QUESTIONS_MAX} questions; ask only what a rule needs")
    for name, question in asks.items():
        if not _NAME.fullmatch(name):
            raise ValueError(f"chat.asks.{name}: a name is of letters, digits and _, such as about")
        if not 0 < len(question.options) <= OPTIONS_MAX:
            raise ValueError(f"chat.asks.{name}.options: give 1 to {OPTIONS_MAX} of them")
        for value in question.options:
            if not _VALUE.fullmatch(value):
                raise ValueError(f"chat.asks.{name}.options: '{value}' is no value; write one such as order")


def questions(asks: Mapping[str, Question], language: str, known: Container[str]) -> list[dict[str, object]]:
    """Return what is to be asked in a language, without what the page has declared already."""
    return [
        {
            "name": name,
            "label": _labelled(question.label, language, name),
            "required": question.required,
            "options": [[value, _labelled(labels, language, value)] for value, labels in question.options.items()],
        }
        for name, question in asks.items()
        if name not in known
    ]


def _labelled(labels: Mapping[str, str], language: str, otherwise: str) -> str:
    return labels.get(language) or next(iter(labels.values()), "") or otherwise
