"""How somebody made up signs in at the public API and asks it. Nothing here decides what they do."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp

REQUEST_S = 10.0


class Access:
    """One account. Everything but signing in is asked inside `signed_in`."""

    def __init__(self, base: str, login: str, password: str) -> None:
        self._base, self._login, self._password = base, login, password
        self._csrf = ""
        self._session: aiohttp.ClientSession

    @contextlib.asynccontextmanager
    async def signed_in(self) -> AsyncIterator[None]:
        """Hold a session."""
        timeout = aiohttp.ClientTimeout(total=REQUEST_S)
        async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.CookieJar(unsafe=True)) as self._session:
            self._csrf = (await self.call("POST", "/session", login=self._login, password=self._password))["csrf"]
            yield

    @contextlib.asynccontextmanager
    async def socket(self) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """Open the desk's socket."""
        async with self._session.ws_connect(f"{self._base}/ws", origin=self._base) as socket:
            yield socket

    async def call(self, method: str, path: str, **body: Any) -> Any:
        """Ask the API. Raises aiohttp.ClientResponseError for what is refused because the world went on."""
        url, headers = f"{self._base}/api/v1{path}", {"X-CSRF": self._csrf}
        given = body if method != "GET" else None
        async with self._session.request(method, url, json=given, headers=headers) as answer:
            answer.raise_for_status()
            return await answer.json() if answer.status != 204 else None
