"""What holds for every state of the desk: axe finds nothing, texts stand out, longer words fit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from tests.web.conftest import Sit
from tests.web.fake_server import FakeServer
from tests.web.modules import looks
from tests.web.seat import Seat

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
SOON_MS = 30_000

SEATS = {
    "light-en": {"locale": "en-GB", "viewport": WIDE},
    "dark-zh": {"locale": "zh-CN", "viewport": WIDE, "color_scheme": "dark"},
    "light-th-390": {"locale": "th-TH", "viewport": NARROW},
    "dark-en-390": {"locale": "en-GB", "viewport": NARROW, "color_scheme": "dark"},
}
# An experiment of axe's own: it reads a picture's initials, which are hidden from readers, as the button's words.
NOT = "{'label-content-name-mismatch': {enabled: false}}"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


async def violations(page: Page) -> list[str]:
    """Return what axe finds by the rules of WCAG 2.2 A and AA; run from outside, as the policy wants."""
    await page.evaluate(AXE.read_text() + "; undefined")
    await page.evaluate("""Promise.all(document.getAnimations()
        .filter((each) => each.effect.getComputedTiming().iterations !== Infinity)
        .map((each) => each.finished.catch(() => {})))""")
    found = await page.evaluate(
        f"axe.run({{resultTypes: ['violations'], runOnly: {{type: 'tag', values: {json.dumps(RULES)}}}, rules: {NOT}}})"
    )
    return [f"{each['id']}: {node['html'][:160]}" for each in found["violations"] for node in each["nodes"]]


async def talking(seat: Seat, server: FakeServer) -> dict[str, Any]:
    """A desk with something of everything on it."""
    summary = server.floor.own("Marta Kowalska")
    for number, kind in enumerate(("out", "note", "out")):
        server.floor.write(summary["ref"], kind=kind, text="The parcel is at the hub.", client=f"c{number}")
    server.floor.moves(server.floor.own("Omar Haddad")["ref"], "parked")
    server.floor.in_line(5)
    await seat.page.locator(f".card[data-ref='{summary['ref']}']").click()
    await expect(seat.composer).to_be_visible()
    server.floor.hears(summary["ref"], "Thank you!")
    return summary


@pytest.mark.parametrize("name", looks(list(SEATS), [*SEATS][:1] + [*SEATS][-1:]))
async def test_axe_finds_nothing_in_any_state_of_the_desk(sit: Sit, server: FakeServer, name: str) -> None:
    """UI.md 8.42: every state in four seats, of both themes, three languages and two widths."""
    seat = await sit(**SEATS[name])
    page = seat.page
    found: dict[str, list[str]] = {}
    await talking(seat, server)
    server.floor.offer(ttl_ms=300_000)
    await expect(seat.offer).to_be_visible()
    found["offer"] = await violations(page)
    await seat.composer.press_sequentially("/")
    await expect(page.locator(".suggest [role=option]").first).to_be_visible(timeout=SOON_MS)
    found["replies"] = await violations(page)
    await seat.composer.press("Escape")
    await page.click("#tab-note")
    found["note"] = await violations(page)
    await page.keyboard.press("Control+k")
    await expect(page.locator(".results [role=option]").first).to_be_visible(timeout=SOON_MS)
    found["palette"] = await violations(page)
    await page.keyboard.press("Escape")
    await seat.presence.click()
    found["presence"] = await violations(page)
    await page.keyboard.press("Escape")
    await page.locator(".account button").first.click()
    await page.locator(".account .menu button").first.click()
    await expect(page.locator("dialog .settings")).to_be_visible(timeout=SOON_MS)
    found["settings"] = await violations(page)
    assert {state: said for state, said in found.items() if said} == {}


@pytest.mark.parametrize("viewport", [{"width": 1440, "height": 900}, {"width": 320, "height": 640}])
async def test_words_that_are_forty_percent_longer_fit(sit: Sit, server: FakeServer, viewport: dict[str, int]) -> None:
    """UI.md 8.48 and 8.45: no button is cut, nothing lies over another, nothing goes sideways."""

    async def lengthen(route: Route) -> None:
        words = await (await route.fetch()).json()
        longer = {key: text + "·" + "ms" * -(-len(text) // 5) for key, text in words.items()}
        await route.fulfill(json=longer)

    seat = await sit(signed_in=False, viewport=viewport)
    await seat.page.route("**/words/*.json", lengthen)
    server.signed_in = True
    await seat.page.reload()
    await seat.live()
    await talking(seat, server)
    server.floor.offer(ttl_ms=300_000)
    await expect(seat.offer).to_be_visible()
    assert await cut(seat.page) == []
    await seat.page.click("#tab-note")
    assert await cut(seat.page) == []
    assert await seat.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def cut(page: Page) -> list[str]:
    """Return buttons whose words do not fit, or that lie over another one."""
    found: list[str] = await page.evaluate("""() => {
        const shown = [...document.querySelectorAll(".head button, .composer button, .offer button, .top button")]
            .filter((each) => each.offsetParent && !each.closest(".menu"));
        const boxes = shown.map((each) => each.getBoundingClientRect());
        const beside = (a, b) => a.left >= b.right - 1 || b.left >= a.right - 1;
        const above = (a, b) => a.top >= b.bottom - 1 || b.top >= a.bottom - 1;
        const apart = (at, nth) => nth === at || beside(boxes[at], boxes[nth]) || above(boxes[at], boxes[nth]);
        // The state's own name is shortened on purpose, and said whole in its menu.
        const whole = (each) => each.scrollWidth <= each.clientWidth + 1 || each.closest(".presence");
        return shown
            .filter((each, at) => !whole(each) || boxes[at].right > innerWidth + 1
                || !boxes.every((_, nth) => apart(at, nth)))
            .map((each) => `${each.className} ${each.ariaLabel}: ${each.scrollWidth}/${each.clientWidth}`);
    }""")
    return found


CONTRAST = """() => {
    const luminance = ([r, g, b]) => [r, g, b].map((each) => each / 255)
        .map((each) => (each <= 0.03928 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4))
        .reduce((sum, each, at) => sum + each * [0.2126, 0.7152, 0.0722][at], 0);
    const parts = (colour) => (colour.match(/[\\d.]+/g) ?? []).map(Number);
    const behind = (element) => {
        for (let each = element; each; each = each.parentElement) {
            const [r, g, b, a = 1] = parts(getComputedStyle(each).backgroundColor);
            if (a > 0.99) return [r, g, b];
        }
        return [255, 255, 255];
    };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const weak = [];
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        const style = getComputedStyle(element);
        const text = walker.currentNode.textContent.trim();
        if (!text || !element.offsetParent || element.closest(":disabled, .unseen, .pending")) continue;
        const paint = element.closest("svg") ? style.fill : style.color;
        const [one, other] = [luminance(parts(paint)), luminance(behind(element))].sort((a, b) => b - a);
        const ratio = (one + 0.05) / (other + 0.05);
        const least = parseFloat(style.fontSize) >= 24 ? 3 : 4.5;
        if (ratio < least) weak.push(`${ratio.toFixed(2)} ${element.className}: ${text}`);
    }
    return weak;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_text_stands_out_from_what_is_behind_it(sit: Sit, server: FakeServer, scheme: str) -> None:
    """UI.md 8.43."""
    seat = await sit(color_scheme=scheme)
    await talking(seat, server)
    server.floor.offer(ttl_ms=300_000)
    await expect(seat.offer).to_be_visible()
    assert await seat.page.evaluate(CONTRAST) == []


async def test_a_skeleton_is_shown_only_when_the_wait_is_felt(sit: Sit, server: FakeServer) -> None:
    """UI.md 8.49."""
    seat = await sit()
    summary = server.floor.own("Marta Kowalska")
    server.slow_s["story"] = 1.5
    await seat.card(summary).click()
    bones = seat.page.locator(".talk .skeleton i").first
    began = await bones.evaluate("(each) => getComputedStyle(each).opacity")
    await expect(bones).to_have_css("opacity", "1", timeout=SOON_MS)
    assert began in {"0", "1"}
    delay = await bones.evaluate("(each) => getComputedStyle(each).animationDuration")
    assert delay == "0.15s"
    await expect(seat.page.locator(".head h1")).to_have_text("Marta Kowalska", timeout=SOON_MS)
    for text in (seat.page.locator(".skeleton"),):
        await expect(text).to_have_count(0)


async def test_nothing_of_the_desk_asks_another_host_and_nothing_breaks_the_policy(
    sit: Sit, server: FakeServer
) -> None:
    """UI.md 8.1 and 8.2."""
    asked: list[str] = []
    seat = await sit(signed_in=False)
    seat.page.on("request", lambda request: asked.append(request.url))
    server.signed_in = True
    answer = await seat.page.reload()
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "require-trusted-types-for 'script'" in policy
    await seat.live()
    await talking(seat, server)
    assert [url for url in asked if not url.startswith(server.base)] == []
