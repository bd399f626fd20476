"""What the rules' screen asks the house for: a protocol, and the one who knows nothing. Nothing is decided here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NoReturn, Protocol

from dashboard.errors import ApiError, unavailable
from router.core.bundle import Bundle
from router.intake.trying import Outcome, Question
from router.settings.problems import Problem
from router.settings.weeks import Week


class Health(Protocol):
    """What the last look at the files found."""

    @property
    def content(self) -> str: ...

    @property
    def since_ms(self) -> int: ...

    @property
    def looked_ms(self) -> int: ...

    @property
    def problems(self) -> Sequence[Problem]: ...

    @property
    def warnings(self) -> Sequence[Problem]: ...


class Rulebook(Protocol):
    """See `router.node.rulebook`."""

    @property
    def health(self) -> Health: ...

    async def check_again(self) -> Health: ...

    async def roll_back(self, name: str, *, by: int, why: str, command_id: str) -> None: ...

    async def on_disk(self) -> Mapping[str, str]: ...

    async def ask(self, question: Question) -> Outcome | None: ...

    async def weeks(self, running: Bundle, at: int) -> Sequence[Week]: ...


class Unwatched:
    """The health of files that nobody looks at."""

    content = ""
    since_ms = looked_ms = 0
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


class NoRulebook:
    """Where nobody watches any files: what runs can be seen, and nothing be asked or changed."""

    def __init__(self) -> None:
        self.health = Unwatched()

    async def check_again(self) -> NoReturn:
        raise unavailable()

    async def roll_back(self, name: str, *, by: int, why: str, command_id: str) -> NoReturn:
        del by, why, command_id
        raise ApiError("version_unknown", field=name)

    async def on_disk(self) -> NoReturn:
        raise unavailable()

    async def ask(self, question: Question) -> NoReturn:
        del question
        raise unavailable()

    async def weeks(self, running: Bundle, at: int) -> NoReturn:
        del running, at
        raise unavailable()
