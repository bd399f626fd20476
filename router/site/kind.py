"""Whether data are of a sandbox or of a company: the one is never served as the other."""

from __future__ import annotations

from router.store.port import Store

BOOK = "kind-of-data"
SANDBOX, REAL = "sandbox", "real"


class OtherKind(Exception):
    """These data are of the other kind; the sentence says what to do."""


async def check_kind_of_data(store: Store, site: str, *, sandbox: bool) -> None:
    """Mark fresh data; refuse to mix what customers said with what was only played, either way."""
    wanted, noted = SANDBOX if sandbox else REAL, await store.notebook.read(site, BOOK, BOOK)
    if noted is None:
        # Data that were made before there were sandboxes have people in them, and are real.
        noted = REAL if await store.accounts.all(site) else wanted
        await store.notebook.note(site, BOOK, BOOK, noted)
    if noted == wanted:
        return
    if sandbox:
        raise OtherKind("These data are real: a sandbox plays on its own. Name another directory with --data.")
    raise OtherKind("These data were played in a sandbox. Add --sandbox, or name another directory with --data.")
