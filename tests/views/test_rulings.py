"""Rulings: each opening counts for the rule that placed it, in its hour; each version stands there with who and why."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from router.core import commands as cmd
from router.core import events as ev
from router.core.bundle import HOUR_MS, bundle_hash, encode_bundle
from router.views.keeper import numbered
from router.views.rulings import APPLIED, BY_PEOPLE, EXTENDED, MATCHES, RULINGS_VIEW, Applied, Matches, number_of
from tests.core.floor_plan import Floor, at_work, bundle
from tests.views.watching import cut, folded, of_world, rows_of, walked


def matches(floor: Floor) -> list[Matches]:
    made = rows_of(folded(RULINGS_VIEW, [numbered(1, floor.entries)]), MATCHES)
    return [row for row in made if isinstance(row, Matches)]


def test_each_opening_counts_for_its_rule_in_its_hour_and_a_second_message_does_not() -> None:
    floor = at_work(1)
    floor.arrive(1)
    floor.arrive(1)
    floor.arrive(2)
    before = floor.at
    floor.wait(HOUR_MS)
    floor.arrive(3)
    found = matches(floor)
    assert len({row.name for row in found}) == 1
    assert [(row.hour, row.matched) for row in sorted(found, key=lambda row: row.hour)] == [
        (before // HOUR_MS, 2),
        (floor.at // HOUR_MS, 1),
    ]
    assert max(row.last_ms for row in found) == floor.at
    assert {row.rule for row in found} == {number_of(found[0].name)}


def test_a_test_conversation_is_not_counted() -> None:
    floor = at_work(1)
    message = floor.message(1)
    floor.do(cmd.Receive(**{**{f: getattr(message, f) for f in message.__struct_fields__}, "test": True}))
    assert matches(floor) == []


def test_versions_stand_there_newest_first_with_who_put_one_back_and_why() -> None:
    floor = at_work(1)
    for number, (proposer, by, why) in enumerate(
        (("home-1", 0, ""), ("extension", 0, ""), ("rollback", 9, "bad-hours"))
    ):
        made = bundle(name=f"v{number}")
        name = bundle_hash(encode_bundle(made))
        floor.do(cmd.ApplyConfig(id=f"a{number}", hash=name, bundle=made, proposer=proposer, by=by, why=why))
    rows = [
        row for row in rows_of(folded(RULINGS_VIEW, [numbered(1, floor.entries)]), APPLIED) if isinstance(row, Applied)
    ]
    people = sorted((row for row in rows if row.ledger == BY_PEOPLE), key=lambda row: row.number)
    assert [(row.proposer, row.by, row.why) for row in people][:2] == [("rollback", 9, "bad-hours"), ("home-1", 0, "")]
    assert [row.proposer for row in rows if row.ledger == EXTENDED] == ["extension"]


@pytest.mark.parametrize("seed", [4, 5])
def test_every_opening_of_a_random_floor_is_counted_once(seed: int) -> None:
    world = walked(seed)
    entries = of_world(world)
    made = rows_of(folded(RULINGS_VIEW, cut(entries, Random(seed))), MATCHES)
    counted = Counter[str]()
    for row in made:
        assert isinstance(row, Matches)
        counted[row.name] += row.matched
    wanted = Counter[str]()
    for entry in world.entries:
        opened = {
            event.conv for event in entry.events if isinstance(event, ev.Received) and event.opened and not event.test
        }
        for event in entry.events:
            if isinstance(event, ev.Routed) and event.conv in opened:
                opened.discard(event.conv)
                wanted[event.rule] += 1
    assert counted == wanted
    assert sum(wanted.values()) > 5
