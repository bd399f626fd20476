"""What a node is made of, as the composition root hands it over. No behaviour."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from channels.contract import ChannelModule
from router.bus.link import Link
from router.clock import Clock
from router.node.renewal import Renewal
from router.site.key import SiteKey
from router.site.places import Place
from router.store.port import Store
from router.telemetry import Telemetry


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeParts:
    """What a node receives from the composition root. Without a `link` it is the only one.

    `name` is new at each start, `home` is the same on this data for ever. `exclusive`: nobody else can serve
    this data now, so leases of earlier lives may be ended at once,
    and the effects they were performing are looked at again.
    """

    name: str
    home: str
    release: str
    data: Path
    config: Path
    store: Store
    clock: Clock
    key: SiteKey
    telemetry: Telemetry
    modules: Mapping[str, ChannelModule]
    environment: Mapping[str, str]
    public_url: str
    snapshot_command: Sequence[str]
    random: Random
    exclusive: bool = True
    jumps: Callable[[], Callable[[], int]] = lambda: lambda: 0
    link: Link | None = None
    renewal: Renewal | None = None
    files: Path | None = None
    beat: Callable[[], None] = lambda: None
    places: Mapping[str, Place] = field(default_factory=dict)
    hesitate_ms: Callable[[], int] = lambda: 0

    def place(self, site: str) -> Place:
        """Return where a site's configuration lies and how the world sees it; one site alone has the node's own."""
        return self.places.get(site) or Place(config=self.config, public_url=self.public_url)
