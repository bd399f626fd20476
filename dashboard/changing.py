"""Tells desks what kind of thing has changed that they read over the API: at most once a second, and no more.

What is kept here of people is made stale, too, when another node has made two of them one, or erased one.
"""

from __future__ import annotations

import asyncio

from dashboard.frames import ChangedFrame
from dashboard.hub import Hub
from dashboard.surroundings import Surroundings
from dashboard.words import ERASED, MERGED, Words
from router.views.touched import Touched

# Whoever shows a list reads it again for each: a hundred changes of one second are one reading.
EVERY_S = 1.0
KINDS = frozenset({"complaint", "review", "followup", "article"})


class Changing:
    """One per application."""

    def __init__(self, out: Surroundings, hub: Hub, words: Words) -> None:
        self._hub = hub
        self._kinds: set[str] = set()
        self._stale = {MERGED: words.rename, ERASED: words.expect_erasures}
        self.deaf = out.changes.hear(self._heard)

    def _heard(self, kind: str, ref: str, agent: int) -> None:
        if kind in self._stale:
            self._stale[kind]()
        if kind not in KINDS:
            return  # A newer node tells what the screens of this one do not have.
        self._kinds.add(kind)
        if agent:
            self._hub.give(ChangedFrame(seq=self._hub.position, kind=kind, ref=ref), agent)

    async def tell(self) -> None:
        """Tell everybody what has changed since the last time."""
        await asyncio.sleep(EVERY_S)
        kinds, self._kinds = self._kinds, set()
        for kind in sorted(kinds):
            self._hub.give(ChangedFrame(seq=self._hub.position, kind=kind))

    def follow(self, found: Touched) -> None:
        """The journal tells of promises for a time, and of ratings."""
        self._kinds |= {kind for kind, told in (("followup", found.promises), ("review", found.rated)) if told}

    def rebuild(self) -> None:
        """Every desk reads everything again by itself."""
