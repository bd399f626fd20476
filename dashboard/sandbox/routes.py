"""The page's addresses below /sandbox: files, entrance, news, deeds. What is done there is the players'.

Whoever has the token that was made at the start may play customers. It is no desk's session: customers are nobody's
staff, and the page must stand beside any agent's desk in the same browser.
"""

from __future__ import annotations

import hmac
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any

import msgspec
from aiohttp import web
from msgspec import Meta

from dashboard import headers
from dashboard.sandbox.stage import NotNow, Player
from dashboard.sandbox.world import World

COOKIE, COOKIE_S = "pb_sandbox", 12 * 3_600
PREFIX = "/sandbox"
WEB = Path(__file__).parent / "web"
DESK = Path(__file__).parent.parent / "web"
# What the page loads, by the name it asks for. The renderer and the look are the desk's.
FILES = {
    "sandbox.js": (WEB / "sandbox.js", "text/javascript"),
    "words.js": (WEB / "words.js", "text/javascript"),
    "scene.js": (WEB / "scene.js", "text/javascript"),
    "softphone.js": (WEB / "softphone.js", "text/javascript"),
    "sandbox.css": (WEB / "sandbox.css", "text/css"),
    "frame.css": (DESK / "frame" / "frame.css", "text/css"),
    "ui.js": (DESK / "vendor" / "ui.js", "text/javascript"),
    "icon.svg": (DESK / "icon.svg", "image/svg+xml"),
}
BODY_BYTES_MAX = 32 * 1024
WAIT_S = 20.0
OURS = frozenset({"same-origin", "none", ""})
Short = Annotated[str, Meta(max_length=4_000)]


class Entrance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    token: Annotated[str, Meta(max_length=200)]


class Opening(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody new on a channel."""

    channel: Annotated[str, Meta(max_length=40)]
    name: Annotated[str, Meta(max_length=80)]
    language: Annotated[str, Meta(max_length=16)] = ""
    subject: Annotated[str, Meta(max_length=200)] = ""


class Doing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something a customer does on their line."""

    line: Annotated[str, Meta(max_length=60)]
    deed: Annotated[str, Meta(max_length=20)]
    wish: dict[Annotated[str, Meta(max_length=20)], Short] = {}


class SandboxPages:
    """The handlers. `add_to` puts them into the node's application."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._page = (WEB / "index.html").read_bytes()
        self._files = {name: (path.read_bytes(), kind) for name, (path, kind) in FILES.items()}

    def add_to(self, app: web.Application) -> None:
        app.router.add_get(PREFIX, self._index)
        app.router.add_get(f"{PREFIX}/ui/{{name}}", self._file)
        app.router.add_post(f"{PREFIX}/api/enter", self._enter)
        app.router.add_get(f"{PREFIX}/api/scene", self._scene)
        app.router.add_post(f"{PREFIX}/api/open", self._open)
        app.router.add_post(f"{PREFIX}/api/do", self._do)
        # An agent's browser proves itself by its access token: it is no customer's.
        app.router.add_get(f"{PREFIX}/softphone", self._world.softphones.handler)

    async def _index(self, request: web.Request) -> web.Response:
        del request
        return web.Response(body=self._page, content_type="text/html", charset="utf-8", headers=_fresh(headers.PAGE))

    async def _file(self, request: web.Request) -> web.Response:
        body, kind = self._files.get(request.match_info["name"], (None, ""))
        if body is None:
            return _said(HTTPStatus.NOT_FOUND, "not_found")
        return web.Response(body=body, content_type=kind, charset="utf-8", headers=_fresh(headers.PAGE))

    async def _enter(self, request: web.Request) -> web.Response:
        """Change the token for a cookie, so that it stands in no address and no log."""
        asked = await _read(request, Entrance)
        if not self._is_token(asked.token):
            return _said(HTTPStatus.FORBIDDEN, "token")
        answer = _json({"channels": self._world.about()})
        secure = request.scheme == "https"
        answer.set_cookie(
            COOKIE, asked.token, max_age=COOKIE_S, path=PREFIX, httponly=True, samesite="Strict", secure=secure
        )
        return answer

    async def _scene(self, request: web.Request) -> web.Response:
        """Return what is newer than `after`; wait for it where there is nothing."""
        self._check(request)
        text = request.query.get("after", "0")
        after = int(text) if text.isdigit() and len(text) < 16 else 0
        if after == self._world.scene.version:
            await self._world.scene.news(after, WAIT_S)
        more = {"channels": self._world.about(), "wrong": self._world.wrong()}
        return _json({**self._world.scene.since(after), **more})

    async def _open(self, request: web.Request) -> web.Response:
        self._check(request)
        asked = await _read(request, Opening)
        player = self._player(asked.channel)
        wish = {"name": asked.name, "language": asked.language, "subject": asked.subject}
        try:
            line = await player.open(wish)
        except NotNow as why:
            return _said(HTTPStatus.CONFLICT, str(why))
        return _json({"line": line.shown()})

    async def _do(self, request: web.Request) -> web.Response:
        self._check(request)
        asked = await _read(request, Doing)
        line = self._world.scene.line(asked.line)
        if line is None:
            return _said(HTTPStatus.NOT_FOUND, "line_gone")
        deed = self._player(line.channel).deeds.get(asked.deed)
        if deed is None or asked.deed not in line.deeds:
            return _said(HTTPStatus.CONFLICT, "not_now")
        try:
            await deed(line, asked.wish)
        except NotNow as why:
            return _said(HTTPStatus.CONFLICT, str(why))
        return _json({"line": line.shown()})

    def _player(self, channel: str) -> Player:
        player = self._world.players.get("phone" if channel == "softphone" else channel)
        if player is None or player.off:
            raise web.HTTPConflict(text='{"error": "channel_off"}', content_type="application/json")
        return player

    def _check(self, request: web.Request) -> None:
        """Let in who has the cookie, from a page of ours."""
        if request.headers.get("Sec-Fetch-Site", "") not in OURS:
            raise web.HTTPForbidden(text='{"error": "origin"}', content_type="application/json")
        if not self._is_token(request.cookies.get(COOKIE, "")):
            raise web.HTTPUnauthorized(text='{"error": "token"}', content_type="application/json")

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(errors="surrogateescape"), self._world.token.encode())


async def _read(request: web.Request, kind: type[Any]) -> Any:
    """Read a small JSON body; only a page of ours may send one as such."""
    if request.content_type != "application/json" or request.headers.get("Sec-Fetch-Site", "") not in OURS:
        raise web.HTTPForbidden(text='{"error": "origin"}', content_type="application/json")
    try:
        body = await request.clone(client_max_size=BODY_BYTES_MAX).read()
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeError):
        raise web.HTTPBadRequest(text='{"error": "bad_request"}', content_type="application/json") from None


def _json(body: dict[str, Any]) -> web.Response:
    return web.json_response(body, headers=headers.DATA)


def _said(status: int, code: str) -> web.Response:
    return web.json_response({"error": code}, status=status, headers=headers.DATA)


def _fresh(given: dict[str, str]) -> dict[str, str]:
    return {**given, "Cache-Control": "no-cache"}
