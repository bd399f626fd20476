"""Taking out of the file's pages what rows left behind when they moved. No table is known here, and no row is touched.

SQLite's `secure_delete` overwrites what is deleted where it lies. But a row that was moved to another page while the
tree was balanced leaves a copy between a page's list of cells and its cells, where nothing is read and nothing is
overwritten. So the gap of each page is filled with zeros, while nobody writes and the log is empty.
"""

from __future__ import annotations

import os
from typing import Protocol

import apsw

from router.store.sqlite.connect import BUSY_MS

SLICE_PAGES = 2_048
"""8 MB: some ten milliseconds in which nothing else is written."""

PAGES_MAX = 1 << 25
"""Beyond 128 GB the first byte of an overflow page can look like a tree's; such a file is left to VACUUM."""

MUST_WAIT, TOO_LARGE = -1, -2
BUSY_SCRUB_MS = 50
"""The thread that waits here for readings to end is the one that writes: nobody else may wait longer for it."""

TRIES = 20
"""So often the log may turn out not to be empty, because another process wrote; each try is a checkpoint."""

_TREE = {2: 12, 5: 12, 10: 8, 13: 8}  # the kinds of a tree's page, and how long its head is
_FIRST_HEAD = 100  # the first page begins with the file's own head
_TOLD = "INSERT OR REPLACE INTO meta(name, value) VALUES ('scrubbed', ?)"


class PageFile(Protocol):
    """The file under the database, opened by SQLite's own hand: whoever else closes it lets go of its locks."""

    def xRead(self, amount: int, offset: int) -> bytes: ...  # noqa: N802 - the driver's names

    def xWrite(self, data: bytes, offset: int) -> None: ...  # noqa: N802

    def xSync(self, flags: int) -> None: ...  # noqa: N802

    def xFileSize(self) -> int: ...  # noqa: N802

    def xClose(self) -> None: ...  # noqa: N802


def gap_of(page: bytes, *, first: bool = False) -> tuple[int, int]:
    """Return where nothing is kept in a page of a tree, (0, 0) in any other page."""
    head = _FIRST_HEAD if first else 0
    length = _TREE.get(page[head])
    if length is None:
        return 0, 0
    cells = int.from_bytes(page[head + 3 : head + 5], "big")
    content = int.from_bytes(page[head + 5 : head + 7], "big") or 65_536
    begin = head + length + 2 * cells
    return (begin, content) if begin < content <= len(page) else (0, 0)


def cleaned(page: bytes, *, first: bool = False) -> bytes | None:
    """Return a page with an empty gap, None where it is empty already."""
    begin, end = gap_of(page, first=first)
    if not page[begin:end].strip(b"\0"):
        return None
    return page[:begin] + bytes(end - begin) + page[end:]


def clean_slice(conn: apsw.Connection, path: str, page: int) -> int:
    """Clean pages from a number (0: the first) on; return the next number, 0 at the end, or why not.

    The write lock is held, and the log is empty: so the file holds the newest of every page. The row that is written
    makes every other connection forget its copies of pages, which may still have what was cleaned.
    """
    conn.set_busy_timeout(BUSY_SCRUB_MS)
    try:
        return _clean_locked(conn, path, page) if _locked_with_empty_log(conn, path) else MUST_WAIT
    except apsw.BusyError:
        return MUST_WAIT
    finally:
        conn.set_busy_timeout(BUSY_MS)


def _clean_locked(conn: apsw.Connection, path: str, page: int) -> int:
    try:
        size = int(conn.pragma("page_size"))
        # What this connection has in memory is as old as what is being cleaned.
        conn.pragma("shrink_memory")
        following = _clean(path, page, size)
        conn.execute(_TOLD, (str(page),))
        conn.execute("COMMIT")
    except BaseException:
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        raise
    return following


def _locked_with_empty_log(conn: apsw.Connection, path: str) -> bool:
    for _ in range(TRIES):
        conn.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        conn.execute("BEGIN IMMEDIATE")
        if os.stat(f"{path}-wal").st_size == 0:  # noqa: PTH116 - a look, not an opening: see PageFile
            return True
        conn.execute("ROLLBACK")
    return False


def _clean(path: str, page: int, size: int) -> int:
    file = open_pages(path)
    try:
        pages = file.xFileSize() // size
        if pages >= PAGES_MAX:
            return TOO_LARGE
        count = min(SLICE_PAGES, pages - page)
        data = file.xRead(count * size, page * size) if count > 0 else b""
        changed = False
        for number in range(max(count, 0)):
            new = cleaned(data[number * size : (number + 1) * size], first=page + number == 0)
            if new is not None:
                file.xWrite(new, (page + number) * size)
                changed = True
        if changed:
            file.xSync(apsw.SQLITE_SYNC_FULL)
        return page + count if page + count < pages else 0
    finally:
        file.xClose()


def open_pages(path: str) -> PageFile:
    """Open the file as the database's own layer does."""
    flags = [apsw.SQLITE_OPEN_MAIN_DB | apsw.SQLITE_OPEN_READWRITE, 0]
    return apsw.VFSFile("", path, flags)
