"""The route that says where a conversation may be handed: queues, skills, people, and what blocks those it may not."""

from __future__ import annotations

from dashboard.handing.shapes import TargetAgent, TargetQueue, Targets, TargetSkill
from dashboard.parts import Parts
from dashboard.routes import Call, Route
from router.core.bundle import Bundle
from router.core.state import Agent
from router.store.port import ConversationRow
from router.views.board import may_take, serves

# What one list may hold of the colleagues one can transfer to.
TARGET_AGENTS_MAX = 500


class Handing:
    """The handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._out = parts, parts.out

    async def targets(self, call: Call) -> Targets:
        """Every queue, closed ones too; every skill; and colleagues who are signed in, whoever accepts first."""
        row = await self._parts.places.row(call.caller.account, call.part("ref"))
        bundle = self._out.floor.bundle
        if bundle is None:
            return Targets(queues=[], agents=[], skills=[])
        colleagues = [agent for agent in self._out.floor.state.agents.values() if agent.id != call.me]
        colleagues.sort(key=lambda agent: (not agent.accepts, agent.id))
        return Targets(
            queues=[self._queue(name, bundle, row) for name in bundle.queues],
            agents=await self._agents(colleagues[:TARGET_AGENTS_MAX], bundle, row),
            skills=[self._skill(name, most, colleagues, load=self._load(row)) for name, most in bundle.skills.items()],
        )

    def _queue(self, name: str, bundle: Bundle, row: ConversationRow) -> TargetQueue:
        line = self._parts.pictures.queue_line(name)
        return TargetQueue(
            name=name,
            label=line.label,
            open=line.open,
            opens_ms=line.opens_ms,
            waiting=line.waiting + line.offered,
            staffed=line.staffed,
            free=line.free,
            wait=line.wait,
            same=name == row.queue,
            note_required=bundle.queues[name].transfer_note == "required",
        )

    def _load(self, row: ConversationRow) -> int:
        """Return what the conversation would take of whoever gets it."""
        conv = self._out.floor.state.convs.get(row.conv)
        spec = self._out.floor.bundle.channels.get(row.channel) if self._out.floor.bundle else None
        return conv.load if conv else (spec.load if spec else 0)

    async def _agents(self, agents: list[Agent], bundle: Bundle, row: ConversationRow) -> list[TargetAgent]:
        await self._parts.staff.learn(agent.id for agent in agents)
        known, load = row.queue in bundle.queues, self._load(row)
        return [
            TargetAgent(
                id=agent.id,
                name=self._parts.staff.name(agent.id),
                presence=agent.presence,
                accepts=agent.accepts,
                free=agent.free,
                since_ms=agent.since_ms,
                room=may_take(agent, load),
                serves=known and serves(bundle, row.queue, agent.abilities),
            )
            for agent in agents
        ]

    @staticmethod
    def _skill(name: str, level_max: int, agents: list[Agent], *, load: int) -> TargetSkill:
        able = [agent for agent in agents if dict(agent.abilities).get(f"skill:{name}", 0) > 0]
        free = sum(may_take(agent, load) for agent in able)
        return TargetSkill(name=name, level_max=level_max, staffed=len(able), free=free)


def routes(parts: Parts) -> list[Route]:
    """Return the routes of this file."""
    handing = Handing(parts)
    return [
        Route(
            method="GET", path="/conversations/{ref}/targets", summary="Where it may be transferred",
            answers=Targets, handler=handing.targets,
        ),
    ]  # fmt: skip
