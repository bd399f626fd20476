"""The words of a queue about transfers: what is refused, what goes back and forth, and an owner who loses the line."""

from __future__ import annotations

from collections.abc import Mapping as Map

from router.core.bundle import Queue
from router.settings.reading import Field, Scope, duration, one_of, reference, whole
from router.settings.tree import Mapping

# Beyond this nobody counts any more; write a small number, or leave the limit away.
TRANSFERS_MOST = 100
REFUSED_TO = ("sender", "queue")

TRANSFER_FIELDS: Map[str, Field] = {
    "transfer_refused": Field(one_of("way", REFUSED_TO), "transfer_refused"),
    "transfers_max": Field(whole(0, TRANSFERS_MOST), "transfers_max"),
    "transfers_then": Field(reference("queue"), "transfers_then"),
    "leg_grace": Field(duration("1s", "5m"), "leg_grace_ms"),
}


def check_transfers(node: Mapping, queues: Map[str, Queue], scope: Scope) -> None:
    """What has gone back and forth must go to another queue than the one it comes from."""
    for name, queue in queues.items():
        part = node.entries.get(name)
        if queue.transfers_then == name and isinstance(part, Mapping):
            said = "transfers_then names this queue itself; name one where those who supervise serve, or none"
            scope.report(part.entries["transfers_then"], said)
