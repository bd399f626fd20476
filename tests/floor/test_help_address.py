"""Where a channel leads customers who find an answer themselves: only where there is something for everybody."""

from __future__ import annotations

import pytest

from router.core.helping import HelpRules
from router.store.port import Article, ArticleStep, ArticleText
from tests.floor.house import SITE, House, bundle

RULES = HelpRules(title={"en": "Help"}, categories={"orders": {"en": "Orders"}})


async def shelve(house: House, slug: str, *, state: str = "published", audience: str = "public") -> None:
    text = ArticleText(title="Where is it?", text="On its way.")
    article = Article(slug=slug, state=state, audience=audience, texts={"en": text})
    step = ArticleStep(command=slug, at=1, agent=1, deed="create")
    await house.store.articles.save(SITE, article, step, most=500)


@pytest.mark.parametrize(
    ("rules", "given", "led"),
    [
        (RULES, {}, True),
        (RULES, {"state": "draft"}, False),
        (RULES, {"audience": "team"}, False),
        (HelpRules(), {}, False),
    ],
    ids=["published", "a draft", "for the team", "no help page"],
)
async def test_a_customer_is_led_only_where_there_is_something_to_read(
    house: House, rules: HelpRules, given: dict[str, str], led: bool
) -> None:
    await house.configure(bundle(help=rules))
    await shelve(house, "where", **given)
    assert await house.door("chat").help_page("th-TH") == ("https://desk.example/help?lang=th" if led else "")


async def test_the_first_article_is_seen_at_once(house: House) -> None:
    await house.configure(bundle(help=RULES))
    door = house.door("chat")
    assert await door.help_page("en") == ""
    await shelve(house, "where")
    assert await door.help_page("en")
