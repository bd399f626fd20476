"""What is wrong with configuration files: each problem with file, line, column and what to write instead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

# A file of the wrong kind would otherwise be answered with one line for each of its own.
PROBLEMS_MAX = 200


class Problem(msgspec.Struct, frozen=True, order=True):
    """One thing to put right. Lines and columns count from 1; `where` is the path of keys to it."""

    file: str
    line: int
    column: int
    where: str
    message: str

    def __str__(self) -> str:
        said = f"{self.where}: {self.message}" if self.where else self.message
        return f"{self.file}:{self.line}:{self.column}: {said}"


class SettingsError(Exception):
    """The files are not a configuration. `problems` holds all of them, sorted by place."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class Placed(Protocol):
    """Something that stands in a file."""

    @property
    def file(self) -> str: ...

    @property
    def where(self) -> str: ...

    def place(self, offset: int = 0) -> tuple[int, int]:
        """Return line and column, of the whole or of a character inside it."""


class Findings:
    """Problems and warnings of one run over the files."""

    def __init__(self) -> None:
        self._problems: dict[Problem, None] = {}
        self.warnings: list[Problem] = []
        self.left_out = 0
        self._spoilt: set[tuple[str, int, int]] = set()

    @property
    def problems(self) -> list[Problem]:
        return list(self._problems)

    def add(self, problem: Problem, *, spoils: bool = False) -> None:
        """Keep a problem, once. Where one `spoils` its place, what else is found there only follows from it."""
        place = (problem.file, problem.line, problem.column)
        if place in self._spoilt:
            return
        if spoils:
            self._spoilt.add(place)
        if len(self._problems) < PROBLEMS_MAX:
            self._problems[problem] = None
        else:
            self.left_out += 1

    def report(self, at: Placed, message: str, *, offset: int = 0) -> None:
        """Keep a problem of something that stands in a file."""
        line, column = at.place(offset)
        self.add(Problem(at.file, line, column, at.where, message))

    def warn(self, at: Placed, message: str) -> None:
        """Keep a remark that does not stop anything."""
        line, column = at.place()
        self.warnings.append(Problem(at.file, line, column, at.where, message))

    def settle(self) -> None:
        """Raise SettingsError if there is any problem."""
        if self.left_out:
            last = max(self.problems)
            more = Problem(last.file, last.line, last.column + 1, "", f"and {self.left_out} more problems")
            self._problems[more] = None
        if self._problems:
            raise SettingsError(self.problems)
