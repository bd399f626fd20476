"""Accounts, sessions and drafts: who signs in. No SQL, no checking of passwords."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from router.store.port.care import Draft
from router.store.port.row import Row


class Account(Row, frozen=True, kw_only=True):
    """A person who signs in. `role` is agent, supervisor or admin; `skills` maps skill to level.

    `limits` are the most conversations of a channel at once; `first_tasks` name queues or skills that come first.
    `offer_times`: how many times as long as usual an offer waits for them (WCAG 2.2.1).
    `roster` is when they are planned to be there, by weekday (`mon`): `09:00-17:00` by the site's clock.
    """

    id: int
    login: str
    name: str
    role: str
    password: str
    team: str = ""
    skills: dict[str, int] = msgspec.field(default_factory=dict)
    channels: Sequence[str] | None = None  # None: all
    languages: Sequence[str] = ()
    capacity: int = 0  # 0: the site's
    disabled: bool = False
    limits: dict[str, int] = msgspec.field(default_factory=dict)
    first_tasks: Sequence[str] = ()
    offer_times: int = 1
    roster: dict[str, Sequence[str]] = msgspec.field(default_factory=dict)


class Session(Row, frozen=True, kw_only=True):
    token_hash: str
    account: int
    csrf: str
    created_ms: int
    expires_ms: int


class Accounts(Protocol):
    """People, sessions and drafts: plain rows, never events."""

    async def add(self, site: str, account: Account) -> int:
        """Insert (id 0) and return the id. Raises StoreError with a sentence when the login is taken."""

    async def change(self, site: str, account: Account) -> None: ...

    async def by_login(self, site: str, login: str) -> Account | None: ...

    async def by_id(self, site: str, account: int) -> Account | None: ...

    async def all(self, site: str) -> list[Account]: ...

    async def open_session(self, site: str, session: Session) -> None: ...

    async def slide_session(self, site: str, token_hash: str, *, expires_ms: int) -> None:
        """Move a session's end on. One that was closed meanwhile, at whatever node, stays closed."""

    async def session(self, site: str, token_hash: str, *, now_ms: int) -> Session | None: ...

    async def close_session(self, site: str, token_hash: str) -> None: ...

    async def close_sessions_of(self, site: str, account: int) -> None: ...

    async def save_draft(self, site: str, account: int, key: str, text: str, at: int) -> None: ...

    async def change_draft(self, site: str, account: int, key: str, *, old: str, new: str, at: int) -> bool:
        """Put a text in the place of the one that was read, empty for none; False when it is another one by now."""

    async def drafts(self, site: str, account: int) -> dict[str, str]: ...

    async def drafts_of(self, site: str, account: int) -> list[Draft]:
        """Return the same with the times at which they were kept, by key."""
