"""One who waits, as the queue list shows them, and the line they stand in: made from the replica. Sends nothing."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from dashboard.shapes import Shape
from dashboard.staff import Staff
from dashboard.surroundings import Surroundings
from dashboard.words import Words
from router.core.decide.patience import PROMPTS
from router.core.lifecycle import DEFERRED, HELD, OFFERED, WAITING
from router.core.matching import Class
from router.core.state import Conv, State
from router.views.board import Board

# Who waits, as a reader knows it: being kept for an agent is waiting for one.
STATES = {WAITING: "waiting", HELD: "held", OFFERED: "offered", DEFERRED: "callback"}


class LineShape(Shape, frozen=True, kw_only=True):
    """What all in one line have in common. A score is base + gain * waited / per_ms: the highest goes first.

    `why`: what it waits for. `runs`: whether waiting counts now. `pull`: an agent may take from it.
    """

    line: int
    queue: str
    channel: str
    live: bool
    priority: int
    needs: dict[str, int]
    why: str
    gain: int
    per_ms: int
    base: int
    runs: bool
    pull: bool


class RowShape(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """One who waits. With equal scores the older `key_ms` goes first, then the smaller `nth`.

    `waited_ms` is as its order counts it, at the time `at`. `until_ms`: until when it rings or is kept, or when
    they are called. `next` names what happens to its waiting by itself, at `next_ms`.
    """

    ref: str
    nth: int
    line: int
    state: str
    name: str
    since_ms: int
    key_ms: int
    waited_ms: int
    at: int
    due_ms: int = 0
    offered: tuple[str, ...] = ()
    until_ms: int = 0
    resting: bool = False
    next: str = ""
    next_ms: int = 0


class Rows:
    """Makes rows and lines of one floor."""

    def __init__(self, out: Surroundings, *, staff: Staff, words: Words, board: Board) -> None:
        self._out, self._staff, self._words, self._board = out, staff, words, board

    async def rows(self, convs: Sequence[Conv]) -> dict[int, msgspec.Raw]:
        """Return rows, encoded once for everybody who watches, by conversation."""
        told = await self._words.of([(conv.id, conv.customer) for conv in convs])
        await self._staff.learn(agent for conv in convs for agent in _asked(conv))
        state = self._out.floor.state
        return {conv.id: msgspec.Raw(msgspec.json.encode(self._row(state, conv, told[conv.id].name))) for conv in convs}

    def _row(self, state: State, conv: Conv, name: str) -> RowShape:
        prompt, next_ms = next_of(state, conv)
        until_ms = conv.offer.until_ms if conv.offer else conv.due_ms if conv.state in {HELD, DEFERRED} else 0
        return RowShape(
            ref=self._out.reference(conv.id),
            nth=conv.id,
            line=conv.cls.id,
            state=STATES[conv.state],
            name=name,
            since_ms=self._board.entered_ms(conv.id) or conv.opened_ms,
            key_ms=conv.key_ms,
            waited_ms=conv.cls.slope.waited_ms(state.at, conv.key_ms),
            at=state.at,
            due_ms=conv.reply_by_ms,
            offered=tuple(self._staff.name(agent) for agent in _asked(conv)),
            until_ms=until_ms,
            resting=bool(conv.resting),
            next=prompt,
            next_ms=next_ms,
        )


def line_shape(state: State, cls: Class, why: str) -> LineShape:
    """Return a line as it is now."""
    gain, per_ms, base, _ = cls.slope.grade
    at = state.at
    return LineShape(
        line=cls.id,
        queue=cls.queue,
        channel=cls.channel,
        live=cls.live,
        priority=cls.priority,
        needs={name: level for name, level in cls.needs if not name.startswith("channel:")},
        why=why,
        gain=gain,
        per_ms=per_ms,
        base=base,
        runs=cls.slope.waited_ms(at + 1, at) > 0,
        pull=bool(cls.spec.pull),
    )


def next_of(state: State, conv: Conv) -> tuple[str, int]:
    """Return what happens next to somebody's waiting by itself, and when; nothing for who is not in line."""
    if conv.state != WAITING:
        return "", 0
    names = PROMPTS if conv.hasten_ms else conv.cls.prompts
    found = [(due_ms, name) for name in names if (due_ms := PROMPTS[name](state, state.at, conv)) > state.at]
    return (min(found)[1], min(found)[0]) if found else ("", 0)


def _asked(conv: Conv) -> tuple[int, ...]:
    if conv.offer:
        return conv.offer.agents
    return (conv.held_for,) if conv.state == HELD and conv.held_for else ()
