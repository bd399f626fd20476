"""What screens show, made from the replica, the figures and the archive: summaries, offers, lines, whole desks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from dashboard.shapes import (
    AgentLine,
    Conversation,
    Desk,
    FileLimits,
    Last,
    Line,
    Offer,
    Participant,
    Person,
    QueueLine,
    Summary,
    TakingPart,
    WaitShape,
    Why,
    WorkPart,
)
from dashboard.staff import Staff
from dashboard.surroundings import Surroundings
from dashboard.waits import wait_shape
from dashboard.words import Told, Words
from router.care.usual import rules_of
from router.core.facts import RECORDED, Facts
from router.core.lifecycle import ACTIVE, HELD, OFFERED, UNPLACED, WAITING, WRAP_UP
from router.core.record import Passed, decode_record
from router.core.state import Agent, Conv
from router.store.port import Account, ConversationRow
from router.views.board import Board, Figures

# What an agent may have parked and still see as a list; older ones are found through their customers.
PARKED_MAX = 200
# What is inside the core under a name of its own, as people are told.
STATES = {HELD: WAITING, UNPLACED: WAITING}
# Why this agent: the router's codes, in words.
REASONS = {
    "longest_idle": "You have been free the longest.",
    "next_in_line": "They are next in line for you.",
    "named_agent": "They were sent to you by name.",
    "same_customer": "You are talking with this customer already.",
    "last_agent": "They spoke with you last.",
    "first_task": "This is your first task.",
    "highest_level": "You have the highest level in what is needed.",
    "least_flexible": "Others who could take it are kept for those who need them.",
    "packed": "Your load suits it best.",
    "fullest": "Whoever has begun is filled up first, so that others stay free.",
    "least_loaded": "You have the least in hand.",
    "fair_turn": "They have waited longest: it is their turn.",
    "most_urgent": "They are the most urgent that you can take.",
    "higher_priority": "They have the highest priority of those you can take.",
    "earliest_deadline": "They have the earliest deadline of those you can take.",
    "few_can": "Few others can serve them.",
    "highest_score": "They score most in waiting and priority.",
}
TALKING, LEFT = "talking", "left"
ACTORS = {"parked": "customer", "closed": "", "abandoned": ""}

Shown = Conv | ConversationRow


def works_on(conv: Conv, agent: int) -> bool:
    """Return whether a conversation inside the core is this agent's own work."""
    return bool(agent) and conv.owner == agent and conv.state in {ACTIVE, WRAP_UP, HELD}


def rings(conv: Conv, agent: int) -> bool:
    return conv.state == OFFERED and conv.offer is not None and agent in conv.offer.agents


def having(conv: Conv) -> tuple[int, ...]:
    """Return who has a conversation: its owner, who is asked, or for whom it is kept."""
    if conv.offer:
        return conv.offer.agents
    holder = conv.held_for or conv.owner
    return (holder,) if holder else ()


class Pictures:
    """Makes every shape that more than one route or the socket shows."""

    def __init__(self, surroundings: Surroundings, *, staff: Staff, words: Words, board: Board) -> None:
        self._out, self._staff, self._words, self._board = surroundings, staff, words, board

    # --- summaries ------------------------------------------------------------------------------------

    async def summaries(self, shown: Sequence[Shown], *, whole: bool = False) -> list[Summary]:
        """Return summaries in the given order. `whole`: count the unread and find the subject in the story."""
        told = await self._words.of([(_id(each), each.customer) for each in shown], whole=whole)
        await self._staff.learn([each.owner for each in shown])
        await self._staff.learn(_agent_of(each.author) for each in told.values())
        return [self._summary(each, told[_id(each)]) for each in shown]

    def _summary(self, shown: Shown, told: Told) -> Summary:
        if isinstance(shown, ConversationRow):
            since_ms, actor = shown.changed_ms, _actor_of(shown)
        else:
            since_ms, actor = shown.since_ms, shown.actor
        return Summary(
            ref=self._out.reference(_id(shown)),
            state=STATES.get(shown.state, shown.state),
            channel=shown.channel,
            live=self._is_live(shown),
            queue=shown.queue,
            customer=Person(id=shown.customer, name=told.name),
            opened_ms=shown.opened_ms,
            since_ms=since_ms,
            due_ms=shown.due_ms,
            actor=actor,
            owner=self._staff.person(shown.owner),
            last=Last(text=told.text, author=self._author(told), at=told.at) if told.at else None,
            unread=told.unread,
            subject=told.subject,
            **_promised(shown),
        )

    def _is_live(self, shown: Shown) -> bool:
        if isinstance(shown, Conv):
            return shown.live
        spec = self._out.floor.bundle.channels.get(shown.channel) if self._out.floor.bundle else None
        return bool(spec and spec.live)

    def _author(self, told: Told) -> str:
        agent = _agent_of(told.author)
        return self._staff.name(agent) if agent else (told.name if told.author == "customer" else "")

    async def conversation(self, row: ConversationRow) -> Conversation:
        """Return one conversation with all that its screen needs."""
        convs = self._out.floor.state.convs
        conv = convs.get(row.conv)
        shown: Shown = conv or row
        (summary,) = await self.summaries([shown], whole=True)
        record = decode_record(row.record) if row.record and conv is None else None
        passed = conv.passed if conv else (record.passed if record else None)
        facts = self._out.floor.state.facts.by_number.get(conv.facts) if conv else (record.facts if record else None)
        return Conversation(
            **{name: getattr(summary, name) for name in Summary.__struct_fields__},
            lines=await self._lines(shown),
            language=facts.language if facts else "",
            disposition=row.disposition,
            version=conv.version if conv else (record.version if record else 0),
            gone=bool(conv and conv.gone),
            failed=bool(conv and conv.failed),
            wrap_up_until_ms=conv.due_ms if conv and conv.state == WRAP_UP else 0,
            rule=conv.rule if conv else (record.rule if record else ""),
            why=list(conv.offer.why) if conv and conv.offer else [],
            related=[self._out.reference(other) for other in (conv.related if conv else ()) if other in convs],
            priority=conv.cls.priority if conv else (record.priority if record else 0),
            times_back=passed.times if passed else 0,
            participants=await self._participants(conv),
            on_hold=bool(conv and conv.on_hold),
            recorded=dict(facts.attributes).get(RECORDED, "") if facts else "",
            passed_by=await self._passed_by(passed),
            complains=await self._complains(row.conv, facts),
            **_ending(conv),
        )

    async def _complains(self, conv: int, facts: Facts | None) -> bool:
        links = await self._out.store.complaints.of_conversations(self._out.floor.site, [conv])
        if links or facts is None or self._out.floor.bundle is None:
            return any(link.complaint for link in links)
        return bool({*facts.topics} & {*rules_of(self._out.floor.bundle).topics})

    async def _passed_by(self, passed: Passed | None) -> Person | None:
        await self._staff.learn([passed.agent] if passed else [])
        return self._staff.person(passed.agent) if passed else None

    async def _participants(self, conv: Conv | None) -> list[Participant]:
        """Return who takes part without owning, in the order in which they came."""
        parts = (conv.participants if conv else None) or {}
        await self._staff.learn(parts)
        return [
            Participant(id=agent, name=self._staff.name(agent), role=part.role, until_ms=part.until_ms)
            for agent, part in parts.items()
        ]

    async def _lines(self, shown: Shown) -> list[Line]:
        """Return the current line first, then the customer's others over which one can talk at any time."""
        bundle = self._out.floor.bundle
        found = await self._out.store.archive.lines_of(self._out.floor.site, shown.customer)
        lasting = {name for name, spec in bundle.channels.items() if not spec.live} if bundle else set()
        lines = [
            Line(
                id=line.id,
                channel=line.channel,
                current=line.id == shown.line,
                label=line.peer,
                files=self._limits(line.channel),
                letters=self._out.sendable(line.channel).letters,
                unwritable=self._out.sendable(line.channel).unwritable,
            )
            for line in found
            if line.id == shown.line or (line.channel in lasting and line.peer)
        ]
        return sorted(lines, key=lambda line: (not line.current, line.id))

    def _limits(self, channel: str) -> FileLimits | None:
        can = self._out.sendable(channel)
        if not can.kinds:
            return None
        return FileLimits(kinds=dict(can.kinds), files_max=can.files_max, bytes_max=can.bytes_max)

    # --- offers, agents, queues ------------------------------------------------------------------------

    async def offers(self, convs: Sequence[Conv]) -> list[Offer]:
        """Return the cards of conversations that ring now, the oldest offer first."""
        told = await self._words.of([(conv.id, conv.customer) for conv in convs])
        offers = [self._offer(conv, told[conv.id]) for conv in convs if conv.offer]
        return sorted(offers, key=lambda offer: (offer.issued_ms, offer.offer))

    def _offer(self, conv: Conv, told: Told) -> Offer:
        offer = conv.offer
        assert offer is not None, "only conversations that ring have a card"
        entered_ms = self._board.entered_ms(conv.id) or conv.opened_ms
        return Offer(
            offer=offer.id,
            ref=self._out.reference(conv.id),
            until_ms=offer.until_ms,
            issued_ms=offer.issued_ms,
            channel=conv.channel,
            queue=conv.queue,
            customer=Person(id=conv.customer, name=told.name),
            waited_ms=max(0, offer.issued_ms - entered_ms),
            first_words=told.text,
            why=[Why(code=code, text=REASONS.get(code, code)) for code in offer.why],
        )

    def agent_line(self, agent: Agent) -> AgentLine:
        """Return an agent's line. Their name must be learnt before."""
        convs = self._out.floor.state.convs
        return AgentLine(
            id=agent.id,
            name=self._staff.name(agent.id),
            presence=agent.presence,
            accepts=agent.accepts,
            since_ms=agent.since_ms,
            used=agent.used,
            capacity=agent.capacity,
            parts=[
                WorkPart(ref=self._out.reference(conv), load=load, state=convs[conv].state)
                for conv, load in agent.work.items()
                if conv in convs
            ],
            queues=self._board.queues_of(agent),
            winding=agent.winding,
            until_ms=agent.until_ms,
        )

    def queue_line(self, name: str) -> QueueLine:
        state, figures = self._out.floor.state, self._board.figures(name)
        queue = state.queue_state(name)
        return QueueLine(
            name=name,
            label=state.queue_spec(name).label,
            open=queue.open,
            opens_ms=0 if queue.open else queue.until_ms,
            waiting=figures.waiting,
            offered=figures.offered,
            oldest_ms=figures.oldest_ms,
            active=figures.active,
            staffed=figures.staffed,
            free=figures.free,
            escalated=figures.escalated,
            wait=self._newcomer(name, figures),
        )

    def _newcomer(self, name: str, figures: Figures) -> WaitShape | None:
        """Return how long somebody would wait who came now; nothing where somebody is free and nobody waits."""
        if figures.free and not figures.waiting:
            return None
        return wait_shape(self._out.waits.newcomer(name))

    def queue_lines(self) -> list[QueueLine]:
        return [self.queue_line(name) for name in self._board.queues()]

    # --- the desk ----------------------------------------------------------------------------------------

    async def desk(self, account: Account) -> Desk:
        """Return everything a desk starts with. `position` is read first, so nothing after it can be missed."""
        position = self._out.floor.position
        me = await self.me(account.id)
        agent = self._out.floor.state.agents.get(account.id)
        work, ringing = self._inside(agent)
        parked = await self._out.store.archive.conversations(
            self._out.floor.site, owner=account.id, states=("parked",), limit=PARKED_MAX
        )
        inside = {conv.id for conv in work}
        shown: list[Shown] = [*work, *(row for row in parked if row.conv not in inside)]
        return Desk(
            position=position,
            now_ms=self._out.now_ms(),
            me=me,
            work=await self.summaries(shown, whole=True),
            offers=await self.offers(ringing),
            queues=self.queue_lines(),
            taking_part=await self.taking_part(account.id),
        )

    async def taking_part(self, agent_id: int) -> list[TakingPart]:
        """Return what an agent takes part in without owning it, or is asked to."""
        agent = self._out.floor.state.agents.get(agent_id)
        if agent is None:
            return []
        convs = self._out.floor.state.convs
        found = [(conv, (convs[conv].participants or {})[agent.id]) for conv in sorted(agent.parts)]
        await self._staff.learn(part.by for _, part in found)
        return [
            TakingPart(
                ref=self._out.reference(conv), role=part.role, by=self._staff.person(part.by), until_ms=part.until_ms
            )
            for conv, part in found
        ]

    async def me(self, agent_id: int) -> AgentLine | None:
        await self._staff.learn([agent_id])
        agent = self._out.floor.state.agents.get(agent_id)
        return self.agent_line(agent) if agent else None

    def _inside(self, agent: Agent | None) -> tuple[list[Conv], list[Conv]]:
        if agent is None:
            return [], []
        convs = self._out.floor.state.convs
        near = [convs[conv] for conv in {*agent.work, *agent.held} if conv in convs]
        near.sort(key=lambda conv: (conv.opened_ms, conv.id))
        work = [conv for conv in near if works_on(conv, agent.id)]
        return work, [conv for conv in near if rings(conv, agent.id)]

    async def agent_lines(self, agents: Iterable[Agent]) -> list[AgentLine]:
        found = list(agents)
        await self._staff.learn(agent.id for agent in found)
        return [self.agent_line(agent) for agent in found]


def _id(shown: Shown) -> int:
    return shown.id if isinstance(shown, Conv) else shown.conv


def _promised(shown: Shown) -> dict[str, Any]:
    """What is promised and allowed: our target for the next answer, the platform's window, whether anything is owed."""
    if isinstance(shown, Conv):
        names = ("reply_by_ms", "window_ms", "replies_left", "test")
        return {"stage": _stage(shown), **{name: getattr(shown, name) for name in names}}
    if not shown.record:
        return {}
    record = decode_record(shown.record)
    return {"window_ms": record.window_ms, "replies_left": record.replies_left, "test": record.test}


def _stage(conv: Conv) -> str:
    if conv.state != ACTIVE or not conv.live or conv.owed_ms:
        return ""
    # Nobody answers in writing what somebody of ours speaks about.
    return LEFT if conv.gone else TALKING if conv.actor == "agent" else ""


def _ending(conv: Conv | None) -> dict[str, Any]:
    """What has been said in wrap-up and holds when its time is over."""
    if conv is None or conv.ending is None:
        return {}
    said = conv.ending
    return {"outcome_kept": said.outcome, "follow_up_ms": said.follow_up_ms, "extended": said.extended}


def _agent_of(author: str) -> int:
    kind, _, number = author.partition(":")
    return int(number) if kind == "agent" and number.isdecimal() else 0


def _actor_of(row: ConversationRow) -> str:
    """Return who acts next on what is not in the core: its record says it."""
    if row.state == "parked" and row.record:
        return decode_record(row.record).actor or ACTORS["parked"]
    return ACTORS.get(row.state, "queue")
