"""A channel's own page of the notebook: cursors and provider tokens. It knows no signal and no line."""

from __future__ import annotations

from collections.abc import Callable

from channels.contract import LetterboxClosed
from router.store.port import Notebook, StoreError


class NotebookPage:
    """A channel's own page of the notebook."""

    def __init__(self, notebook: Notebook, site: str, name: str, *, check: Callable[[], None]) -> None:
        self._check = check
        self._notebook = notebook
        self._site = site
        self._name = name

    async def read(self, key: str) -> str | None:
        """Return what was noted, None for nothing."""
        try:
            return await self._notebook.read(self._site, self._name, key)
        except StoreError:
            raise LetterboxClosed("the notebook cannot be read now") from None

    async def note(self, key: str, value: str) -> None:
        """Note durably."""
        self._check()
        try:
            await self._notebook.note(self._site, self._name, key, value)
        except StoreError:
            raise LetterboxClosed("the notebook cannot be written now") from None

    async def replace(self, key: str, *, old: str, new: str) -> bool:
        """Note durably, unless somebody else has noted something since."""
        self._check()
        try:
            return await self._notebook.replace(self._site, self._name, key, old=old, new=new)
        except StoreError:
            raise LetterboxClosed("the notebook cannot be written now") from None
