"""Which pages are served where: dashboard, channels and widget of each site, and what operators ask for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from aiohttp import web

from channels.contract import Capabilities, Channel, Softphones, TryLater
from dashboard.app import build_app
from dashboard.surroundings import Sendable, Softphone, Surroundings
from router.clock import Clock
from router.node.node import Node, Served
from router.release import release
from router.site.places import Place
from router.site.ratelinks import RateLinks
from router.store.port import Store
from router.telemetry import Telemetry

# The launcher of the chat widget has a short address of its own, whichever channel serves it.
WIDGET = "/widget.js"
PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


def build_web(
    node: Node, store: Store, places: Mapping[str, Place], *, clock: Clock, telemetry: Telemetry, played: bool = False
) -> web.Application:
    """Put everything on one address; of several sites each is found by its hosts, and any other host has no site."""
    sites = {
        site: _site_app(node.floors[site], store, place, clock=clock, telemetry=telemetry, played=played)
        for site, place in places.items()
    }
    everything = web.Application() if len(places) > 1 else next(iter(sites.values()))
    for app in {everything, *sites.values()}:
        add_operators_pages(app, node, telemetry)
    if len(places) > 1:
        for site, place in places.items():
            for host in place.hosts:
                everything.add_domain(host, sites[site])
    return everything


def _site_app(
    served: Served, store: Store, place: Place, *, clock: Clock, telemetry: Telemetry, played: bool
) -> web.Application:
    """Put one site's dashboard and its channels' pages together."""
    app = build_app(
        Surroundings(
            floor=served.floor,
            store=store,
            node=served.lead.node,
            now_ms=clock.now_ms,
            public_url=place.public_url,
            reference=served.references.reference,
            version=release(),
            settings_problems=served.problems,
            log_error=telemetry.error,
            signs=served.signs,
            changes=served.changes,
            nudge_outbox=served.outbox.nudge,
            files=served.files,
            waits=served.estimates,
            sendable=lambda channel: sendable(served.can(channel)),
            softphone=lambda agent: softphone(served.board.channels, agent),
            page_reaches=lambda: page_reaches(served.board.channels),
            played=played,
            rulebook=served.rulebook,
            rate_links=RateLinks(served.rate_key, place.public_url, clock.now_ms),
        )
    )
    app.add_routes(served.board.routes())
    widget = served.board.handler_of(WIDGET)
    if widget is not None:
        app.router.add_get(WIDGET, widget)
    return app


def sendable(can: Capabilities) -> Sendable:
    """Return what of a channel's capabilities a desk must know before it sends words, files or letters."""
    return Sendable(
        kinds=can.files,
        files_max=can.files_max,
        bytes_max=can.files_bytes_max,
        letters=can.letters,
        unwritable="Send" not in can.effects,
    )


def softphone(channels: Mapping[str, Channel], agent: int) -> Softphone | None:
    """Return what an agent's browser needs to take calls, of the first channel that has any; None for none."""
    for name, channel in sorted(channels.items()):
        if isinstance(channel, Softphones):
            with suppress(TryLater):
                key = channel.softphone(agent)
                return Softphone(
                    channel=name, identity=key.identity, token=key.token, until_ms=key.until_ms, sdk=key.sdk
                )
    return None


def page_reaches(channels: Mapping[str, Channel]) -> list[str]:
    """Return whom a desk's page may connect to for the channels that are on."""
    return sorted({each for channel in channels.values() for each in channel.capabilities.page_reaches})


def add_operators_pages(app: web.Application, node: Node, telemetry: Telemetry) -> None:
    """Add what probes and Prometheus ask for."""

    async def healthz(_request: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def readyz(_request: web.Request) -> web.Response:
        why = {site: served.unready for site, served in node.floors.items() if served.unready}
        told = {"ready": not why, "floors": {site: site not in why for site in node.floors}}
        return web.json_response({**told, "why": why} if why else told, status=503 if why else 200)

    async def metrics(_request: web.Request) -> web.Response:
        text = await asyncio.to_thread(telemetry.render)
        return web.Response(body=text, headers={"Content-Type": PROMETHEUS})

    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", metrics)
