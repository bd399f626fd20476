"""Every store keeps articles, their versions and what readers said by this contract."""

from __future__ import annotations

import asyncio

import msgspec

from router.store.articles import VERSIONS_MAX
from router.store.port import Article, ArticleCount, ArticleText, SearchMissed, Store
from tests.store.articling import MOST, VISITOR, article, step
from tests.store.makers import SITE


async def _saved(store: Store, one: Article, command: str, **given: object) -> Article:
    change = await store.articles.save(SITE, one, step(command, **given), most=MOST)
    assert change.refused == ""
    assert change.article is not None
    return change.article


async def test_a_new_article_has_a_number_and_is_read_back_whole(store: Store) -> None:
    whole = article(
        audience="team",
        state="published",
        queues=("billing",),
        topics=("refund",),
        texts={"en": ArticleText(title="A\0b", text="c"), "th": ArticleText(title="คืนสินค้า", text="ก", made_of=1)},
        looked_ms=8,
    )
    made = await _saved(store, whole, "one")
    assert made == msgspec.structs.replace(whole, number=made.number, version=1)
    assert made.number > 0
    assert await store.articles.get(SITE, made.number) == made
    assert await store.articles.all(SITE, limit=5) == [made]
    assert await store.articles.get("other", made.number) is None
    assert await store.articles.all("other", limit=5) == []


async def test_the_same_command_changes_nothing_again(store: Store) -> None:
    made = await _saved(store, article(), "one")
    assert await _saved(store, article(), "one") == made
    changed = await _saved(store, msgspec.structs.replace(made, state="published"), "two")
    assert await _saved(store, msgspec.structs.replace(made, state="published"), "two") == changed
    assert changed.version == 2


async def test_who_is_slower_is_told_who_was_faster(store: Store) -> None:
    made = await _saved(store, article(), "one")
    faster = await _saved(store, msgspec.structs.replace(made, category="a"), "two", agent=8)
    change = await store.articles.save(SITE, msgspec.structs.replace(made, category="b"), step("three"), most=MOST)
    assert (change.refused, change.faster, change.article) == ("edited", 8, faster)


async def test_of_two_who_save_at_once_one_is_told(store: Store) -> None:
    made = await _saved(store, article(), "one")
    both = [msgspec.structs.replace(made, category=name) for name in ("a", "b")]
    ends = await asyncio.gather(
        *(store.articles.save(SITE, each, step(each.category), most=MOST) for each in both)
    )  # fmt: skip
    assert sorted(end.refused for end in ends) == ["", "edited"]
    assert await store.articles.revision(SITE) == 2


async def test_a_name_in_the_address_is_one_articles(store: Store) -> None:
    made = await _saved(store, article("a"), "one")
    other = await _saved(store, article("b"), "two")
    taken = await store.articles.save(SITE, article("a"), step("three"), most=MOST)
    moved = await store.articles.save(SITE, msgspec.structs.replace(other, slug="a"), step("four"), most=MOST)
    assert taken.refused == moved.refused == "slug_taken"
    assert (await _saved(store, msgspec.structs.replace(made, slug="c"), "five")).slug == "c"
    assert (await store.articles.save("other", article("c"), step("six"), most=MOST)).refused == ""


async def test_there_are_not_more_articles_than_there_may_be(store: Store) -> None:
    for number in range(2):
        await _saved(store, article(f"a{number}"), f"c{number}")
    assert (await store.articles.save(SITE, article("b"), step("b"), most=2)).refused == "too_many_articles"


async def test_every_version_can_be_read_and_the_revision_grows(store: Store) -> None:
    assert await store.articles.revision(SITE) == 0
    made = await _saved(store, article(), "one", deed="created")
    await _saved(store, msgspec.structs.replace(made, state="published"), "two", deed="published", at=2_000, agent=8)
    assert await store.articles.revision(SITE) == 2
    newest, first = await store.articles.steps(SITE, made.number, before=0, limit=9)
    assert (newest.number, newest.deed, newest.at, newest.agent) == (2, "published", 2_000, 8)
    assert (first.number, first.deed) == (1, "created")
    assert await store.articles.steps(SITE, made.number, before=2, limit=9) == [first]
    assert await store.articles.version(SITE, made.number, 1) == made
    assert await store.articles.version(SITE, made.number, 3) is None


async def test_only_so_many_versions_are_kept(store: Store) -> None:
    now = await _saved(store, article(), "c0")
    for number in range(1, VERSIONS_MAX + 2):
        now = await _saved(store, now, f"c{number}")
    steps = await store.articles.steps(SITE, now.number, before=0, limit=VERSIONS_MAX + 5)
    assert len(steps) == VERSIONS_MAX
    assert await store.articles.version(SITE, now.number, 2) is None


async def test_readings_are_counted_by_day(store: Store) -> None:
    await store.articles.read(SITE, {1: 2, 2: 1}, day=10)
    await store.articles.read(SITE, {1: 3}, day=10)
    await store.articles.read(SITE, {1: 1}, day=11)
    assert await store.articles.counts(SITE, since_day=10) == [
        ArticleCount(article=1, views=6),
        ArticleCount(article=2, views=1),
    ]
    assert await store.articles.counts(SITE, since_day=11) == [ArticleCount(article=1, views=1)]


async def test_a_visitor_has_one_vote_and_may_change_it(store: Store) -> None:
    for helped, yes, no in ((True, 1, 0), (True, 1, 0), (False, 0, 1)):
        await store.articles.vote(SITE, 1, visitor=VISITOR, helped=helped, day=10)
        assert await store.articles.counts(SITE, since_day=10) == [ArticleCount(article=1, yes=yes, no=no)]
    await store.articles.vote(SITE, 1, visitor=b"w" * 16, helped=True, day=10)
    assert await store.articles.counts(SITE, since_day=10) == [ArticleCount(article=1, yes=1, no=1)]


async def test_what_was_searched_in_vain_comes_with_the_most_frequent_first(store: Store) -> None:
    await store.articles.missed(SITE, {"bike": 1, "ส่งของ": 4}, day=10, most=2)
    await store.articles.missed(SITE, {"bike": 1, "tent": 9}, day=10, most=2)
    await store.articles.missed(SITE, {"bike": 1}, day=12, most=2)
    assert await store.articles.misses(SITE, since_day=10, limit=9) == [
        SearchMissed(words="ส่งของ", times=4, last_day=10),
        SearchMissed(words="bike", times=3, last_day=12),
    ]
    assert await store.articles.misses(SITE, since_day=10, limit=1) == [
        SearchMissed(words="ส่งของ", times=4, last_day=10)
    ]


async def test_old_searches_and_visitors_are_forgotten_and_counts_stay(store: Store) -> None:
    await store.articles.missed(SITE, {"old": 1}, day=10, most=9)
    await store.articles.vote(SITE, 1, visitor=VISITOR, helped=True, day=10)
    await store.articles.sweep(SITE, searches_before=11, votes_before=11)
    assert await store.articles.misses(SITE, since_day=0, limit=9) == []
    await store.articles.vote(SITE, 1, visitor=VISITOR, helped=True, day=12)
    assert await store.articles.counts(SITE, since_day=0) == [ArticleCount(article=1, yes=2)]
