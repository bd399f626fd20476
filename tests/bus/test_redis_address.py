"""What the URL of the bus may say, over TLS and sockets too, and that no secret of it shows anywhere."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from router.bus.redis import Address, BadAddress, RedisLink, parse_address
from router.telemetry import Telemetry
from tests.ports import free_port
from tests.servers.redis import running_redis

SECRET = "a-secret-word"
LINKS_MAX = 3

GOOD = {
    "redis://localhost": Address(hosts=(("localhost", 6379),)),
    "redis://10.0.0.1:7000/3": Address(hosts=(("10.0.0.1", 7000),), database=3),
    "redis://[::1]:7000": Address(hosts=(("::1", 7000),)),
    "redis://[::1]": Address(hosts=(("::1", 6379),)),
    "redis://:p%40ss@h:1": Address(hosts=(("h", 1),), password="p@ss"),
    "redis://me:pass@h:1/0": Address(hosts=(("h", 1),), username="me", password="pass"),
    "unix:///run/redis.sock?db=2": Address(hosts=(), path="/run/redis.sock", database=2),
    "rediss://h": Address(hosts=(("h", 6379),), tls={"ssl_cert_reqs": "required"}),
    "rediss://h?ca=/ca.pem": Address(
        hosts=(("h", 6379),), tls={"ssl_cert_reqs": "required", "ssl_ca_certs": "/ca.pem"}
    ),
    "redis+sentinel://a:1,b/main": Address(hosts=(("a", 1), ("b", 26379)), service="main"),
    "redis+sentinel://:p@a:1/main?db=2&sentinel_password=q": Address(
        hosts=(("a", 1),), service="main", database=2, password="p", sentinel_password="q"
    ),
}
BAD = [
    f"http://:{SECRET}@host",
    f"redis://:{SECRET}@host:port",
    f"redis://:{SECRET}@host:99999",
    f"redis://:{SECRET}@",
    f"redis://:{SECRET}@host/one",
    f"redis://:{SECRET}@host?timeout=3",
    f"redis://:{SECRET}@[broken",
    f"redis+sentinel://:{SECRET}@host:1",
    f"redis+sentinel://:{SECRET}@a:1,/main",
]


@pytest.mark.parametrize("url", GOOD)
def test_a_good_url_is_read(url: str) -> None:
    assert parse_address(url) == GOOD[url]


@pytest.mark.parametrize("url", BAD)
def test_a_bad_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(BadAddress) as refused:
        parse_address(url)
    assert SECRET not in f"{refused.value} {refused.value.__cause__}"
    assert str(refused.value).startswith("The ")


def test_a_password_is_in_no_text_of_an_address() -> None:
    address = parse_address(f"redis+sentinel://me:{SECRET}@h:1/main?sentinel_password={SECRET}")
    assert SECRET not in f"{address!r} {address}"


async def until(holds: Callable[[], bool], within_s: float = 60.0) -> None:
    async with asyncio.timeout(within_s):
        while not holds():
            await asyncio.sleep(0.01)


async def comes_up(url: str) -> None:
    link = RedisLink(url, node="a", telemetry=Telemetry(StringIO()))
    try:
        await until(lambda: link.up)
    finally:
        await link.close()


async def stays_down(url: str, because: str) -> None:
    """A link says once why it is down; on a busy machine that may be its patience, and then the next one is asked."""
    for _ in range(LINKS_MAX):
        said = await why_down(url)
        if because in said:
            return
    raise AssertionError(said)


async def why_down(url: str) -> str:
    log = StringIO()
    link = RedisLink(url, node="a", telemetry=Telemetry(log))
    try:
        await until(lambda: log.getvalue().count("link_lost") >= 2)
        assert not link.up
    finally:
        await link.close()
    assert SECRET not in log.getvalue()
    assert "127.0.0.1" not in log.getvalue()
    return log.getvalue()


async def test_a_wrong_password_keeps_the_link_down_and_out_of_the_log(tmp_path) -> None:
    with running_redis(tmp_path, requirepass="another") as server:
        await stays_down(f"redis://:{SECRET}@127.0.0.1:{server.port}", "AuthenticationError")
        await comes_up(server.url)


async def test_the_rights_that_operations_names_are_enough(tmp_path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "OPERATIONS.md").read_text()
    rights = next(line for line in page.splitlines() if line.startswith("user patchbay on ")).replace(
        ">…", f">{SECRET}"
    )
    with running_redis(tmp_path, user=rights.removeprefix("user ")) as server:
        url = server.url.replace("redis://", f"redis://patchbay:{SECRET}@")
        first, second = [RedisLink(url, node=name, telemetry=Telemetry(StringIO())) for name in "ab"]

        async def echo(question: bytes) -> bytes:
            return question

        answering = asyncio.create_task(first.answer("main", echo))
        try:
            await until(lambda: first.up and second.up)
            heard, hints = second.heard("main"), second.hints("main")
            assert await anext(heard) == b""
            assert await second.ask("main", b"rights", within_ms=5_000) == b"rights"
            first.tell("main", b"frame", last=1)
            frames = [await anext(heard) for _ in range(2)]
            first.hint("main", b"hint")
            assert b"frame" in frames
            assert await asyncio.wait_for(anext(hints), 60) == b"hint"
            assert "-NOPERM" in server.say(f"AUTH patchbay {SECRET}", "GET patchbay:main:other")
        finally:
            answering.cancel()
            await first.close()
            await second.close()


async def test_a_link_goes_over_a_socket_of_the_machine(tmp_path) -> None:
    path = tmp_path / "s"
    with running_redis(tmp_path / "home", unixsocket=str(path)):
        await comes_up(f"unix://{path}")


async def test_a_link_goes_over_tls_and_only_to_a_server_that_proves_its_name(tmp_path) -> None:
    certificate, key = certified(tmp_path)
    port = free_port()
    tls = {"tls_port": str(port), "tls_cert_file": certificate, "tls_key_file": key, "tls_auth_clients": "no"}
    with running_redis(tmp_path / "home", tls_ca_cert_file=certificate, requirepass=SECRET, **tls):
        await comes_up(f"rediss://:{SECRET}@127.0.0.1:{port}?ca={certificate}")
        await stays_down(f"rediss://:{SECRET}@127.0.0.1:{port}", "ConnectionError")
        await stays_down(f"rediss://:{SECRET}@localhost:{port}?ca={certificate}", "ConnectionError")


def certified(folder: Path) -> tuple[str, str]:
    """Write a certificate for 127.0.0.1 that it has signed itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "redis")]), datetime.now(UTC)
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(alternative, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return str(folder / "cert.pem"), str(folder / "key.pem")
