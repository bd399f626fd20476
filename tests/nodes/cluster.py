"""Several whole nodes in one process, on one store and one link that can be broken. No test lives here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from router.bus.link import Link
from router.clock import SystemClock
from router.clustering import open_store
from router.core import commands as cmd
from router.core.answers import Made
from router.core.commands import Command
from router.node.node import Node, NodeParts, Served
from router.site.key import load_site_key
from router.site.places import MAIN as SITE
from router.store.port import Store
from router.telemetry import Telemetry
from tests import patience
from tests.bus.in_process_links import InProcessLinks
from tests.channels.scripted import Exchange, ScriptedModule
from tests.floor.house import wrote
from tests.floor.nodehouse import CONFIG

ENTRY = "channels:\n  scripted: {enabled: true}\n"


class Lent:
    """The one store, lent to a node: it does not close it. While `away` everything fails as a lost database does."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def close(self) -> None:
        return


class Cluster:
    """Nodes by name. Each has a data and a configuration directory of its own."""

    def __init__(self, folder: Path, sites: Sequence[str] = (SITE,)) -> None:
        self.folder = folder
        self.sites = tuple(sites)
        self.links = InProcessLinks(7)
        self.nodes: dict[str, Node] = {}
        self.exchange = Exchange()
        self.store: Store
        self._key = load_site_key(folder, {})

    async def open(self) -> Cluster:
        self.store = await open_store(self.folder, self._key)
        return self

    async def start(self, name: str, config: str = CONFIG) -> Served:
        data, directory = self.folder / name, self.folder / f"{name}-config"
        for each in (data, directory):
            each.mkdir(exist_ok=True)
        (directory / "site.yaml").write_text(config)
        (directory / "channels.yaml").write_text(ENTRY)
        link: Link = self.links.link(name)
        parts = NodeParts(
            name=name,
            home=f"home-{name}",
            release="test",
            data=data,
            config=directory,
            store=Lent(self.store),  # type: ignore[arg-type]
            clock=SystemClock(),
            key=self._key,
            telemetry=Telemetry(),
            modules={"scripted": ScriptedModule(self.exchange)},
            environment={},
            public_url="http://127.0.0.1",
            snapshot_command=[],
            random=Random(1),
            exclusive=False,
            link=link,
            files=self.folder / "files",
        )
        node = Node(self.sites, parts)
        await node.recover()
        node.start()
        self.nodes[name] = node
        await self.until(lambda: all(served.ready for served in node.floors.values()), f"{name} is ready")
        return self[name]

    def __getitem__(self, name: str) -> Served:
        return self.nodes[name].floors[self.sites[0]]

    @property
    def leaders(self) -> list[str]:
        return [name for name, node in self.nodes.items() if node.floors[SITE].floor.leading]

    async def leader(self) -> str:
        await self.until(lambda: len(self.leaders) == 1, "one leads")
        return self.leaders[0]

    async def stop(self, name: str) -> None:
        await self.nodes.pop(name).stop()

    async def kill(self, name: str) -> None:
        """What a crash does: every task ends where it is, and nothing is given back."""
        node = self.nodes.pop(name)
        await node._tasks.stop()
        for served in node.floors.values():
            await served.board.unplug_all()
            await served._tasks.stop()

    async def close(self) -> None:
        for name in tuple(self.nodes):
            await self.stop(name)
        await self.store.close()

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        await patience.until(condition, what)

    async def level(self) -> int:
        """Wait until every replica is where the journal ends; return that position."""
        end, _ = await self.store.journal.end(SITE)
        await self.until(
            lambda: all(node.floors[SITE].floor.position >= end for node in self.nodes.values()), "replicas are level"
        )
        return end

    # --- people and customers -----------------------------------------------------------------------------------

    async def agent(self, node: str, agent: int = 1) -> None:
        await self.made(
            node, cmd.SignIn(id=f"in{agent}", agent=agent, abilities=(("channel:scripted", 1),), capacity=100)
        )
        await self.made(node, cmd.AttachDesk(id=f"desk{agent}{node}", agent=agent, node=node, desk=f"d{agent}"))

    async def made(self, node: str, command: Command) -> Made:
        answer = await self[node].floor.submit(command)
        assert isinstance(answer, Made), answer
        return answer

    async def said(self, node: str, text: str = "hello", *, key: str = "C1") -> int:
        """A customer writes to a node; return the letter, which is decided then."""
        door = self[node]._build_door("scripted")
        [accepted] = await door.accept([wrote(text, channel="scripted", key=key)])
        assert await door.decided(accepted.letter, wait_ms=8_000) is not None, "decided in time"
        return accepted.letter
