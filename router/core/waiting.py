"""Classes and the line in which the conversations of a class wait: ids in order. It knows no conversation, no agent."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from router.core.bundle import Queue

if TYPE_CHECKING:
    from router.core.orders import Slope

Need = tuple[str, int]
Needs = tuple[Need, ...]
# Queue, channel, needs, load, priority, what else will do: two classes are never alike in all of it.
ClassKey = tuple[str, str, Needs, int, int, tuple[Needs, ...]]
Place = tuple[int, int]  # key_ms, conversation: the order in every line

# A line is made compact when its holes outnumber the living and this many besides.
HOLES_SLACK = 32


# The prompts of `decide.patience` that a queue's settings may ask for, in that order.
PROMPTING: dict[str, Callable[[Queue], object]] = {
    "team": lambda spec: spec.affinity,
    "widen": lambda spec: spec.widen,
    "overflow": lambda spec: spec.overflow,
}


def prompts_of(spec: Queue) -> tuple[str, ...]:
    """Return the prompts that a queue's settings ask for."""
    return tuple(name for name, asks in PROMPTING.items() if asks(spec))


@dataclass(slots=True, eq=False)
class Class:
    """Conversations with the same queue, channel, needs, load and priority: they wait in one line.

    `also` are other sets of needs that will do as well: widening lets people of other queues in.

    `spec` are their queue's settings, `prompts` what those have in store for who only waits, `widened` the
    class after each step. `slope` says how
    they score, `kind` which kind of room they take, `steps` how their agent is chosen, `primary` whose first task they
    are. `early` holds those that came in order, ids rising; a negative id is a hole that somebody
    left. `late` holds the places of those put back later. `head` is the first place of both. `profiles` may serve it,
    one bit each.
    """

    id: int
    queue: str
    channel: str
    needs: Needs
    load: int
    live: bool
    priority: int = 0
    also: tuple[Needs, ...] = ()
    bit: int = field(init=False)
    mask: int = 0
    also_masks: tuple[int, ...] = ()
    profiles: int = 0
    early: list[int] = field(default_factory=list)
    early_from: int = 0
    early_key_ms: int = 0  # of the last one in `early`
    holes: int = 0
    late: list[Place] = field(default_factory=list)
    waiting: int = 0
    head: Place | None = None
    slope: Slope = field(init=False)
    kind: int = 0
    steps: tuple[str, ...] = ()
    primary: int = 0
    spec: Queue = field(init=False)
    prompts: tuple[str, ...] = ()
    widened: dict[int, Class] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.bit = 1 << max(self.id, 0)
        self.spec = Queue(name=self.queue, hours="")

    @property
    def key(self) -> ClassKey:
        return self.queue, self.channel, self.needs, self.load, self.priority, self.also

    def behave(self, spec: Queue, prompts: tuple[str, ...]) -> None:
        """Take over the settings of its queue."""
        self.spec, self.steps, self.prompts = spec, spec.agents, prompts
        if self.widened:
            self.widened.clear()

    def join(self, place: Place) -> None:
        """Stand in line; the caller keeps the head."""
        key_ms, conv = place
        self.waiting += 1
        early = self.early
        if self.early_from == len(early):
            self.early, self.early_from, self.holes, self.early_key_ms = [conv], 0, 0, key_ms
        elif key_ms >= self.early_key_ms and conv > abs(early[-1]):
            early.append(conv)
            self.early_key_ms = key_ms
        else:
            insort(self.late, place)

    def leave(self, place: Place) -> None:
        """Leave the line; the caller keeps the head."""
        early, conv = self.early, place[1]
        self.waiting -= 1
        if self.early_from < len(early) and early[self.early_from] == conv:
            self._advance()
            return
        index = bisect_left(early, conv, self.early_from, key=abs)
        if index < len(early) and early[index] == conv:
            early[index] = -conv
            self.holes += 1
            if self.holes > HOLES_SLACK + (len(early) - self.early_from) // 2:
                self.early = [each for each in early[self.early_from :] if each > 0]
                self.early_from = self.holes = 0
            return
        index = bisect_left(self.late, place)
        assert self.late[index] == place, "who leaves a line stands in it"
        del self.late[index]

    def _advance(self) -> None:
        """The first of `early` has gone: drop the holes behind them, and the front when it is the larger part."""
        early, index = self.early, self.early_from + 1
        while index < len(early) and early[index] < 0:
            index += 1
            self.holes -= 1
        if index > HOLES_SLACK and index * 2 > len(early):
            del early[:index]
            index = 0
        self.early_from = index

    def first(self, key_of: Callable[[int], int]) -> Place | None:
        """Return the first place in line, asking at most one conversation for its key."""
        early = None
        if self.early_from < len(self.early):
            conv = self.early[self.early_from]
            early = (key_of(conv), conv)
        if not self.late:
            return early
        return self.late[0] if early is None else min(early, self.late[0])

    def in_order(self, key_of: Callable[[int], int], beyond: Place = (0, 0)) -> Iterator[int]:
        """Yield everybody in line beyond a place. For rare cases: where some came late it asks for each key."""
        late, position = self.late[bisect_right(self.late, beyond) :], 0
        for conv in self.early[self._early_beyond(beyond, key_of) :]:
            if conv > 0:
                while position < len(late) and late[position] < (key_of(conv), conv):
                    yield late[position][1]
                    position += 1
                yield conv
        for _, conv in late[position:]:
            yield conv

    def _early_beyond(self, place: Place, key_of: Callable[[int], int]) -> int:
        """Return where those who came in order go on after a place; for a hole the next living one is asked."""
        low, high = self.early_from, len(self.early)
        while place > (0, 0) and low < high:
            middle = asked = (low + high) // 2
            while asked < high and self.early[asked] < 0:
                asked += 1
            if asked == high or (key_of(self.early[asked]), self.early[asked]) > place:
                high = middle
            else:
                low = asked + 1
        return low
