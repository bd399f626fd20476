"""The security headers of every response, as tables. A channel's own page may set its own policy before."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

# UI.md 7.3: the desk runs without a single inline script, style or foreign address.
PAGE_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    )
)
# Data is never a page: nothing in it may load, run or be framed.
DATA_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

EVERYWHERE = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"}
PAGE = {
    "Content-Security-Policy": PAGE_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(self)",
}
DATA = {
    "Content-Security-Policy": DATA_POLICY,
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def page_for(reaches: Sequence[str]) -> dict[str, str]:
    """Return a page's headers where it must also reach others: a softphone's provider, whose voices it plays."""
    if not reaches:
        return PAGE
    heard = " ".join(each for each in reaches if each.startswith("https:"))
    policy = PAGE_POLICY.replace("connect-src 'self'", " ".join(("connect-src 'self'", *reaches)))
    return {**PAGE, "Content-Security-Policy": f"{policy}; media-src 'self' blob: mediastream: {heard}"}


async def on_every_response(request: web.Request, response: web.StreamResponse) -> None:
    """Add what no response of this application may lack."""
    del request
    for name, value in EVERYWHERE.items():
        response.headers.setdefault(name, value)
