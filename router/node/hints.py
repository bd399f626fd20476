"""What nodes say to each other in passing and may lose: typing, what screens show anew, that a lead is free."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from router.bus.link import Link
from router.outbox.changes import Changes
from router.outbox.signs import Signs


class _Sign(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="s"):
    direction: str
    line: int
    on: bool


class _Changed(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="c"):
    kind: str
    ref: str
    agent: int


class _LeadFreed(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="f"):
    pass


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Sign | _Changed | _LeadFreed)


class Hints:
    """One floor's hints to and from the other nodes."""

    def __init__(self, link: Link, site: str) -> None:
        self._link = link
        self._site = site

    def sign(self, direction: str, line: int, on: bool) -> None:
        """Tell the others that somebody types on a line, or has stopped."""
        self._link.hint(self._site, _encoder.encode(_Sign(direction, line, on)))

    def changed(self, kind: str, ref: str, agent: int) -> None:
        """Tell the others that something on a screen has changed."""
        self._link.hint(self._site, _encoder.encode(_Changed(kind, ref, agent)))

    def lead_freed(self) -> None:
        """Tell the others that nobody leads: they need not wait for a lease to run out."""
        self._link.hint(self._site, _encoder.encode(_LeadFreed()))

    async def run(self, signs: Signs, changes: Changes, *, lead_freed: Callable[[], None]) -> None:
        """Pass on what the others say, until cancelled."""
        async for hint in self._link.hints(self._site):
            try:
                said = _decoder.decode(hint)
            except msgspec.DecodeError:
                # A newer node says what this release does not know; nothing depends on it.
                continue
            if isinstance(said, _Sign):
                signs.pass_on(said.direction, said.line, said.on)
            elif isinstance(said, _Changed):
                changes.pass_on(said.kind, said.ref, said.agent)
            else:
                lead_freed()
