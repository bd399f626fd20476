"""The rules' screen in a browser, in front of the real dashboard on a real floor with files of its own."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from router.core.bundle import DAY_MS, HOUR_MS
from tests.dashboard.office import PASSWORD, Office
from tests.dashboard.rulehouse import SHIPPED, RuleHouse
from tests.e2e.desk_page import WIDE, Faults
from tests.ports import free_port
from tests.web.looking import violations
from tests.web.modules import WEB, all_words, looks

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

LOOK_S = 0.2
# UI.md 8.33; the watch looks each second, and the page asks every three.
BANNER_S_MAX = 5
# Each part by its address, with what shows that it is there.
MARKS = {
    "": ".rule",
    "/weeks": ".day-row",
    "/versions": ".version-list li",
    "/changes": ".diff, .empty",
    "/emergency": "form.emergency",
    "/hours.yaml": ".source li",
    "/rules.yaml/orders": ".rule.chosen",
    "/try": ".rule",
}
PLACES = tuple(MARKS)
TEXTS = """[...document.querySelectorAll(".rules-view *")].flatMap((each) => [...each.childNodes])
    .filter((each) => each.nodeType === Node.TEXT_NODE).map((each) => each.textContent.trim()).filter(Boolean)"""
Opens = Callable[..., Awaitable[Page]]


class Screens:
    """The house, its address, and whoever has signed in."""

    def __init__(self, office: Office, house: RuleHouse, base: str) -> None:
        self.office, self.house, self.base = office, house, base

    async def until(self, done: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(60):
            while not await done():
                await asyncio.sleep(0.05)

    def restore(self) -> None:
        for path in SHIPPED.glob("*.yaml"):
            (self.house.folder / path.name).write_bytes(path.read_bytes())


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def screens(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Screens]:
    folder = tmp_path_factory.mktemp("rules")
    office = await Office.open(folder)
    house = await RuleHouse.open(office, folder / "config")
    await office.stop_serving()
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    await office.serve(
        port=port,
        rulebook=house.rulebook,
        web_root=WEB,
        public_url=base,
        settings_problems=lambda: house.watch.problems,
    )
    for login, role in (("ana", "agent"), ("boss", "supervisor")):
        await office.account(login, role=role, skills={"orders": 3, "billing": 3, "complaints": 1})

    async def look() -> None:
        while True:
            await house.look()
            await asyncio.sleep(LOOK_S)

    looking = asyncio.create_task(look())
    yield Screens(office, house, base)
    looking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await looking
    await office.close()


@pytest_asyncio.fixture(loop_scope="session")
async def opens(screens: Screens, chromium: Browser) -> AsyncIterator[Opens]:
    contexts, faults = [], Faults()
    screens.restore()

    async def page(place: str = "", *, login: str = "boss", **options: object) -> Page:
        context = await chromium.new_context(base_url=screens.base, **{"viewport": WIDE, "locale": "en-GB", **options})  # type: ignore[arg-type]
        contexts.append(context)
        made = await context.new_page()
        faults.watch(made)
        await made.goto(f"/#/rules{place}")
        await made.fill("input[name=login]", login)
        await made.fill("input[name=password]", PASSWORD)
        await made.click(".sign-in button[type=submit]")
        await expect(made.locator(".rules-columns")).to_be_visible(timeout=20_000)
        return made

    yield page
    for context in contexts:
        await context.close()
    assert not faults.said, faults.said


async def shown(page: Page, place: str) -> None:
    """Wait until a part of the screen is there: what is tried stands beside the rules."""
    await expect(page.locator(".rules-middle .lead").first).to_be_attached()
    await expect(page.locator(f".rules-middle {MARKS[place]}").first).to_be_attached()


async def test_a_broken_file_is_told_within_five_seconds_and_mending_it_clears_it(
    screens: Screens, opens: Opens
) -> None:
    """UI.md 8.33."""
    page = await opens()
    running = await page.locator(".running b").inner_text()
    screens.house.change("rules.yaml", "queue: billing", "queue: billling")
    began = time.monotonic()
    health = page.locator(".health.crit")
    await expect(health).to_be_visible(timeout=BANNER_S_MAX * 1_000)
    assert time.monotonic() - began < BANNER_S_MAX
    await expect(health).to_contain_text("A newer rules.yaml was not applied.")
    await expect(health).to_contain_text("rules.yaml line 16, column 12:")
    await expect(health).to_contain_text("did you mean 'billing'?")
    await expect(health.locator("mark")).to_have_text("billling")
    await expect(page.locator(".rules-places .bad")).to_have_text("1 error")
    await expect(page.locator(".running b")).to_have_text(running)
    await expect(page.locator(".rule", has_text="refunds and invoices")).to_contain_text("Billing")
    await health.get_by_role("button", name="Compare what runs with the disk").click()
    await expect(page.locator(".diff .line-out")).to_contain_text("queue: billing")
    await expect(page.locator(".diff .line-in")).to_contain_text("queue: billling")
    screens.house.change("rules.yaml", "queue: billling", "queue: billing")
    await expect(health).to_have_count(0, timeout=BANNER_S_MAX * 1_000)


async def test_what_is_tried_is_what_happens(screens: Screens, opens: Opens) -> None:
    """UI.md 8.34: the rule and the agent that the screen names are those of really sending it."""
    office = screens.office
    ana = office.visitor(await office.store.accounts.by_login("main", "ana"))
    await ana.sign_in()
    await ana.begin()
    page = await opens()
    await page.fill(".trying textarea", "Where is my parcel?")
    # The office's clock stands at night: a weekday at ten is asked for.
    await page.fill("input[type=datetime-local]", "2026-11-24T10:00")
    await page.click(".trying .primary")
    outcome = page.locator(".outcome")
    await expect(outcome.locator(".trace > li.yes").first).to_contain_text("matched → Orders")
    await expect(outcome).to_contain_text("Orders is open then (office)")
    await expect(outcome).to_contain_text("Next offer: Ana – idle the longest")
    await expect(outcome.locator(".parts").first).to_contain_text('customer.segment == "vip"')
    await expect(outcome.locator(".parts").first).to_contain_text("customer.segment is empty")
    conv = await office.arrives("Where is my parcel?", key="tried", topics=("order",))
    held = office.floor.state.convs[conv]
    assert held.rule == "orders"
    assert ana.account is not None
    assert held.offer is not None
    assert held.offer.agents == (ana.account.id,)
    await page.goto(f"/#/why/{office.ref(conv)}")
    await page.get_by_role("button", name="Rule by rule").click()
    await expect(page.locator(".rules-try")).to_contain_text("Why it came here")
    await expect(page.locator(".outcome .trace > li.yes").first).to_contain_text("4 · orders")
    await expect(page.locator(".outcome")).to_contain_text("By version")
    await ana.call("DELETE", "/shift", {"forced": True})


async def test_at_night_the_trial_says_what_the_customer_is_told(opens: Opens) -> None:
    page = await opens("/try")
    await page.fill(".trying textarea", "hello")
    await page.fill("input[type=datetime-local]", "2026-11-24T22:00")
    await page.keyboard.press("Tab")
    await page.click(".trying .primary")
    outcome = page.locator(".outcome")
    await expect(outcome).to_contain_text("General is closed then (office).")
    await expect(outcome).to_contain_text("Our chat is closed now")
    await expect(outcome).to_contain_text("General hands on to After hours.")
    await page.get_by_role("button", name="now").click()
    await expect(page.locator("input[type=datetime-local]")).to_have_value("")


async def test_unused_and_shadowed_rules_are_marked(screens: Screens, opens: Opens) -> None:
    """UI.md 8.35."""
    shadowed = """  - {name: parcels, when: '!!("order" in topics)', queue: general}\n"""
    screens.house.change("rules.yaml", "  - name: everything else", shadowed + "  - name: everything else")
    await screens.until(lambda: _has_rule(screens, "parcels"))
    screens.office.clock.at += 41 * DAY_MS
    page = await opens()
    vip = page.locator(".rule", has=page.get_by_role("link", name="complaints of VIPs", exact=True))
    await expect(vip.locator(".matches")).to_contain_text("never matched, 41 days")
    await expect(vip.locator(".matches .icon")).to_be_visible()
    await expect(page.locator(".rule.never")).to_contain_text("can never match: rule 4 catches all of it")
    await page.locator("details.health summary").click()
    await expect(page.locator("details.health")).to_contain_text("can never match")


async def test_where_one_rule_takes_everything_an_example_is_given_that_works(screens: Screens, opens: Opens) -> None:
    """UI.md 3.4: three rules to copy, also where a browser gives no clipboard."""
    rules = screens.house.folder / "rules.yaml"
    (screens.house.folder / "checks.yaml").unlink()  # Its questions are about the shipped rules.
    rules.write_text("rules:\n  - {name: all, queue: general}\n")
    await screens.until(lambda: _rules(screens, ["all"]))
    page = await opens()
    await page.evaluate("() => Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    example = await page.locator(".starter pre").inner_text()
    await page.locator(".starter").get_by_role("button", name="Copy").click()
    await expect(page.locator(".toast")).to_contain_text("customer.segment ==")
    rules.write_text(example)
    await screens.until(lambda: _rules(screens, ["complaints of VIPs", "orders", "everything else"]))


async def _rules(screens: Screens, names: list[str]) -> bool:
    bundle = screens.office.floor.bundle
    return bundle is not None and [rule.name for rule in bundle.rules] == names


async def _has_rule(screens: Screens, name: str) -> bool:
    bundle = screens.office.floor.bundle
    return bundle is not None and any(rule.name == name for rule in bundle.rules)


async def test_an_earlier_version_is_put_back_with_a_reason(screens: Screens, opens: Opens) -> None:
    screens.house.change("rules.yaml", "head_start: 10m", "head_start: 33m")
    page = await opens("/versions")
    await expect(page.locator(".version-list li").first).to_contain_text("runs now")
    back = page.locator(".version-list li").nth(1).get_by_role("button", name="Put back")
    await back.click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("The files on disk stay as they are")
    await dialog.locator("select").select_option("incident")
    await dialog.get_by_role("button", name="Put back").click()
    await expect(page.locator(".health.warn").first).to_contain_text("The files on disk are not what runs")
    await expect(page.locator(".running")).to_contain_text("by Boss")
    await expect(page.locator(".version-list li").first).to_contain_text("An incident")
    screens.house.change("rules.yaml", "head_start: 33m", "head_start: 34m")
    await expect(page.locator(".running")).to_contain_text("from the files", timeout=10_000)


async def test_files_are_read_again_when_asked(opens: Opens) -> None:
    page = await opens()
    await page.get_by_role("button", name="Check files again").click()
    await expect(page.locator(".toast")).to_contain_text("The files are sound.")


async def test_a_rule_and_a_line_have_addresses_of_their_own(opens: Opens) -> None:
    page = await opens("/rules.yaml/orders")
    await expect(page.locator(".rule.chosen h3")).to_have_text("orders")
    await page.get_by_role("button", name="Show it in the file").click()
    await expect(page).to_have_url(re.compile(r"#/rules/rules\.yaml/%3A\d+$"))
    await expect(page.locator(".source .here")).to_contain_text("name: orders")
    await page.go_back()
    await expect(page.locator(".rule.chosen h3")).to_have_text("orders")


async def test_weeks_show_exceptions_and_how_queues_stand(opens: Opens) -> None:
    page = await opens("/weeks")
    office = page.locator(".week", has_text="office")
    await expect(office.locator(".day-row")).to_have_count(7)
    await expect(office.locator(".now-line")).to_have_count(1)
    await expect(office.locator(".keepers")).to_contain_text("General")
    before = await office.locator(".day-row").first.inner_text()
    await page.get_by_role("button", name="Week after").click()
    await expect(office.locator(".day-row").first).not_to_have_text(before)
    await page.get_by_role("button", name="This week").click()
    await expect(office.locator(".now-line")).to_have_count(1)


async def test_an_emergency_is_ordered_in_two_steps_and_lifted(screens: Screens, opens: Opens) -> None:
    page = await opens("/emergency")
    await expect(page.locator(".rules-middle")).to_contain_text("No emergency stands.")
    await page.locator("form.emergency select").last.select_option("drill")
    await page.get_by_role("button", name="Close everything now").dblclick()
    await expect(page.get_by_role("button", name=re.compile("Yes, close everything"))).to_be_enabled()
    assert screens.office.floor.state.emergency_until_ms == 0, "the first click only asks, and a double one no more"
    await page.get_by_role("button", name=re.compile("Yes, close everything")).click()
    await expect(page.locator(".rules-middle .health.crit")).to_contain_text("Everything is closed until")
    assert screens.office.floor.state.emergency_until_ms > screens.office.clock.at
    await page.get_by_role("button", name="Open again now").click()
    await expect(page.locator(".rules-middle")).to_contain_text("No emergency stands.")
    assert screens.office.floor.state.emergency_until_ms <= screens.office.clock.at


async def test_an_agent_reads_and_changes_nothing(screens: Screens, opens: Opens) -> None:
    screens.office.clock.at += HOUR_MS
    page = await opens("/versions", login="ana")
    await expect(page.locator(".version-list li").first).to_be_visible()
    await expect(page.get_by_role("button", name="Put back")).to_have_count(0)
    await expect(page.get_by_role("button", name="Check files again")).to_have_count(0)
    await page.goto("/#/rules/emergency")
    await expect(page.locator(".rules-middle")).to_contain_text("Supervisors order it.")


@pytest.mark.parametrize("scheme", looks(["light", "dark"], ["dark"]))
async def test_no_barrier_is_found_on_any_part(screens: Screens, opens: Opens, scheme: str) -> None:
    screens.house.change("topics.yaml", "topics:", "topcs:")
    page = await opens(color_scheme=scheme)
    await expect(page.locator(".health.crit")).to_be_visible(timeout=10_000)
    for place in PLACES if scheme == "light" else PLACES[1::2]:
        await page.goto(f"/#/rules{place}")
        await shown(page, place)
        assert await violations(page) == [], place
    await page.fill(".trying textarea", "Where is my order?")
    await page.click(".trying .primary")
    await expect(page.locator(".outcome")).to_be_visible()
    assert await violations(page) == []


@pytest.mark.parametrize(("width", "language"), [(390, "th-TH"), (320, "zh-CN")])
async def test_on_a_phone_nothing_reaches_over_the_edge(opens: Opens, width: int, language: str) -> None:
    page = await opens(viewport={"width": width, "height": 800}, locale=language)
    for place in PLACES:
        await page.goto(f"/#/rules{place}")
        await shown(page, place)
        over = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert over <= 0, place
    assert await violations(page) == []


@pytest.mark.parametrize(("tag", "language"), [("zh-CN", "zh"), ("th-TH", "th")])
async def test_a_language_says_everything(screens: Screens, opens: Opens, tag: str, language: str) -> None:
    spoken, translated = all_words("en"), all_words(language)
    english = {text for key, text in spoken.items() if translated[key] != text and "{" not in text}
    screens.house.change("rules.yaml", "queue: billing", "queue: billling")
    page = await opens(locale=tag)
    await expect(page.locator(".health.crit")).to_be_visible(timeout=10_000)
    for place in PLACES:
        await page.goto(f"/#/rules{place}")
        await shown(page, place)
        said = set(await page.evaluate(TEXTS))
        assert not said & english - {"complaints", "orders", "office", "always", "closed"}, place
