"""Whose first task a class is: names of queues and skills, with the classes and the profiles that go by them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from router.core.flexibility import bits
from router.core.waiting import Class, Needs

if TYPE_CHECKING:
    from router.core.profiles import Profile

# What an agent can do may begin with this word; it says what comes first for them, and no conversation needs it.
PRIMARY = "primary:"
SKILL = "skill:"


def _names(cls: Class) -> set[str]:
    """Return under what names a class may be somebody's first task: its queue, and the skills that it needs."""
    return {cls.queue, *(name.removeprefix(SKILL) for name, _ in cls.needs if name.startswith(SKILL))}


def _tasks(abilities: Needs) -> list[str]:
    return [name.removeprefix(PRIMARY) for name, _ in abilities if name.startswith(PRIMARY)]


@dataclass(slots=True)
class FirstTasks:
    """Masks by name: which classes are called so, which profiles have it as their first task."""

    classes: dict[str, int] = field(default_factory=dict)
    profiles: dict[str, int] = field(default_factory=dict)

    def add_class(self, cls: Class, profiles: Sequence[Profile]) -> None:
        """A class is new: note whose first task it is."""
        for name in _names(cls):
            self.classes[name] = self.classes.get(name, 0) | cls.bit
            cls.primary |= self.profiles.get(name, 0)
        for index in bits(cls.primary):
            profiles[index].primary |= cls.bit

    def drop_class(self, cls: Class, profiles: Sequence[Profile]) -> None:
        """A class is over."""
        for name in _names(cls):
            self.classes[name] &= ~cls.bit
        for index in bits(cls.primary):
            profiles[index].primary &= ~cls.bit

    def set_profile(self, profile: Profile, before: Needs, classes: Sequence[Class]) -> None:
        """A profile can do other things than `before`."""
        for name in _tasks(before):
            self.profiles[name] &= ~profile.bit
        for index in bits(profile.primary):
            classes[index].primary &= ~profile.bit
        profile.primary = 0
        for name in _tasks(profile.abilities):
            self.profiles[name] = self.profiles.get(name, 0) | profile.bit
            profile.primary |= self.classes.get(name, 0)
        for index in bits(profile.primary):
            classes[index].primary |= profile.bit
