"""The demo's customers are in segments, by a rule or a colleague, however often the demo begins."""

from __future__ import annotations

from router.core.segments import Known, Segment, SegmentRules
from router.demosegments import ENTRIES, tell_segments
from router.store.port.customers import BY_RULE
from tests.care.home import START_MS, Home
from tests.floor.house import bundle
from tests.store.makers import SITE

# As config/segments.yaml has them.
SHIPPED = (
    Segment(name="vip", when='attributes["tier"] == "gold" || numbers["spent"] >= 100000'),
    Segment(name="press", when='"press" in tags'),
)


async def test_the_demos_customers_are_where_they_belong_once(home: Home) -> None:
    numbers = {entry.name: (await home.meets(entry.name, name=entry.name)).customer for entry in ENTRIES}
    for _ in range(2):
        await tell_segments(home.store, SITE, agent=7, now_ms=START_MS)
    rules = SegmentRules(bundle(segments=SHIPPED))
    for entry in ENTRIES:
        row = await home.store.archive.customer(SITE, numbers[entry.name])
        assert row is not None
        assert row.segment == entry.segment
        placings = await home.store.customers.placings(SITE, row.id, limit=9)
        assert [(each.agent, each.why) for each in placings] == (
            [(7 if entry.why else BY_RULE, entry.why)] if entry.segment else []
        )
        if entry.segment and not entry.why:
            assert rules.of(Known(attributes=row.attributes), now_ms=START_MS) == entry.segment
