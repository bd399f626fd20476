"""The life of a complaint: every step of the table, what it needs, what it promises; and the figures of a period."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.care.complaint_figures import figures
from router.care.complaints import (
    DUE,
    NEXT,
    OUTCOMES,
    STAGES,
    TABLE,
    Asker,
    due_ms,
    possible,
    promised,
    refusal,
    stepped,
)
from router.care.usual import USUAL, rules_of
from router.core.bundle import DAY_MS, HOUR_MS, Bundle
from router.core.complaints import Choice, ComplaintRules, Severity
from router.store.port import Complaint, ComplaintLink, ComplaintWords

OWNER, OTHER, BOSS = Asker(3, supervisor=False), Asker(4, supervisor=False), Asker(9, supervisor=True)
NOW = 1_000_000


def case(**given: object) -> Complaint:
    plain = {
        "customer": 1, "kind": "service", "severity": "minor", "queue": "general", "opened_ms": 1_000,
        "begun_ms": 1_000, "number": 1, "version": 1, "owner": 3,
    }  # fmt: skip
    return Complaint(**{**plain, **given})  # type: ignore[arg-type]


def bundle(**given: object) -> Bundle:
    plain = {
        "site": "main", "zone": "UTC", "languages": ("en",), "queues": {}, "rules": (), "topics": (), "calendars": {},
        "skills": {}, "presences": {}, "channels": {},
    }  # fmt: skip
    return Bundle(**{**plain, **given})  # type: ignore[arg-type]


def whole(stage: str) -> Complaint:
    """A complaint that lacks nothing."""
    words = ComplaintWords(answer="We sent a new one.")
    return case(stage=stage, outcome="upheld", cause="defect", words=words, owner=0)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("deed", TABLE)
def test_a_step_may_be_taken_from_its_stages_and_from_no_other(deed: str, stage: str) -> None:
    step = TABLE[deed]
    refused = refusal(step, whole(stage), BOSS, links=(), said="because")
    assert refused == ("" if stage in step.stages else "complaint_stage")


@pytest.mark.parametrize("deed", TABLE)
def test_only_who_owns_it_or_supervises_takes_a_step_of_the_owners(deed: str) -> None:
    step = TABLE[deed]
    mine = msgspec.structs.replace(whole(step.stages[0]), owner=OWNER.agent)
    theirs = "complaint_owned" if deed == "take" else "" if step.who == "seer" else "complaint_not_yours"
    assert refusal(step, mine, OTHER, links=(), said="because") == theirs
    assert refusal(step, mine, BOSS, links=(), said="because") == ""


def test_whoever_takes_a_step_of_nobodys_complaint_owns_it() -> None:
    begun = stepped(TABLE["acknowledge"], case(owner=0), 4, now_ms=NOW, rules=USUAL)
    noted = stepped(TABLE["note"], case(owner=0), 4, now_ms=NOW, rules=USUAL)
    assert (begun.owner, noted.owner) == (4, 0)


@pytest.mark.parametrize(
    ("deed", "without", "reason"),
    [
        ("answer", {"words": ComplaintWords(answer="  ")}, "complaint_unanswered"),
        ("close", {"outcome": ""}, "complaint_no_outcome"),
        ("close", {"outcome": "withdrawn"}, "complaint_no_outcome"),
        ("close", {"outcome": "nonsense"}, "complaint_no_outcome"),
        ("close", {"cause": ""}, "complaint_no_cause"),
        ("withdraw", {"cause": ""}, "complaint_no_cause"),
    ],
)
def test_a_step_says_what_it_lacks(deed: str, without: dict[str, object], reason: str) -> None:
    step = TABLE[deed]
    lacking = msgspec.structs.replace(whole(step.stages[-1]), **without)
    assert refusal(step, lacking, BOSS, links=()) == reason


def test_a_linked_answer_needs_no_words() -> None:
    unsaid = case(stage="examined")
    link = ComplaintLink(complaint=1, conv=5, role="answer")
    assert refusal(TABLE["answer"], unsaid, OWNER, links=(link,)) == ""
    later = msgspec.structs.replace(link, role="later")
    assert refusal(TABLE["answer"], unsaid, OWNER, links=(later,)) == "complaint_unanswered"


@pytest.mark.parametrize("deed", ["note", "reopen"])
def test_a_note_and_coming_up_again_need_words(deed: str) -> None:
    step = TABLE[deed]
    assert refusal(step, whole(step.stages[-1]), BOSS, links=(), said=" ") == "complaint_no_words"


@pytest.mark.parametrize("deed", TABLE)
def test_nothing_is_done_with_what_was_forgotten(deed: str) -> None:
    gone = case(stage="closed", forgotten=True)
    assert refusal(TABLE[deed], gone, BOSS, links=(), said="because") == "complaint_forgotten"
    assert possible(gone, BOSS) == ()


@pytest.mark.parametrize("stage", STAGES)
def test_every_open_stage_has_a_next_step_that_can_be_taken(stage: str) -> None:
    assert (NEXT.get(stage, "") in possible(case(stage=stage), OWNER)) == (stage != "closed")
    assert set(possible(case(stage=stage), OTHER)) <= {"note", "link"}


def test_times_are_those_of_the_steps() -> None:
    answered = stepped(TABLE["answer"], case(answer_by_ms=5), 3, now_ms=NOW, rules=USUAL)
    assert (answered.acknowledged_ms, answered.answered_ms) == (NOW, NOW)
    assert answered.due_ms == NOW + USUAL.close_ms
    closed = stepped(TABLE["close"], answered, 3, now_ms=NOW + 5, rules=USUAL)
    assert (closed.stage, closed.closed_ms, closed.due_ms) == ("closed", NOW + 5, 0)
    again = stepped(TABLE["reopen"], closed, 3, now_ms=NOW + 9, rules=USUAL)
    assert (again.stage, again.begun_ms, again.answered_ms, again.closed_ms) == ("examined", NOW + 9, 0, 0)
    assert (again.reopened, again.outcome) == (1, "")
    gone = stepped(TABLE["withdraw"], case(), 3, now_ms=NOW, rules=USUAL)
    assert (gone.stage, gone.outcome, gone.due_ms) == ("closed", "withdrawn", 0)


def test_promises_are_counted_in_opening_time() -> None:
    office = Severity(name="minor", acknowledge_ms=2 * HOUR_MS, answer_ms=11 * HOUR_MS, hours="office")
    day = (10 * HOUR_MS, 20 * HOUR_MS, 34 * HOUR_MS, 44 * HOUR_MS)
    kept = promised(
        case(begun_ms=19 * HOUR_MS), bundle(calendars={"office": day}), ComplaintRules(severities=(office,))
    )
    assert (kept.acknowledge_by_ms, kept.answer_by_ms) == (35 * HOUR_MS, 44 * HOUR_MS)
    assert kept.due_ms == kept.acknowledge_by_ms


def test_beyond_its_calendar_a_promise_is_counted_by_the_clock() -> None:
    office = Severity(name="minor", acknowledge_ms=HOUR_MS, answer_ms=90 * HOUR_MS, hours="office")
    kept = promised(case(begun_ms=0), bundle(calendars={"office": (0, HOUR_MS)}), ComplaintRules(severities=(office,)))
    assert (kept.acknowledge_by_ms, kept.answer_by_ms) == (HOUR_MS, 90 * HOUR_MS)


def test_a_severity_that_is_gone_is_taken_for_the_gravest() -> None:
    kept = promised(case(severity="gone"), bundle(), USUAL)
    assert kept.answer_by_ms == 1_000 + USUAL.severities[-1].answer_ms


def test_what_a_site_does_not_say_is_the_usual() -> None:
    mine = ComplaintRules(kinds=(Choice(name="lift"),), close_ms=DAY_MS)
    found = rules_of(bundle(complaints=mine))
    assert (found.kinds, found.close_ms, found.causes) == (mine.kinds, DAY_MS, USUAL.causes)
    assert all(set(each.label) == {"en", "zh", "th"} for each in (*USUAL.kinds, *USUAL.severities, *USUAL.remedies))


@given(
    stage=st.sampled_from(STAGES),
    deeds=st.lists(st.tuples(st.sampled_from(sorted(TABLE)), st.integers(0, 10 * DAY_MS)), max_size=12),
)
def test_whatever_is_done_an_open_one_is_due_and_a_closed_one_is_not(stage: str, deeds: list[tuple[str, int]]) -> None:
    now_ms = NOW
    started = {"answered": {"answered_ms": 5}, "closed": {"answered_ms": 5, "closed_ms": 9}}.get(stage, {})
    one = promised(msgspec.structs.replace(whole(stage), **started), bundle(), USUAL)
    one = msgspec.structs.replace(one, due_ms=due_ms(one, USUAL))
    for deed, later_ms in deeds:
        now_ms += later_ms
        if not refusal(TABLE[deed], msgspec.structs.replace(one, outcome="upheld"), BOSS, links=(), said="because"):
            one = stepped(TABLE[deed], msgspec.structs.replace(one, outcome="upheld"), 9, now_ms=now_ms, rules=USUAL)
        assert (one.due_ms == 0) == (one.stage == "closed") == (DUE[one.stage] == "")
        assert (one.closed_ms > 0) == (one.stage == "closed")
        assert one.stage != "closed" or one.outcome in OUTCOMES


def test_a_period_is_counted_by_its_definitions() -> None:
    rows = [
        case(opened_ms=5, answer_by_ms=20, answered_ms=15, closed_ms=18, begun_ms=5, outcome="upheld", cause="defect"),
        case(opened_ms=5, answer_by_ms=8, answered_ms=12, closed_ms=25, begun_ms=5, outcome="partly", cause="defect"),
        case(opened_ms=11, answer_by_ms=14),
        case(opened_ms=1, answer_by_ms=90),
    ]
    found = figures(rows, [1, 10, 20], now_ms=100)
    assert [tuple(week) for week in found.weeks] == [(1, 3, 0, 3, 1), (10, 1, 1, 3, 1)]
    assert (found.opened, found.closed, found.answered, found.in_time) == (4, 1, 2, 1)
    assert found.median_answer_ms == 7
    assert found.outcomes == {"upheld": 1}
    assert found.causes == [("defect", "general", 1)]


def test_a_period_without_complaints_has_no_median() -> None:
    found = figures([], [0, 10], now_ms=5)
    assert (found.median_answer_ms, found.answered, found.causes) == (0, 0, [])


@given(st.lists(st.tuples(st.integers(1, 99), st.integers(0, 99), st.integers(0, 99)), max_size=20))
def test_weeks_add_up_to_their_period(times: list[tuple[int, int, int]]) -> None:
    rows = [case(opened_ms=a, closed_ms=a + b if c % 2 else 0, answer_by_ms=a + c) for a, b, c in times]
    found = figures(rows, [1, 30, 60, 90], now_ms=1_000)
    assert sum(week.opened for week in found.weeks) == found.opened
    assert sum(week.closed for week in found.weeks) == found.closed
    before = 0
    for week in found.weeks:
        assert week.open == before + week.opened - week.closed
        assert week.late <= week.open
        before = week.open


@given(st.lists(st.tuples(*[st.integers(0, 40)] * 4), max_size=12), st.integers(2, 45))
def test_weeks_are_what_counting_every_row_gives(times: list[tuple[int, int, int, int]], now_ms: int) -> None:
    rows = [
        case(
            opened_ms=a + 1, closed_ms=a + 1 + b if b else 0, answer_by_ms=a + 1 + c, answered_ms=a + 1 + d if d else 0
        )
        for a, b, c, d in times
    ]
    for week, end in zip(figures(rows, [1, 15, 30], now_ms=now_ms).weeks, (15, 30), strict=True):
        to_ms = min(end, now_ms)
        still = [each for each in rows if each.opened_ms < to_ms and not 0 < each.closed_ms < to_ms]
        late = [each for each in still if each.answer_by_ms < to_ms and not 0 < each.answered_ms < to_ms]
        assert (week.open, week.late) == (len(still), len(late))
        assert week.opened == sum(week.from_ms <= each.opened_ms < to_ms for each in rows)
        assert week.closed == sum(week.from_ms <= each.closed_ms < to_ms for each in rows)


def test_the_page_about_complaints_says_of_every_step_what_the_table_says() -> None:
    page = (Path(__file__).parent.parent.parent / "docs" / "COMPLAINTS.md").read_text()
    lines = [line.split("|")[1:4] for line in page.splitlines() if line.startswith("| `")]
    told = {deed: (stages, to) for names, stages, to in lines for deed in re.findall(r"`(\w+)`", names)}
    for step in TABLE.values():
        stages, to = told[step.deed]
        named = set(STAGES) if stages.strip() == "any" else set(stages.replace(",", " ").split())
        assert named == set(step.stages), step.deed
        assert to.strip().startswith(step.to), step.deed
