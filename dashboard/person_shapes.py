"""Shapes of what is said about customers as persons."""

from __future__ import annotations

from dashboard.shapes import Person, Shape


class Likely(Shape, frozen=True, kw_only=True):
    id: int
    name: str
    score: int
    evidence: list[str]


class MergeMade(Shape, frozen=True, kw_only=True):
    merge: int
    person: int


class MergeAnswer(Shape, frozen=True, kw_only=True):
    id: int
    one: int
    other: int
    why: str
    at: int
    by: Person | None
    undone_ms: int
    undone_by: Person | None


class ErasedPerson(Shape, frozen=True, kw_only=True):
    customers: list[int]
    messages: int
    files: int
    drafts: int
    waits: str
