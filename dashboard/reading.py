"""Routes that only read: the desk, conversations, stories, customers, who waits, queues, agents."""

from __future__ import annotations

from dashboard.errors import ApiError
from dashboard.journeys import Journeys
from dashboard.parts import Parts
from dashboard.requests import PageQuery, WaitingQuery, number_of
from dashboard.routes import Call, Route
from dashboard.sessions import may
from dashboard.shapes import (
    AgentLine,
    Conversation,
    Customer,
    Desk,
    IdentityShape,
    QueueLine,
    StoryPage,
    Summary,
)
from dashboard.waits import Waiting, WaitingPage, wait_shape
from router.store.port import CustomerRow
from router.views import waiting

# A floor of 50,000 agents is not a page anybody reads.
AGENT_LINES_MAX = 2_000


class Reading:
    """The handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._out = parts, parts.out
        self._journeys = Journeys(parts)

    async def desk(self, call: Call) -> Desk:
        return await self._parts.pictures.desk(call.caller.account)

    async def conversation(self, call: Call) -> Conversation:
        row = await self._parts.places.row(call.caller.account, call.part("ref"))
        return await self._parts.pictures.conversation(row)

    async def story(self, call: Call) -> StoryPage:
        row = await self._parts.places.row(call.caller.account, call.part("ref"))
        items, more = await self._parts.stories.page(row.conv, before=call.ask.before, limit=call.ask.limit)
        return StoryPage(items=items, more=more)

    async def customer(self, call: Call) -> Customer:
        """A customer and their conversations, as far as the asker may see them; without any, there is nobody."""
        account, archive, site = call.caller.account, self._out.store.archive, self._out.floor.site
        found = await archive.customer(site, number_of(call.part("id")))
        if found is None:
            raise ApiError("not_visible")
        seen = await self._journeys.of(account, found)
        if not seen and not may(account.role, "supervisor"):
            raise ApiError("not_visible")
        shown = [self._parts.places.inside(row) for row in seen]
        return _customer(found, await self._parts.pictures.summaries(shown))

    async def waiting(self, call: Call) -> WaitingPage:
        """Who waits in lines that the asker may see, in the router's order."""
        state, ask = self._out.floor.state, call.ask
        lines = waiting.lines(state, self._parts.sight.lines(call.caller.account), ask.queue)
        total = sum(cls.waiting for cls in lines)
        convs = waiting.page(state, lines, after=ask.after, limit=ask.limit)
        codes = waiting.why_waiting(state, convs)
        summaries = await self._parts.pictures.summaries(convs)
        items = [
            Waiting(
                **{field: getattr(summary, field) for field in Summary.__struct_fields__},
                position_in_line=ask.after + index + 1,
                why=[code],
                wait=wait_shape(self._out.waits.remaining(conv)),
            )
            for index, (conv, summary, code) in enumerate(zip(convs, summaries, codes, strict=True))
        ]
        return WaitingPage(items=items, total=total)

    async def queues(self, call: Call) -> list[QueueLine]:
        del call
        return self._parts.pictures.queue_lines()

    async def agents(self, call: Call) -> list[AgentLine]:
        del call
        agents = sorted(self._out.floor.state.agents.values(), key=lambda agent: agent.id)
        return await self._parts.pictures.agent_lines(agents[:AGENT_LINES_MAX])


def _customer(row: CustomerRow, conversations: list[Summary]) -> Customer:
    return Customer(
        id=row.id,
        person=row.person,
        name=row.name,
        language=row.language,
        segment=row.segment,
        identities=[IdentityShape(kind=each.kind, value=each.value, verified=each.verified) for each in row.identities],
        attributes=dict(row.attributes),
        since_ms=row.created_ms,
        conversations=conversations,
    )


def routes(parts: Parts) -> list[Route]:
    """Return the routes of this file."""
    reading = Reading(parts)
    return [
        Route(
            method="GET", path="/desk", summary="Everything my desk starts with",
            answers=Desk, handler=reading.desk,
        ),
        Route(
            method="GET", path="/conversations/{ref}", summary="One conversation",
            answers=Conversation, handler=reading.conversation,
        ),
        Route(
            method="GET", path="/conversations/{ref}/story", summary="A page of its story, oldest first",
            ask=PageQuery, answers=StoryPage, handler=reading.story,
        ),
        Route(
            method="GET", path="/customers/{id}", summary="A customer and their conversations",
            answers=Customer, handler=reading.customer,
        ),
        Route(
            method="GET", path="/waiting", summary="Who waits, in the router's order",
            ask=WaitingQuery, answers=WaitingPage, handler=reading.waiting,
        ),
        Route(
            method="GET", path="/queues", summary="Every queue's live figures",
            answers=list[QueueLine], handler=reading.queues,
        ),
        Route(
            method="GET", path="/agents", summary="Every signed-in agent", role="supervisor",
            answers=list[AgentLine], handler=reading.agents,
        ),
    ]  # fmt: skip
