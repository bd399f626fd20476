"""What the dashboard receives from the composition root, said as small ports. Nothing is built or found here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from dashboard.rules.port import NoRulebook, Rulebook
from router.bus.port import Follower
from router.core.answers import Answered
from router.core.bundle import Bundle
from router.core.commands import Command
from router.core.state import Conv, State
from router.site.files import Files
from router.site.ratelinks import RateLinks
from router.store.port import Store, StoreUnavailable
from router.views.pace import Wait


class Floor(Protocol):
    """One site's floor: a replica to read, one door for commands, and what was committed."""

    @property
    def site(self) -> str: ...

    @property
    def state(self) -> State: ...

    @property
    def bundle(self) -> Bundle | None: ...

    @property
    def position(self) -> int: ...

    async def submit(self, command: Command) -> Answered:
        """Answer when this node's replica has reached the decision. Raises `router.inbox.FloorAway`."""

    def follow(self, capacity: int) -> Follower: ...


Heard = Callable[[int, bool], None]


class LineSigns(Protocol):
    """Passing signs on lines, never written: who is typing. Lines are named by their archive id."""

    def tell(self, line: int, on: bool) -> None:
        """The agent is typing, or has stopped."""

    def hear(self, heard: Heard) -> Callable[[], None]:
        """Call `heard(line, on)` when a customer types; returns what ends it."""


class NoSigns:
    """For a node whose channels know no such signs."""

    def tell(self, line: int, on: bool) -> None:
        del line, on

    def hear(self, heard: Heard) -> Callable[[], None]:
        del heard
        return lambda: None


class Changes(Protocol):
    """That something on a screen has changed which no journal tells. Ids only, never kept."""

    def tell(self, kind: str, ref: str = "", *, agent: int = 0) -> None:
        """Something of a kind has changed; with `ref` and `agent`: this one is somebody's now."""

    def hear(self, heard: Callable[[str, str, int], None]) -> Callable[[], None]:
        """Call `heard(kind, ref, agent)` for each; returns what ends it."""


class NoChanges:
    """For a node that tells its screens nothing: they read again after a while."""

    def tell(self, kind: str, ref: str = "", *, agent: int = 0) -> None:
        del kind, ref, agent

    def hear(self, heard: Callable[[str, str, int], None]) -> Callable[[], None]:
        del heard
        return lambda: None


class Waits(Protocol):
    """How long somebody waits, as a range with its basis; None where there is no basis."""

    def newcomer(self, queue: str) -> Wait | None: ...

    def remaining(self, conv: Conv) -> Wait | None: ...


class NoWaits:
    """For a node that follows nothing: there is no basis for any figure."""

    def newcomer(self, queue: str) -> Wait | None:
        del queue
        return None

    def remaining(self, conv: Conv) -> Wait | None:
        del conv
        return None


class FileRefused(Exception):
    """A channel cannot send these files; the reason is a code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, kw_only=True, slots=True)
class Sendable:
    """What a channel can send: the largest of each media type, `*` for any other; how many, and how large together.

    `letters`: what it sends has a subject, and may go to others in copy. `unwritable`: nothing can be written on it.
    """

    kinds: Mapping[str, int] = field(default_factory=dict)
    files_max: int = 0
    bytes_max: int = 0
    letters: bool = False
    unwritable: bool = False

    def check(self, files: Sequence[tuple[str, int]]) -> None:
        """Raise FileRefused for (media type, bytes) that cannot leave: before anything is written or sent."""
        if files and not self.kinds:
            raise FileRefused("files_not_taken")
        if len(files) > self.files_max:
            raise FileRefused("files_too_many")
        for kind, size_bytes in files:
            largest = self.kinds.get(kind, self.kinds.get("*"))
            if largest is None:
                raise FileRefused("file_kind")
            if size_bytes > largest:
                raise FileRefused("file_too_large")
        if self.bytes_max and sum(size_bytes for _, size_bytes in files) > self.bytes_max:
            raise FileRefused("files_too_large")


class NoFiles:
    """For a node that keeps no files: what is uploaded is refused, and nothing is found."""

    def __init__(self) -> None:
        self._sizes: dict[str, int] = {}

    async def keep(self, owner: str, content: bytes) -> str:
        del owner, content
        raise StoreUnavailable("this node keeps no files")

    async def read(self, name: str, *, first: int = 0, length: int | None = None) -> bytes | None:
        del first, length
        return b"" if name in self._sizes else None

    async def size(self, name: str) -> int | None:
        return self._sizes.get(name)

    async def erase(self, names: Iterable[str]) -> None:
        del names

    async def kept_between(self, since_ms: int, until_ms: int) -> list[str]:
        return sorted(self._sizes) if since_ms < until_ms else []

    async def erase_halves(self, until_ms: int) -> int:
        del until_ms
        return 0


def _no_files(channel: str) -> Sendable:
    del channel
    return Sendable()


@dataclass(frozen=True, kw_only=True, slots=True)
class Softphone:
    """What an agent's browser needs to take the calls of a channel, until a time."""

    channel: str
    identity: str
    token: str
    until_ms: int
    sdk: str = ""


def _no_softphone(agent: int) -> Softphone | None:
    del agent
    return None


class LogError(Protocol):
    """The node's log of its own faults: the dashboard writes one declared event, `request_failed`, with codes only."""

    def __call__(self, action: str, **keys: str | int | float) -> None: ...


def _no_log(action: str, **keys: str | int | float) -> None:
    del action, keys


def _no_problems() -> Sequence[str]:
    return ()


def _nobody_waits() -> None:
    return None


def _web_root() -> Path:
    return Path(__file__).parent / "web"


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """Everything outside the dashboard.

    `reference` names a conversation outside. `settings_problems` are sentences for the banner.
    `nudge_outbox` is called when a dead letter was revived. `page_reaches`: whom a desk's page connects to, too.
    `rate_links`: by which customers rate, where the site makes any.
    `played`: this is a sandbox, and every page must say so.
    """

    floor: Floor
    store: Store
    node: str
    now_ms: Callable[[], int]
    public_url: str
    reference: Callable[[int], str]
    version: str
    settings_problems: Callable[[], Sequence[str]] = _no_problems
    log_error: LogError = _no_log
    signs: LineSigns = field(default_factory=NoSigns)
    changes: Changes = field(default_factory=NoChanges)
    nudge_outbox: Callable[[], None] = _nobody_waits
    played: bool = False
    waits: Waits = field(default_factory=NoWaits)
    files: Files = field(default_factory=NoFiles)
    sendable: Callable[[str], Sendable] = _no_files
    softphone: Callable[[int], Softphone | None] = _no_softphone
    page_reaches: Callable[[], Sequence[str]] = tuple[str, ...]
    rulebook: Rulebook = field(default_factory=NoRulebook)
    rate_links: RateLinks | None = None
    web_root: Path = field(default_factory=_web_root)
