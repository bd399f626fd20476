"""What befalls a telephone amid its calls: our death, the exchange's, and broken lines. No test lives here.

A blow waits for what customers want meanwhile, makes good what broke, and returns the talks that must have gone on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any

from tests.channels.killed.telephone import Blow, Talks, Telephone
from tests.cluster.network import FaultyLink

AWAY_S_MAX = 1.5
# What the exchange tells without being asked for a document.
TOLD = frozenset({"status", "agent-status", "side-status", "talk", "exit"})
BREAKS = (FaultyLink.cut, FaultyLink.stall, FaultyLink.deafen, FaultyLink.half_open)


async def we_are_killed(made: Telephone, customers: Awaitable[Any], talks: Talks) -> Talks:
    made.house.kill()
    await customers
    await made.house.start()
    return talks


async def the_exchange_dies(made: Telephone, customers: Awaitable[Any], talks: Talks) -> Talks:
    """It comes back without a call, and nobody was ever told of the end of any."""
    del talks
    for line in made.lines:
        line.cut()
    await made.calls.die()
    await customers
    await _is_away(made)
    return []


async def the_exchange_is_lost(made: Telephone, customers: Awaitable[Any], talks: Talks) -> Talks:
    """It comes back with its calls; what it had to tell meanwhile it never tells."""
    del talks
    calm = made.calm()
    for line in made.lines:
        line.cut()
    made.calls.lost |= TOLD
    await customers
    await _is_away(made)
    made.calls.lost -= TOLD
    return calm


async def our_line_breaks(made: Telephone, customers: Awaitable[Any], talks: Talks) -> Talks:
    """What we ask of the exchange gets nowhere, or its answer does not, or both sides wait for nothing."""
    del talks
    return await _breaks(made, customers, made.lines[0])


async def their_line_breaks(made: Telephone, customers: Awaitable[Any], talks: Talks) -> Talks:
    """What the exchange asks of us gets nowhere, or our answer does not."""
    del talks
    return await _breaks(made, customers, made.lines[1])


async def _breaks(made: Telephone, customers: Awaitable[Any], line: FaultyLink) -> Talks:
    calm = made.calm()
    made.chance.choice(BREAKS)(line)
    await customers
    await _is_away(made)
    return calm


async def _is_away(made: Telephone) -> None:
    await asyncio.sleep(made.chance.uniform(0, AWAY_S_MAX))
    for line in made.lines:
        line.heal()


# In the order in which a short course has them: the first of each kind comes first.
BLOWS: Mapping[str, Blow] = {
    blow.__name__: blow
    for blow in (we_are_killed, the_exchange_dies, their_line_breaks, our_line_breaks, the_exchange_is_lost)
}
