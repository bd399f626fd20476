"""Read-only links to the wallboard: made, exchanged for a cookie, listed, revoked. A link opens the figures only."""

from __future__ import annotations

import hashlib
import secrets

import msgspec
from aiohttp import web

from dashboard.board.shapes import LinkShape, MadeLink
from dashboard.errors import ApiError
from dashboard.staff import Staff
from dashboard.surroundings import Surroundings

COOKIE = "pb_board"
# The cookie goes to the figures and nowhere else.
COOKIE_PATH = "/api/v1/board"
COOKIE_S = 400 * 24 * 3_600
BOOK, INDEX = "wallboard", "links"
TOKEN_BYTES = 24
# A house has fewer walls; a list that somebody can still look through.
LINKS_MAX = 100
# Two who make a link at the same moment write the same list: who does not find theirs in it writes it again.
TRIES = 5


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a link. Its token is not: `hash` proves it."""

    hash: str
    name: str
    by: int
    made_ms: int
    revoked_ms: int = 0


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogateescape")).hexdigest()


class Links:
    """The links of a site, in its notebook."""

    def __init__(self, surroundings: Surroundings, staff: Staff) -> None:
        self._out, self._staff = surroundings, staff

    async def make(self, name: str, by: int) -> MadeLink:
        """Make a link. Its token is in the answer and nowhere else."""
        known = await self._index()
        if len([link for link in await self._all(known) if not link.revoked_ms]) >= LINKS_MAX:
            raise ApiError("too_many_links")
        token = secrets.token_urlsafe(TOKEN_BYTES)
        link = Link(hash=_hash(token), name=name, by=by, made_ms=self._out.now_ms())
        await self._keep(link)
        for _ in range(TRIES):
            known = await self._index()
            if link.hash in known:
                break
            await self._note(INDEX, [*known, link.hash][-2 * LINKS_MAX :])
        return MadeLink(link=await self._shape(link), token=token)

    async def listed(self) -> list[LinkShape]:
        """Return every link, the newest first."""
        links = await self._all(await self._index())
        await self._staff.learn(link.by for link in links)
        return [await self._shape(link) for link in sorted(links, key=lambda link: -link.made_ms)]

    async def revoke(self, link_id: str) -> None:
        """Close a link for good: boards that hang by it go dark with their next figures."""
        for link in await self._all(await self._index()):
            if link.hash[:16] == link_id:
                if not link.revoked_ms:
                    await self._keep(msgspec.structs.replace(link, revoked_ms=self._out.now_ms()))
                return
        raise ApiError("not_found")

    async def opens(self, token: str) -> bool:
        """Return whether a token is that of a link that stands."""
        link = await self._link(_hash(token)) if token else None
        return link is not None and not link.revoked_ms

    def cookie(self, token: str, *, secure: bool) -> web.Response:
        """Return the answer that hands the token on as a cookie."""
        response = web.Response(status=204)
        response.set_cookie(
            COOKIE, token, max_age=COOKIE_S, httponly=True, samesite="Strict", secure=secure, path=COOKIE_PATH
        )
        return response

    async def _shape(self, link: Link) -> LinkShape:
        await self._staff.learn([link.by])
        return LinkShape(
            id=link.hash[:16],
            name=link.name,
            by=self._staff.name(link.by),
            made_ms=link.made_ms,
            revoked_ms=link.revoked_ms,
        )

    async def _all(self, hashes: list[str]) -> list[Link]:
        found = [await self._link(each) for each in hashes]
        return [link for link in found if link is not None]

    async def _index(self) -> list[str]:
        text = await self._out.store.notebook.read(self._out.floor.site, BOOK, INDEX)
        return msgspec.json.decode(text, type=list[str]) if text else []

    async def _link(self, hashed: str) -> Link | None:
        text = await self._out.store.notebook.read(self._out.floor.site, BOOK, hashed)
        return msgspec.json.decode(text, type=Link) if text else None

    async def _keep(self, link: Link) -> None:
        await self._note(link.hash, link)

    async def _note(self, key: str, value: object) -> None:
        await self._out.store.notebook.note(self._out.floor.site, BOOK, key, msgspec.json.encode(value).decode())
