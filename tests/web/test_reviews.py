"""The reviews screen in a browser, in front of the real dashboard: ratings, the draw, one review, figures."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, expect

from router.site.ratelinks import DAY_MS, RateLinks
from tests.dashboard.office import PASSWORD, SITE, Desk, Office
from tests.dashboard.reviewed import WEEK_MS, do, done, floor_of, handed, served
from tests.e2e.desk_page import WIDE, Faults
from tests.ports import free_port
from tests.web.looking import violations
from tests.web.modules import WEB, looks

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

TENS_MS = 10_000
PARTS = {"": ".ratings", "/to-do": ".draws", "/written": ".written", "/figures": ".reviews-tables"}
NARROW = {"width": 390, "height": 844}
LOOKS: dict[str, dict[str, object]] = {
    "light": {},
    "dark": {"color_scheme": "dark"},
    "narrow-th": {"viewport": NARROW, "locale": "th"},
    "narrow-zh": {"viewport": NARROW, "locale": "zh-CN"},
}


class Floor:
    """An office where conversations were served, rated and reviewed."""

    def __init__(self, office: Office, base: str, ana: Desk, sue: Desk, *, links: RateLinks) -> None:
        self.office, self.base, self.ana, self.sue, self.links = office, base, ana, sue, links
        self.refs: dict[str, str] = {}
        self._many = 0

    async def another(self, *, score: int = 0) -> str:
        self._many += 1
        return await served(self.office, self.ana, key=f"more{self._many}", score=score)

    async def fill(self) -> None:
        self.refs["bad"] = await served(
            self.office, self.ana, key="bad", score=1, words="Nobody called me back.\nNever."
        )
        self.refs["good"] = await served(self.office, self.ana, key="good", score=5)
        for _ in range(4):
            await self.another(score=4)
        for name in ("differs", "draft", "race"):
            self.refs[name] = await self.another()
        self.office.clock.at += WEEK_MS
        for desk in (self.ana, self.sue):
            await desk.sign_in()
        await handed(self.sue, self.refs["good"], said="Well done.")
        await handed(self.sue, self.refs["differs"], answers={"kind": 1, "right": 0})
        await done(self.ana, self.refs["differs"], "answer", 2, view="differ", words="It was right.")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def floor(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Floor]:
    office = await Office.open(tmp_path_factory.mktemp("reviews"))
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    await office.stop_serving()
    links = RateLinks(bytes(32), base, office.clock.now_ms)
    await office.serve(port=port, web_root=WEB, public_url=base, rate_links=links)
    made = Floor(office, base, *await floor_of(office), links=links)
    await made.fill()
    yield made
    await office.close()


Opens = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(loop_scope="session")
async def opens(floor: Floor, chromium: Browser) -> AsyncIterator[Opens]:
    contexts, faults = [], Faults()

    async def page(place: str = "", *, login: str = "sue", **options: object) -> Page:
        context = await chromium.new_context(base_url=floor.base, **{"viewport": WIDE, "locale": "en-GB", **options})  # type: ignore[arg-type]
        contexts.append(context)
        made = await context.new_page()
        faults.watch(made)
        await made.goto(f"/#/reviews{place}")
        await made.fill("input[name=login]", login)
        await made.fill("input[name=password]", PASSWORD)
        await made.click(".sign-in button[type=submit]")
        await expect(made.locator(".reviews-view")).to_be_visible(timeout=2 * TENS_MS)
        return made

    yield page
    for context in contexts:
        await context.close()
    assert not faults.said, faults.said


async def test_what_customers_said_stands_newest_first_with_of_how_many_each_figure_is(opens: Opens) -> None:
    page = await opens()
    await expect(page.locator(".ratings li")).to_have_count(6, timeout=TENS_MS)
    await expect(page.locator(".ratings li").last).to_contain_text("Nobody called me back.")
    tops = await page.locator(".ratings li").evaluate_all("rows => rows.map((row) => row.offsetTop)")
    assert tops == sorted(set(tops)), "one below the other"
    await expect(page.locator(".tiles")).to_contain_text("3.67")
    await expect(page.locator(".tiles")).to_contain_text("of 6 ratings")
    await expect(page.locator(".tiles")).to_contain_text("of 9 conversations that ended")
    await page.get_by_role("button", name="1 or 2 stars").click()
    await expect(page.locator(".ratings li")).to_have_count(1)
    await expect(page.locator(".tiles")).to_contain_text("1 rating: too few for a mean")
    await page.get_by_role("button", name="With words").click()
    await page.get_by_label("Channel").select_option("email")
    await expect(page.locator(".empty")).to_contain_text("No rating fits these filters.")
    await page.get_by_role("button", name="Clear the filters").click()
    await expect(page.locator(".ratings li")).to_have_count(6)


async def test_ratings_are_counted_by_agent_queue_and_channel_and_a_row_is_looked_at_alone(opens: Opens) -> None:
    page = await opens()
    await page.get_by_text("By agent, queue or channel").click()
    split = page.locator(".split tbody tr")
    await expect(split).to_have_count(1, timeout=TENS_MS)
    assert (await split.inner_text()).split() == ["Ana", "3.67", "6", "67%", "1"]
    await page.get_by_role("button", name="By channel").click()
    await expect(split).to_contain_text("Chat")
    await split.get_by_role("button").click()
    chosen = page.locator("label", has_text="Channel").locator("select")
    await expect(chosen).to_have_value("chat")
    await chosen.select_option("email")
    await expect(page.locator(".split .empty")).to_contain_text("Choose a longer one.")


async def test_a_rating_is_marked_as_looked_at_and_leads_on(floor: Floor, opens: Opens) -> None:
    page = await opens()
    row = page.locator(".ratings li", has_text="Nobody called me back.")
    mark = row.get_by_role("button", name="Looked at")
    await mark.click()
    await expect(mark).to_have_attribute("aria-pressed", "true", timeout=TENS_MS)
    seen = await floor.office.store.reviews.rating(SITE, 1)
    assert seen is not None
    assert seen.seen_by == floor.sue.account.id  # type: ignore[union-attr]
    await mark.click()
    await expect(mark).to_have_attribute("aria-pressed", "false", timeout=TENS_MS)
    await row.get_by_role("button", name="Record a complaint").click()
    await page.wait_for_url(f"**/#/complaints/new/{floor.refs['bad']}")


async def test_the_list_is_walked_by_keyboard(floor: Floor, opens: Opens) -> None:
    page = await opens()
    await expect(page.locator(".ratings li")).to_have_count(6, timeout=TENS_MS)
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await expect(page.locator(".ratings li").nth(1).locator(".open")).to_be_focused()
    await page.keyboard.press("k")
    await expect(page.locator(".ratings li").first.locator(".open")).to_be_focused()


async def test_a_draft_is_kept_while_it_is_written_and_its_sum_is_live(floor: Floor, opens: Opens) -> None:
    ref = floor.refs["draft"]
    page = await opens(f"/{ref}")
    await page.get_by_role("button", name="Begin the review").click()
    questions = page.locator(".question")
    await expect(questions).to_have_count(2, timeout=TENS_MS)
    await expect(page.locator(".sum")).to_contain_text("2 questions open")
    await expect(page.get_by_role("button", name="Hand over to Ana")).to_be_disabled()
    await questions.first.get_by_label("3", exact=True).check()
    await questions.last.get_by_label("No", exact=True).check()
    await expect(page.locator(".sum")).to_contain_text("0%")
    await expect(page.locator(".sum")).to_contain_text("the score is 0")
    await questions.last.get_by_label("Yes", exact=True).check()
    await expect(page.locator(".sum")).to_contain_text("81%")
    await page.get_by_label("Words for the agent").fill("Good, and a little slow.")
    await page.get_by_text("The draft is kept.").wait_for(timeout=TENS_MS)
    await page.reload()
    await expect(page.get_by_label("Words for the agent")).to_have_value(
        "Good, and a little slow.", timeout=2 * TENS_MS
    )
    await expect(page.locator(".sum")).to_contain_text("81%")
    await page.get_by_role("button", name="Hand over to Ana").click()
    await expect(page.locator(".review-head .stage")).to_contain_text("Handed over", timeout=TENS_MS)
    mine = (await floor.ana.get(f"/conversations/{ref}/review")).body
    assert (mine["said"], mine["line"]["score"]) == ("Good, and a little slow.", 813)


async def test_whoever_was_slower_sees_what_the_other_wrote(floor: Floor, opens: Opens) -> None:
    ref = floor.refs["race"]
    tom = await floor.office.desk("tom", role="supervisor")
    await done(floor.sue, ref, "begin")
    page = await opens(f"/{ref}")
    await expect(page.locator(".question")).to_have_count(2, timeout=TENS_MS)
    # The page is told as it happens; whoever acts before it has read again is refused by name.
    reads = asyncio.Event()

    async def hold(route: Route) -> None:
        if route.request.method == "GET":
            await reads.wait()
        await route.continue_()

    await page.route("**/review", hold)
    await done(tom, ref, "take", 1)
    async with page.expect_response(lambda answer: answer.status == 409):
        await page.get_by_label("Yes", exact=True).check()
    reads.set()
    await expect(page.locator(".faster")).to_contain_text("Tom was faster.", timeout=TENS_MS)
    await expect(page.get_by_role("button", name="Take this review over")).to_be_visible()


async def test_the_agent_answers_once_and_a_supervisor_settles(floor: Floor, opens: Opens) -> None:
    page = await opens(login="ana")
    row = page.locator(".written li.unread").first
    await expect(row).to_be_visible(timeout=TENS_MS)
    await page.goto(f"/#/reviews/{floor.refs['good']}")
    await expect(page.locator(".review-card")).to_contain_text("Well done.", timeout=TENS_MS)
    await expect(page.get_by_text("Figures", exact=True)).to_have_count(0)
    await page.get_by_label("Agrees").check()
    await page.get_by_role("button", name="Answer", exact=True).click()
    await expect(page.locator(".review-head .stage")).to_contain_text("Agrees", timeout=TENS_MS)
    assert (await do(floor.ana, floor.refs["good"], "answer", 3, view="agree")).code == "review_stage"
    boss = await opens(f"/{floor.refs['differs']}")
    await expect(boss.locator(".review-card")).to_contain_text("It was right.", timeout=TENS_MS)
    # Who looks elsewhere meanwhile finds their words again.
    await boss.get_by_label("The last word (optional)").fill("You were right.")
    await boss.get_by_role("button", name="Settle", exact=True).focus()
    await boss.keyboard.press("Escape")
    await expect(boss.locator(".review-card")).to_have_count(0)
    await boss.goto(f"/#/reviews/{floor.refs['differs']}")
    await expect(boss.get_by_label("The last word (optional)")).to_have_value("You were right.", timeout=TENS_MS)
    await boss.get_by_role("button", name="Change points").click()
    await boss.get_by_label("Yes", exact=True).check()
    await boss.get_by_role("button", name="Settle", exact=True).click()
    await expect(boss.locator(".review-head .stage")).to_contain_text("Settled", timeout=TENS_MS)
    case = (await floor.ana.get(f"/conversations/{floor.refs['differs']}/review")).body
    assert (case["line"]["score"], case["settled"]) == (438, "You were right.")


async def test_what_was_drawn_stands_by_agent_with_how_far_it_has_come(floor: Floor, opens: Opens) -> None:
    page = await opens("/to-do")
    box = page.locator(".draws section").first
    await expect(box).to_contain_text("Ana", timeout=TENS_MS)
    await expect(box.locator("li", has_text="rated badly")).to_have_count(1)
    await expect(box.locator(".drawn-head")).to_contain_text("of")
    await box.locator("li", has_text="rated badly").get_by_role("button").click()
    await page.wait_for_url(f"**/#/reviews/{floor.refs['bad']}")
    await expect(page.locator(".rated")).to_contain_text("Nobody called me back.")
    await page.keyboard.press("Escape")
    await page.wait_for_url("**/#/reviews/to-do")
    await page.get_by_role("button", name="The week before").click()
    await expect(page.locator(".empty")).to_contain_text("Nothing is to be reviewed of this week.")


async def test_figures_say_of_how_many_they_are(opens: Opens) -> None:
    page = await opens("/figures")
    agents = page.get_by_role("table", name="By agent")
    await expect(agents.get_by_role("row", name="Ana")).to_contain_text("east", timeout=TENS_MS)
    await expect(page.get_by_role("table", name="By question").get_by_role("row", name="Kind?")).to_be_visible()
    async with page.expect_download() as saved:
        await page.get_by_role("link", name="Download as CSV").click()
    assert (await saved.value).suggested_filename == "reviews.csv"


@pytest.mark.parametrize("look", looks(list(LOOKS), ["dark", "narrow-th"]))
async def test_axe_finds_nothing_and_nothing_is_wider_than_the_page(floor: Floor, opens: Opens, look: str) -> None:
    page = await opens(**LOOKS[look])
    for place, mark in {**PARTS, f"/{floor.refs['differs']}": ".question"}.items():
        await page.goto(f"/#/reviews{place}")
        await expect(page.locator(mark).first).to_be_visible(timeout=TENS_MS)
        for each in await page.locator("details summary").all():
            await each.click()
        assert await violations(page) == [], place
        assert await page.evaluate("document.scrollingElement.scrollWidth <= innerWidth"), place


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_page_of_a_rating_link_is_filled_in_by_keyboard_and_keeps_nobody_out(
    floor: Floor, chromium: Browser, scheme: Literal["light", "dark"]
) -> None:
    context = await chromium.new_context(viewport={"width": 320, "height": 640}, locale="zh-CN", color_scheme=scheme)
    page = await context.new_page()
    faults = Faults()
    faults.watch(page)
    conv = (await floor.office.store.reviews.ended(SITE, since_ms=0, until_ms=1 << 50, limit=99))[-1].conv
    await page.goto(floor.links.link(conv, for_ms=DAY_MS))
    assert await violations(page) == []
    assert await page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    await page.keyboard.press("Tab")
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("Tab")
    await page.keyboard.type("很好")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text("感谢您的评价。", timeout=TENS_MS)
    assert await violations(page) == []
    rated = await floor.office.store.reviews.rating(SITE, conv)
    assert rated is not None
    assert (rated.score, rated.words) == (2, "很好")
    await context.close()
    assert not faults.said, faults.said
