"""What cannot be run here is at least whole: compose names what exists, and nginx itself serves by its file."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import subprocess
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
import yaml
from aiohttp import web

from tests.cluster.node import ROOT
from tests.ports import free_port

MISSING = "nginx is not installed: these tests need it (Debian: apt-get install nginx-light)."
NODES = ("node1", "node2", "node3")
UPLOAD_BYTES, TOO_LARGE_BYTES = 25 << 20, 27 << 20
START_S_MAX = 10.0
# What `patchbay serve` reads from its environment, and what channels in the file's own comments name.
KNOWN = {
    *("DATA", "CONFIG", "HOST", "PORT", "PUBLIC_URL", "PATCHBAY_SITE_KEY", "STORE", "BUS", "FILES"),
    *("MQTT_PASSWORD", "APP_TOKEN_KEY"),
}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return read


def started_by(compose: dict[str, Any], service: str) -> set[str]:
    """Return what comes with a service."""
    found = {service}
    for needed in compose["services"][service].get("depends_on", ()):
        found |= started_by(compose, needed)
    return found


def test_one_node_alone_is_what_comes_without_a_profile(compose: dict[str, Any]) -> None:
    assert [name for name, service in compose["services"].items() if "profiles" not in service] == ["patchbay"]


def test_the_cluster_comes_with_nginx_and_is_whole(compose: dict[str, Any]) -> None:
    came = started_by(compose, "nginx")
    assert came == {"nginx", "postgresql", "redis", "broker", *NODES}
    assert all("cluster" in compose["services"][name]["profiles"] for name in came)


def test_every_node_is_the_same_node_with_a_directory_of_its_own(compose: dict[str, Any]) -> None:
    nodes = [compose["services"][name] for name in NODES]
    assert len({str({key: value for key, value in node.items() if key != "volumes"}) for node in nodes}) == 1
    own = [{volume.split(":")[0] for volume in node["volumes"] if volume.split(":")[1] == "/data"} for node in nodes]
    assert own == [{name} for name in NODES]
    assert all("files:/files" in node["volumes"] for node in nodes)


def test_the_database_is_reached_without_tls_only_where_the_network_is_theirs_alone(compose: dict[str, Any]) -> None:
    address = urlsplit(compose["services"]["node1"]["environment"]["STORE"])
    assert address.query == "sslmode=disable"
    assert "ports" not in compose["services"][str(address.hostname)]


def test_nodes_are_told_only_what_they_read(compose: dict[str, Any]) -> None:
    for name in (*NODES, "patchbay"):
        assert set(compose["services"][name]["environment"]) <= KNOWN, name


def test_what_the_file_names_exists(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert (ROOT / source).exists() if source.startswith(".") else source in compose["volumes"], (name, source)
        assert set(service.get("networks", ())) <= {"default", *compose["networks"]}, name
        assert {config["source"] for config in service.get("configs", ())} <= set(compose["configs"]), name
        assert ("image" in service) != ("build" in service), name
    assert (ROOT / "Dockerfile").exists()


def test_no_two_services_that_come_together_take_one_port(compose: dict[str, Any]) -> None:
    ports = [port for name in started_by(compose, "nginx") for port in compose["services"][name].get("ports", ())]
    assert len(ports) == len(set(ports)) == 1
    assert all(port.startswith("127.0.0.1:") for port in ports), "the world comes through whoever ends TLS"


def test_redis_keeps_nothing_and_postgresql_keeps_everything(compose: dict[str, Any]) -> None:
    redis, postgresql = compose["services"]["redis"], compose["services"]["postgresql"]
    assert "volumes" not in redis
    assert not [word for word in postgresql["command"] if word.startswith(("fsync=", "synchronous_commit="))]


# --- nginx itself, by its own file ------------------------------------------------------------------------------------


class Node:
    """A server that answers as a node does, and can be told to refuse."""

    def __init__(self, name: str) -> None:
        self.name, self.refuses, self.port = name, False, free_port()
        self.asked = 0
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application(client_max_size=UPLOAD_BYTES + 1)
        app.router.add_get("/ws", self._socket)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def stop(self) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        self.asked += 1
        body = await request.read()
        if self.refuses:
            return web.Response(status=503)
        told = {name: request.headers.get(name, "") for name in ("Host", "X-Forwarded-For", "X-Forwarded-Proto")}
        return web.json_response({"node": self.name, "bytes": len(body), **told})

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(f"{self.name}: {message.data}")
        return socket


def nginx() -> str:
    found = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    assert found, MISSING
    return found


@pytest.fixture
async def nodes() -> AsyncIterator[list[Node]]:
    made = [Node(name) for name in NODES]
    for node in made:
        await node.start()
    yield made
    for node in made:
        with contextlib.suppress(RuntimeError):
            await node.stop()


@pytest.fixture
async def front(tmp_path: Path, nodes: list[Node]) -> AsyncIterator[str]:
    """nginx by the file of the repository: only addresses and folders are those of the test."""
    port = free_port()
    text = (ROOT / "nginx.conf").read_text().replace("listen 8080", f"listen 127.0.0.1:{port}")
    for node in nodes:
        assert f"server {node.name}:8080" in text
        text = text.replace(f"{node.name}:8080", f"127.0.0.1:{node.port}")
    path = tmp_path / "nginx.conf"
    path.write_text(text.replace("/tmp/nginx", f"{tmp_path}/nginx"))
    command = [nginx(), "-p", str(tmp_path), "-c", str(path)]
    said = await asyncio.to_thread(subprocess.run, [*command, "-t"], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    assert "[warn]" not in said.stderr
    process = subprocess.Popen([*command, "-g", "daemon off;"], stderr=subprocess.DEVNULL)
    base = f"http://127.0.0.1:{port}"
    try:
        await answering(base)
        yield base
    finally:
        process.terminate()
        process.wait()


async def answering(base: str) -> None:
    async with aiohttp.ClientSession() as session, asyncio.timeout(START_S_MAX):
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(f"{base}/healthz"):
                    return
            await asyncio.sleep(0.02)


async def test_nginx_spreads_requests_and_says_who_asked(front: str, nodes: list[Node]) -> None:
    async with aiohttp.ClientSession() as session:
        for _ in range(9):
            async with session.get(f"{front}/api/v1/me", headers={"X-Forwarded-For": "6.6.6.6"}) as answer:
                told = await answer.json()
    assert told["X-Forwarded-For"] == "127.0.0.1", "nobody says of themselves where they come from"
    assert told["Host"] == front.removeprefix("http://")
    assert all(node.asked for node in nodes)


async def test_nginx_carries_sockets(front: str) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(f"{front}/ws") as socket:
        for word in ("hello", "again"):
            await socket.send_str(word)
            assert (await socket.receive_str()).endswith(word)


async def test_nginx_lets_an_agents_largest_file_through_and_nothing_larger(front: str) -> None:
    path = f"{front}/api/v1/conversations/R1/files"
    async with aiohttp.ClientSession() as session:
        async with session.post(path, data=BytesIO(bytes(UPLOAD_BYTES))) as answer:
            assert (await answer.json())["bytes"] == UPLOAD_BYTES
        async with session.post(f"{front}/channels/form/contact", data=BytesIO(bytes(TOO_LARGE_BYTES))) as answer:
            assert answer.status == 413


async def test_nginx_asks_another_node_when_one_refuses_or_is_gone(front: str, nodes: list[Node]) -> None:
    nodes[0].refuses = True
    await nodes[1].stop()
    async with aiohttp.ClientSession() as session:
        for number in range(9):
            async with session.post(f"{front}/channels/line/hook", data=b"{}") as answer:
                assert answer.status == 200, number
                assert (await answer.json())["node"] == "node3"


async def test_nginx_keeps_what_is_for_operators_to_itself(front: str) -> None:
    async with aiohttp.ClientSession() as session:
        for path in ("/metrics", "/readyz"):
            async with session.get(f"{front}{path}") as answer:
                assert answer.status == 404, path
