"""Every statement finds its rows by an index: the cost of a look-up does not grow with what is kept."""

from __future__ import annotations

import importlib
import pkgutil
import re

import apsw
import pytest

from router.store import sqlite
from router.store.sqlite.schema import migrate

# Pieces that become statements only with a WHERE, and readings of everything for `verify`.
NOT_WHOLE = {
    "backup._HOLD_EFFECTS",
    "people._LINE",
    "letterbox._LETTER",
    "stories._STORY",
    "conversations._SELECT",
    "evidence._EFFECTS",
}


def _statements() -> list[tuple[str, str]]:
    found = []
    for module in pkgutil.iter_modules(sqlite.__path__):
        names = vars(importlib.import_module(f"{sqlite.__name__}.{module.name}"))
        for name, value in names.items():
            whole = isinstance(value, str) and re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE)\b", value)
            if whole and f"{module.name}.{name}" not in NOT_WHOLE:
                found.append((f"{module.name}.{name}", value))
    return found


@pytest.mark.parametrize(("name", "statement"), _statements(), ids=[name for name, _ in _statements()])
def test_a_statement_reads_no_table_from_end_to_end(name: str, statement: str) -> None:
    conn = apsw.Connection(":memory:")
    migrate(conn)
    numbered = [int(number) for number in re.findall(r"\?(\d+)", statement)]
    values = (None,) * (max(numbered) if numbered else statement.count("?"))
    steps = [row[3] for row in conn.execute("EXPLAIN QUERY PLAN " + statement, values)]
    # A part with a limit of its own is bounded; how it is come by is a step of its own.
    parts = {step.split()[1] for step in steps if step.startswith("CO-ROUTINE")}
    scans = [step for step in steps if step.startswith("SCAN") and "VIRTUAL" not in step and "CONSTANT" not in step]
    scans = [step for step in scans if step.split()[1] not in parts]
    assert scans == [], name
    by_site_alone = [step for step in steps if re.search(r"SEARCH (message|letter|line|customer) .*\(site=\?\)$", step)]
    allowed = {"letterbox._DEPTH", "letterbox._QUARANTINED", "letterbox._PRUNE", "evidence._LETTERS"}
    assert not by_site_alone or name in allowed, by_site_alone
    # A range of positions is the whole story of a site: right for a page of it, and never for one conversation or line.
    walks = [step for step in steps if re.search(r"SEARCH t .*\(site=\? AND position[<>]\?\)$", step)]
    assert walks == [], name
    conn.close()


def test_there_are_statements_to_look_at() -> None:
    assert len(_statements()) > 40
