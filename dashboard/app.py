"""Builds the dashboard's application from its surroundings: routes, socket, files. Nothing runs before it starts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec
from aiohttp import web

from dashboard import (
    attention,
    calling,
    consulting,
    customers,
    files,
    handling,
    headers,
    openapi,
    ordering,
    outside,
    people,
    reading,
    senders,
    supervising,
)
from dashboard.board import routes as boarding
from dashboard.board.figures import Figures
from dashboard.board.line import Rows
from dashboard.board.links import Links
from dashboard.board.watching import Watching
from dashboard.changing import Changing
from dashboard.complaints import routes as complaining
from dashboard.errors import ApiError
from dashboard.explaining import why
from dashboard.finding import mentioning, saved, search
from dashboard.followups import routes as following
from dashboard.handing import blocking, targets, wrapping
from dashboard.helping import routes as helping
from dashboard.helping.public import HelpPages
from dashboard.helping.reaching import Reaching
from dashboard.hub import Hub
from dashboard.live import Live
from dashboard.pages import Pages, read_files, with_banner
from dashboard.parts import Parts, build_parts
from dashboard.persons import routes as archiving
from dashboard.reviews import routes as reviewing
from dashboard.reviews.page import RatePage
from dashboard.routes import PREFIX, Call, Route
from dashboard.rules import routes as ruling
from dashboard.serve import Served, failed
from dashboard.surroundings import Surroundings
from dashboard.team import routes as teaming

HUB: web.AppKey[Hub] = web.AppKey("hub", Hub)


def build_app(surroundings: Surroundings) -> web.Application:
    """Return the application. Raises WebAppMissing when the web app's files are not there.

    It serves `/`, `/ui/…`, `/ws` and `/api/v1/…`; the composition root adds its own routes beside them.
    """
    files = read_files(surroundings.web_root)
    shown = with_banner(files) if surroundings.played else files
    pages = Pages(shown, surroundings.version, surroundings.page_reaches)
    parts = build_parts(surroundings, pages.version)
    app = web.Application()
    app.on_response_prepare.append(headers.on_every_response)
    hub = Hub(parts)
    app[HUB] = hub
    _add_api(app, api_routes(parts, hub), parts)
    watching = _watching(parts)
    hub.also(watching, telling=watching.tell)
    changing = Changing(surroundings, hub, parts.words)
    hub.also(changing, telling=changing.tell)
    app.router.add_get("/ws", Live(parts, hub, watching).__call__)
    pages.add_to(app)
    RatePage(parts).add_to(app)
    HelpPages(surroundings, parts.shelf, parts.tally, Reaching(surroundings, parts.pictures.queue_line)).add_to(app)

    async def begin(_: web.Application) -> None:
        hub.begin()

    async def stop(_: web.Application) -> None:
        changing.deaf()
        await hub.stop()

    async def count(_: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(parts.tally.run())
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def clean_up(_: web.Application) -> None:
        parts.passwords.close()

    app.cleanup_ctx.append(count)
    app.on_startup.append(begin)
    app.on_shutdown.append(stop)
    app.on_cleanup.append(clean_up)
    return app


def api_routes(parts: Parts, hub: Hub) -> list[Route]:
    """Return the whole table, the document of itself included."""
    table = [
        *people.routes(parts, hub),
        *reading.routes(parts),
        *handling.routes(parts),
        *targets.routes(parts),
        *why.routes(parts),
        *archiving.routes(parts),
        *wrapping.routes(parts),
        *blocking.routes(parts),
        *files.routes(parts),
        *calling.routes(parts),
        *supervising.routes(parts),
        *senders.routes(parts),
        *customers.routes(parts),
        *ordering.routes(parts),
        *consulting.routes(parts),
        *outside.routes(parts),
        *saved.routes(parts),
        *search.routes(parts),
        *mentioning.routes(parts),
        *attention.routes(parts),
        *boarding.routes(_boarding(parts)),
        *ruling.routes(parts),
        *teaming.routes(parts),
        *_caring(parts),
        *helping.routes(parts),
    ]
    described: list[bytes] = []

    async def document(call: Call) -> msgspec.Raw:
        """Write it when it is asked for: at the start everybody would wait for it, and hardly anybody reads it."""
        del call
        if not described:
            described.append(await asyncio.to_thread(_described, table, parts.out.version))
        return msgspec.Raw(described[0])

    table.append(
        Route(
            method="GET",
            path="/openapi.json",
            summary="This document",
            role="",
            answers=dict[str, Any],
            handler=document,
        )
    )
    return table


def _caring(parts: Parts) -> list[Route]:
    """Return the routes of what is cared for beside conversations."""
    return [*complaining.routes(parts), *reviewing.routes(parts), *following.routes(parts)]


def _described(table: Sequence[Route], version: str) -> bytes:
    return msgspec.json.encode(openapi.document(table, version=version))


def _watching(parts: Parts) -> Watching:
    """Build what tells who waits."""
    rows = Rows(parts.out, staff=parts.staff, words=parts.words, board=parts.board)
    return Watching(parts.out, rows, sight=parts.sight, standing=parts.standing)


def _boarding(parts: Parts) -> boarding.Boarding:
    """Build what answers about the wallboard."""
    figures = Figures(parts.out, staff=parts.staff, lines=parts.board, standing=parts.standing, version=parts.version)
    links = Links(parts.out, parts.staff)
    return boarding.Boarding(figures, links, now_ms=parts.out.now_ms, public_url=parts.out.public_url)


def _add_api(app: web.Application, table: Sequence[Route], parts: Parts) -> None:
    known: dict[str, list[str]] = {}
    for route in table:
        app.router.add_route(route.method, PREFIX + route.path, Served(route, parts.out, parts.sessions).__call__)
        known.setdefault(route.path, []).append(route.method)
    for path, methods in known.items():
        app.router.add_route("*", PREFIX + path, Nowhere("method", methods).__call__)
    app.router.add_route("*", PREFIX + "/{tail:.*}", Nowhere("not_found").__call__)


class Nowhere:
    """Answers in the API's own words where no route does."""

    def __init__(self, code: str, allow: Sequence[str] = ()) -> None:
        self._code, self._allow = code, ", ".join(sorted(allow))

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        del request
        response = failed(ApiError(self._code))
        if self._allow:
            response.headers["Allow"] = self._allow
        return response
