"""The demo's staff as accounts, and the process in which synthetic customers and agents live. Only beside a sandbox."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from dashboard.passwords import hash_password
from router.clock import SystemClock
from router.demoarticles import tell_articles
from router.democases import tell_cases
from router.demosegments import tell_segments
from router.site.accounts import add_person, new_password, set_password
from router.store.port import Account, Store

STOP_S = 5.0
# Of the shipped configuration, with which a demo runs.
FIRST_LANGUAGE = "en"
# Between them they serve every queue of the shipped configuration, in three languages.
STAFF: tuple[tuple[str, str, dict[str, int], tuple[str, ...]], ...] = (
    ("demo-mai", "Mai Suwan", {"billing": 3, "orders": 3, "complaints": 2}, ("en", "th")),
    ("demo-tomas", "Tomáš Dvořák", {"orders": 3, "billing": 2}, ("en",)),
    ("demo-lina", "李娜", {"complaints": 3, "orders": 2}, ("en", "zh")),
    ("demo-grace", "Grace Obi", {"billing": 3, "complaints": 3}, ("en",)),
    ("demo-pavel", "Pavel Novák", {"orders": 2, "billing": 1}, ("en",)),
    ("demo-wei", "Wei Zhang", {"complaints": 2, "orders": 3, "billing": 2}, ("en", "zh")),
)
REVIEWER = ("demo-olga", "Olga Petrova")


class DemoDay:
    """One process. It ends when its input closes, also when we are killed."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None

    async def begin(self, store: Store, site: str, *, base: str, token: str) -> None:
        """Give the staff new passwords, and let the day begin."""
        agents = await staff_of(store, site)
        found = [await store.accounts.by_login(site, login) for login, _ in agents]
        staff = [each.id for each in found if each is not None]
        await tell_cases(store, site, staff=staff, now_ms=SystemClock().now_ms())
        await tell_segments(store, site, agent=staff[0], now_ms=SystemClock().now_ms())
        await tell_articles(store, site, first=FIRST_LANGUAGE, now_ms=SystemClock().now_ms())
        login, name = REVIEWER
        reviewer = await _person(store, site, _account(login, name, role="supervisor"))
        told = {"base": base, "token": token, "agents": agents, "reviewer": reviewer}
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "dashboard.sandbox.day", stdin=PIPE, start_new_session=True
        )
        assert self._process.stdin is not None, "it was asked for"
        self._process.stdin.write(json.dumps(told).encode() + b"\n")
        await self._process.stdin.drain()

    async def end(self) -> None:
        """Let everybody go home."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        assert process.stdin is not None, "it was asked for"
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), STOP_S)
        except TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def staff_of(store: Store, site: str) -> Sequence[tuple[str, str]]:
    """Make the accounts of the staff where there are none; return what they sign in with, new at each start."""
    return [
        await _person(store, site, _account(login, name, skills=skills, languages=languages))
        for login, name, skills, languages in STAFF
    ]


def _account(login: str, name: str, **told: Any) -> Account:
    return Account(id=0, login=login, name=name, password="", **{"role": "agent", **told})


async def _person(store: Store, site: str, account: Account) -> tuple[str, str]:
    """Make an account where there is none; return what they sign in with, new at each start."""
    password = new_password()
    if await store.accounts.by_login(site, account.login) is None:
        await add_person(store.accounts, site, account, password=password, hashed=hash_password)
    else:
        await set_password(store.accounts, site, account.login, password=password, hashed=hash_password)
    return account.login, password
