"""How commands, answers and committed batches look between nodes: ids and codes, as in the journal. No sockets."""

from __future__ import annotations

from typing import Any, Union

import msgspec

from router.bus.port import Committed
from router.core.answers import Answered, LookAgain, Made, Refused
from router.core.bundle import Bundle
from router.core.commands import ApplyConfig, Command
from router.core.engine import DECIDERS
from router.core.events import decode_entries
from router.floor.inbox import FloorAway, FloorDown, FloorFull, Unavailable
from router.store.port import EffectEnd


class Asked(msgspec.Struct, frozen=True, array_like=True, kw_only=True, gc=False):
    """A command on its way to the leader, with what its decision settles."""

    command: Any
    letter: int = 0
    end: EffectEnd | None = None
    new_ms: int = 0


class Proposed(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=200):
    """`ApplyConfig` without its bundle: the leader reads that from the store, where it was kept before."""

    id: str
    hash: str
    proposer: str
    by: int = 0
    why: str = ""


class _Frame(msgspec.Struct, frozen=True, array_like=True, gc=False):
    first: int
    at: int
    entries: bytes


class _Made(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=1):
    position: int


class _Refused(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=2):
    reason: str


class _LookAgain(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=3):
    pass


class _Away(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=4):
    kind: str
    lane: str = ""


# Why a leader could not take a command, by a word: the asker raises the same.
AWAY: dict[str, type[FloorAway]] = {"down": FloorDown, "full": FloorFull, "unavailable": Unavailable}
_WORDS = {kind: word for word, kind in AWAY.items()}
_SENTENCE = "the leader could not take it"

_encoder = msgspec.msgpack.Encoder()
_frames = msgspec.msgpack.Decoder(_Frame)
_answers = msgspec.msgpack.Decoder(_Made | _Refused | _LookAgain | _Away)


class _Envelope(msgspec.Struct, frozen=True, array_like=True, gc=False):
    command: msgspec.Raw
    letter: int
    end: EffectEnd | None
    new_ms: int = 0


_envelopes = msgspec.msgpack.Decoder(_Envelope)
# Every command that the engine knows, and the one that travels without its bundle.
_commands: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(
    Union[(Proposed, *(kind for kind in DECIDERS if kind is not ApplyConfig))]
)


def encode_asked(command: Command, *, letter: int = 0, end: EffectEnd | None = None, new_ms: int = 0) -> bytes:
    """Encode a command for the leader."""
    sent: Any = command
    if isinstance(command, ApplyConfig):
        sent = Proposed(command.id, command.hash, command.proposer, command.by, command.why)
    return _encoder.encode(_Envelope(msgspec.Raw(_encoder.encode(sent)), letter, end, new_ms))


def decode_asked(data: bytes) -> Asked:
    """Read a command back. Raises `msgspec.DecodeError` for what a newer node knows and this one does not."""
    envelope = _envelopes.decode(data)
    command = _commands.decode(envelope.command)
    return Asked(command=command, letter=envelope.letter, end=envelope.end, new_ms=envelope.new_ms)


def with_bundle(proposed: Proposed, bundle: Bundle) -> ApplyConfig:
    """Return the command that was meant."""
    return ApplyConfig(
        id=proposed.id,
        hash=proposed.hash,
        bundle=bundle,
        proposer=proposed.proposer,
        by=proposed.by,
        why=proposed.why,
    )


def encode_answer(answer: Answered | FloorAway) -> bytes:
    """Encode what became of a command. Its entry comes by itself, with everything that is committed."""
    said: Any
    match answer:
        case Made():
            said = _Made(answer.position)
        case Refused():
            said = _Refused(answer.reason)
        case LookAgain():
            said = _LookAgain()
        case _:
            said = _Away(_WORDS[type(answer)], getattr(answer, "lane", ""))
    return _encoder.encode(said)


def decode_answer(data: bytes) -> Answered:
    """Read an answer back; raises the leader's FloorAway where it could not take the command."""
    match _answers.decode(data):
        case _Made(position):
            return Made(position, None)
        case _Refused(reason):
            return Refused(reason)
        case _Away(kind, lane):
            raise FloorFull(lane) if kind == "full" else AWAY[kind](_SENTENCE)
        case _:
            return LookAgain()


def encode_frame(first: int, at: int, entries: bytes) -> bytes:
    """Encode a committed batch, whose entries are encoded already for the journal."""
    return _encoder.encode(_Frame(first, at, entries))


def decode_frame(data: bytes) -> Committed:
    """Read a batch back. Raises `msgspec.DecodeError` on foreign bytes."""
    frame = _frames.decode(data)
    return Committed(frame.first, frame.at, tuple(decode_entries(frame.entries)))
