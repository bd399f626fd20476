"""A copy of the whole file while it is in use, made ready to be opened as another life of the data."""

from __future__ import annotations

from pathlib import Path

import apsw

from router.store.port import StoreError
from router.store.sqlite.connect import open_reader
from router.store.sqlite.errors import border
from router.store.sqlite.schema import new_generation

# Whether they were sent after the copy was made nobody can know: a person says yes to each, as to a dead letter.
_HOLD_EFFECTS = "UPDATE outbox SET state = 'dead', head = 0, worker = '', reason = 'restored' WHERE state = 'waiting'"


def copy(source: str, target: str) -> None:
    """Copy `source` to a new file `target`, and give it its own generation."""
    if Path(target).exists():
        raise StoreError("the file for the copy exists already")
    with border():
        reader = open_reader(source)
        writer = apsw.Connection(target)
        try:
            _copy_pages(reader, writer)
            writer.execute("BEGIN IMMEDIATE")
            writer.execute("UPDATE meta SET value = ? WHERE name = 'generation'", (new_generation(),))
            writer.execute(_HOLD_EFFECTS)
            writer.execute("COMMIT")
        finally:
            writer.close()
            reader.close()


def _copy_pages(reader: apsw.Connection, writer: apsw.Connection) -> None:
    """Copy all pages in one step: a copy in steps begins anew whenever something is written meanwhile."""
    with writer.backup("main", reader, "main") as backup:
        backup.step(-1)
