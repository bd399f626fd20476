"""Which of the classes that an agent may serve are scarce: that far fewer people can serve than others of theirs.

Counted over everybody who is signed in, whatever their presence. It keeps numbers in step and decides nothing.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from router.core.first_tasks import PRIMARY
from router.core.flexibility import bits
from router.core.tally import Tally

if TYPE_CHECKING:
    from router.core.profiles import Profile
    from router.core.waiting import Class

# A class is scarce to somebody when one of their others can be served by so many times as many people. Less than twice
# is not worth anybody's place in line.
TIMES_AS_MANY = 2


@dataclass(slots=True)
class Scarcity:
    """How many people can serve each class, by its number, and what that makes scarce to each profile."""

    able: list[int] = field(default_factory=list)
    _agents: Tally = field(default_factory=Tally)  # how many have each profile
    _counts: list[int] = field(default_factory=list)  # the numbers that `able` has, each once, in order
    _classes: dict[int, int] = field(default_factory=dict)  # number -> classes that so many can serve
    _up_to: list[int] = field(default_factory=list)  # beside each count: the classes that so many or fewer can serve
    _scarce: dict[int, int] = field(default_factory=dict)  # profile -> classes, since the last change
    _stale: bool = False

    def form_class(self, cls: Class) -> None:
        """A class is new, or another one has its number; its profiles are known."""
        able = self._agents.total(cls.profiles)
        if cls.id == len(self.able):
            self.able.append(able)
            self._add(able, cls.bit)
        else:
            self.able[cls.id] = able
            self._stale = True
        self._scarce.clear()

    def enter(self, profile: Profile) -> None:
        """One more has this profile."""
        self._agents.more(profile.bit)
        self._count(profile, 1)

    def leave(self, profile: Profile) -> None:
        """One less has this profile; what it can do is still known."""
        self._agents.less(profile.bit)
        self._count(profile, -1)

    def _count(self, profile: Profile, by: int) -> None:
        for index in bits(profile.classes):
            self.able[index] += by
        self._stale = True
        self._scarce.clear()

    def to(self, profile: Profile) -> int:
        """Return the classes that are scarce to a profile; none where its agents have first tasks that were said."""
        found = self._scarce.get(profile.id)
        if found is None:
            found = self._scarce[profile.id] = self._look(profile)
        return found

    def _look(self, profile: Profile) -> int:
        if any(name.startswith(PRIMARY) for name, _ in profile.abilities):
            return 0
        if self._stale:
            self._sort()
        served = profile.classes
        most = next((able for able in reversed(self._counts) if self._classes[able] & served), 0)
        few = bisect_right(self._counts, most // TIMES_AS_MANY)
        return self._up_to[few - 1] & served if few else 0

    def _sort(self) -> None:
        """Put all classes beside how many can serve them, anew."""
        self._classes, self._stale = {}, False
        for index, able in enumerate(self.able):
            self._classes[able] = self._classes.get(able, 0) | 1 << index
        self._counts, self._up_to, together = sorted(self._classes), [], 0
        for able in self._counts:
            together |= self._classes[able]
            self._up_to.append(together)

    def _add(self, able: int, bit: int) -> None:
        """Put one more class beside how many can serve it."""
        if self._stale:
            return
        place = bisect_right(self._counts, able)
        if able not in self._classes:
            insort(self._counts, able)
            self._up_to.insert(place, self._up_to[place - 1] if place else 0)
            place += 1
        self._classes[able] = self._classes.get(able, 0) | bit
        for index in range(place - 1, len(self._up_to)):
            self._up_to[index] |= bit
