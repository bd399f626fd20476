"""Rated conversations and reviews for the store's tests, with everything that does not matter filled in."""

from __future__ import annotations

from typing import Any

from router.store.port import RatingFilter, Review, ReviewFilter, Store
from router.store.port.reviews import ReviewWords
from tests.store.makers import SITE

EVER = RatingFilter(since_ms=0, until_ms=1 << 50)
ANY = ReviewFilter()


def review(conv: int, **given: Any) -> Review:
    plain = {
        "reference": f"R{conv}",
        "agent": 4,
        "reviewer": 7,
        "editor": 7,
        "begun_ms": 1_000 + conv,
        "week": 20261116,
        "customer": 1,
        "card": "talk",
        "command": f"begin{conv}",
        "words": ReviewWords(said="good", notes={"greeting": "warm"}),
    }
    return Review(conv=conv, **{**plain, **given})


async def ask_of_reviews(store: Store) -> None:
    """Ask everything there is to ask, with something to be found."""
    reviews = store.reviews
    await reviews.remark(SITE, 1, "slow \0", at=5)
    await reviews.see(SITE, 1, agent=1, at=5)
    wanted = RatingFilter(since_ms=0, until_ms=1_500, channel="chat", queue="q", agent=1, worded=True, unseen=True)
    for each in (wanted, RatingFilter(since_ms=0, until_ms=1_500)):
        await reviews.ratings(SITE, each, before=(0, 0), limit=5)
        await reviews.tally(SITE, each)
        await reviews.tally_by(SITE, each, "agent")
    await reviews.rating(SITE, 1)
    await reviews.ended(SITE, since_ms=0, until_ms=1_500, limit=5)
    made = (await reviews.begin(SITE, review(1))).review
    await reviews.change(SITE, made)
    await reviews.drop(SITE, 1, version=9)
    await reviews.get(SITE, 1)
    await reviews.of_week(SITE, 20261116, limit=5)
    for those in (ReviewFilter(agent=4, drafts=True), ReviewFilter()):
        await reviews.newest(SITE, those, before=(0, 0), limit=5)
    await reviews.between(SITE, since_ms=0, until_ms=1_500, limit=5)
    await reviews.said_of(SITE, 1)
