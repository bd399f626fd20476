"""`patchbay rebuild`: a view is thrown away and made anew from the journal. Nobody else may follow it meanwhile."""

from __future__ import annotations

from collections.abc import Callable

from router.store.port import Store
from router.views.keeper import Keeper
from router.views.view import View

# Progress is said in such steps, so that a long rebuild is seen to move.
STEP_PERCENT = 10


async def rebuild_view(view: View, site: str, store: Store, *, say: Callable[[str], None]) -> str:
    """Make a view anew; return a sentence about what it holds now."""
    name = view.spec.name
    end, _ = await store.journal.end(site)
    said = 0

    def told(position: int) -> None:
        nonlocal said
        percent = 100 * position // max(end, 1)
        if percent >= said + STEP_PERCENT:
            said = percent
            say(f"{name}: {percent} %")

    keeper = Keeper(view, site, store)
    await keeper.forget()
    await keeper.catch_up(told)
    return f"{name}: {await keeper.count()} rows, position {keeper.place.position}"
