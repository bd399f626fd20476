"""Recording a complaint and taking its steps: what a request says becomes one change, or a named refusal. No routes."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from dashboard.complaints.cases import STEPS_MAX, Cases
from dashboard.complaints.shapes import RecordRequest, StepRequest
from dashboard.errors import ApiError, bad_field
from dashboard.journeys import Journeys
from dashboard.parts import Parts
from router.care.complaints import OUTCOMES, TABLE, WITHDRAWN, promised, refusal, stepped
from router.store.port import (
    Account,
    Complaint,
    ComplaintChange,
    ComplaintLink,
    ComplaintStep,
    ComplaintWords,
)

# Which field of a request goes with which step.
FIELDS: Mapping[str, frozenset[str]] = {
    "acknowledge": frozenset(),
    "examine": frozenset({"cause"}),
    "answer": frozenset({"answer", "outcome", "cause", "remedy", "amount"}),
    "close": frozenset({"outcome", "cause", "remedy", "amount"}),
    "withdraw": frozenset({"cause"}),
    "reopen": frozenset(),
    "change": frozenset(
        {"customer", "kind", "severity", "queue", "about", "happened", "wish", "outcome", "cause", "remedy", "amount"}
    ),
    "assign": frozenset({"owner"}),
    "take": frozenset(),
    "note": frozenset(),
    "link": frozenset({"ref", "role"}),
    "unlink": frozenset({"ref"}),
}
WORDS = ("happened", "wish", "answer")
CODES = ("customer", "kind", "severity", "queue", "about", "outcome", "cause", "remedy", "amount", "owner")
# What stands beside the case is written whatever others write at the same time.
BESIDE = frozenset({"note", "link", "unlink"})
TRIES_MAX = 5
# A conversation belongs to a handful of complaints, a complaint to a customer's conversations of some weeks.
LINKS_MAX = 100


class Stepping:
    """One per application."""

    def __init__(self, parts: Parts, cases: Cases) -> None:
        self._parts, self._cases, self._out = parts, cases, parts.out
        self._journeys = Journeys(parts)

    async def record(self, account: Account, ask: RecordRequest) -> Complaint:
        """Write a new complaint down. Raises ApiError; asked again under its id it returns what was written."""
        row = await self._parts.places.row(account, ask.ref) if ask.ref else None
        command = self._parts.commands.id(account.id, "complaint", ask.command_id)
        now_ms, rules = self._out.now_ms(), self._cases.rules
        complaint = Complaint(
            command=command,
            customer=row.customer if row else await self._customer(account, ask.customer),
            kind=ask.kind,
            severity=ask.severity,
            queue=ask.queue or (row.queue if row else next(iter(self._cases.bundle.queues))),
            about=ask.about or "",
            channel=row.channel if row else "",
            currency=rules.currency,
            owner=account.id if ask.mine else 0,
            recorder=account.id,
            opened_ms=now_ms,
            begun_ms=now_ms,
            words=ComplaintWords(happened=ask.happened, wish=ask.wish),
        )
        self._check(complaint, {"kind", "severity", "queue", "about"})
        links = [ComplaintLink(complaint=0, conv=row.conv, role="first")] if row else []
        step = ComplaintStep(command=command, at=now_ms, agent=account.id, deed="record")
        kept = promised(complaint, self._cases.bundle, rules)
        # Two who hear the same conversation record it once, unless they say that it is another one.
        alone = bool(links) and not ask.another
        made = await self._cases.store.record(self._cases.site, kept, step, links=links, alone=alone)
        if made.command != command:
            raise ApiError("complaint_recorded")
        return made

    async def _customer(self, account: Account, number: int) -> int:
        if not number:
            return 0
        found = await self._out.store.archive.customer(self._cases.site, number)
        if found is None or not await self._journeys.sees(account, found):
            raise ApiError("customer_unknown")
        return number

    async def take(self, account: Account, complaint: Complaint, ask: StepRequest) -> Complaint:
        """Take one step. Raises ApiError; asked again under its id it changes nothing more."""
        self._refuse_strangers(ask)
        command = self._parts.commands.id(account.id, "complaint", ask.command_id)
        for _ in range(TRIES_MAX):
            if any(step.command == command for step in await self._cases.steps(complaint.number)):
                return complaint
            if complaint.version != ask.version and ask.deed not in BESIDE:
                raise ApiError("complaint_changed")
            done = await self._try(account, complaint, ask, command=command)
            if done.changed:
                return done.complaint
            if ask.deed not in BESIDE:
                break
            complaint = done.complaint
        raise ApiError("complaint_changed")

    def _refuse_strangers(self, ask: StepRequest) -> None:
        for name in (*WORDS, *CODES, "ref", "role"):
            if getattr(ask, name) is not None and name not in FIELDS[ask.deed]:
                raise bad_field(name, f"This field does not go with `{ask.deed}`.")

    async def _try(self, account: Account, before: Complaint, ask: StepRequest, *, command: str) -> ComplaintChange:
        if before.version >= STEPS_MAX:
            raise ApiError("complaint_full")
        step, now_ms, rules = TABLE[ask.deed], self._out.now_ms(), self._cases.rules
        links = tuple(await self._cases.store.links(self._cases.site, before.number))
        told = await self._told(account, before, ask)
        refused = refusal(step, told, self._cases.asker(account), links=links, said=ask.words)
        if refused:
            raise ApiError(refused)
        after = stepped(step, told, account.id, now_ms=now_ms, rules=rules)
        if ask.deed == "take":
            after = msgspec.structs.replace(after, owner=account.id)
        if ask.deed == "reopen" or told.severity != before.severity:
            after = promised(after, self._cases.bundle, rules)
        new, gone = await self._links(account, ask, links)
        row = ComplaintStep(
            command=command,
            at=now_ms,
            agent=account.id,
            deed=ask.deed,
            changes=_changes(before, after),
            words=_kept_words(before, after, ask),
        )
        return await self._cases.store.change(self._cases.site, after, row, links=new, unlinked=gone)

    async def _told(self, account: Account, before: Complaint, ask: StepRequest) -> Complaint:
        """Return the complaint with what the request says of it, checked against the configuration."""
        said = {name: value for name in CODES if (value := getattr(ask, name)) is not None}
        if "customer" in said:
            said["customer"] = await self._customer(account, said["customer"])
        words = {name: value for name in WORDS if (value := getattr(ask, name)) is not None}
        told = msgspec.structs.replace(before, **said, words=msgspec.structs.replace(before.words, **words))
        self._check(told, {name for name in said if getattr(before, name) != said[name]})
        if said.get("owner"):
            await self._refuse_the_blind(said["owner"], told)
        return told

    def _check(self, told: Complaint, changed: set[str]) -> None:
        """Refuse names that the configuration does not have; what stands already may stay."""
        rules = self._cases.rules
        known: dict[str, list[str]] = {
            "kind": [each.name for each in rules.kinds],
            "severity": [each.name for each in rules.severities],
            "queue": list(self._cases.bundle.queues),
            "about": [each.name for each in rules.about],
            "outcome": [each for each in OUTCOMES if each != WITHDRAWN],
            "cause": [each.name for each in rules.causes],
            "remedy": [each.name for each in rules.remedies],
        }
        for name, names in known.items():
            value = getattr(told, name)
            if name in changed and value not in names and (value or name in {"kind", "severity", "queue"}):
                raise bad_field(name, f"There is no such {name}. Known: {', '.join(names) or 'none'}.")

    async def _refuse_the_blind(self, owner: int, told: Complaint) -> None:
        """Whoever is to care for it must be able to see it."""
        account = await self._out.store.accounts.by_id(self._cases.site, owner)
        if account is None or account.disabled or not self._may_own(account, told):
            raise bad_field("owner", "Name somebody who serves its queue, or supervises.")

    def _may_own(self, account: Account, told: Complaint) -> bool:
        queues = self._cases.queues_of(account)
        return queues is None or told.queue in queues

    async def _links(
        self, account: Account, ask: StepRequest, links: tuple[ComplaintLink, ...]
    ) -> tuple[list[ComplaintLink], list[int]]:
        """Return which conversation is linked by a step, and which is not any more."""
        if ask.deed not in {"link", "unlink"}:
            return [], []
        row = await self._parts.places.row(account, ask.ref or "")
        if ask.deed == "unlink":
            return [], [row.conv]
        first = next((link for link in links if link.conv == row.conv), None)
        if first is None and len(links) >= LINKS_MAX:
            raise ApiError("complaint_full")
        role = ask.role or (first.role if first else "later")
        return [ComplaintLink(complaint=0, conv=row.conv, role=role)], []

    async def colleagues(self, told: Complaint) -> list[Account]:
        """Return who may own a complaint, by name."""
        accounts = await self._out.store.accounts.all(self._cases.site)
        found = [each for each in accounts if not each.disabled and self._may_own(each, told)]
        return sorted(found, key=lambda each: (each.name.casefold(), each.id))


def _changes(before: Complaint, after: Complaint) -> dict[str, list[str]]:
    """Return what became another code, by field."""
    names = (*CODES, "stage")
    pairs = {name: [str(getattr(before, name)), str(getattr(after, name))] for name in names}
    told = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
    words = {name: ["", ""] for name in WORDS if getattr(before.words, name) != getattr(after.words, name)}
    return {**told, **words}


def _kept_words(before: Complaint, after: Complaint, ask: StepRequest) -> str:
    """Return what goes into the history: what was said with the step, else the words that stood there before."""
    if ask.words.strip():
        return ask.words
    old = (getattr(before.words, name) for name in WORDS if getattr(before.words, name) != getattr(after.words, name))
    return "\n\n".join(each for each in old if each)
