"""Versions of the configuration: which were applied when and by whom, their files, how two differ. It only reads."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher

from dashboard.errors import ApiError
from dashboard.rules.port import Rulebook
from dashboard.rules.shapes import DiffLine, FileDiff, VersionShape
from dashboard.shapes import Person
from dashboard.staff import Staff
from dashboard.surroundings import Surroundings
from router.core.bundle import Bundle, decode_bundle
from router.settings.files import print_of
from router.settings.problems import SettingsError
from router.views.rulings import APPLIED, BY_PEOPLE, EXTENDED, RULINGS_VIEW, Applied

# Who looks for an older one has the files' own history; each is read whole, so there is an end.
VERSIONS_MAX = 50
# Bundles are a few hundred kilobytes each when they are read.
KEPT_MAX = 60
ROWS_MAX = 200
BEFORE_ALL = -(2**62)
DISK = "disk"
ROLLBACK, EXTENSION = "rollback", "extension"
DIFF_LINES_MAX = 2_000
# Comparing costs the product of the lines at worst; a file of more is not one that a person wrote.
COMPARED_LINES_MAX = 5_000
CONTEXT_LINES = 3
ZIP_DATE = (1980, 1, 1, 0, 0, 0)  # the same files give the same bytes


class Versions:
    """The versions of one floor."""

    def __init__(self, out: Surroundings, staff: Staff, rulebook: Rulebook) -> None:
        self._out, self._staff, self._rulebook = out, staff, rulebook
        self._bundles: OrderedDict[str, tuple[Bundle, str]] = OrderedDict()

    async def bundle(self, name: str) -> Bundle:
        """Return a version. Raises ApiError `version_unknown`."""
        return (await self._read(name))[0]

    async def content(self, name: str) -> str:
        """Return the print of a version's files."""
        return (await self._read(name))[1]

    async def _read(self, name: str) -> tuple[Bundle, str]:
        found = self._bundles.get(name)
        if found is None:
            data = await self._out.store.journal.bundle(self._out.floor.site, name)
            if data is None:
                raise ApiError("version_unknown")
            bundle = await asyncio.to_thread(decode_bundle, data)
            found = self._bundles[name] = bundle, print_of(bundle.files)
        self._bundles.move_to_end(name)
        while len(self._bundles) > KEPT_MAX:
            self._bundles.popitem(last=False)
        return found

    async def rows(self, ledger: int = BY_PEOPLE, limit: int = VERSIONS_MAX) -> list[Applied]:
        """Return what was applied, newest first."""
        views, site = self._out.store.views, self._out.floor.site
        await views.begin(site, RULINGS_VIEW.spec)
        found = await views.rows(site, RULINGS_VIEW.spec, APPLIED, after=(ledger, BEFORE_ALL), limit=limit)
        return [row for row in found if isinstance(row, Applied) and row.ledger == ledger]

    async def held_at(self, at: int) -> str:
        """Return the name of the version that held at a time, as far back as is looked; else the oldest of those."""
        both = [*await self.rows(BY_PEOPLE, ROWS_MAX), *await self.rows(EXTENDED, ROWS_MAX)]
        ordered = sorted(both, key=lambda row: row.number)
        return next((row.name for row in ordered if row.at <= at), ordered[-1].name if ordered else "")

    async def listed(self) -> list[VersionShape]:
        """Return the versions that people made, newest first."""
        rows = await self.rows()
        await self._staff.learn({row.by for row in rows})
        return [await self._shape(row) for row in rows]

    async def running(self) -> VersionShape:
        """Return what runs; where the view has not come so far yet, without when and by whom."""
        name = self._out.floor.state.bundle_hash
        content = await self.content(name)
        for row in (await self.rows())[:ROWS_MAX]:
            if await self.content(row.name) == content:
                await self._staff.learn({row.by})
                return await self._shape(row, name)
        return await self._shape(Applied(ledger=BY_PEOPLE, number=0, at=0, name=name, proposer=""))

    async def _shape(self, row: Applied, name: str = "") -> VersionShape:
        bundle, content = await self._read(row.name)
        return VersionShape(
            name=name or row.name,
            content=content,
            at=row.at,
            way=row.proposer if row.proposer in {ROLLBACK, EXTENSION} else "files",
            by=Person(id=row.by, name=self._staff.name(row.by)) if row.by else None,
            reason=row.why,
            files=len(bundle.files),
            rules=len(bundle.rules),
        )

    async def files(self, version: str) -> Mapping[str, str]:
        """Return the files of a version, of the one that runs, or on disk. Raises ApiError."""
        if version != DISK:
            return (await self.bundle(version or self._out.floor.state.bundle_hash)).files
        try:
            return await self._rulebook.on_disk()
        except SettingsError as fault:
            raise ApiError("files_unreadable", str(fault.problems[0])) from None

    async def archive(self, version: str) -> bytes:
        """Return a version's files in one."""
        return await asyncio.to_thread(_zipped, await self.files(version))

    async def difference(self, before: str, after: str) -> list[FileDiff]:
        """Return the files that are not the same, line by line with a little around."""
        one, two = await self.files(before), await self.files(after)
        return await asyncio.to_thread(_difference, one, two)


def _zipped(files: Mapping[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, ZIP_DATE), text.encode())
    return buffer.getvalue()


def _difference(before: Mapping[str, str], after: Mapping[str, str]) -> list[FileDiff]:
    found, left = [], DIFF_LINES_MAX
    for name in sorted({*before, *after}):
        one, two = before.get(name), after.get(name)
        if one == two:
            continue
        old, new = (one or "").splitlines(), (two or "").splitlines()
        long = max(len(old), len(new)) > COMPARED_LINES_MAX
        lines = [] if long else _lines(old, new)
        change = "added" if one is None else "removed" if two is None else "changed"
        found.append(FileDiff(name=name, change=change, lines=lines[:left], cut=long or len(lines) > left))
        left = max(left - len(lines), 0)
    return found


def _lines(one: Sequence[str], two: Sequence[str]) -> list[DiffLine]:
    made: list[DiffLine] = []
    for number, group in enumerate(SequenceMatcher(None, one, two, autojunk=False).get_grouped_opcodes(CONTEXT_LINES)):
        if number or group[0][1]:
            made.append(DiffLine(kind="gap", old=0, new=0, text=""))
        for tag, first, last, other, end in group:
            if tag == "equal":
                made += [
                    DiffLine(kind="same", old=at + 1, new=other + at - first + 1, text=one[at])
                    for at in range(first, last)
                ]
                continue
            made += [DiffLine(kind="out", old=at + 1, new=0, text=one[at]) for at in range(first, last)]
            made += [DiffLine(kind="in", old=0, new=at + 1, text=two[at]) for at in range(other, end)]
    return made
