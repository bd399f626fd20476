"""Where Redis is: the URL, checked once, and connections made from it. No secret leaves this file in any text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

from redis.asyncio.connection import Connection, SSLConnection, UnixDomainSocketConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from router.bus.redis.limits import CONNECT_MS_MAX, READER_SOCKET_MS_MAX, SOCKET_MS_MAX
from router.bus.redis.wire import RawConnection, Wire, WireLost

PORT, SENTINEL_PORT = 6_379, 26_379
# RESP2 says the same on every Redis and Valkey; the package's default asks for the third and answers like the second.
PROTOCOL = 2
SCHEMES = {
    "redis": (False, False),
    "rediss": (True, False),
    "redis+sentinel": (False, True),
    "rediss+sentinel": (True, True),
}
UNIX = "unix"
OPTIONS = {"db", "ca", "cert", "key", "sentinel_username", "sentinel_password"}


class BadAddress(Exception):
    """The URL of the bus cannot be used; the sentence says why and repeats nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One Redis, or the Sentinels that know which one it is. Passwords are in no repr."""

    hosts: tuple[tuple[str, int], ...]
    path: str = ""
    service: str = ""
    database: int = 0
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: Mapping[str, Any] | None = field(default=None, repr=False)
    sentinel_username: str | None = None
    sentinel_password: str | None = field(default=None, repr=False)

    async def open(self, name: str, *, reader: bool = False) -> Wire:
        """Connect to the Redis that takes writes now. A reader's socket waits longer than the server blocks."""
        if not self.service:
            return await _opened(self._raw(self.hosts[0] if self.hosts else None, name), reader=reader)
        failure = WireLost("MasterNotFoundError")
        for sentinel in self.hosts:
            try:
                wire = await _opened(self._raw(await self._master(sentinel), name), reader=reader)
                await _must_be_master(wire)
            except WireLost as error:
                failure = error
                continue
            return wire
        raise failure

    async def _master(self, sentinel: tuple[str, int]) -> tuple[str, int]:
        """Ask one Sentinel where the service is."""
        wire = await _opened(self._raw(sentinel, "", asks_sentinel=True))
        try:
            reply = await wire.one("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self.service)
        finally:
            await wire.close()
        if not isinstance(reply, list):
            raise WireLost("MasterNotFoundError")
        return reply[0].decode(), int(reply[1])

    def _raw(self, host: tuple[str, int] | None, name: str, *, asks_sentinel: bool = False) -> RawConnection:
        options: dict[str, Any] = {
            "username": self.sentinel_username if asks_sentinel else self.username,
            "password": self.sentinel_password if asks_sentinel else self.password,
            "db": 0 if asks_sentinel else self.database,
            "client_name": name or None,
            "driver_info": None,
            "protocol": PROTOCOL,
            # The package sends again by itself unless told not to: eleven times one append, as was measured.
            "retry": Retry(NoBackoff(), 0),
            "socket_timeout": None,
            "socket_connect_timeout": CONNECT_MS_MAX / 1_000,
        }
        if host is None:
            return cast(RawConnection, UnixDomainSocketConnection(path=self.path, **options))
        options |= {"host": host[0], "port": host[1], "socket_keepalive": True}
        if self.tls is None:
            return cast(RawConnection, Connection(**options))
        return cast(RawConnection, SSLConnection(**options, **self.tls))


async def _opened(raw: RawConnection, *, reader: bool = False) -> Wire:
    wire = Wire(raw, READER_SOCKET_MS_MAX if reader else SOCKET_MS_MAX)
    try:
        await wire.open()
    except BaseException:
        await wire.close()
        raise
    return wire


async def _must_be_master(wire: Wire) -> None:
    """Close and refuse a server that has been demoted and that this Sentinel still names."""
    try:
        role = await wire.one("ROLE")
        if not isinstance(role, list) or role[0] != b"master":
            raise WireLost("ReadOnlyError")
    except BaseException:
        await wire.close()
        raise


def parse_address(url: str) -> Address:
    """Return the address that a URL says. Raises BadAddress.

    `redis://`, `rediss://` (TLS), `unix://`, and `redis+sentinel://h1:p,h2:p/service` with or without the second s.
    Options: `db`, `ca`, `cert`, `key` (files, for TLS), `sentinel_username`, `sentinel_password`.
    """
    try:
        parts = urlsplit(url)
        query = {name: values[-1] for name, values in parse_qs(parts.query, strict_parsing=bool(parts.query)).items()}
    except ValueError:
        raise BadAddress("The URL of the bus is no URL.") from None
    if unknown := sorted(set(query) - OPTIONS):
        raise BadAddress(f"The URL of the bus has an option that there is not: {unknown[0][:32]}.")
    user, _, place = parts.netloc.rpartition("@")
    username, _, password = user.partition(":")
    secrets: dict[str, Any] = {
        "username": unquote(username) or None,
        "password": unquote(password) or None,
        "sentinel_username": query.get("sentinel_username"),
        "sentinel_password": query.get("sentinel_password"),
    }
    if parts.scheme == UNIX:
        return Address(hosts=(), path=unquote(parts.path), database=_database(query.get("db", "0")), **secrets)
    if parts.scheme not in SCHEMES:
        raise BadAddress(f"The URL of the bus must begin with one of: {', '.join((*SCHEMES, UNIX))}.")
    tls, sentinel = SCHEMES[parts.scheme]
    path = unquote(parts.path).strip("/")
    if sentinel and not path:
        raise BadAddress("The URL of the bus must name the service that the Sentinels watch: .../service.")
    return Address(
        hosts=tuple(_host(each, SENTINEL_PORT if sentinel else PORT) for each in place.split(",")),
        service=path if sentinel else "",
        database=_database(query.get("db", "0" if sentinel else path or "0")),
        tls=_tls(query) if tls else None,
        **secrets,
    )


def _tls(query: Mapping[str, str]) -> dict[str, str]:
    """Return the package's own words for the files. Certificates are always checked, and the name in them too."""
    words = {"ca": "ssl_ca_certs", "cert": "ssl_certfile", "key": "ssl_keyfile"}
    return {"ssl_cert_reqs": "required", **{word: query[name] for name, word in words.items() if name in query}}


def _database(text: str) -> int:
    if not text.isdecimal():
        raise BadAddress("The database in the URL of the bus must be a number.")
    return int(text)


def _host(text: str, port: int) -> tuple[str, int]:
    host, colon, said = text.rpartition(":") if not text.endswith("]") else (text, "", "")
    if not colon:
        host, said = text, str(port)
    if not said.isdecimal() or int(said) > 65_535 or not host.strip("[]"):
        raise BadAddress("The URL of the bus must name hosts as host:port.")
    return unquote(host.strip("[]")), int(said)
