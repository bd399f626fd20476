"""The edge of the HTTP server: how patient it is, and what it says of bytes that are no request. No routes here."""

from __future__ import annotations

import asyncio
import logging
import socket
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

from aiohttp import BadContentDispositionHeader, BadContentDispositionParam, hdrs, web
from multidict import CIMultiDict, CIMultiDictProxy

from router.telemetry import Telemetry, error_code

# A browser sends its request with the connection; a slow telephone line takes seconds. Who needs longer holds a place.
HEAD_S_MAX = 15.0
# Longer than the minute for which proxies keep theirs, short enough that forgotten ones do not pile up.
KEEP_ALIVE_S = 75.0
# What is left of a body that nobody wants is heard for so long, so that its sender can read the answer.
LINGER_S = 2.0
# Open sockets are told to come back, and get so long to say good-bye.
GOODBYE_S = 3.0
BACKLOG = 1_024
# A type, a charset and the longest boundary there may be (70 characters).
TYPE_CHARS_MAX = 200
UNKNOWN_TYPE = "application/octet-stream"
QUOTED = (hdrs.UPGRADE, hdrs.CONNECTION, hdrs.SEC_WEBSOCKET_VERSION, hdrs.SEC_WEBSOCKET_KEY)
UNKNOWN = "unknown"
UNREADABLE = "The request could not be read.\n"
BROKEN = "Something went wrong on our side.\n"


class QuietLog(logging.Handler):
    """Takes what the HTTP library logs. Its lines quote what was sent and from where, so only the kind is kept."""

    def __init__(self, telemetry: Telemetry) -> None:
        super().__init__()
        self._count = telemetry

    def emit(self, record: logging.LogRecord) -> None:
        fault = record.exc_info[1] if record.exc_info else None
        error = error_code(fault) if fault is not None else record.levelname
        self._count.info("request_unread", error=error)


class PatientHandler(web.RequestHandler):
    """One connection: its first request must come in time, and what cannot be read is answered without quoting it."""

    __slots__ = ("_count", "_patience")

    def __init__(self, server: web.Server, *, telemetry: Telemetry, **options: Any) -> None:
        super().__init__(server, **options)
        self._count = telemetry
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._patience = asyncio.get_running_loop().call_later(HEAD_S_MAX, self._too_slow)

    def connection_lost(self, exc: BaseException | None) -> None:
        self.heard()
        super().connection_lost(exc)

    def heard(self) -> None:
        """A whole head has arrived. From now on the idle time between requests bounds the connection."""
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _too_slow(self) -> None:
        self._count.count("requests_unread", "slow")
        self.force_close()

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """Answer what broke before any route was found, or in a route of a library."""
        response = super().handle_error(request, status, exc, message)
        self._count.count("requests_unread", error_code(exc) if exc is not None else str(status))
        if isinstance(response, web.Response):
            response.content_type = "text/plain"
            response.text = UNREADABLE if status < HTTPStatus.INTERNAL_SERVER_ERROR else BROKEN
        return response


async def _in_silence() -> None:
    """Nobody has to be told."""


@asynccontextmanager
async def front_door(
    app: web.Application,
    listener: socket.socket,
    telemetry: Telemetry,
    *,
    say_goodbye: Callable[[], Awaitable[None]] = _in_silence,
) -> AsyncIterator[None]:
    """Serve an application on a socket for as long as the context lasts; then nobody new comes in.

    Those who are still there are said goodbye before they are waited for.
    """
    log = logging.Logger("http")
    log.addHandler(QuietLog(telemetry))
    runner = web.AppRunner(app, access_log=None, logger=log, shutdown_timeout=GOODBYE_S)
    doors: list[asyncio.Server] = []
    try:
        _keep_quiet()
        await runner.setup()
        loop = asyncio.get_running_loop()
        doors.append(await loop.create_server(_handlers(runner, log, telemetry), sock=listener, backlog=BACKLOG))
        yield
    finally:
        for door in doors:
            door.close()
        await say_goodbye()
        await runner.cleanup()


def _keep_quiet() -> None:
    """The library warns of odd parts by quoting them, on the error output, and remembers each text for ever."""
    for kind in (BadContentDispositionHeader, BadContentDispositionParam):
        warnings.simplefilter("ignore", kind)


def _with_plain_headers(message: Any) -> Any:
    """Return a request whose headers are safe to read: a type that nobody sends means as much as none (RFC 9110, 8.3).

    The library reads types with a parser of mail headers, which calls itself at every bracket and breaks, and it quotes
    what is wrong with a handshake, which breaks on bytes that are no text.
    """
    kind = message.headers.get(hdrs.CONTENT_TYPE, "")
    plain = {name: UNKNOWN for name in QUOTED if not message.headers.get(name, "").isascii()}
    if len(kind) > TYPE_CHARS_MAX or "(" in kind:
        plain[hdrs.CONTENT_TYPE] = UNKNOWN_TYPE
    if not plain:
        return message
    headers = CIMultiDict(message.headers)
    headers.update(plain)
    return message._replace(headers=CIMultiDictProxy(headers))


def _handlers(runner: web.AppRunner, log: logging.Logger, telemetry: Telemetry) -> Callable[[], PatientHandler]:
    server = runner.server
    assert server is not None, "the runner has been set up"
    make_request = server.request_factory

    def request_factory(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
        if isinstance(protocol, PatientHandler):
            protocol.heard()
        return make_request(_with_plain_headers(message), payload, protocol, writer, task)

    server.request_factory = request_factory

    def handler() -> PatientHandler:
        return PatientHandler(
            server,
            telemetry=telemetry,
            loop=asyncio.get_running_loop(),
            access_log=None,
            logger=log,
            keepalive_timeout=KEEP_ALIVE_S,
            lingering_time=LINGER_S,
        )

    return handler
