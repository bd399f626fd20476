"""The loss of a node is decided before its lease is forgotten."""

from __future__ import annotations

import asyncio
import io

from router.core.commands import AttachDesk, NodeLost
from router.floor.inbox import Unavailable
from router.node.lead import NODE_PREFIX, Lead
from router.telemetry import Telemetry
from tests.floor.house import SITE, House

DEAD = NODE_PREFIX + "dead"


async def _ended(house: House) -> None:
    await house.store.leases.acquire(SITE, DEAD, "dead", now_ms=house.clock.now - 60_000, ttl_ms=1_000)


async def _dead(house: House) -> list[tuple[str, str]]:
    return await house.store.leases.expired(SITE, NODE_PREFIX, now_ms=house.clock.now)


async def test_a_dead_nodes_lease_goes_when_its_loss_is_decided(house: House) -> None:
    lead = Lead(house.floor, house.store.leases, house.clock, node="n1", telemetry=house.telemetry)
    await house.agent(1)
    await house.made(AttachDesk(id="elsewhere", agent=1, node="dead", desk="d2"))
    assert ("dead", "d2") in house.floor.state.agents[1].desks
    await _ended(house)
    presence = asyncio.create_task(lead.keep_presence())
    while await _dead(house):
        await asyncio.sleep(0.01)
    presence.cancel()
    assert house.floor.state.agents[1].desks == {("n1", "d1")}


async def test_a_loss_that_could_not_be_decided_is_found_again(house: House) -> None:
    """The floor breaks off in the middle, as in a crash: the lease is still there for the next leader."""
    asked: list[str] = []

    class Breaks:
        site, leading = SITE, True

        async def submit(self, command: NodeLost) -> None:
            asked.append(command.node)
            raise Unavailable("a crash would be here")

    log = io.StringIO()
    lead = Lead(Breaks(), house.store.leases, house.clock, node="n1", telemetry=Telemetry(log))  # type: ignore[arg-type]
    await _ended(house)
    presence = asyncio.create_task(lead.keep_presence())
    while not asked:
        await asyncio.sleep(0.01)
    presence.cancel()
    await asyncio.gather(presence, return_exceptions=True)
    assert asked == ["dead"]
    assert await _dead(house) == [(DEAD, "dead")]
    assert "presence_untold" in log.getvalue()
