"""Puts the sandbox beside a node: when it may be, and on which configuration. Imported only where it was asked for."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from dashboard.sandbox.guard import NoSandbox, check_config, check_place
from dashboard.sandbox.routes import PREFIX, SandboxPages
from dashboard.sandbox.world import World
from router.demoday import DemoDay
from router.serving import CannotServe, Say, ServeOptions, public_url_of
from router.store.port import Store


class Sandbox:
    """The sandbox of a node that is being served."""

    def __init__(self, world: World, public_url: str, local_url: str, *, lively: bool) -> None:
        self._world, self._public, self._local = world, public_url, local_url
        self._day = DemoDay() if lively else None

    def add_to(self, app: web.Application) -> None:
        """Serve the page."""
        SandboxPages(self._world).add_to(app)

    async def begin(self, store: Store, site: str, say: Say) -> None:
        """Let customers come, and say where."""
        await self._world.open(self._public, self._local)
        say("This is a sandbox: every customer is played, nothing leaves this machine.")
        say(f"  {'Sandbox':<12}{self._public}{PREFIX}#{self._world.token}")
        if self._day is not None:
            say("A day of made-up customers and agents begins; an hour lasts a minute, and everything is always open.")
            await self._day.begin(store, site, base=self._local, token=self._world.token)
        say("")

    async def hush(self) -> None:
        """Let customers say nothing more."""
        if self._day is not None:
            await self._day.end()
        await self._world.hush()


@asynccontextmanager
async def sandboxed(options: ServeOptions, port: int) -> AsyncIterator[tuple[ServeOptions, Sandbox]]:
    """Play providers and customers as long as the context lasts; yields the options of a node that speaks to them."""
    try:
        check_place(options.host, options.public_url, reachable=options.sandbox_reachable)
        check_config(options.config, options.environment)
    except NoSandbox as why:
        raise CannotServe(str(why)) from None
    world = World(options.config, options.data, always_open=options.demo_day)
    await world.start()
    try:
        environment = {**options.environment, **world.environment}
        ours = dataclasses.replace(options, config=world.config, environment=environment)
        local = public_url_of(dataclasses.replace(options, public_url=""), port)
        yield ours, Sandbox(world, public_url_of(options, port), local, lively=options.demo_day)
    finally:
        await world.stop()
