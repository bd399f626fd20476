"""Several floors in one installation: each by its hosts and its own configuration, leads spread over the nodes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from router.clock import SystemClock
from router.core import commands as cmd
from router.core.answers import Made
from router.node.balance import Balance
from router.node.elders import KINDS
from router.node.lead import LEAD
from router.pages import build_web
from router.site.places import Place, PlacesError, read_places
from router.telemetry import Telemetry
from tests.bus.in_process_links import InProcessLinks
from tests.nodes.cluster import Cluster

SITES = ["east", "north", "south", "west"]


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[Cluster]:
    opened = await Cluster(tmp_path, sites=SITES).open()
    yield opened
    await opened.close()


def leads(cluster: Cluster) -> dict[str, int]:
    return {name: sum(served.floor.leading for served in node.floors.values()) for name, node in cluster.nodes.items()}


async def test_leads_spread_over_nodes_that_come_and_over_those_that_are_left(cluster: Cluster) -> None:
    await cluster.start("a")
    assert leads(cluster) == {"a": 4}
    await cluster.start("b")
    await cluster.until(lambda: leads(cluster) == {"a": 2, "b": 2}, "spread")
    await cluster.kill("b")
    await cluster.until(lambda: leads(cluster) == {"a": 4}, "taken over")


async def test_what_happens_on_one_floor_is_not_seen_on_another(cluster: Cluster) -> None:
    await cluster.start("a")
    floors = cluster.nodes["a"].floors
    command = cmd.SignIn(id="in", agent=1, abilities=(), capacity=100)
    assert isinstance(await floors["north"].floor.submit(command), Made)
    assert 1 in floors["north"].floor.state.agents
    assert 1 not in floors["south"].floor.state.agents
    assert (await cluster.store.journal.end("north"))[0] > (await cluster.store.journal.end("south"))[0]


async def test_each_site_answers_under_its_hosts_and_no_other(cluster: Cluster) -> None:
    await cluster.start("a")
    config = cluster.folder / "a-config"
    places = {site: Place(config=config, public_url=f"https://{site}.test", hosts=(f"{site}.test",)) for site in SITES}
    app = build_web(cluster.nodes["a"], cluster.store, places, clock=SystemClock(), telemetry=Telemetry())
    async with TestClient(TestServer(app)) as client:
        assert await status(client, "north.test", "/api/v1/openapi.json") == 200
        assert await status(client, "nobody.test", "/api/v1/openapi.json") == 404
        assert await status(client, "nobody.test", "/healthz") == 200
        assert await status(client, "north.test", "/readyz") == 200


async def status(client: TestClient[web.Request, web.Application], host: str, path: str) -> int:
    async with client.get(path, headers={"Host": host}) as answer:
        return answer.status


async def test_a_lead_that_is_given_away_is_left_to_the_others(cluster: Cluster) -> None:
    await cluster.start("a")
    lead = cluster.nodes["a"].floors["north"].lead
    lead.give_away()
    await cluster.until(lambda: not cluster.nodes["a"].floors["north"].floor.leading, "given away")
    assert await cluster.store.leases.acquire("north", LEAD, "other", now_ms=0, ttl_ms=1) > 1
    await asyncio.sleep(0)


@pytest.mark.parametrize("release", [0, 1], ids=["another file of sites", "a newer release"])
async def test_a_node_that_cannot_take_a_lead_is_given_none(release: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """It leads fewer for ever: leads given away for its sake would go round, or be written by who must not yet."""
    links, given = InProcessLinks(1), []
    many = Balance(links.link("a"), "a", leading=lambda: SITES, sites=SITES)
    with monkeypatch.context() as newer:
        newer.setattr("router.node.balance.KINDS", KINDS + release)
        few = Balance(links.link("b"), "b", leading=list, sites=SITES if release else ["east"])
    same = Balance(links.link("c"), "c", leading=list, sites=reversed(SITES))
    works = [asyncio.create_task(work) for work in (many.listen(), many.run(given.append), few.run(given.append))]
    try:
        await heard_of(many, few, 2)
        assert given == []
        works.append(asyncio.create_task(same.run(given.append)))
        async with asyncio.timeout(60):
            while not given:
                await asyncio.sleep(0.01)
        assert given[0] == "west"
    finally:
        for work in works:
            work.cancel()
        await asyncio.gather(*works, return_exceptions=True)


async def heard_of(listening: Balance, saying: Balance, turns: int) -> None:
    """Let both go round so often that what is said was heard and weighed."""
    said: list[bytes] = []
    hint = saying._link.hint

    def heard(site: str, what: bytes) -> None:
        said.append(what)
        hint(site, what)

    saying._link.hint = heard  # type: ignore[method-assign]
    async with asyncio.timeout(60):
        while len(said) < turns:
            await asyncio.sleep(0.01)
    assert listening._leading()


# --- the file ---------------------------------------------------------------------------------------------------------

GOOD = """
sites:
  north: {config: north, hosts: [north.example.com, "north.example.com:8080"]}
  south: {config: south, hosts: [south.example.com], public_url: "https://desk.south.example.com/"}
"""


def written(folder: Path, text: str) -> Path:
    for name in ("north", "south"):
        (folder / name).mkdir(exist_ok=True)
    path = folder / "sites.yaml"
    path.write_text(text)
    return path


def test_a_file_of_sites_names_directories_hosts_and_addresses(tmp_path: Path) -> None:
    places = read_places(written(tmp_path, GOOD))
    assert places["north"].config == tmp_path / "north"
    assert places["north"].public_url == "https://north.example.com"
    assert places["south"].public_url == "https://desk.south.example.com"
    assert places["north"].hosts == ("north.example.com", "north.example.com:8080")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sites: {}", "sites"),
        ("nonsense", "sites.yaml"),
        (GOOD.replace("config: south", "config: nowhere"), "no directory"),
        (GOOD.replace("south.example.com]", "north.example.com]"), "of north and of south"),
        (GOOD.replace("south.example.com]", "https://south.example.com]"), "no host"),
        (GOOD.replace("  north:", "  North Pole:"), "no name of a site"),
        (GOOD.replace("config: south", "konfig: south"), "konfig"),
    ],
)
def test_a_bad_file_of_sites_is_refused_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(PlacesError, match=said):
        read_places(written(tmp_path, text))


def test_a_missing_file_of_sites_is_said(tmp_path: Path) -> None:
    with pytest.raises(PlacesError, match="cannot be read"):
        read_places(tmp_path / "none.yaml")
