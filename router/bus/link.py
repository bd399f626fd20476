"""The link between the nodes of a cluster: what moves, as bytes. It remembers nothing; losing it loses nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol

# Answers a question of another node. It never raises: what went wrong is an answer too.
Answerer = Callable[[bytes], Awaitable[bytes]]


class LinkError(Exception):
    """The link could not do what was asked. Whether a question was heard is unknown: ask again under the same id."""


class LinkDown(LinkError):
    """The link cannot be reached now. Nothing was asked."""


class LinkFull(LinkError):
    """Too many questions are on their way. Nothing was asked."""


class NoAnswer(LinkError):
    """No answer came in time: nobody leads, the leader is slow, or the answer was lost."""


class Link(Protocol):
    """Between the nodes that serve a site. Every payload is opaque; none holds text, names or addresses.

    Each part may lose anything at any time, and may give anything twice: journal positions and command ids
    make both harmless. Nothing here waits for the network but `ask`.
    """

    @property
    def up(self) -> bool:
        """Whether the link worked when it was last tried. While it does not, nodes go through the store."""

    def tell(self, site: str, frame: bytes, *, last: int) -> None:
        """Give a committed batch to every node of a site. `last` is the position of its last event and only rises.

        Never waits; what cannot be sent is dropped, and the others read it in the journal.
        """

    def heard(self, site: str) -> AsyncIterator[bytes]:
        """Yield every batch that is told from now on, in order and perhaps with gaps; ends when the link is closed.

        An outage is waited out inside. An empty frame says that something may have been missed: look in the journal.
        """

    async def ask(self, site: str, question: bytes, *, within_ms: int) -> bytes:
        """Ask whoever leads a site and return the answer. Raises LinkDown, LinkFull or NoAnswer."""

    async def answer(self, site: str, answerer: Answerer) -> None:
        """Answer the questions of all nodes until cancelled, many at once. Only the leader of a site calls it.

        Questions that nobody has answered for longer than their askers wait are dropped.
        """

    def hint(self, site: str, hint: bytes) -> None:
        """Say something to the other nodes that may be lost: typing, "the lead is free". Never waits."""

    def hints(self, site: str) -> AsyncIterator[bytes]:
        """Yield the hints of other nodes from now on; one's own are not among them."""

    async def close(self) -> None:
        """End everything."""
