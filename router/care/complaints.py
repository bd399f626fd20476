"""The life of a complaint: which step may follow, by whom, what must be there, and what is due when. Pure.

Each step is a row of one table; whoever wants to know what can be done now asks the same table as whoever does it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from router.core.bundle import Bundle
from router.core.calendar import add_business_ms
from router.core.complaints import Choice, ComplaintRules, Severity
from router.store.port import Complaint, ComplaintLink

OPEN, ACKNOWLEDGED, EXAMINED, ANSWERED, CLOSED = "open", "acknowledged", "examined", "answered", "closed"
STAGES = (OPEN, ACKNOWLEDGED, EXAMINED, ANSWERED, CLOSED)
STILL_OPEN = (OPEN, ACKNOWLEDGED, EXAMINED, ANSWERED)
WITHDRAWN = "withdrawn"
OUTCOMES = ("upheld", "partly", "not_upheld", WITHDRAWN)
ANSWER = "answer"


class Step(NamedTuple):
    """One step: from which stages, to which (empty: it stays), by whom, and what must be there.

    `who`: `owner` is whoever owns it, and a supervisor; of nobody's complaint whoever takes the step becomes the owner.
    `seer` is everybody who may see it. `needs` are names of NEEDS.
    """

    deed: str
    stages: tuple[str, ...]
    to: str = ""
    who: str = "owner"
    needs: tuple[str, ...] = ()


TABLE: Mapping[str, Step] = {
    step.deed: step
    for step in (
        Step("acknowledge", (OPEN,), ACKNOWLEDGED),
        Step("examine", (OPEN, ACKNOWLEDGED), EXAMINED),
        Step("answer", (OPEN, ACKNOWLEDGED, EXAMINED), ANSWERED, needs=("answer",)),
        Step("close", (ANSWERED,), CLOSED, needs=("outcome", "cause")),
        Step("withdraw", (OPEN, ACKNOWLEDGED, EXAMINED, ANSWERED), CLOSED, needs=("cause",)),
        Step("reopen", (CLOSED,), EXAMINED, needs=("reason",)),
        Step("change", STILL_OPEN),
        Step("assign", STILL_OPEN),
        Step("take", STILL_OPEN, who="seer", needs=("nobodys",)),
        Step("note", STAGES, who="seer", needs=("reason",)),
        Step("link", STAGES, who="seer"),
        Step("unlink", STAGES),
    )
}

# The one step that comes next; everything else is done beside it.
NEXT: Mapping[str, str] = {OPEN: "acknowledge", ACKNOWLEDGED: "examine", EXAMINED: "answer", ANSWERED: "close"}
# What is due at a stage, for who reads it.
DUE: Mapping[str, str] = {
    OPEN: "acknowledge",
    ACKNOWLEDGED: "answer",
    EXAMINED: "answer",
    ANSWERED: "close",
    CLOSED: "",
}
# Why a step is refused when what it needs is missing.
NEEDS: Mapping[str, str] = {
    "answer": "complaint_unanswered",
    "outcome": "complaint_no_outcome",
    "cause": "complaint_no_cause",
    "reason": "complaint_no_words",
    "nobodys": "complaint_owned",
}


class Asker(NamedTuple):
    """Who wants to do something."""

    agent: int
    supervisor: bool


def refusal(step: Step, complaint: Complaint, asker: Asker, *, links: tuple[ComplaintLink, ...], said: str = "") -> str:
    """Return why a step may not be taken now, empty when it may. `complaint` has what the step brings already."""
    if complaint.forgotten:
        return "complaint_forgotten"
    if complaint.stage not in step.stages:
        return "complaint_stage"
    if step.who == "owner" and not (asker.supervisor or complaint.owner in {0, asker.agent}):
        return "complaint_not_yours"
    missing = (name for name in step.needs if not _there(name, complaint, asker, links=links, said=said))
    return NEEDS.get(next(missing, ""), "")


def _there(name: str, complaint: Complaint, asker: Asker, *, links: tuple[ComplaintLink, ...], said: str) -> bool:
    there = {
        "answer": bool(complaint.words.answer.strip()) or any(link.role == ANSWER for link in links),
        "outcome": complaint.outcome in OUTCOMES and complaint.outcome != WITHDRAWN,
        "cause": bool(complaint.cause),
        "reason": bool(said.strip()),
        "nobodys": complaint.owner == 0 or (asker.supervisor and complaint.owner != asker.agent),
    }
    return there[name]


def possible(complaint: Complaint, asker: Asker) -> tuple[str, ...]:
    """Return the steps whose turn it is for somebody, whatever they still need to say."""
    return tuple(
        step.deed
        for step in TABLE.values()
        if refusal(step._replace(needs=tuple(need for need in step.needs if need == "nobodys")), complaint, asker,
                   links=()) == ""
    )  # fmt: skip


def stepped(step: Step, complaint: Complaint, agent: int, *, now_ms: int, rules: ComplaintRules) -> Complaint:
    """Return the complaint after a step that is not refused, with its times; promises anew are `promised`'s."""
    stage = step.to or complaint.stage
    owner = complaint.owner or (agent if step.who == "owner" and step.deed != "assign" else 0)
    times = _TIMES[step.deed](complaint, now_ms) if step.deed in _TIMES else {}
    moved = msgspec.structs.replace(complaint, stage=stage, owner=owner, **times)
    return msgspec.structs.replace(moved, due_ms=due_ms(moved, rules))


Times = dict[str, Any]


def _acknowledged(complaint: Complaint, now_ms: int) -> Times:
    return {"acknowledged_ms": complaint.acknowledged_ms or now_ms}


def _answered(complaint: Complaint, now_ms: int) -> Times:
    return {**_acknowledged(complaint, now_ms), "answered_ms": now_ms}


def _closed(complaint: Complaint, now_ms: int) -> Times:
    del complaint
    return {"closed_ms": now_ms}


def _withdrawn(complaint: Complaint, now_ms: int) -> Times:
    return {**_closed(complaint, now_ms), "outcome": WITHDRAWN}


def _reopened(complaint: Complaint, now_ms: int) -> Times:
    again = {"begun_ms": now_ms, "acknowledged_ms": now_ms, "answered_ms": 0, "closed_ms": 0, "outcome": ""}
    return {**again, "reopened": complaint.reopened + 1}


_TIMES: Mapping[str, Callable[[Complaint, int], Times]] = {
    "acknowledge": _acknowledged,
    "examine": _acknowledged,
    "answer": _answered,
    "close": _closed,
    "withdraw": _withdrawn,
    "reopen": _reopened,
}


def due_ms(complaint: Complaint, rules: ComplaintRules) -> int:
    """Return when the next thing must have happened, 0 when nothing must any more."""
    due = {
        "acknowledge": complaint.acknowledge_by_ms,
        "answer": complaint.answer_by_ms,
        "close": complaint.answered_ms + rules.close_ms,
    }
    return due.get(DUE[complaint.stage], 0)


def promised(complaint: Complaint, bundle: Bundle, rules: ComplaintRules) -> Complaint:
    """Return the complaint with the promises of its severity, counted from when it was recorded or came up again."""
    severity = next((each for each in rules.severities if each.name == complaint.severity), rules.severities[-1])
    kept = msgspec.structs.replace(
        complaint,
        acknowledge_by_ms=_until(severity, bundle, complaint.begun_ms, severity.acknowledge_ms),
        answer_by_ms=_until(severity, bundle, complaint.begun_ms, severity.answer_ms),
    )
    return msgspec.structs.replace(kept, due_ms=due_ms(kept, rules))


def _until(severity: Severity, bundle: Bundle, begun_ms: int, within_ms: int) -> int:
    """Return when so much time will have passed; beyond what a calendar knows it is counted by the clock."""
    by_clock = begun_ms + within_ms
    calendar = bundle.calendars.get(severity.hours)
    return by_clock if calendar is None else add_business_ms(calendar, begun_ms, within_ms) or by_clock


def label_of(choices: tuple[Choice, ...] | tuple[Severity, ...], name: str) -> dict[str, str]:
    """Return the label of a name, empty for one that is not configured any more."""
    return next((each.label for each in choices if each.name == name), {})
