"""How browser tests look at a page as a whole: what axe finds. No test lives here."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Page

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
# What is still fading in is judged when it stands; what moves for ever is judged as it moves.
SETTLED = """async () => {
  const passing = document.getAnimations().filter((each) => each.effect.getComputedTiming().endTime !== Infinity);
  await Promise.allSettled(passing.map((each) => each.finished));
}"""
RULES = "['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']"


async def violations(page: Page) -> list[str]:
    """Return what axe finds on a page, each with the elements."""
    await page.evaluate(SETTLED)
    await page.evaluate(AXE.read_text() + "\nundefined")
    found = await page.evaluate(f"async () => (await axe.run({{runOnly: {RULES}}})).violations")
    return [f"{each['id']}: {[node['html'] for node in each['nodes']]}" for each in found]
