"""A file as an HTTP answer: which part of it, shown or saved, under which headers. Pure; RFC 9110 14 and RFC 6266."""

from __future__ import annotations

import re
from urllib.parse import quote

from router.site.filekinds import SHOWN, UNKNOWN

# Whatever a browser makes of it: nothing in it runs, loads, or reaches us.
POLICY = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox"
# A colleague at the same machine must sign in to see it again; a thumbnail need not come twice in a shift.
CACHE = "private, max-age=3600"
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


def part_of(header: str, size_bytes: int) -> tuple[int, int] | None:
    """Return (first, length) of what is asked for: all of it where the header says nothing we serve, None where
    nothing of it is there."""
    found = _RANGE.fullmatch(header.strip())
    if not found or not (found[1] or found[2]):
        return 0, size_bytes
    if not found[1]:
        length = min(int(found[2]), size_bytes)
        return (size_bytes - length, length) if length else None
    first, last = int(found[1]), min(int(found[2] or size_bytes - 1), size_bytes - 1)
    if found[2] and int(found[2]) < first:
        return 0, size_bytes
    return (first, last - first + 1) if first < size_bytes else None


def headers_of(name: str, media_type: str, mark: str, *, download: bool) -> dict[str, str]:
    """Return the headers of a file. `mark` names its content."""
    shown = media_type in SHOWN and not download
    return {
        "Content-Type": media_type if media_type in SHOWN else UNKNOWN,
        "Content-Disposition": f"{'inline' if shown else 'attachment'}; {_names(name)}",
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": CACHE,
        "Accept-Ranges": "bytes",
        "ETag": f'"{mark}"',
    }


def _names(name: str) -> str:
    plain = "".join(sign if sign.isascii() and (sign.isalnum() or sign in " ._-()") else "_" for sign in name)
    return f"filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
