"""What every store must do: effects, one in flight per lane, in order."""

from __future__ import annotations

import asyncio

from router.store.port import Effect, EffectEnd, Store
from tests.store.makers import SITE, commit, effect, lead


async def _claim(store: Store, worker: str = "w", *, now_ms: int = 5_000, limit: int = 10) -> list[Effect]:
    return await store.outbox.claim(SITE, worker, now_ms=now_ms, until_ms=now_ms + 1_000, limit=limit)


async def _fill(store: Store, *lanes: str, **given: int) -> None:
    await lead(store)
    first = (await store.journal.end(SITE))[0] + 1
    effects = [effect(first + n, lane, message=first + n, **given) for n, lane in enumerate(lanes)]
    await commit(store, count=len(lanes), at=1_000, effects=effects)


async def test_only_the_head_of_each_lane_goes(store: Store) -> None:
    await _fill(store, "a", "a", "b", "a")
    claimed = await _claim(store)
    assert [(each.lane, each.message, each.attempts, each.created_ms) for each in claimed] == [
        ("a", 1, 0, 1_000),
        ("b", 3, 0, 1_000),
    ]
    assert await _claim(store, "other") == []
    assert await store.outbox.depth(SITE) == (4, 1_000, 0)


async def test_a_lane_goes_on_when_its_head_is_done(store: Store) -> None:
    await _fill(store, "a", "a", "a")
    order = []
    for _ in range(3):
        [one] = await _claim(store)
        order.append(one.message)
        await store.outbox.done(SITE, one.id)
    assert order == [1, 2, 3]
    assert await store.outbox.depth(SITE) == (0, 0, 0)
    assert await store.outbox.next_due_ms(SITE) == 0


async def test_an_id_is_never_given_again(store: Store) -> None:
    await _fill(store, "a")
    [one] = await _claim(store)
    await store.outbox.done(SITE, one.id)
    await _fill(store, "a")
    [two] = await _claim(store)
    assert two.id > one.id
    await store.outbox.done(SITE, one.id)
    assert await store.outbox.depth(SITE) == (1, 1_000, 0)


async def test_an_effect_waits_for_its_time(store: Store) -> None:
    await _fill(store, "a", not_before_ms=6_000)
    assert await _claim(store, now_ms=5_999) == []
    assert await store.outbox.next_due_ms(SITE) == 6_000
    assert len(await _claim(store, now_ms=6_000)) == 1


async def test_try_later_holds_the_whole_lane(store: Store) -> None:
    await _fill(store, "a", "a", "b")
    first, other = await _claim(store)
    await store.outbox.later(SITE, first.id, not_before_ms=9_000, reason="busy", unsure=True)
    await store.outbox.done(SITE, other.id)
    assert await _claim(store, now_ms=8_999) == []
    assert await store.outbox.next_due_ms(SITE) == 9_000
    [again] = await _claim(store, now_ms=9_000)
    assert (again.id, again.attempts, again.unsure, again.reason) == (first.id, 1, True, "busy")


async def test_a_claim_ends_and_another_worker_takes_over(store: Store) -> None:
    await _fill(store, "a")
    [one] = await _claim(store, "slow")
    assert await store.outbox.next_due_ms(SITE) == 6_000
    assert await store.outbox.holds(SITE, one.id, "slow", now_ms=5_999)
    assert not await store.outbox.holds(SITE, one.id, "other", now_ms=5_999)
    assert not await store.outbox.holds(SITE, one.id, "slow", now_ms=6_000)
    [taken] = await _claim(store, "other", now_ms=6_000)
    assert taken.id == one.id
    assert not await store.outbox.holds(SITE, one.id, "slow", now_ms=6_001)
    assert await store.outbox.holds(SITE, one.id, "other", now_ms=6_001)


async def test_a_worker_that_slept_past_its_claim_neither_buries_nor_puts_off_what_another_does(
    store: Store,
) -> None:
    await _fill(store, "a")
    [one] = await _claim(store, "slow")
    [taken] = await _claim(store, "other", now_ms=6_000)
    await store.outbox.later(SITE, one.id, not_before_ms=9_000, reason="busy", unsure=True, worker="slow")
    await store.outbox.dead(SITE, one.id, "no_such_address", worker="slow")
    buried = EffectEnd(effect=one.id, reason="no_such_address", worker="slow")
    await commit(store, at=1_500, ended=[buried])
    assert await store.outbox.holds(SITE, one.id, "other", now_ms=6_001)
    assert await store.outbox.dead_letters(SITE, 5) == []
    await store.outbox.later(SITE, taken.id, not_before_ms=9_000, reason="busy", unsure=False, worker="other")
    [again] = await _claim(store, "slow", now_ms=9_000)
    assert (again.attempts, again.unsure) == (1, False)
    await commit(store, at=1_500, ended=[buried])
    assert [dead.reason for dead in await store.outbox.dead_letters(SITE, 5)] == ["no_such_address"]


async def test_what_has_happened_has_happened_whoever_says_so(store: Store) -> None:
    await _fill(store, "a", "b")
    first, second = await _claim(store, "slow")
    await _claim(store, "other", now_ms=6_000)
    await store.outbox.done(SITE, first.id)
    await commit(store, at=1_500, ended=[EffectEnd(effect=second.id, worker="slow")])
    assert await store.outbox.depth(SITE) == (0, 0, 0)


async def test_nobody_holds_what_is_done_or_was_put_off(store: Store) -> None:
    await _fill(store, "a", "b")
    first, second = await _claim(store)
    await store.outbox.done(SITE, first.id)
    await store.outbox.later(SITE, second.id, not_before_ms=9_000, reason="busy", unsure=False)
    for one in (first, second):
        assert not await store.outbox.holds(SITE, one.id, "w", now_ms=5_001)


async def test_workers_that_claim_at_once_never_share_an_effect(store: Store) -> None:
    await _fill(store, *(f"lane {n}" for n in range(30)))
    answers = await asyncio.gather(*(_claim(store, f"w{n}", limit=10) for n in range(6)))
    ids = [one.id for claimed in answers for one in claimed]
    assert len(ids) == len(set(ids)) == 30
    assert sorted(len(claimed) for claimed in answers) == [0, 0, 0, 10, 10, 10]


async def test_a_dead_letter_is_shown_and_frees_its_lane(store: Store) -> None:
    await _fill(store, "a", "a")
    [one] = await _claim(store)
    await store.outbox.dead(SITE, one.id, "unknown_address")
    [shown] = await store.outbox.dead_letters(SITE, 5)
    assert (shown.id, shown.state, shown.reason) == (one.id, "dead", "unknown_address")
    assert await store.outbox.depth(SITE) == (1, 1_000, 1)
    [following] = await _claim(store)
    assert following.message == 2


async def test_a_revived_letter_goes_back_to_its_place(store: Store) -> None:
    await _fill(store, "a", "a")
    [one] = await _claim(store)
    await store.outbox.dead(SITE, one.id, "x")
    assert await store.outbox.revive(SITE, one.id)
    assert not await store.outbox.revive(SITE, one.id)
    assert not await store.outbox.revive(SITE, 999)
    assert await store.outbox.next_due_ms(SITE) > 0
    [again] = await _claim(store)
    assert (again.id, again.attempts, again.state) == (one.id, 0, "waiting")
    assert await store.outbox.depth(SITE) == (2, 1_000, 0)


async def test_a_revived_letter_waits_for_the_one_in_flight(store: Store) -> None:
    await _fill(store, "a", "a")
    [one] = await _claim(store)
    await store.outbox.dead(SITE, one.id, "x")
    [flying] = await _claim(store)
    assert await store.outbox.revive(SITE, one.id)
    assert await _claim(store) == []
    await store.outbox.done(SITE, flying.id)
    [again] = await _claim(store)
    assert again.id == one.id


async def test_the_longest_due_lanes_go_first(store: Store) -> None:
    await lead(store)
    effects = [effect(1, "a", not_before_ms=30), effect(2, "b", not_before_ms=10), effect(3, "c", not_before_ms=20)]
    await commit(store, count=3, at=1, effects=effects)
    claimed = [(await _claim(store, now_ms=100, limit=1))[0].lane for _ in range(3)]
    assert claimed == ["b", "c", "a"]


async def test_sites_have_outboxes_of_their_own(store: Store) -> None:
    await _fill(store, "a")
    assert await store.outbox.claim("other", "w", now_ms=5_000, until_ms=6_000, limit=5) == []
    [one] = await _claim(store)
    await store.outbox.done("other", one.id)
    await store.outbox.dead("other", one.id, "x")
    assert await store.outbox.depth(SITE) == (1, 1_000, 0)
    assert await store.outbox.depth("other") == (0, 0, 0)


async def test_the_claims_of_the_dead_are_given_back_as_unsure_and_nobody_elses_rows_move(store: Store) -> None:
    await lead(store)
    waits = effect(3, "c", not_before_ms=9_000)
    await commit(store, count=3, effects=[effect(1, "a"), effect(2, "b"), waits])
    [one] = await _claim(store, "dead", limit=1)
    await store.outbox.free_claims(SITE, now_ms=5_001)
    assert not await store.outbox.holds(SITE, one.id, "dead", now_ms=5_001)
    again = await _claim(store, "alive", now_ms=5_001)
    assert {each.lane: each.unsure for each in again} == {"a": one.lane == "a", "b": one.lane == "b"}
    await store.outbox.free_claims("other", now_ms=5_002)
    assert await _claim(store, "third", now_ms=5_002) == []


async def test_the_claims_of_one_dead_worker_are_given_back_and_the_others_go_on(store: Store) -> None:
    await lead(store)
    await commit(store, count=2, effects=[effect(1, "a"), effect(2, "b")])
    [first] = await _claim(store, "dead", limit=1)
    [second] = await _claim(store, "alive", limit=1)
    await store.outbox.free_claims(SITE, now_ms=5_001, worker="dead")
    assert not await store.outbox.holds(SITE, first.id, "dead", now_ms=5_001)
    assert await store.outbox.holds(SITE, second.id, "alive", now_ms=5_001)
    assert [(each.id, each.unsure) for each in await _claim(store, "third", now_ms=5_001)] == [(first.id, True)]


async def _put_off(
    store: Store, *lanes: str, until_ms: int = 900_000, early_ms: int = 0, channel: str = "email"
) -> None:
    """Effects of these lanes that have failed once, each put off until a time."""
    await lead(store)
    first = (await store.journal.end(SITE))[0] + 1
    effects = [effect(first + n, lane, message=first + n, channel=channel) for n, lane in enumerate(lanes)]
    await commit(store, count=len(lanes), at=1_000, effects=effects)
    for one in await _claim(store):
        await store.outbox.later(
            SITE, one.id, not_before_ms=until_ms, reason="away", unsure=False, worker="w", early_ms=early_ms
        )


async def test_what_was_put_off_is_brought_forward_who_was_tried_longest_ago_first(store: Store) -> None:
    await _put_off(store, "a", early_ms=5_200)
    await _put_off(store, "b", "c", early_ms=5_100)
    assert await _claim(store, now_ms=6_000) == []
    assert await store.outbox.hasten(SITE, "email", now_ms=6_000, limit=2) == 2
    assert await store.outbox.next_due_ms(SITE) == 6_000
    assert [(one.lane, one.attempts) for one in await _claim(store, now_ms=6_000)] == [("b", 1), ("c", 1)]
    assert await store.outbox.hasten(SITE, "email", now_ms=6_000, limit=9) == 1
    assert [one.lane for one in await _claim(store, now_ms=6_000)] == ["a"]
    assert await store.outbox.hasten(SITE, "email", now_ms=6_000, limit=9) == 0


async def test_nothing_is_brought_forward_before_its_time_or_that_never_failed_or_is_elsewhere(store: Store) -> None:
    await _put_off(store, "wished", early_ms=7_000)
    await _put_off(store, "other channel", channel="sms")
    first = (await store.journal.end(SITE))[0] + 1
    quiet = effect(first, "quiet hours", not_before_ms=50_000)
    await commit(store, count=2, at=1_000, effects=[quiet, effect(first + 1, "in flight")])
    assert [one.lane for one in await _claim(store, now_ms=5_000)] == ["in flight"]
    assert await store.outbox.hasten(SITE, "email", now_ms=6_999, limit=9) == 0
    assert await store.outbox.hasten("other", "email", now_ms=7_000, limit=9) == 0
    assert await store.outbox.hasten(SITE, "email", now_ms=7_000, limit=9) == 1
    assert {one.lane for one in await _claim(store, "other", now_ms=7_000)} == {"in flight", "wished"}


async def test_who_hastens_at_once_brings_each_forward_once(store: Store) -> None:
    await _put_off(store, *(f"lane {n}" for n in range(9)))
    told = await asyncio.gather(*(store.outbox.hasten(SITE, "email", now_ms=6_000, limit=9) for _ in range(4)))
    assert sum(told) == 9
    assert len(await _claim(store, now_ms=6_000)) == 9
