"""The widget's files: read once, served with a strict policy. No chat here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlencode

from aiohttp import web

from channels.contract import Handler

_KINDS = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}
# The page with the chat in it. It comes from our own origin, so the pages that may embed it are named to the browser.
FRAME = "/frame"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-src 'self'; base-uri 'none'"
)
_CACHE = "max-age=300"


class Files:
    """Every file of `web/`, by its path under the channel; pages without their ending."""

    def __init__(self, public_url: str, sites: Mapping[str, Sequence[str]]) -> None:
        self._sites = sites
        folder = Path(__file__).with_name("web")
        self._bodies: dict[str, tuple[str, bytes]] = {}
        for file in sorted(folder.iterdir()):
            if file.suffix in _KINDS:
                path = f"/{file.stem}" if file.suffix == ".html" else f"/{file.name}"
                self._bodies[path] = (_KINDS[file.suffix], file.read_bytes())
        self._socket = public_url.replace("http", "ws", 1)

    @property
    def paths(self) -> Sequence[str]:
        """The paths that are served."""
        return tuple(self._bodies)

    def _ancestors(self, site: str) -> str:
        return " ".join(("'self'", *self._sites.get(site, ())))

    def handler(self, path: str) -> Handler:
        """Return the handler of one file."""
        kind, body = self._bodies[path]
        headers = {
            "Cache-Control": _CACHE,
            "Content-Security-Policy": _POLICY.replace("connect-src 'self'", f"connect-src 'self' {self._socket}"),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
        }

        async def serve(request: web.Request) -> web.StreamResponse:
            ancestors = self._ancestors(request.query.get("site", "main") if path == FRAME else "main")
            policy = f"{headers['Content-Security-Policy']}; frame-ancestors {ancestors}"
            told = {**headers, "Content-Security-Policy": policy}
            return web.Response(body=body, content_type=kind, charset="utf-8", headers=told)

        return serve


def form_of(public_url: str, name: str, language: str) -> str:
    """Return the address of the form for who does not want to wait, empty where none is named."""
    return f"{public_url}/channels/form/{name}?{urlencode({'lang': language[:2]})}" if name else ""
