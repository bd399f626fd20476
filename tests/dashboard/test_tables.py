"""What leaves as CSV is read as it was, and run by nothing."""

from __future__ import annotations

import csv
import io

import pytest

from dashboard.tables import as_csv, iso


def read(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize(
    "cell", ["plain", "a,b", 'say "so"', "two\nlines", "ไทย 中文 😀", "", "12", "1-2", " =not one"]
)
def test_a_cell_is_read_as_it_was_written(cell: str) -> None:
    assert read(as_csv(["of"], [[cell], ["next"]])) == [["of"], [cell], ["next"]]


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1"])
def test_what_a_spreadsheet_would_run_is_made_a_word(cell: str) -> None:
    assert read(as_csv(["of"], [[cell]])) == [["of"], [f"'{cell}"]]


def test_spreadsheets_are_told_that_it_is_utf8_and_when_in_utc() -> None:
    assert as_csv(["a"], []) == b"\xef\xbb\xbfa\r\n"
    assert (iso(1_795_433_000_000), iso(0)) == ("2026-11-23T11:23:20+00:00", "")
