"""Tells the floor which desks this node holds: attached while a socket is open, detached when it is gone."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from typing import Any

from dashboard.commands import Commands
from dashboard.errors import ApiError
from dashboard.sockets import DeskSocket
from dashboard.surroundings import Surroundings
from router.core import commands as cmd
from router.floor.inbox import FloorAway

# Asked again at first soon, then every two seconds, for as long as a leader may take to be replaced.
AGAIN_S, AGAIN_S_MAX = 0.05, 2.0
DETACH_S_MAX = 120.0

Start = Callable[[Coroutine[Any, Any, None]], None]


class Desks:
    """Desks as the floor should know them."""

    def __init__(self, out: Surroundings, commands: Commands, start: Start) -> None:
        self._out, self._commands, self._start = out, commands, start

    def settle(self, sockets: Iterable[DeskSocket]) -> None:
        """Attach every socket whose agent is signed in and whose desk the floor does not know (any more)."""
        agents = self._out.floor.state.agents
        for socket in sockets:
            agent = agents.get(socket.agent)
            known = agent is None or (self._out.node, socket.desk) in agent.desks
            if not known and not socket.attaching and not socket.closing:
                socket.attaching = True
                self._start(self._attach(socket))

    async def _attach(self, socket: DeskSocket) -> None:
        command = cmd.AttachDesk(
            id=f"A{socket.desk}:{secrets.token_hex(6)}", agent=socket.agent, node=self._out.node, desk=socket.desk
        )
        try:
            await self._commands.attempt(command)
        except FloorAway:
            # The next settling, a second later, tries again.
            return
        finally:
            socket.attaching = False

    async def dismiss(self, agent: int) -> None:
        """An account that was closed ends its shift at once: its work goes to others without waiting for a grace."""
        account = await self._out.store.accounts.by_id(self._out.floor.site, agent)
        if account is not None and account.disabled and agent in self._out.floor.state.agents:
            command_id = f"X{agent}:{secrets.token_hex(6)}"
            command = cmd.SignOut(id=command_id, agent=agent, why="account_disabled", forced=True)
            # Where nobody can be asked now, the lost desk ends the shift after its grace.
            with suppress(FloorAway):
                await self._commands.attempt(command)

    def leave(self, socket: DeskSocket) -> None:
        """A socket is gone: say so until somebody hears it, since work may still be offered there."""
        self._start(self._detach(socket.agent, socket.desk))

    async def _detach(self, agent: int, desk: str) -> None:
        command = cmd.DetachDesk(id=f"Z{desk}", agent=agent, node=self._out.node, desk=desk)
        wait_s, spent_s = AGAIN_S, 0.0
        while spent_s < DETACH_S_MAX:
            try:
                await self._commands.submit(command)
            except ApiError:
                return
            except FloorAway:
                await asyncio.sleep(wait_s)
                spent_s, wait_s = spent_s + wait_s, min(2 * wait_s, AGAIN_S_MAX)
            else:
                return
