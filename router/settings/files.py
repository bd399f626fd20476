"""The files of a configuration directory: which there are, what is in them. Nothing of their meaning."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from itertools import islice
from pathlib import Path

from router.settings.problems import Findings, Problem, SettingsError

# A configuration is written by people; what is bigger is something else that fell into the directory.
FILE_BYTES_MAX = 1 << 20
FILES_MAX = 200

# A directory that is none of ours (a home, a root) is left after so many entries.
ENTRIES_MAX = 5_000

SUFFIXES = (".yaml", ".ics")
MISNAMED = {".yml": ".yaml", ".ical": ".ics", ".json": ".yaml"}


def read_directory(directory: Path) -> dict[str, str]:
    """Return the text of each *.yaml and *.ics file by its path inside the directory, sorted.

    Raises SettingsError when the directory or a file cannot be read.
    """
    findings = Findings()
    texts: dict[str, str] = {}
    for name, path in _listed(directory, findings).items():
        text = _read(name, path, findings)
        if text is not None:
            texts[name] = text
    findings.settle()
    return texts


def fingerprint(directory: Path) -> str:
    """Return a hash of the names and contents of the files, equal as long as nothing changes.

    Never raises: what cannot be read is a fingerprint too, so that it is noticed and then reported by `load`.
    """
    digest = hashlib.sha256()
    for name, path in _listed(directory, Findings()).items():
        digest.update(f"{len(name)}:{name}:".encode(errors="replace"))
        try:
            with path.open("rb") as file:
                content = file.read(FILE_BYTES_MAX + 1)
        except OSError as fault:
            content = f"unreadable {fault.errno}".encode()
        digest.update(f"{len(content)}:".encode())
        digest.update(content)
    return digest.hexdigest()[:32]


def print_of(texts: Mapping[str, str]) -> str:
    """Return the fingerprint of files by their texts: that of a directory which holds these and no others."""
    digest = hashlib.sha256()
    for name, text in sorted(texts.items()):
        content = text.encode()
        digest.update(f"{len(name)}:{name}:{len(content)}:".encode())
        digest.update(content)
    return digest.hexdigest()[:32]


def _listed(directory: Path, findings: Findings) -> dict[str, Path]:
    """Return files by name; hidden ones (an editor's, a mounted volume's own) are not ours."""
    found: dict[str, Path] = {}
    try:
        paths = sorted(islice(directory.rglob("*"), ENTRIES_MAX))
    except OSError:
        paths = []
    for path in paths:
        inside = path.relative_to(directory)
        if any(part.startswith(".") for part in inside.parts) or not path.is_file():
            continue
        name = inside.as_posix()
        if path.suffix in SUFFIXES:
            found[name] = path
        elif path.suffix in MISNAMED:
            findings.add(Problem(name, 1, 1, "", f"not read; rename it to *{MISNAMED[path.suffix]}"))
    if not any(name.endswith(".yaml") for name in found):
        findings.add(Problem(directory.name or ".", 1, 1, "", "no *.yaml file; this is no configuration"))
    if len(found) > FILES_MAX or len(paths) == ENTRIES_MAX:
        findings.add(
            Problem(directory.name or ".", 1, 1, "", f"more than {FILES_MAX} files, or {ENTRIES_MAX} of any kind")
        )
        return {}
    return found


def _read(name: str, path: Path, findings: Findings) -> str | None:
    try:
        with path.open("rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
    except OSError as fault:
        findings.add(Problem(name, 1, 1, "", f"cannot be read: {fault.strerror}"))
        return None
    if len(content) > FILE_BYTES_MAX:
        findings.add(Problem(name, 1, 1, "", f"larger than {FILE_BYTES_MAX // 1024} KiB; not a configuration"))
        return None
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as fault:
        before = content[: fault.start]
        line, column = before.count(b"\n") + 1, fault.start - before.rfind(b"\n")
        findings.add(Problem(name, line, column, "", "not UTF-8; save the file in UTF-8"))
        return None


def raise_unless_sane(texts: dict[str, str]) -> None:
    """Raise SettingsError when there is no YAML among the texts."""
    if not any(name.endswith(".yaml") for name in texts):
        raise SettingsError([Problem(".", 1, 1, "", "no *.yaml file; this is no configuration")])
