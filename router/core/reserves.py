"""Reserves: of the agents who can do something, so many stay completely free for it: who is counted, whom it frees."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from router.core.bundle import Reserve
from router.core.rooms import Idle
from router.core.waiting import Class, Needs

if TYPE_CHECKING:
    from router.core.profiles import Profile
    from router.core.state import Agent


@dataclass(slots=True, eq=False)
class Kept:
    """One reserve: agents of some profiles of whom `agents` stay completely free for some classes."""

    mask: int  # of the needs
    agents: int
    profiles: int = 0
    classes: int = 0  # for which they are kept
    blank: dict[Idle, int] = field(default_factory=dict)  # its agents without any work, by idle number

    @property
    def withholds(self) -> bool:
        return len(self.blank) <= self.agents


@dataclass(slots=True)
class Reserves:
    """All reserves of a configuration, and the agents whom the decision so far has freed of one."""

    kept: list[Kept] = field(default_factory=list)
    let_go: list[int] = field(default_factory=list)
    leaving: int = 0  # the agent who was completely free when they left their room, until one enters

    def configure(self, reserves: Sequence[Reserve], mask_of: Callable[[Needs], int], classes: Sequence[Class]) -> None:
        """Begin anew; everybody has left their room, and each profile is set after this."""
        self.kept = [Kept(mask_of(reserve.needs), reserve.agents) for reserve in reserves]
        for cls in classes:
            self.set_class(cls)

    def set_class(self, cls: Class) -> None:
        for kept in self.kept:
            kept.classes = kept.classes | cls.bit if cls.mask & kept.mask == kept.mask else kept.classes & ~cls.bit

    def set_profile(self, profile: Profile) -> None:
        for kept in self.kept:
            fulfils = profile.mask & kept.mask == kept.mask
            kept.profiles = kept.profiles | profile.bit if fulfils else kept.profiles & ~profile.bit
        profile.kept = tuple(kept for kept in self.kept if kept.profiles & profile.bit)

    def enter(self, agent: Agent) -> None:
        """Who is completely free is counted; who has begun something just now is kept for nobody any more."""
        leaving, self.leaving = self.leaving, 0
        if agent.work:
            if leaving == agent.id:
                self.let_go.append(agent.id)
            return
        for kept in agent.profile.kept:
            was = kept.withholds
            kept.blank[agent.idle] = agent.id
            if was and not kept.withholds:
                self.let_go.extend(kept.blank[idle] for idle in sorted(kept.blank))

    def leave(self, agent: Agent) -> None:
        """Call it before anything changes, as with rooms."""
        self.leaving = 0
        if not agent.work:
            self.leaving = agent.id
            for kept in agent.profile.kept:
                del kept.blank[agent.idle]

    def withheld_from(self, cls: Class) -> int:
        """Return the profiles whose completely free agents are kept for other classes than this."""
        mask = 0
        for kept in self.kept:
            if not kept.classes & cls.bit and kept.withholds:
                mask |= kept.profiles
        return mask


def kept_for(profile: Profile) -> int:
    """Return the classes that a completely free agent of a profile may take: those that no reserve keeps them from."""
    mask = -1
    for kept in profile.kept:
        if kept.withholds:
            mask &= kept.classes
    return mask
