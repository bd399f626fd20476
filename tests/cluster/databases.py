"""The PostgreSQL and the Redis that a cluster's nodes share: real servers, and how a node reaches them through its links."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.servers.postgresql import PostgresqlServer
from tests.servers.redis import RedisServer


@dataclass(slots=True, eq=False)
class Databases:
    """One database in a server of its own, and one Redis. `url` leads past all links: the checker's way."""

    postgresql: PostgresqlServer
    redis: RedisServer
    url: str

    @classmethod
    async def start(cls, folder: Path, *, durable: bool = True) -> Self:
        """Start both, empty."""
        store = PostgresqlServer(durable=durable).start()
        return cls(store, RedisServer(folder / "redis").start(), await store.database())

    def close(self) -> None:
        """End both, for good."""
        self.redis.stop()
        self.postgresql.close()

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
