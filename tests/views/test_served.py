"""A node follows its views by itself, and says how old they are."""

from __future__ import annotations

from pathlib import Path

from router.store.port import ViewRow
from router.views.agent_time import AGENT_TIME, TABLE, AgentTime
from router.views.known import VIEWS
from tests.floor.nodehouse import NodeHouse


async def test_a_node_brings_its_views_on_and_shows_their_age(tmp_path: Path) -> None:
    house = NodeHouse(tmp_path, {}, "  {}\n")
    await house.start()
    try:
        await house.ready()
        await house.agent(1, "chat")
        await house.until(lambda: all(age.behind == 0 and age.position for age in house.served.views), "views")
        assert [age.view for age in house.served.views] == list(VIEWS)
        rows: list[ViewRow] = await house.store.views.rows("main", AGENT_TIME.spec, TABLE, after=(0, 0), limit=5)
        assert [(row.agent, row.presence) for row in rows if isinstance(row, AgentTime)] == [(1, "available")]
        await house.served._figures._tell()
        said = house.telemetry.render().decode()
    finally:
        await house.stop()
    for name in VIEWS:
        assert f'patchbay_view_behind{{site="main",view="{name}"}} 0.0' in said
        assert f'patchbay_view_applied_ms{{site="main",view="{name}"}} 1' in said


async def test_a_view_goes_on_in_the_nodes_next_life(tmp_path: Path) -> None:
    house = NodeHouse(tmp_path, {}, "  {}\n")
    reached = 0
    for name in ("n1", "n2"):
        await house.start(name)
        await house.ready()
        before = reached
        await house.until(lambda: all(age.position > before for age in house.served.views), "views")  # noqa: B023
        reached = max(age.position for age in house.served.views)
        await house.stop()
