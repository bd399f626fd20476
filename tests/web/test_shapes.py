"""Every state and level is told apart without colour: their shapes, drawn grey and laid over one another."""

from __future__ import annotations

import base64
from itertools import combinations

import pytest
from playwright.async_api import expect

from tests.web.conftest import Sit
from tests.web.fake_server import FakeServer

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# Of all points of two pictures so many differ at the least, each by a tenth of the way from black to white.
APART = 0.04
SHAPES = ("disc", "half", "square", "bars", "diamond", "triangle", "ring")
LEVELS = ("check", "warn", "late")
DRAW = """async ([names, levels]) => {
    const parts = await import(document.querySelector("script[type=module]").src.replace("app.js", "frame/parts.js"));
    const ui = await import(document.querySelector("script[type=module]").src.replace("app.js", "vendor/ui.js"));
    const box = document.createElement("div");
    box.id = "shapes";
    document.body.replaceChildren(box);
    const shapes = names.map((shape) => ui.h(parts.Shape, { shape }));
    const icons = levels.map((name) => ui.h(parts.Icon, { name }));
    ui.render(ui.h("div", {}, [...shapes, ...icons].map((each) => ui.h("p", {}, each))), box);
    const size = { width: "48px", height: "48px" };
    for (const each of box.querySelectorAll("p")) {
        Object.assign(each.style, size, { margin: 0, background: "#fff", color: "#333" });
        Object.assign(each.firstElementChild.style, size);
    }
}"""
GREY = """async (png) => {
    const image = new Image();
    image.src = `data:image/png;base64,${png}`;
    await image.decode();
    const canvas = new OffscreenCanvas(48, 48);
    const paper = canvas.getContext("2d");
    paper.drawImage(image, 0, 0, 48, 48);
    const { data } = paper.getImageData(0, 0, 48, 48);
    const grey = (r, g, b) => (0.3 * r + 0.59 * g + 0.11 * b) / 255;
    return Array.from({ length: 48 * 48 }, (_, at) => grey(...data.slice(4 * at, 4 * at + 3)));
}"""


async def test_shapes_of_states_and_levels_differ_also_in_grey(sit: Sit, server: FakeServer) -> None:
    """UI.md 8.44: a screenshot of each, in grey, differs from that of every other."""
    assert server.signed_in is not None
    seat = await sit()
    await seat.page.evaluate(DRAW, [SHAPES, LEVELS])
    drawn = seat.page.locator("#shapes p")
    await expect(drawn).to_have_count(len(SHAPES) + len(LEVELS))
    grey: dict[str, list[float]] = {}
    for number, name in enumerate((*SHAPES, *LEVELS)):
        picture = base64.b64encode(await drawn.nth(number).screenshot()).decode()
        grey[name] = await seat.page.evaluate(GREY, picture)
        assert min(grey[name]) < 0.9 * max(grey[name]), f"{name} is drawn"
    for kinds in (SHAPES, LEVELS):
        for one, other in combinations(kinds, 2):
            differs = sum(abs(a - b) > 0.1 for a, b in zip(grey[one], grey[other], strict=True))
            assert differs / len(grey[one]) > APART, f"{one} and {other} look alike without colour"
