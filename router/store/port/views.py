"""Tables that are made from committed events and can be thrown away. No SQL, no folds."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

import msgspec

from router.store.port.row import Row


class ViewRow(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """A row of a view's table: `int`, `str` and `bool` fields, ids and codes only.

    The first field is the subject (whom the row is about), the second numbers the rows of one subject.
    """

    @property
    def key(self) -> tuple[int, int]:
        """Return (subject, number)."""
        subject, number = self.__struct_fields__[:2]
        return getattr(self, subject), getattr(self, number)


class ViewSpec(Row, frozen=True, kw_only=True):
    """A view's tables by name. `version` rises when its rows mean something else: then they are made anew."""

    name: str
    version: int
    tables: Mapping[str, type[ViewRow]]


Gone = Mapping[str, Sequence[tuple[int, int]]]
"""The keys of rows that a view has done with, by table."""
NOTHING_GONE: Gone = MappingProxyType({})


class ViewPlace(Row, frozen=True, kw_only=True):
    """How far a view has read the journal: a position, and when that was decided."""

    position: int = 0
    at: int = 0


class Views(Protocol):
    """Tables made from committed events, each view with its own position. They can be thrown away at any time."""

    async def begin(self, site: str, view: ViewSpec) -> ViewPlace:
        """Make the tables where they are missing or of another version or shape; return where the view stands."""

    async def latest(self, site: str, view: ViewSpec, table: str, *, subjects: Collection[int]) -> dict[int, ViewRow]:
        """Return the last row of each of these subjects that has one."""

    async def write(
        self,
        site: str,
        view: ViewSpec,
        *,
        after: int,
        place: ViewPlace,
        rows: Mapping[str, Sequence[ViewRow]],
        gone: Gone = NOTHING_GONE,
    ) -> None:
        """Write rows (new or changed, by key), delete those that are gone, and write the new place, in one transaction.

        Raises Fenced when the view does not stand at `after`: somebody else has moved it or thrown it away.
        """

    async def rows(self, site: str, view: ViewSpec, table: str, *, after: tuple[int, int], limit: int) -> list[ViewRow]:
        """Return rows above a key, in order of their keys."""

    async def count(self, site: str, view: ViewSpec, table: str) -> int: ...

    async def forget(self, site: str, view: ViewSpec) -> None:
        """Throw the view's rows and place away."""
