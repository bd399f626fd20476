"""Which of the classes that an agent may serve are scarce: that far fewer people can serve than others of theirs.

Counted over everybody who is signed in, whatever their presence. It keeps numbers in step and decides nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from router.core.first_tasks import PRIMARY
from router.core.flexibility import bits

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
    changes: int = 0
    _scarce: dict[int, int] = field(default_factory=dict)  # profile -> classes, since the last change
    _counted: int = -1

    def form_class(self, cls: Class, profiles: Sequence[Profile]) -> None:
        """A class is new, or another one has its number; its profiles are known."""
        able = sum(profiles[index].agents for index in bits(cls.profiles))
        if cls.id == len(self.able):
            self.able.append(able)
        else:
            self.able[cls.id] = able
        self.changes += 1

    def enter(self, profile: Profile) -> None:
        """One more has this profile."""
        for index in bits(profile.classes):
            self.able[index] += 1
        self.changes += 1

    def leave(self, profile: Profile) -> None:
        """One less has this profile; what it can do is still known."""
        for index in bits(profile.classes):
            self.able[index] -= 1
        self.changes += 1

    def to(self, profile: Profile) -> int:
        """Return the classes that are scarce to a profile; none where its agents have first tasks that were said."""
        if self._counted != self.changes:
            self._scarce, self._counted = {}, self.changes
        found = self._scarce.get(profile.id)
        if found is None:
            found = self._scarce[profile.id] = self._count(profile)
        return found

    def _count(self, profile: Profile) -> int:
        if any(name.startswith(PRIMARY) for name, _ in profile.abilities):
            return 0
        served = [(self.able[index], index) for index in bits(profile.classes)]
        most = max(served, default=(0, 0))[0]
        return sum(1 << index for able, index in served if able * TIMES_AS_MANY <= most)
