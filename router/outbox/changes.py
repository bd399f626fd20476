"""That something on a screen has changed which no journal tells, such as a complaint. Ids only, never kept."""

from __future__ import annotations

from collections.abc import Callable

Heard = Callable[[str, str, int], None]


def _to_nobody(kind: str, ref: str, agent: int) -> None:
    """One node has nobody else to tell."""
    del kind, ref, agent


class Changes:
    """Told where it was changed, heard by the desks of every node. Who hears nothing reads again after a while."""

    def __init__(self, outward: Heard = _to_nobody) -> None:
        self._outward = outward
        self._desks: list[Heard] = []

    def tell(self, kind: str, ref: str = "", *, agent: int = 0) -> None:
        """Something of a kind has changed; with `ref` and `agent`: this one is somebody's now."""
        self._outward(kind, ref, agent)
        self.pass_on(kind, ref, agent)

    def hear(self, heard: Heard) -> Callable[[], None]:
        """Call `heard(kind, ref, agent)` for each; returns what ends it."""
        self._desks.append(heard)
        return lambda: self._desks.remove(heard) if heard in self._desks else None

    def pass_on(self, kind: str, ref: str, agent: int) -> None:
        """It was changed at another node, or here."""
        for heard in tuple(self._desks):
            heard(kind, ref, agent)
