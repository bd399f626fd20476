"""Which slope each class stands on, and what its queue's settings ask of it; a configuration moves what it changes.

Only `evolve` comes here, through the matching; no choice is made.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from router.core.bundle import Bundle, Queue
from router.core.heads import Head
from router.core.orders import Grade, Slope, grade_of
from router.core.waiting import Class, prompts_of

Common = tuple[Slope, Queue, tuple[str, ...]]  # what classes alike in queue, channel, live and priority have in common


@dataclass(slots=True)
class Grading:
    """`slopes` are those on which some class stands; `known` and `settings` say what has been looked up already."""

    slopes: dict[Grade, Slope] = field(default_factory=dict)
    known: dict[tuple[str, str, bool, int], Common] = field(default_factory=dict)  # queue, channel, live, priority
    settings: dict[str, tuple[Queue, tuple[str, ...]]] = field(default_factory=dict)  # queue -> what it is, its prompts

    def configure(self, before: Bundle | None, bundle: Bundle, classes: Iterable[Class]) -> None:
        """Put classes of queues that are others now where they belong; slopes that nobody stands on go."""
        self.known, self.settings = {}, {}
        others = None if before is None else _others(before, bundle)
        used, gone, come = set[Slope](), dict[Slope, int](), dict[Slope, list[Head]]()
        for cls in classes:
            if cls.widened:
                cls.widened.clear()
            if others is None or cls.queue in others:
                if cls.head is None:
                    self.place(cls, bundle)
                else:
                    gone[cls.slope] = gone.get(cls.slope, 0) | cls.bit
                    self.place(cls, bundle)
                    come.setdefault(cls.slope, []).append((*cls.head, cls))
            used.add(cls.slope)
        self.slopes = {grade: slope for grade, slope in self.slopes.items() if slope in used}
        for slope in self.slopes.values():
            if slope in gone or slope in come:
                slope.exchange(gone.get(slope, 0), come.get(slope, []))

    def place(self, cls: Class, bundle: Bundle | None) -> None:
        """Put a class without a head where it belongs, with what its queue's settings ask."""
        key = cls.queue, cls.channel, cls.live, cls.priority
        known = self.known.get(key)
        if known is None:
            known = self.known[key] = (self._slope(cls, bundle), *self._settings(cls.queue, bundle))
        cls.slope, spec, prompts = known
        cls.behave(spec, prompts)

    def _settings(self, queue: str, bundle: Bundle | None) -> tuple[Queue, tuple[str, ...]]:
        settings = self.settings.get(queue)
        if settings is None:
            spec = (bundle.queues.get(queue) if bundle else None) or Queue(name=queue, hours="")
            settings = self.settings[queue] = (spec, prompts_of(spec))
        return settings

    def _slope(self, cls: Class, bundle: Bundle | None) -> Slope:
        grade = grade_of(bundle, cls.queue, cls.channel, live=cls.live, priority=cls.priority)
        calendar = bundle.calendars.get(grade[3], ()) if bundle else ()
        slope = self.slopes.get(grade)
        if slope is None or slope.calendar != calendar:
            slope = self.slopes[grade] = Slope(grade, calendar)
        return slope


def _others(before: Bundle, bundle: Bundle) -> set[str]:
    """Return the queues whose settings or opening hours are others."""
    hours = before.calendars.keys() | bundle.calendars.keys()
    moved = {name for name in hours if before.calendars.get(name) != bundle.calendars.get(name)}
    names = before.queues.keys() | bundle.queues.keys()
    others = {name for name in names if before.queues.get(name) != bundle.queues.get(name)}
    return others | {name for name, queue in bundle.queues.items() if queue.hours in moved}
