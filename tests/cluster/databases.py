"""The PostgreSQL and the Redis that a cluster's nodes share: real servers, and how nodes reach them by their links."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.cluster.disks import SmallDisk
from tests.servers.postgresql import PostgresqlServer
from tests.servers.redis import RedisServer

# A fresh server and its write-ahead log with room for the longest test; what is left can be filled within a moment.
STORE_MIB = 256


@dataclass(slots=True, eq=False)
class Databases:
    """One database in a server of its own, and one Redis. `url` leads past all links: the checker's way."""

    postgresql: PostgresqlServer
    redis: RedisServer
    url: str
    disk: SmallDisk

    @classmethod
    async def start(cls, folder: Path, *, durable: bool = True) -> Self:
        """Start both, empty, PostgreSQL on a disk that can be filled."""
        store = PostgresqlServer(durable=durable)
        disk = SmallDisk(store._folder, STORE_MIB)
        disk.mount()
        store.start()
        return cls(store, RedisServer(folder / "redis").start(), await store.database(), disk)

    def close(self) -> None:
        """End both, for good."""
        self.redis.stop()
        self.postgresql.close()
        self.disk.unmount()
        shutil.rmtree(self.disk.folder, ignore_errors=True)

    @property
    def store_port(self) -> int:
        return self.postgresql.port

    @property
    def bus_port(self) -> int:
        return self.redis.port

    def environment(self, store_port: int, bus_port: int) -> dict[str, str]:
        """Return how a node finds both, through its links."""
        return {
            "STORE": self.url.replace(f":{self.store_port}/", f":{store_port}/"),
            "BUS": self.redis.url.replace(f":{self.bus_port}/", f":{bus_port}/"),
        }
