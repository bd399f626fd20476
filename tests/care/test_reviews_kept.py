"""What is kept of ratings and reviews: a person may have it, what was written goes with them, scores stay."""

from __future__ import annotations

import re
from pathlib import Path

from router.care.reviews import DEEDS
from router.store.port import Review
from router.store.port.reviews import ReviewWords
from tests.care.home import Home
from tests.store.makers import SITE, commit, row
from tests.store.reviewing import review


async def reviewed(home: Home) -> tuple[int, Review]:
    """Somebody has rated a conversation with words, and somebody has reviewed it."""
    met = await home.meets("k", name="Zebulon")
    await home.says(met, "hello", conv=1)
    await commit(home.store, timeline=[row(9, "Rated", conv=1, line=met.line, detail="2")])
    assert await home.store.reviews.remark(SITE, 1, "A Secret wish", at=home.clock.now)
    words = ReviewWords(said="A Secret word", notes={"tone": "Secret note"}, answer="Secret answer")
    done = await home.store.reviews.begin(SITE, review(1, customer=met.customer, score=500, words=words))
    return met.customer, done.review


async def test_a_person_gets_what_they_wrote_and_what_was_written(home: Home) -> None:
    customer, _ = await reviewed(home)
    told = await home.exporter.read(customer)
    assert told is not None
    assert [(each["score"], each["words"]) for each in told["ratings"]] == [(2, "A Secret wish")]
    assert [each["words"]["said"] for each in told["reviews"]] == ["A Secret word"]


async def test_with_the_person_goes_what_was_written_and_the_scores_stay(home: Home) -> None:
    customer, one = await reviewed(home)
    await home.eraser.erase(customer, agent=9)
    left, rating = await home.store.reviews.get(SITE, one.conv), await home.store.reviews.rating(SITE, one.conv)
    assert left is not None
    assert rating is not None
    assert (left.forgotten, left.words, left.score) == (True, ReviewWords(), 500)
    assert (rating.score, rating.words) == (2, "")
    assert b"Secret" not in home.on_disk()
    assert not await home.store.reviews.remark(SITE, 1, "A Secret thought", at=home.clock.now)


def test_the_page_about_reviews_says_of_every_deed_what_the_table_says() -> None:
    page = (Path(__file__).parent.parent.parent / "docs" / "REVIEWS.md").read_text()
    lines = [line.split("|")[1:4] for line in page.splitlines() if re.match(r"\| `\w+` \| \w+ \|", line)]
    told = {name.strip(" `"): (stages.strip(), to.strip()) for name, stages, to in lines}
    for deed, row_ in DEEDS.items():
        assert told[deed] == (", ".join(row_.stages), row_.to or "nothing"), deed
