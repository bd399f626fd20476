"""Open conversations by id, in little room. Only the mapping lives here: no decision, no index, no event.

Almost everybody who waits does so far behind the head of a line, where nothing looks at them. They *sleep*: a few
bytes each instead of a record. Whoever is asked for wakes, is one object while a decision lasts, and sleeps again after
it. That changes what the core weighs and never what it knows.
"""

from __future__ import annotations

from collections.abc import Iterator, ValuesView
from typing import NamedTuple, TypeVar

import msgspec

from router.core.bundle import HOUR_MS
from router.core.lifecycle import UNPLACED, WAITING
from router.core.record import Outside, Passed, Relief
from router.core.waiting import Class

# So many may wait wide awake: a floor of ordinary size then pays nothing for what only a large one needs.
AWAKE_WAITING_MAX = 1_000
# Who waits is looked at again after an hour, unless something happens before: see `decide.patience`.
USUALLY_DUE_MS = HOUR_MS
_NO_BOUNDS = (0, 0, 0)
# Distinct combinations of what sleepers have in common. Far more than rules and classes make; above, they stay awake.
ALIKE_MAX = 50_000

T = TypeVar("T")


class Offer(msgspec.Struct, gc=False):
    """One round of asking: one agent, or several where the queue rings at several."""

    id: int
    agent: int
    until_ms: int
    issued_ms: int
    why: tuple[str, ...]
    others: tuple[int, ...] = ()

    @property
    def agents(self) -> tuple[int, ...]:
        """Everybody at whom it rings."""
        return self.agent, *self.others


class Participant(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Somebody who takes part without owning. Until `until_ms` it rings at them; 0 once they are there."""

    role: str
    by: int
    until_ms: int = 0


class Ending(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is said in wrap-up before it is over: the outcome that will hold, a follow-up, whether it was extended."""

    outcome: str = ""
    follow_up_ms: int = 0
    extended: bool = False


class Conv(msgspec.Struct, eq=False, gc=False):
    """An open conversation inside the core. `due_ms` is when something named happens; `actor` acts next.

    `relief` says what was done about its waiting, `nudged` that its silent customer has been reminded.
    `leg_ms` is since when it has been in its queue, offers and all; 0 before. `step` is how often it was widened.
    After `window_ms` its platform takes no answer and from `hasten_ms` that is soon; 0 for never. `replies_left` is -1
    where replies are not counted. `reply_by_ms` is the queue's target for the next one. `held_why`: why it is held.
    `related` are other open conversations of its customer, `spare_line` their line that takes answers at any time.
    `owed_ms` is since when its customer waits for the owner, 0 when not; `escalated`: those who supervise were told.

    `passed` is how it was last transferred. Until `leg_lost_ms` its owner may come back to the live line. `outside` is
    who is called into it from outside; on `outside_lines`, of its `more_lines`, others than the customer write.
    `raised` is by how much its priority is above what its rule and the steps of its queue say.

    Nothing that it refers to refers back to it, so the garbage collector need not know it.
    """

    id: int
    version: int
    customer: int
    line: int
    facts: int
    cls: Class
    key_ms: int
    opened_ms: int
    since_ms: int
    state: str = UNPLACED
    actor: str = "queue"
    due_ms: int = 0
    owner: int = 0
    rule: str = ""
    offer: Offer | None = None
    resting: dict[int, int] | None = None
    held_for: int = 0
    answered: bool = False
    off_hours: bool = False
    gone: bool = False
    more_lines: tuple[int, ...] = ()
    on_hold: bool = False
    failed: bool = False
    no_notice: bool = False
    leg_ms: int = 0
    step: int = 0
    window_ms: int = 0
    hasten_ms: int = 0
    replies_left: int = -1
    reply_by_ms: int = 0
    held_why: str = ""
    related: tuple[int, ...] = ()
    test: bool = False
    owed_ms: int = 0
    escalated: bool = False
    spare_line: int = 0
    relief: Relief | None = None
    nudged: bool = False
    passed: Passed | None = None
    participants: dict[int, Participant] | None = None
    leg_lost_ms: int = 0
    outside: Outside | None = None
    outside_lines: tuple[int, ...] = ()
    raised: int = 0
    ending: Ending | None = None

    @property
    def queue(self) -> str:
        return self.cls.queue

    @property
    def channel(self) -> str:
        return self.cls.channel

    @property
    def load(self) -> int:
        return self.cls.load

    @property
    def live(self) -> bool:
        return self.cls.live


class Standing(NamedTuple):
    """What says where the rules would put a conversation; `by_rule`: whether one has put it where it is."""

    cls: Class
    facts: int
    step: int
    raised: int
    by_rule: bool


class Alike(msgspec.Struct, frozen=True, gc=False):
    """What many sleepers have in common, kept once for all of them."""

    cls: Class
    head_start_ms: int
    rule: str
    actor: str
    version: int
    answered: bool
    off_hours: bool
    gone: bool
    failed: bool
    no_notice: bool
    step: int
    replies_left: int
    test: bool
    relief: Relief | None
    raised: int


# A sleeper: number of what is alike, opened, customer, line, since, due, facts, leg; and window, hastening, target
# where there is one. Times are differences, which are short; due is counted from when nearly everybody's is.
_Packed = list[int]


def _odd(difference: int) -> int:
    """A difference that may be 0 or less, told from none at all; `>> 1` gives it back."""
    return difference << 1 | 1


class Conversations(dict[int, Conv]):
    """The dictionary itself holds who is awake. `stirred` are those who may go to sleep when the decision is over."""

    def __init__(self, *, awake_max: int = AWAKE_WAITING_MAX) -> None:
        super().__init__()
        self.awake_max = awake_max
        self.stirred: list[int] = []
        self._asleep: dict[int, bytes] = {}
        self._alike: list[Alike] = []
        self._number_of: dict[Alike, int] = {}
        self._since_ms = 0
        self._packed = bytearray()
        self._pack_into = msgspec.msgpack.Encoder().encode_into
        self._unpack = msgspec.msgpack.Decoder(_Packed).decode

    # --- a mapping, whoever sleeps ---------------------------------------------------------------------------

    def __missing__(self, conv_id: int) -> Conv:
        """Wake a sleeper; KeyError for one who is not here."""
        conv = self[conv_id] = self._unpacked(conv_id, self._asleep[conv_id])
        del self._asleep[conv_id]
        self.stirred.append(conv_id)
        return conv

    def get(self, conv_id: int, default: T | None = None) -> Conv | T | None:  # type: ignore[override]
        conv = dict.get(self, conv_id)  # named outright: `super()` costs more than the look-up
        if conv is not None:
            return conv
        return self[conv_id] if conv_id in self._asleep else default

    def __contains__(self, conv_id: object) -> bool:
        return dict.__contains__(self, conv_id) or conv_id in self._asleep

    def __len__(self) -> int:
        return dict.__len__(self) + len(self._asleep)

    def __iter__(self) -> Iterator[int]:
        yield from list(super().__iter__())
        yield from list(self._asleep)

    def values(self) -> Iterator[Conv]:  # type: ignore[override]
        """Yield everybody, sleepers as copies to be read: a walk over a million wakes nobody."""
        for conv_id in self:
            conv = self.peek(conv_id)
            if conv is not None:
                yield conv

    def peek(self, conv_id: int) -> Conv | None:
        """Return a conversation to be read and not kept: a sleeper sleeps on."""
        asleep = self._asleep.get(conv_id)
        return dict.get(self, conv_id) if asleep is None else self._unpacked(conv_id, asleep)

    def key_of(self, conv_id: int) -> int:
        """Return the place of an open conversation, its time alone; a sleeper sleeps on."""
        asleep = self._asleep.get(conv_id)
        if asleep is None:
            return dict.__getitem__(self, conv_id).key_ms
        number, opened, *_ = self._unpack(asleep)
        return opened + self._since_ms - self._alike[number].head_start_ms

    def due_of(self, conv_id: int) -> tuple[int, int] | None:
        """Return when something happens to an open conversation, and its place's time; a sleeper sleeps on."""
        conv = dict.get(self, conv_id)
        if conv is not None:
            return conv.due_ms, conv.key_ms
        asleep = self._asleep.get(conv_id)
        if asleep is None:
            return None
        number, opened, _, _, since, due, *_ = self._unpack(asleep)
        opened_ms = opened + self._since_ms
        return opened_ms + since + due + USUALLY_DUE_MS, opened_ms - self._alike[number].head_start_ms

    def standing_of(self, conv_id: int) -> Standing:
        """Return what the rules may look at of an open conversation; a sleeper sleeps on."""
        asleep = self._asleep.get(conv_id)
        if asleep is None:
            conv = dict.__getitem__(self, conv_id)
            return Standing(conv.cls, conv.facts, conv.step, conv.raised, bool(conv.rule) and not conv.off_hours)
        packed = self._unpack(asleep)
        alike = self._alike[packed[0]]
        return Standing(alike.cls, packed[6], alike.step, alike.raised, bool(alike.rule) and not alike.off_hours)

    def open_among(self, conv_ids: list[int]) -> list[int]:
        """Return those of many that are open."""
        awake, asleep = dict.keys(self), self._asleep
        return [conv_id for conv_id in conv_ids if conv_id in awake or conv_id in asleep]

    def awake(self) -> ValuesView[Conv]:
        """Return those awake: all whom anything but a line holds."""
        return super().values()

    # --- sleep -----------------------------------------------------------------------------------------------

    def settle(self, waiting: int) -> None:
        """A decision is over, so many wait in all: those whom it stirred and left in line may sleep."""
        if waiting - len(self._asleep) > self.awake_max:
            for conv_id in self.stirred:
                conv = dict.get(self, conv_id)
                if conv is not None and conv.state == WAITING:
                    self._lull(conv)
        self.stirred.clear()

    def _lull(self, conv: Conv) -> None:
        """Put to sleep who stands behind the head of a line with nothing out of the ordinary about them."""
        cls, opened_ms = conv.cls, conv.opened_ms
        if cls.head is None or cls.head[1] == conv.id or conv.resting or conv.more_lines or conv.owner:
            return
        if conv.related or conv.spare_line or conv.passed:
            return
        alike = Alike(
            cls,
            opened_ms - conv.key_ms,
            conv.rule,
            conv.actor,
            conv.version,
            conv.answered,
            conv.off_hours,
            conv.gone,
            conv.failed,
            conv.no_notice,
            conv.step,
            conv.replies_left,
            conv.test,
            conv.relief,
            conv.raised,
        )
        number = self._number_of.get(alike)
        if number is None:
            if len(self._alike) >= ALIKE_MAX:
                return
            number = self._keep(alike, opened_ms)
        since_ms = conv.since_ms
        packed = [
            number,
            opened_ms - self._since_ms,
            conv.customer,
            conv.line,
            since_ms - opened_ms,
            conv.due_ms - since_ms - USUALLY_DUE_MS,
            conv.facts,
            since_ms - conv.leg_ms,
        ]
        if conv.window_ms or conv.hasten_ms or conv.reply_by_ms:
            packed += (
                conv.window_ms and _odd(conv.window_ms - since_ms),
                conv.hasten_ms and conv.window_ms - conv.hasten_ms,
                conv.reply_by_ms and _odd(conv.reply_by_ms - since_ms),
            )
        self._pack_into(packed, self._packed)
        self._asleep[conv.id] = bytes(self._packed)  # copied: what an encoder returns has room to spare
        del self[conv.id]

    def _keep(self, alike: Alike, opened_ms: int) -> int:
        """Keep what is new; when nobody sleeps, nothing old need be kept and times are counted from now."""
        if not self._asleep:
            self._alike.clear()
            self._number_of.clear()
            self._since_ms = opened_ms
        number = self._number_of[alike] = len(self._alike)
        self._alike.append(alike)
        return number

    def _unpacked(self, conv_id: int, packed: bytes) -> Conv:
        number, opened, customer, line, since, due, facts, leg, *more = self._unpack(packed)
        window, margin, target = more or _NO_BOUNDS
        alike = self._alike[number]
        opened_ms = opened + self._since_ms
        since_ms = opened_ms + since
        return Conv(
            conv_id,
            alike.version,
            customer,
            line,
            facts,
            alike.cls,
            opened_ms - alike.head_start_ms,
            opened_ms,
            since_ms,
            WAITING,
            alike.actor,
            since_ms + due + USUALLY_DUE_MS,
            0,
            alike.rule,
            None,
            None,
            0,
            alike.answered,
            alike.off_hours,
            alike.gone,
            (),
            False,
            alike.failed,
            alike.no_notice,
            since_ms - leg,
            alike.step,
            window and since_ms + (window >> 1),
            margin and since_ms + (window >> 1) - margin,
            alike.replies_left,
            target and since_ms + (target >> 1),
            "",
            (),
            alike.test,
            relief=alike.relief,
            raised=alike.raised,
        )
