"""Every store keeps what customers said of their conversations, and reviews of them, by this contract."""

from __future__ import annotations

import asyncio

import msgspec

from router.store.port import RatingFilter, RatingTally, ReviewFilter, Store
from router.store.port.reviews import ReviewWords
from tests.store.makers import SITE, caller, commit, conversation, lead, proved, row
from tests.store.reviewing import ANY, EVER, review

WORDS = "nul \0 ไทย 中文 😀 quote ' \""


async def _rated(store: Store) -> None:
    """Three conversations that ended: 1 rated 2 and then 4, 2 rated 1, 3 not rated."""
    await lead(store)
    await store.archive.meet(SITE, [caller("a", proved("m@x"))], 1)
    ended = {"closed_ms": 2_000, "owner": 7}
    await commit(
        store,
        count=8,
        timeline=[
            row(1, "Closed"),
            row(2, "Rated", detail="2"),
            row(3, "Closed", conv=2),
            row(4, "Rated", conv=2, detail="1"),
            row(5, "Rated", detail="4"),
            row(6, "Transferred", conv=3),
            row(7, "Closed", conv=3),
            row(8, "Queued", conv=3),
        ],
        conversations=[
            conversation(1, "closed", **ended),
            conversation(2, "closed", **{**ended, "owner": 8, "queue": "billing", "customer": 2}),
            conversation(3, "closed", **{**ended, "channel": "email", "customer": 3}),
        ],
    )


async def test_the_last_word_about_a_conversation_counts_and_the_newest_is_first(store: Store) -> None:
    await _rated(store)
    found = await store.reviews.ratings(SITE, EVER, before=(0, 0), limit=9)
    assert [(each.conv, each.score, each.agent, each.queue) for each in found] == [
        (1, 4, 7, "general"),
        (2, 1, 8, "billing"),
    ]
    newest = found[0]
    assert await store.reviews.ratings(SITE, EVER, before=(newest.at, newest.position), limit=9) == found[1:]
    assert await store.reviews.rating(SITE, 1) == newest
    assert await store.reviews.rating(SITE, 3) is None


async def test_ratings_are_filtered_and_counted_alike(store: Store) -> None:
    await _rated(store)
    await store.reviews.remark(SITE, 2, "slow", at=5)
    await store.reviews.see(SITE, 1, agent=9, at=6)
    for wanted, convs, ended in (
        (EVER, [1, 2], 3),
        ({"score_max": 2}, [2], 3),
        ({"channel": "chat"}, [1, 2], 2),
        ({"without": ["chat"]}, [], 1),
        ({"queue": "billing"}, [2], 1),
        ({"agent": 7}, [1], 2),
        ({"worded": True}, [2], 3),
        ({"unseen": True}, [2], 3),
        ({"since_ms": 1_005}, [1], 3),
        ({"until_ms": 1_005}, [2], 0),
    ):
        asked = wanted if isinstance(wanted, RatingFilter) else msgspec.structs.replace(EVER, **wanted)
        found = await store.reviews.ratings(SITE, asked, before=(0, 0), limit=9)
        assert [each.conv for each in found] == convs, wanted
        tally = await store.reviews.tally(SITE, asked)
        assert (sum(tally.counts), tally.ended) == (len(convs), ended), wanted
    assert await store.reviews.tally(SITE, EVER) == RatingTally(counts=[1, 0, 0, 1, 0], worded=1, ended=3)


async def test_ratings_are_counted_apart_by_agent_queue_and_channel(store: Store) -> None:
    await _rated(store)
    await store.reviews.remark(SITE, 2, "slow", at=5)
    best, worst = [0, 0, 0, 1, 0], [1, 0, 0, 0, 0]
    one, two = RatingTally(counts=best, ended=1), RatingTally(counts=worst, worded=1, ended=1)
    unrated = RatingTally(counts=[0, 0, 0, 0, 0], ended=1)
    for by, wanted, expected in (
        ("agent", EVER, {"7": RatingTally(counts=best, ended=2), "8": two}),
        ("queue", EVER, {"general": RatingTally(counts=best, ended=2), "billing": two}),
        ("channel", EVER, {"chat": RatingTally(counts=[1, 0, 0, 1, 0], worded=1, ended=2), "email": unrated}),
        ("channel", msgspec.structs.replace(EVER, agent=7), {"chat": one, "email": unrated}),
        ("agent", msgspec.structs.replace(EVER, until_ms=1), {}),
    ):
        assert await store.reviews.tally_by(SITE, wanted, by) == expected, (by, wanted)


async def test_words_lie_beside_the_score_and_the_last_ones_stay(store: Store) -> None:
    await _rated(store)
    assert await store.reviews.remark(SITE, 1, "first", at=5)
    assert await store.reviews.remark(SITE, 1, WORDS, at=6)
    assert not await store.reviews.remark(SITE, 77, "nowhere", at=6)
    found = await store.reviews.rating(SITE, 1)
    assert found is not None
    assert found.words == WORDS


async def test_who_looked_first_is_kept_until_somebody_takes_it_back(store: Store) -> None:
    await _rated(store)
    seen = []
    for agent in (9, 8, 0, 8):
        await store.reviews.see(SITE, 1, agent=agent, at=agent * 10)
        found = await store.reviews.rating(SITE, 1)
        seen.append((found.seen_by, found.seen_ms) if found else None)
    assert seen == [(9, 90), (9, 90), (0, 0), (8, 80)]


async def test_what_ended_is_told_with_what_may_make_it_worth_a_review(store: Store) -> None:
    await _rated(store)
    found = await store.reviews.ended(SITE, since_ms=2_000, until_ms=2_001, limit=9)
    assert [(each.conv, each.agent, each.score, each.transferred, each.reopened) for each in found] == [
        (1, 7, 4, False, False),
        (2, 8, 1, False, False),
        (3, 7, 0, True, True),
    ]
    assert await store.reviews.ended(SITE, since_ms=2_001, until_ms=9_000, limit=9) == []
    assert len(await store.reviews.ended(SITE, since_ms=0, until_ms=9_000, limit=2)) == 2


async def test_a_conversation_has_one_review_and_who_comes_second_learns_whose(store: Store) -> None:
    tries = [store.reviews.begin(SITE, review(1, reviewer=by, editor=by, command=f"c{by}")) for by in (7, 8)]
    done = await asyncio.gather(*tries)
    assert sum(each.changed for each in done) == 1
    won, lost = sorted(done, key=lambda each: not each.changed)
    assert lost.review == won.review
    assert lost.faster == won.review.reviewer
    again = await store.reviews.begin(SITE, review(1, reviewer=won.review.reviewer, command=won.review.command))
    assert again.changed


async def test_a_review_is_read_as_it_was_written(store: Store) -> None:
    words = ReviewWords(said=WORDS, notes={"greeting": WORDS})
    made = (await store.reviews.begin(SITE, review(1, words=words, sheet='{"x":1}'))).review
    assert (made.version, made.words, made.sheet) == (1, words, '{"x":1}')
    changed = msgspec.structs.replace(made, stage="handed", handed_ms=50, score=875, answers={"a": 2}, command="two")
    done = await store.reviews.change(SITE, changed)
    assert done.review == msgspec.structs.replace(changed, version=2)
    assert await store.reviews.get(SITE, 1) == done.review
    assert await store.reviews.get("other", 1) is None


async def test_who_comes_second_changes_nothing_and_a_known_command_is_no_second(store: Store) -> None:
    made = (await store.reviews.begin(SITE, review(1))).review
    mine, theirs = (msgspec.structs.replace(made, editor=by, command=f"c{by}") for by in (3, 4))
    first = await store.reviews.change(SITE, mine)
    second = await store.reviews.change(SITE, theirs)
    assert (first.changed, second.changed, second.faster) == (True, False, 3)
    assert second.review == first.review
    assert (await store.reviews.change(SITE, mine)).changed


async def test_only_a_draft_is_thrown_away(store: Store) -> None:
    made = (await store.reviews.begin(SITE, review(1))).review
    assert not await store.reviews.drop(SITE, 1, version=2)
    assert await store.reviews.drop(SITE, 1, version=1)
    assert await store.reviews.get(SITE, 1) is None
    made = (await store.reviews.begin(SITE, review(1))).review
    await store.reviews.change(SITE, msgspec.structs.replace(made, stage="handed", handed_ms=5, command="h"))
    assert not await store.reviews.drop(SITE, 1, version=2)


async def test_reviews_are_listed_by_week_by_person_and_by_when_they_were_handed_over(store: Store) -> None:
    for conv, agent, handed in ((1, 4, 0), (2, 4, 60), (3, 5, 50)):
        stage = "handed" if handed else "draft"
        await store.reviews.begin(SITE, review(conv, agent=agent, handed_ms=handed, stage=stage, week=10 + conv % 2))

    async def newest(wanted: ReviewFilter, *, before: tuple[int, int] = (0, 0)) -> list[int]:
        return [each.conv for each in await store.reviews.newest(SITE, wanted, before=before, limit=9)]

    assert [each.conv for each in await store.reviews.of_week(SITE, 11, limit=9)] == [1, 3]
    assert await newest(ANY) == [3, 2]
    assert await newest(ReviewFilter(drafts=True)) == [3, 2, 1]
    assert await newest(ReviewFilter(drafts=True), before=(1_002, 2)) == [1]
    assert await newest(ReviewFilter(agent=4)) == [2]
    assert await newest(ReviewFilter(stage="draft", drafts=True)) == [1]
    between = await store.reviews.between(SITE, since_ms=50, until_ms=61, limit=9)
    assert [each.conv for each in between] == [3, 2]
    assert [each.conv for each in await store.reviews.between(SITE, since_ms=0, until_ms=61, agent=4, limit=9)] == [2]


async def test_words_are_forgotten_after_a_time_and_scores_stay(store: Store) -> None:
    await _rated(store)
    await store.reviews.remark(SITE, 1, "too slow", at=5)
    await store.reviews.begin(SITE, review(1, score=500, begun_ms=50))
    await store.reviews.begin(SITE, review(2, begun_ms=60))
    assert await store.reviews.forget(SITE, before_ms=60, limit=9) == 2
    assert await store.reviews.forget(SITE, before_ms=60, limit=9) == 0
    found, old, new = await store.reviews.rating(SITE, 1), *[await store.reviews.get(SITE, conv) for conv in (1, 2)]
    assert found is not None
    assert old is not None
    assert new is not None
    assert (found.score, found.words) == (4, "")
    assert (old.score, old.words, old.forgotten, new.forgotten) == (500, ReviewWords(), True, False)


async def test_words_go_with_the_person_and_scores_stay(store: Store) -> None:
    await _rated(store)
    await store.reviews.remark(SITE, 1, "my name is", at=5)
    made = (await store.reviews.begin(SITE, review(1, score=500))).review
    said, reviews = await store.reviews.said_of(SITE, 1)
    assert ([each.words for each in said], [each.words for each in reviews]) == (["my name is"], [made.words])
    begun = await store.care.begin_erase(SITE, 1, agent=1, at=9)
    assert begun.refused == ""
    found, kept = await store.reviews.rating(SITE, 1), await store.reviews.get(SITE, 1)
    assert found is not None
    assert kept is not None
    assert (found.score, found.words) == (4, "")
    assert (kept.score, kept.words, kept.forgotten) == (500, ReviewWords(), True)
    assert not await store.reviews.remark(SITE, 1, "later", at=10)
    assert not (await store.reviews.change(SITE, msgspec.structs.replace(made, command="late"))).changed
