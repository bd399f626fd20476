"""The web app's files: read once at start, tagged and packed when first asked for. No path reaches the disk later."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from aiohttp import web

from dashboard import headers
from dashboard.errors import ApiError
from dashboard.serve import failed

# What the app consists of; a file of another kind beside it is not served.
MEDIA_TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".webmanifest": "application/manifest+json",
    ".txt": "text/plain",
}
TEXTS = frozenset({"text/html", "text/javascript", "text/css", "application/json", "image/svg+xml", "text/plain"})
# The customer's face has its own rules for framing, and is served by its channel.
LEFT_OUT = frozenset({"widget"})
# The budget of the desk is 70 kB compressed; a file of this size here is a mistake.
FILE_BYTES_MAX = 2 * 1024 * 1024
GZIP_LEVEL = 9
PLAYED = """<p class="played" role="note"><a href="/sandbox" target="_blank" rel="noopener">Sandbox</a>
<span lang="en">Every customer here is played.</span> <span lang="zh">此处的客户均为模拟。</span>
<span lang="th">ลูกค้าทุกรายในนี้เป็นการจำลอง</span></p>
""".encode()
WALL = "wallboard.html"
FOR_A_YEAR = "public, max-age=31536000, immutable"

_SCRIPT = re.compile(r"""<script[^>]*\stype=["']module["'][^>]*\ssrc=["']([^"']+)["']|"""
                     r"""<script[^>]*\ssrc=["']([^"']+)["'][^>]*\stype=["']module["']""")  # fmt: skip
_IMPORT = re.compile(r"""(?:^|[;\n}])\s*(?:import|export)\s*(?:[\w*{}$,\s]*?\s*from\s*)?["'](\.{1,2}/[^"']+)["']""")


class WebAppMissing(Exception):
    """The web app's files are not where they were installed: the package is damaged."""


@dataclass(frozen=True, slots=True)
class Page:
    """One file, ready to be sent. `packed` is empty where compressing it would not help."""

    body: bytes
    packed: bytes
    media_type: str
    tag: str


def _page(body: bytes, media_type: str) -> Page:
    packed = gzip.compress(body, GZIP_LEVEL, mtime=0) if media_type in TEXTS else b""
    return Page(
        body=body,
        packed=packed if len(packed) < len(body) else b"",
        media_type=media_type,
        tag='"' + hashlib.sha256(body).hexdigest()[:24] + '"',
    )


def read_files(root: Path) -> dict[str, bytes]:
    """Read what is served, by its path below the root. Links that lead outside are not followed."""
    if not (root / "index.html").is_file():
        raise WebAppMissing("the web app's index.html is missing")
    found: dict[str, bytes] = {}
    inside = root.resolve()
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root)
        if path.suffix not in MEDIA_TYPES or name.parts[0] in LEFT_OUT or not path.is_file():
            continue
        if path.resolve().is_relative_to(inside) and path.stat().st_size <= FILE_BYTES_MAX:
            found[name.as_posix()] = path.read_bytes()
    return found


def with_banner(files: dict[str, bytes]) -> dict[str, bytes]:
    """Return the files with a page that says on every screen, before any script runs, that customers are played."""
    made = dict(files)
    for name, place in (("index.html", b'<div id="app">'), (WALL, b'<main id="app">')):
        if name in files:
            assert place in files[name], "the page has a place for the app"
            made[name] = files[name].replace(place, PLAYED + place, 1)
    return made


def modules_of(files: dict[str, bytes], entry: str) -> list[str]:
    """Return the modules an entry needs, itself first: the import walk."""
    ordered, ahead = list[str](), [entry]
    while ahead:
        name = ahead.pop(0)
        if name in ordered or name not in files:
            continue
        ordered.append(name)
        ahead += [_beside(name, each) for each in _IMPORT.findall(files[name].decode(errors="replace"))]
    return ordered


def _beside(name: str, relative: str) -> str:
    """Return the path a relative import means; what leaves the root names nothing."""
    parts = list(PurePosixPath(name).parent.parts)
    for part in relative.split("/"):
        if part == "..":
            if not parts:
                return ""
            parts.pop()
        elif part not in {".", ""}:
            parts.append(part)
    return "/".join(parts)


def version_of(release: str, files: dict[str, bytes]) -> str:
    """Return the name of exactly these files: the release and a hash, so that a year's caching is never wrong."""
    told = hashlib.sha256()
    for name in sorted(files):
        told.update(name.encode() + b"\0" + hashlib.sha256(files[name]).digest())
    return f"{re.sub(r'[^0-9A-Za-z._-]', '-', release)}-{told.hexdigest()[:8]}"


def index_of(files: dict[str, bytes], version: str, name: str = "index.html") -> bytes:
    """Fill the template: the version, and a preload line for every module the page will need."""
    text = files[name].decode().replace("{{version}}", version)
    found = _SCRIPT.search(text)
    base = f"/ui/{version}/"
    source = (found[1] or found[2]) if found else ""
    entry = source.removeprefix(base) if source.startswith(base) else ""
    lines = [f'<link rel="modulepreload" href="{base}{name}">' for name in modules_of(files, entry)] if entry else []
    if "{{preload}}" in text:
        return text.replace("{{preload}}", "\n".join(lines)).encode()
    return text.replace("</head>", "\n".join([*lines, "</head>"]), 1).encode()


class Pages:
    """The index at `/`, the wallboard's page at `/wallboard`, and everything else below `/ui/<version>/`."""

    def __init__(
        self, files: dict[str, bytes], release: str, reaches: Callable[[], Sequence[str]] = tuple[str, ...]
    ) -> None:
        self._reaches = reaches
        self.version = version_of(release, files)
        self._index = _page(index_of(files, self.version), "text/html")
        # A page of its own: a wall has nobody who signs in.
        self._wall = _page(index_of(files, self.version, WALL), "text/html") if WALL in files else None
        self._files = {name: body for name, body in files.items() if name not in {"index.html", WALL}}
        # Packing all of them would hold up the start, and who starts does not ask for all of them.
        self._pages: dict[str, Page] = {}

    async def index(self, request: web.Request) -> web.Response:
        return _send(request, self._index, caching="no-cache", shown=headers.page_for(self._reaches()))

    async def wall(self, request: web.Request) -> web.Response:
        assert self._wall is not None, "it has an address only where it is there"
        return _send(request, self._wall, caching="no-cache")

    async def file(self, request: web.Request) -> web.Response:
        """A path is a key of a table: `..` and its like name nothing. Another version's files are gone."""
        name = request.match_info["path"]
        if name not in self._files or request.match_info["version"] != self.version:
            return failed(ApiError("not_found"))
        if name not in self._pages:
            self._pages[name] = _page(self._files[name], MEDIA_TYPES[PurePosixPath(name).suffix])
        return _send(request, self._pages[name], caching=FOR_A_YEAR)

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/", self.index)
        if self._wall is not None:
            app.router.add_get("/wallboard", self.wall)
        app.router.add_get("/ui/{version}/{path:.+}", self.file)


def _send(request: web.Request, page: Page, *, caching: str, shown: dict[str, str] = headers.PAGE) -> web.Response:
    sent = {**shown, "Cache-Control": caching, "ETag": page.tag, "Vary": "Accept-Encoding"}
    if page.tag in [each.strip().removeprefix("W/") for each in request.headers.get("If-None-Match", "").split(",")]:
        return web.Response(status=304, headers=sent)
    body = page.body
    if page.packed and _takes_gzip(request.headers.get("Accept-Encoding", "")):
        body, sent["Content-Encoding"] = page.packed, "gzip"
    charset = "utf-8" if page.media_type in TEXTS else None
    return web.Response(body=body, headers=sent, content_type=page.media_type, charset=charset)


def _takes_gzip(accepted: str) -> bool:
    """Return whether gzip is accepted, and not refused by `q=0`."""
    for each in accepted.split(","):
        name, _, weight = each.strip().partition(";")
        if name.strip() in {"gzip", "*"}:
            return weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False
