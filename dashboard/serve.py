"""From a route to an HTTP handler: origin, session, role, CSRF, body, answer, error. Every route goes through here."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from aiohttp import web

from dashboard import headers
from dashboard.errors import RETRY_AFTER_S, ApiError, unavailable
from dashboard.requests import Request, read, read_query
from dashboard.routes import Answer, Call, Route
from dashboard.sessions import Caller, Sessions, check_csrf, check_origin, may
from dashboard.shapes import Failure, Fault
from dashboard.surroundings import Surroundings
from router.floor.inbox import FloorAway
from router.store.port import StoreError

_encoder = msgspec.json.Encoder()
# The largest body there is, over a line of 300 kbit/s; who needs longer holds a place that others need.
BODY_S_MAX = 20.0
# A file of 25 MB over a line of 2 Mbit/s.
FILE_S_MAX = 110.0
RAW_TYPE = "application/octet-stream"


class Served:
    """One route, as aiohttp calls it."""

    def __init__(self, route: Route, surroundings: Surroundings, sessions: Sessions) -> None:
        self._route, self._out, self._sessions = route, surroundings, sessions

    async def __call__(self, http: web.Request) -> web.StreamResponse:
        try:
            return self._answered(await self._done(await self._checked(http)))
        except ApiError as error:
            return failed(error)
        except (StoreError, FloorAway):
            return failed(unavailable())
        except (web.HTTPException, ConnectionError):
            raise
        except Exception as error:
            self._out.log_error(
                "request_failed", kind=self._route.path, error=type(error).__name__, cause=_place(error)
            )
            return failed(ApiError("broken"))

    async def _done(self, call: Call) -> Any:
        answer = await self._route.handler(call)
        if self._route.tells:
            self._out.changes.tell(self._route.tells)
        return answer

    async def _checked(self, http: web.Request) -> Call:
        """Check in the order in which less and less may be told: where from, who, which role, what."""
        route = self._route
        if route.changes:
            check_origin(http, self._out.public_url)
        asker = await self._sessions.caller(http)
        if route.role:
            _check_role(asker, route.role)
        if route.changes and route.role and asker:
            check_csrf(http, asker.session)
        if route.raw and route.changes:
            return Call(http, asker, self._read_query(http), await _raw(http, route.body_bytes_max))
        return Call(http, asker, await self._read(http))

    def _read_query(self, http: web.Request) -> Request | None:
        return read_query(self._route.ask, dict(http.query)) if self._route.ask else None

    async def _read(self, http: web.Request) -> Request | None:
        route = self._route
        if not route.changes:
            return self._read_query(http)
        body = await body_of(http, route.body_bytes_max)
        if body and http.content_type != "application/json":
            raise ApiError("not_json")
        if not route.role and http.content_type != "application/json":
            raise ApiError("not_json")
        return read(route.ask, body) if route.ask else None

    def _answered(self, result: Any) -> web.StreamResponse:
        if isinstance(result, web.StreamResponse):
            return result
        answer = result if isinstance(result, Answer) else Answer(result)
        if answer.body is None:
            response = web.Response(status=204, headers=headers.DATA)
        else:
            response = web.Response(
                status=answer.status,
                body=_encoder.encode(answer.body),
                content_type="application/json",
                headers=headers.DATA,
            )
        if answer.cookie is not None:
            if answer.cookie:
                self._sessions.set_cookie(response, answer.cookie)
            else:
                self._sessions.drop_cookie(response)
        return response


def _check_role(asker: Caller | None, needed: str) -> None:
    if asker is None:
        raise ApiError("signed_out")
    if not may(asker.account.role, needed):
        raise ApiError("role")


def _place(error: BaseException) -> str:
    """Return file and line of where it broke: never the message, which may hold what people wrote."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}" if trace else ""


async def _raw(http: web.Request, bytes_max: int) -> bytes:
    """Read a file. A type of its own, which no form of another site can send unasked."""
    if http.content_type != RAW_TYPE:
        raise ApiError("not_bytes")
    return await body_of(http, bytes_max, within_s=FILE_S_MAX)


async def body_of(http: web.Request, bytes_max: int, *, within_s: float = 0) -> bytes:
    """Read a body up to a bound; what is larger is refused without being read."""
    if (http.content_length or 0) > bytes_max:
        raise ApiError("too_large")
    try:
        async with asyncio.timeout(within_s or BODY_S_MAX):
            return await _bounded(http, bytes_max)
    except TimeoutError:
        raise ApiError("slow") from None
    except web.RequestPayloadError:
        raise ApiError("bad_request") from None


async def _bounded(http: web.Request, bytes_max: int) -> bytes:
    body = bytearray()
    async for chunk in http.content.iter_any():
        body += chunk
        if len(body) > bytes_max:
            raise ApiError("too_large")
    return bytes(body)


def failed(error: ApiError) -> web.Response:
    """Return an error as the API says it."""
    fault = Failure(error=Fault(code=error.code, message=error.message, field=error.field))
    response = web.Response(
        status=error.status, body=_encoder.encode(fault), content_type="application/json", headers=headers.DATA
    )
    if error.retry_after_s or error.status == 503:
        response.headers["Retry-After"] = str(error.retry_after_s or RETRY_AFTER_S)
    return response
