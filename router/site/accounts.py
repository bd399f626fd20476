"""Accounts from the command line and at the first start. Signing in is the dashboard's."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from router.site.durable import write_durably
from router.store.port import Account, Accounts, StoreError

ROLES = ("agent", "supervisor", "admin")
PASSWORD_BYTES = 12
FIRST_FILE = "first-sign-in.txt"
ADMIN = "admin"
# Agents of the example floor: between them they can serve every queue of the shipped configuration.
DEMO: tuple[tuple[str, str, dict[str, int], tuple[str, ...]], ...] = (
    ("ana", "Ana Horáková", {"billing": 3, "orders": 2}, ("en",)),
    ("ben", "Ben Carter", {"orders": 3, "complaints": 2}, ("en", "zh")),
    ("chloe", "Chloe Srisuk", {"complaints": 3, "billing": 2, "orders": 1}, ("en", "th")),
)
Hash = Callable[[str], str]


class NoSuchAccount(Exception):
    """There is no account of that login."""


async def add_person(accounts: Accounts, site: str, account: Account, *, password: str, hashed: Hash) -> int:
    """Add an account with a password; only its hash is kept."""
    stored = await asyncio.to_thread(hashed, password)
    return await accounts.add(site, msgspec.structs.replace(account, id=0, password=stored))


async def find_person(accounts: Accounts, site: str, login: str) -> Account:
    """Return an account, or raise NoSuchAccount with a sentence."""
    account = await accounts.by_login(site, login)
    if account is None:
        raise NoSuchAccount(f"There is no account '{login}'.")
    return account


async def set_password(accounts: Accounts, site: str, login: str, *, password: str, hashed: Hash) -> None:
    """Change a password; whoever is signed in with the old one is signed out."""
    account = await find_person(accounts, site, login)
    stored = await asyncio.to_thread(hashed, password)
    await accounts.change(site, msgspec.structs.replace(account, password=stored))
    await accounts.close_sessions_of(site, account.id)


async def set_skills(accounts: Accounts, site: str, login: str, *, skills: Mapping[str, int]) -> None:
    """Set the skills of an account; they count from the next start of a shift."""
    account = await find_person(accounts, site, login)
    await accounts.change(site, msgspec.structs.replace(account, skills=dict(skills)))


async def change_person(accounts: Accounts, site: str, login: str, *, changes: Mapping[str, object]) -> None:
    """Change how an account works (languages, capacity, limits, first tasks); it counts from the next shift."""
    account = await find_person(accounts, site, login)
    await accounts.change(site, msgspec.structs.replace(account, **changes))


async def disable_person(accounts: Accounts, site: str, login: str, *, disabled: bool) -> None:
    """Close an account, or open it again. Nothing of what it did is forgotten."""
    account = await find_person(accounts, site, login)
    await accounts.change(site, msgspec.structs.replace(account, disabled=disabled))
    if disabled:
        await accounts.close_sessions_of(site, account.id)


async def first_people(accounts: Accounts, site: str, *, demo: bool, hashed: Hash) -> list[tuple[str, str]]:
    """Make the first accounts where there is none; return the new (login, password) pairs."""
    if await accounts.all(site):
        return []
    wanted = [Account(id=0, login=ADMIN, name="Administrator", role="admin", password="")]
    if demo:
        wanted += [
            Account(id=0, login=login, name=name, role="agent", password="", skills=skills, languages=languages)
            for login, name, skills, languages in DEMO
        ]
    made = []
    for account in wanted:
        password = new_password()
        try:
            await add_person(accounts, site, account, password=password, hashed=hashed)
        except StoreError:
            if await accounts.by_login(site, account.login) is None:
                raise
            # Another node has started in the same moment, and says the password of whom it made.
            continue
        made.append((account.login, password))
    return made


def new_password() -> str:
    """Return a password nobody guesses."""
    return secrets.token_urlsafe(PASSWORD_BYTES)


def keep_first(directory: Path, people: Sequence[tuple[str, str]]) -> Path:
    """Write the first sign-ins of an example floor where only its owner can read them."""
    path = directory / FIRST_FILE
    write_durably(path, "".join(f"{login} {password}\n" for login, password in people).encode())
    return path
