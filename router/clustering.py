"""What a node shares with others, from its environment: store, link, clock, lease. One machine shares nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from router.bus.link import Link
from router.bus.no_link import NoLink
from router.clock import StoreClock, SystemClock
from router.node.renewal import Pacemaker, Renewal
from router.site.datalock import STORE_FILE
from router.site.key import KEY_VARIABLE, SiteKey
from router.store.hashing import keyed_hasher
from router.store.opening import is_postgresql, open_store_at
from router.store.port import Store
from router.telemetry import Telemetry

# Where the nodes of a cluster meet: the database's and the bus's address, and the folder of files that all can read.
STORE_VARIABLE, BUS_VARIABLE, FILES_VARIABLE = "STORE", "BUS", "FILES"
NEEDS_DATABASE = (
    f"{BUS_VARIABLE} connects nodes that share a database: "
    f"set {STORE_VARIABLE}=postgresql://… as well, or unset {BUS_VARIABLE}."
)
NEEDS_KEY = (
    f"Nodes that share a database need the same site key: set {KEY_VARIABLE} to 64 hexadecimal digits "
    "(`openssl rand -hex 32` makes some), the same for each node."
)
NO_DATABASE = (
    f"{STORE_VARIABLE} must be postgresql://user@host:port/database, or unset for a file in the data directory."
)
NO_REDIS = "Redis needs the package redis: install patchbay with its extra, pip install 'patchbay[cluster]'."


class CannotJoin(Exception):
    """This node cannot join others; the sentence says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """What a node shares. Without a `link` it is the only one, and nobody else can use its data."""

    store: Store
    clock: SystemClock
    link: Link | None = None
    renewal: Renewal | None = None
    files: Path | None = None
    beat: Callable[[], None] = lambda: None


def is_shared(environment: Mapping[str, str]) -> bool:
    """Whether the environment names a database that others may use too. Raises CannotJoin for what cannot be."""
    where = environment.get(STORE_VARIABLE, "")
    if where and not is_postgresql(where):
        raise CannotJoin(NO_DATABASE)
    if environment.get(BUS_VARIABLE) and not where:
        raise CannotJoin(NEEDS_DATABASE)
    if where and not environment.get(KEY_VARIABLE):
        raise CannotJoin(NEEDS_KEY)
    return bool(where)


async def open_store(data: Path, key: SiteKey, environment: Mapping[str, str] = MappingProxyType({})) -> Store:
    """Open the database that the environment names, else the embedded one of a data directory."""
    where = environment.get(STORE_VARIABLE) or data / STORE_FILE
    return await open_store_at(where, hasher=keyed_hasher(key.derive("store")))


@asynccontextmanager
async def meeting(
    data: Path, key: SiteKey, environment: Mapping[str, str], *, node: str, telemetry: Telemetry
) -> AsyncIterator[Meeting]:
    """Meet the others, as long as the context lasts. The store is the node's to close; it may be closed twice."""
    if not is_shared(environment):
        store = await open_store(data, key, environment)
        try:
            yield Meeting(store=store, clock=SystemClock())
        finally:
            await store.close()
        return
    clock = StoreClock()
    pacemaker = Pacemaker(lambda: open_store(data, key, environment), clock, telemetry)
    store = await open_store(data, key, environment)
    link: Link | None = None
    try:
        await pacemaker.start()
        link = _link(environment.get(BUS_VARIABLE, ""), node, telemetry)
        files = environment.get(FILES_VARIABLE)
        yield Meeting(
            store=store,
            clock=clock,
            link=link,
            renewal=pacemaker,
            files=Path(files) if files else None,
            beat=pacemaker.beat,
        )
    finally:
        if link is not None:
            await link.close()
        await pacemaker.stop()
        await store.close()


def _link(address: str, node: str, telemetry: Telemetry) -> Link:
    if not address:
        return NoLink()
    try:
        from router.bus.redis import BadAddress, RedisLink  # noqa: PLC0415 - one machine needs no client.
    except ModuleNotFoundError:
        raise CannotJoin(NO_REDIS) from None
    try:
        return RedisLink(address, node=node, telemetry=telemetry)
    except BadAddress as fault:
        raise CannotJoin(f"{BUS_VARIABLE} cannot be used: {fault}") from None
