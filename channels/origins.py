"""Who asks: the page a request comes from and the client's address, as far as headers can be believed. No channel."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from aiohttp import web


def origin_of(request: web.Request) -> str:
    """Return the origin of the asking page: Origin, else that of Referer; empty where a client sends neither."""
    origin = request.headers.get("Origin", "")
    if origin:
        return origin
    try:
        parts = urlsplit(request.headers.get("Referer", ""))
    except ValueError:
        return "null"
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def is_own(origin: str, request: web.Request, public_url: str) -> bool:
    """Return whether a page is ours: of the public address, or of the host it was asked of (localhost, a proxy's)."""
    own = urlsplit(public_url)
    try:
        asked = urlsplit(origin)
    except ValueError:
        return False
    if asked.scheme not in {"http", "https"}:
        return False
    return (asked.scheme, asked.netloc) == (own.scheme, own.netloc) or asked.netloc == request.host


def client_ip(request: web.Request, proxies: Collection[str]) -> str:
    """Return the client's address; X-Forwarded-For is believed from our own proxies only, and their own entry in it."""
    peer = request.remote or ""
    forwarded = request.headers.get("X-Forwarded-For", "")
    return forwarded.split(",")[-1].strip() if forwarded and peer in proxies else peer
