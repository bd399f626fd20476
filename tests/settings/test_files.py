"""The directory: which files count, and a fingerprint that changes when they do."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.settings.files import FILE_BYTES_MAX, FILES_MAX, fingerprint, read_directory
from router.settings.problems import SettingsError


def test_yaml_and_icalendar_files_are_read_and_hidden_ones_are_not(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_bytes(b"\xef\xbb\xbfb: 1\r\n")
    (tmp_path / "a.yaml").write_text("a: 1\n")
    (tmp_path / "days").mkdir()
    (tmp_path / "days" / "cz.ics").write_text("BEGIN")
    (tmp_path / "README.md").write_text("about")
    (tmp_path / ".a.yaml.swp").write_text("half")
    (tmp_path / ".#b.yaml").write_text("lock")
    (tmp_path / "..data").mkdir()
    (tmp_path / "..data" / "a.yaml").write_text("a: 2")
    assert read_directory(tmp_path) == {"a.yaml": "a: 1\n", "b.yaml": "b: 1\n", "days/cz.ics": "BEGIN"}


BROKEN = [
    ("a.yml", b"a: 1", "a.yml:1:1: not read; rename it to *.yaml"),
    ("a.yaml", b"a: 1\nb: \xff\n", "a.yaml:2:4: not UTF-8; save the file in UTF-8"),
    ("a.yaml", b"#" * (FILE_BYTES_MAX + 1), "a.yaml:1:1: larger than 1024 KiB; not a configuration"),
]


@pytest.mark.parametrize(("name", "content", "line"), BROKEN)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, name: str, content: bytes, line: str) -> None:
    (tmp_path / "other.yaml").write_text("a: 1\n")
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        read_directory(tmp_path)
    assert str(caught.value) == line


def test_a_dangling_link_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: 1\n")
    (tmp_path / "gone.yaml").symlink_to(tmp_path / "nowhere.yaml")
    assert list(read_directory(tmp_path)) == ["a.yaml"]


def test_a_directory_of_something_else_is_refused(tmp_path: Path) -> None:
    for number in range(FILES_MAX + 1):
        (tmp_path / f"{number}.yaml").write_text("")
    with pytest.raises(SettingsError, match="more than 200 files"):
        read_directory(tmp_path)


def test_a_fingerprint_follows_names_and_contents(tmp_path: Path) -> None:
    seen = {fingerprint(tmp_path)}
    steps = [("a.yaml", "1"), ("b.yaml", "1"), ("a.yaml", "12"), ("b.yaml", ""), ("days.ics", "x"), ("days.ics", "y")]
    for name, text in steps:
        (tmp_path / name).write_text(text)
        seen.add(fingerprint(tmp_path))
        assert fingerprint(tmp_path) == fingerprint(tmp_path)
    assert len(seen) == len(steps) + 1
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / ".b.yaml.swp").write_text("x")
    assert fingerprint(tmp_path) in seen
    (tmp_path / "b.yaml").rename(tmp_path / "c.yaml")
    assert fingerprint(tmp_path) not in seen


def test_a_fingerprint_of_nothing_is_a_fingerprint(tmp_path: Path) -> None:
    assert fingerprint(tmp_path / "nowhere") == fingerprint(tmp_path / "elsewhere")
