"""What a view of its own position is: tables, and a pure fold of journal entries into rows. No store, no follower."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from router.core.events import Entry, Event
from router.store.port import ViewRow, ViewSpec

R = TypeVar("R", bound=ViewRow)


class Sheet(Generic[R]):
    """One table while a batch is folded: the last row of each subject the batch is about, and what has changed."""

    def __init__(self, latest: Mapping[int, R]) -> None:
        self._latest = dict(latest)
        self._changed: dict[tuple[int, int], R] = {}
        self._gone: set[tuple[int, int]] = set()

    def last(self, subject: int) -> R | None:
        """Return the last row of a subject, None where it has none."""
        return self._latest.get(subject)

    def put(self, row: R) -> None:
        """Write a subject's next row, or its last one anew."""
        self._latest[row.key[0]] = row
        self._changed[row.key] = row
        self._gone.discard(row.key)

    def drop(self, row: R) -> None:
        """Delete a row: the view has done with it."""
        if self._latest.get(row.key[0]) is not None and self._latest[row.key[0]].key == row.key:
            del self._latest[row.key[0]]
        self._changed.pop(row.key, None)
        self._gone.add(row.key)

    @property
    def changed(self) -> list[R]:
        """The rows to be written."""
        return list(self._changed.values())

    @property
    def gone(self) -> list[tuple[int, int]]:
        """The keys of the rows to be deleted."""
        return sorted(self._gone)


Sheets = Mapping[str, Sheet[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One view. Between batches it remembers nothing: what it must know again stands in its own rows.

    `subjects` names the (table, subject) an event is about, so that their last rows are at hand when `fold` is given
    the position of an entry's first event and the entry.
    """

    spec: ViewSpec
    subjects: Callable[[Event], Iterable[tuple[str, int]]]
    fold: Callable[[Sheets, int, Entry], None]
