"""Trying a message, and how one was placed: from the router's own answer to what a screen shows. No second opinion."""

from __future__ import annotations

import asyncio
from typing import Any

from dashboard.errors import ApiError
from dashboard.parts import Parts
from dashboard.routes import Call
from dashboard.rules.port import Rulebook
from dashboard.rules.shapes import (
    AbleShape,
    FactsShape,
    JudgedShape,
    LookedShape,
    NeedShape,
    PartShape,
    StepShape,
    TriedShape,
    TryRequest,
)
from dashboard.rules.versions import Versions
from dashboard.sessions import may
from dashboard.shapes import Person
from router.core.bundle import Bundle
from router.core.explaining import Judged
from router.core.facts import Facts
from router.core.record import decode_record
from router.core.rules import Ruleset
from router.intake.coding import LINE, MESSAGE, Said
from router.intake.trying import Outcome, Question, Step, placed
from router.settings.problems import SettingsError


class Trials:
    """The handlers of trials."""

    def __init__(self, parts: Parts, versions: Versions, rulebook: Rulebook) -> None:
        self._parts, self._out = parts, parts.out
        self._versions, self._rulebook = versions, rulebook

    async def tried(self, call: Call) -> TriedShape:
        """Try a message on the floor as it stands."""
        ask: TryRequest = call.ask
        running = self._out.floor.bundle
        if running is None:
            raise ApiError("not_configured")
        if ask.channel not in running.channels:
            raise ApiError("channel_unknown", field="channel")
        if ask.customer and not may(call.caller.account.role, "supervisor"):
            raise ApiError("role", field="customer")
        said = Said(
            channel=ask.channel,
            kind=ask.kind or _begins(running, ask),
            text=ask.text,
            subject=ask.subject,
            language=ask.language,
            declared=ask.attributes,
        )
        question = Question(said=said, segment=ask.segment, customer=ask.customer, at=ask.at_ms)
        try:
            outcome = await self._rulebook.ask(question)
        except LookupError:
            raise ApiError("customer_unknown", field="customer") from None
        except SettingsError as fault:
            raise ApiError("files_unreadable", str(fault.problems[0])) from None
        if outcome is None:
            raise ApiError("not_configured")
        return await self._shape(outcome, running)

    async def placed(self, call: Call) -> TriedShape:
        """Say how a conversation was placed: by its own facts, with the version that held when it came."""
        row = await self._parts.places.row(call.caller.account, call.part("ref"))
        facts = await self._facts(row.conv)
        name = await self._versions.held_at(row.opened_ms)
        bundle = await self._versions.bundle(name or self._out.floor.state.bundle_hash)
        found = await asyncio.to_thread(lambda: placed(Ruleset(bundle), facts, row.opened_ms))
        outcome = Outcome(
            at=row.opened_ms, version=name, hours=bundle.queues[found["queue"]].hours, people=False, **found
        )
        return await self._shape(outcome, bundle, past=True)

    async def _facts(self, number: int) -> Facts:
        state = self._out.floor.state
        conv = state.convs.peek(number)
        if conv is not None:
            return state.facts.by_number[conv.facts]
        data = await self._out.store.archive.record(self._out.floor.site, number)
        if not data:
            raise ApiError("not_visible")
        return decode_record(data).facts

    async def _shape(self, outcome: Outcome, bundle: Bundle, *, past: bool = False) -> TriedShape:
        staff = self._parts.staff
        await staff.learn({step.agent for step in outcome.steps} | {each.agent for each in outcome.able})
        queue = bundle.queues[outcome.queue]
        labels = {name: each.label for name, each in bundle.queues.items()}
        return TriedShape(
            at_ms=outcome.at,
            version=await self._versions.content(outcome.version or self._out.floor.state.bundle_hash),
            past=past,
            facts=_facts(outcome.facts),
            trace=[_judged(each, labels.get(each.queue, {})) for each in outcome.trace],
            later=len(bundle.rules) - len(outcome.trace),
            rule=outcome.rule,
            queue=outcome.queue,
            label=queue.label,
            needs=[_need(name, level) for name, level in outcome.needs],
            load=outcome.load,
            priority=outcome.priority,
            head_start_ms=outcome.head_start_ms,
            hours=outcome.hours,
            targets=dict(queue.answer_within_ms),
            closed_by=outcome.closed_by,
            opens_ms=outcome.opens_ms,
            steps=[self._step(each, bundle) for each in outcome.steps],
            ends_in=outcome.ends_in,
            ends_label=labels.get(outcome.ends_in, {}),
            asked=self._person(outcome.asked),
            able=[
                AbleShape(
                    agent=Person(id=each.agent, name=staff.name(each.agent)),
                    stands=each.stands,
                    presence=each.presence,
                    label=bundle.presences[each.presence].label if each.presence in bundle.presences else {},
                    free=each.free,
                    capacity=each.capacity,
                    since_ms=each.since_ms,
                )
                for each in outcome.able
            ],
            able_count=outcome.able_count,
            people=outcome.people,
            refused=outcome.refused,
        )

    def _person(self, agent: int) -> Person | None:
        return Person(id=agent, name=self._parts.staff.name(agent)) if agent else None

    def _step(self, step: Step, bundle: Bundle) -> StepShape:
        labels: dict[str, Any] = {name: each.label for name, each in bundle.queues.items()}
        return StepShape(
            kind=step.kind,
            queue=step.queue,
            label=labels.get(step.queue, {}),
            other=step.other,
            other_label=labels.get(step.other, {}),
            notice=step.notice,
            text=bundle.texts.get(step.notice, {}),
            agent=self._person(step.agent),
            until_ms=step.until_ms,
            why=list(step.why),
            waiting=step.waiting,
        )


def _begins(bundle: Bundle, ask: TryRequest) -> str:
    """A call begins without a word; everything else with a message."""
    spec = bundle.channels[ask.channel]
    return LINE if spec.live and spec.load >= bundle.capacity and not ask.text else MESSAGE


def _facts(facts: Facts) -> FactsShape:
    return FactsShape(
        channel=facts.channel,
        language=facts.language,
        segment=facts.segment,
        kind=facts.kind,
        topics=list(facts.topics),
        attributes=dict(facts.attributes),
    )


def _judged(each: Judged, label: dict[str, str]) -> JudgedShape:
    return JudgedShape(
        number=each.number,
        name=each.name,
        queue=each.queue,
        label=label,
        holds=each.holds,
        joined=each.joined,
        parts=[
            PartShape(
                text=part.text,
                holds=part.holds,
                failed=part.failed,
                looked=[LookedShape(name=look.name, value=look.value) for look in part.looked],
            )
            for part in each.parts
        ],
    )


def _need(ability: str, level: int) -> NeedShape:
    kind, _, name = ability.partition(":")
    return NeedShape(kind=kind, name=name, level=level)
