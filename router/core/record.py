"""The small record with which a conversation leaves the core and comes back. No text, no names."""

from __future__ import annotations

import msgspec

from router.core.facts import Facts


class Passed(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How a conversation was last given on: by whom, out of which queue, how often back to where it came from.

    `asked` is the agent who has still to take it; if they do not, it goes back to who gave it. 0 for nobody.
    """

    agent: int
    queue: str
    times: int = 0
    asked: int = 0


class Outside(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A party outside who is called into a live conversation: a contact's name, and who asked for them.

    Until `until_ms` it rings there; `joined` once they are on the line. `handed`: no agent has it any more, they have,
    or are called to have it.
    """

    contact: str
    by: int
    until_ms: int
    joined: bool = False
    handed: bool = False


class Relief(msgspec.Struct, frozen=True, array_like=True):
    """What has been done to ease a conversation's waiting, for as long as that waiting lasts.

    `passed` are the queues that it left by overflow, `told` the other ways it was offered. `kept`: why its customer may
    leave the line without giving up. `callback` is the mode in which they are called back, after `tries` failed ones;
    `calling`: they are being called now.
    """

    passed: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    kept: str = ""
    callback: str = ""
    tries: int = 0
    calling: bool = False


NO_RELIEF = Relief()


class Record(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What must be known to bring a parked or closed conversation back into the core, in its old place.

    `version` counts how often it has left; a look-up that brings an older version is told to look again.
    `key_ms` is its place in line: arrival minus head start. `step` is how far it was widened; after `window_ms` its
    platform takes no answer any more, 0 where there is no such time, and is short of it from `hasten_ms` on;
    `replies_left` is -1 where replies are not counted. On `outside_lines` others than the customer write; `contact` is
    who has it while it is parked. `raised` is by how much its priority is above what its rule says.
    """

    conv: int
    version: int
    customer: int
    line: int
    channel: str
    queue: str
    needs: tuple[tuple[str, int], ...]
    load: int
    key_ms: int
    opened_ms: int
    owner: int
    facts: Facts
    left_ms: int
    state: str
    answered: bool = False
    actor: str = ""
    rule: str = ""
    more_lines: tuple[int, ...] = ()
    priority: int = 0
    also: tuple[tuple[tuple[str, int], ...], ...] = ()
    step: int = 0
    window_ms: int = 0
    hasten_ms: int = 0
    replies_left: int = -1
    test: bool = False
    spare_line: int = 0
    relief: Relief | None = None
    passed: Passed | None = None
    outside_lines: tuple[int, ...] = ()
    contact: str = ""
    raised: int = 0


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Record)


def encode_record(record: Record) -> bytes:
    """Encode a record for the store."""
    return _encoder.encode(record)


def decode_record(data: bytes) -> Record:
    """Read a stored record back. Raises `msgspec.ValidationError` on foreign bytes."""
    return _decoder.decode(data)
