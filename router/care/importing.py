"""Segments and attributes of customers from a table: while a line is faulty it is named, and nothing is done."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Mapping, Sequence

import msgspec

from router.store.hints import EMAIL, PHONE, hints_of_identity
from router.store.port import Placing, Store

BY_COMMAND = 0
"""The agent of what the command line does."""

LINES_MAX = 100_000
"""A file with more is two files."""

NUMBER, SEGMENT = "number", "segment"
FOUND_BY = (NUMBER, EMAIL, PHONE)
VALUE_CHARS_MAX = 500
COLUMNS_MAX = 50
FAULTS_SHOWN_MAX = 50
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,79}")
_NUMBER_DIGITS_MAX = 15


class Faulty(Exception):
    """What is wrong with which lines; nothing was written."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = list(faults)


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What one line asks for. `segment` is None where the table has no such column."""

    line: int
    customer: int
    segment: str | None
    attributes: dict[str, str | None]


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """How many lines there were, and for how many persons something is another than before."""

    lines: int
    placed: int
    described: int


class Importing:
    """Reads tables for one site."""

    def __init__(self, site: str, store: Store) -> None:
        self._site, self._store = site, store

    async def do(self, text: str, *, at: int) -> Imported:
        """Do what a table says. Raises Faulty. The same table again changes nothing."""
        changes = await self._read(text)
        placed = described = 0
        of = hashlib.sha256(text.encode()).hexdigest()[:32]
        for change in changes:
            row = await self._store.archive.customer(self._site, change.customer)
            if row is None:
                continue
            placed += await self._place(change, was=row.segment, of=of, at=at)
            new = {name: value for name, value in change.attributes.items() if row.attributes.get(name) != value}
            if new:
                described += await self._store.archive.give_care(self._site, change.customer, new)
        return Imported(lines=len(changes), placed=placed, described=described)

    async def _place(self, change: Change, *, was: str, of: str, at: int) -> int:
        if change.segment is None or change.segment == was:
            return 0
        placing = Placing(
            command=f"import:{of}:{change.line}:{at}",
            customer=change.customer,
            at=at,
            agent=BY_COMMAND,
            was=was,
            segment=change.segment,
        )
        return int(not (await self._store.customers.place(self._site, placing)).refused)

    async def _read(self, text: str) -> list[Change]:
        rows = csv.DictReader(text.removeprefix("\ufeff").splitlines())
        names = [name.strip() for name in rows.fieldnames or ()]
        faults, changes = _faults_of_head(names), list[Change]()
        if faults:
            raise Faulty(faults)
        rows.fieldnames = names
        for row in rows:
            if len(changes) + len(faults) >= LINES_MAX or len(faults) >= FAULTS_SHOWN_MAX:
                faults.append(f"line {rows.line_num}: and so on; {LINES_MAX} lines at most")
                break
            found = await self._change(row, rows.line_num)
            if isinstance(found, str):
                faults.append(f"line {rows.line_num}: {found}")
            else:
                changes.append(found)
        if faults:
            raise Faulty(faults)
        return changes

    async def _change(self, row: Mapping[str | None, str | None], line: int) -> Change | str:
        """Return what a line asks for, or what is wrong with it."""
        if None in row or None in row.values():
            return "it has another number of cells than the first line"
        cells = {str(name): str(value).strip() for name, value in row.items()}
        if any(len(value) > VALUE_CHARS_MAX for value in cells.values()):
            return f"a cell is longer than {VALUE_CHARS_MAX} characters"
        segment = cells.get(SEGMENT)
        if segment and not _NAME.fullmatch(segment):
            return "its segment is no name of a segment"
        found = await self._found(cells)
        if isinstance(found, str):
            return found
        attributes = {name: value or None for name, value in cells.items() if name not in {*FOUND_BY, SEGMENT}}
        return Change(line=line, customer=found, segment=segment, attributes=attributes)

    async def _found(self, cells: Mapping[str, str]) -> int | str:
        """Return whom a line is about: the person of its number, else the only one of its address."""
        archive, number = self._store.archive, cells.get(NUMBER, "")
        if number:
            known = number.isascii() and number.isdecimal() and len(number) <= _NUMBER_DIGITS_MAX
            row = await archive.customer(self._site, int(number)) if known else None
            return row.person if row is not None else "there is no customer of this number"
        hints = [hint for kind in (EMAIL, PHONE) for hint in hints_of_identity(kind, cells.get(kind, ""))[:1]]
        ids = await self._store.customers.known_by(self._site, hints, limit=VALUE_CHARS_MAX) if hints else []
        persons = {row.person for row in await archive.customers(self._site, ids)}
        if len(persons) == 1:
            return persons.pop()
        return "several customers have this address; name one by number" if persons else "nobody has this address"


def _faults_of_head(names: Sequence[str]) -> list[str]:
    if not set(names) & set(FOUND_BY):
        return [f"line 1: there must be a column {', '.join(FOUND_BY[:-1])} or {FOUND_BY[-1]}"]
    if len(names) > COLUMNS_MAX or len(set(names)) < len(names):
        return [f"line 1: {COLUMNS_MAX} columns at most, each of another name"]
    return [f"line 1: '{name[:80]}' is no name of an attribute" for name in names if not _NAME.fullmatch(name)]
