"""The demo's complaints: there in every stage, some late, weeks of them closed, and written once."""

from __future__ import annotations

from router.care.complaint_figures import figures
from router.care.complaints import STILL_OPEN
from router.core.bundle import DAY_MS
from router.democases import OPEN, WEEKS, tell_cases
from router.store.port import ComplaintFilter
from tests.care.home import START_MS, Home
from tests.store.makers import SITE

ANY = ComplaintFilter()


async def test_a_newcomer_sees_complaints_in_every_stage_and_figures_of_weeks(home: Home) -> None:
    for _ in range(2):
        await tell_cases(home.store, SITE, staff=[7, 8], now_ms=START_MS)
    found = await home.store.complaints.due(SITE, ANY, after=(0, 0), limit=100)
    assert len(found) == len(OPEN)
    assert {each.stage for each in found} == set(STILL_OPEN)
    assert 0 < sum(each.due_ms < START_MS for each in found) < len(OPEN)
    assert 0 in {each.owner for each in found}
    bounds = [START_MS - week * 7 * DAY_MS for week in range(WEEKS + 2, -1, -1)]
    rows = await home.store.complaints.between(SITE, since_ms=bounds[0], until_ms=bounds[-1], limit=500)
    counted = figures(rows, bounds, now_ms=START_MS)
    assert counted.closed > 20
    assert 0 < counted.in_time < counted.answered
    assert len(counted.causes) > 4
