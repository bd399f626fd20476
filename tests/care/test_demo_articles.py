"""The demo's articles: in three languages, in every category of the shipped configuration, and written once."""

from __future__ import annotations

from pathlib import Path

import yaml

from router.demoarticles import FOLDER, MISSED, READ, tell_articles
from tests.care.home import START_MS, Home
from tests.store.makers import SITE

CONFIG = Path(__file__).parent.parent.parent / "config" / "help.yaml"


async def test_a_newcomer_sees_articles_that_were_read_and_what_was_searched_in_vain(home: Home) -> None:
    for _ in range(2):
        await tell_articles(home.store, SITE, first="en", now_ms=START_MS)
    found = await home.store.articles.all(SITE, limit=50)
    assert len({path.name.split(".")[0] for path in FOLDER.glob("*.md")}) == len(found)
    assert {each.category for each in found} == set(yaml.safe_load(CONFIG.read_text())["help"]["categories"])
    assert {each.state for each in found} == {"draft", "published"}
    read = [each for each in found if each.slug in READ]
    assert [set(each.texts) for each in read] == [{"en", "zh", "th"}] * len(READ)
    counts = await home.store.articles.counts(SITE, since_day=0)
    assert {each.article for each in counts} == {each.number for each in read}
    assert all(each.views > each.yes + each.no > 0 for each in counts)
    assert len(await home.store.articles.misses(SITE, since_day=0, limit=50)) == len(MISSED)
