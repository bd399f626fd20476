"""Who is asking: sign-in, opaque sessions, and the proofs that a request comes from our own page. No routes."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec
from aiohttp import web

from dashboard.errors import ApiError
from dashboard.passwords import Passwords, TooManyChecks
from dashboard.surroundings import Surroundings
from router.intake.rates import Buckets
from router.store.port import Account, Session

COOKIE = "pb_session"
CSRF_HEADER = "X-CSRF"
# One working day and its overtime; every use moves the end on.
SESSION_MS = 12 * 3_600_000
# The end is written anew only when so much of it has passed: one write in five minutes, not one per request.
SLIDE_MS = 5 * 60_000
TOKEN_BYTES = 32
# Mistakes allowed, given back over a quarter of an hour. An office shares one address, so that has more; a login has
# more than one address may try on it, so that nobody can lock somebody else out from a single place.
TRIES_PER_PAIR, TRIES_PER_ADDRESS, TRIES_PER_LOGIN = 10, 100, 60
TRIES_REFILL_MS = 15 * 60_000

# Sign-outs remembered, so that a request under way cannot bring back what has ended meanwhile.
ENDED_MAX = 1_000

ROLES = ("agent", "supervisor", "admin")
# Fetch metadata of a page of ours, of a person's own address bar, and of clients that are no browsers.
SITES_OF_OURS = frozenset({"same-origin", "none", ""})


def may(role: str, needed: str) -> bool:
    """Return whether a role reaches what a route needs; an unknown role reaches nothing."""
    return role in ROLES and ROLES.index(role) >= ROLES.index(needed)


def token_hash(token: str) -> str:
    """Return what the store keeps of a session's token."""
    return hashlib.sha256(_bytes_of(token)).hexdigest()


def _bytes_of(header: str) -> bytes:
    """Return what was sent: bytes that are no UTF-8 arrive as surrogates, and are nobody's token."""
    return header.encode(errors="surrogateescape")


@dataclass(frozen=True, slots=True)
class Caller:
    """A signed-in person and the session they came with."""

    account: Account
    session: Session


class Sessions:
    """Opens, finds, slides and ends sessions."""

    def __init__(self, surroundings: Surroundings, passwords: Passwords) -> None:
        self._out = surroundings
        self._passwords = passwords
        self._tries = {
            "pair": Buckets(TRIES_PER_PAIR, TRIES_REFILL_MS),
            "address": Buckets(TRIES_PER_ADDRESS, TRIES_REFILL_MS),
            "login": Buckets(TRIES_PER_LOGIN, TRIES_REFILL_MS),
        }
        self._ended: deque[str] = deque(maxlen=ENDED_MAX)
        self._secure = urlsplit(surroundings.public_url).scheme == "https"

    async def sign_in(self, login: str, password: str, address: str) -> tuple[Caller, str]:
        """Check and open; return the caller and the cookie's token. Unknown logins take as long as known ones."""
        self._take_a_try(login.casefold(), address)
        site, accounts = self._out.floor.site, self._out.store.accounts
        account = await accounts.by_login(site, login)
        try:
            right = await self._passwords.verify(account.password if account else "", password)
        except TooManyChecks:
            raise ApiError("too_many", retry_after_s=1) from None
        if account is None or not right or account.disabled:
            raise ApiError("login_failed")
        self._give_the_try_back(login.casefold(), address)
        now_ms, token = self._out.now_ms(), secrets.token_urlsafe(TOKEN_BYTES)
        session = Session(
            token_hash=token_hash(token),
            account=account.id,
            csrf=secrets.token_urlsafe(TOKEN_BYTES),
            created_ms=now_ms,
            expires_ms=now_ms + SESSION_MS,
        )
        await accounts.open_session(site, session)
        return Caller(account, session), token

    def _take_a_try(self, login: str, address: str) -> None:
        now_ms = self._out.now_ms()
        for name, key in _keys(login, address).items():
            if not self._tries[name].take(key, now_ms):
                raise ApiError("too_many", retry_after_s=self._tries[name].wait_ms(key, now_ms) // 1_000 + 1)

    def _give_the_try_back(self, login: str, address: str) -> None:
        """A right password is no mistake: a whole office may sign in from one address in one minute."""
        now_ms = self._out.now_ms()
        for name, key in _keys(login, address).items():
            self._tries[name].give_back(key, now_ms)

    async def caller(self, request: web.Request) -> Caller | None:
        """Return who is asking, or None when the cookie names no living session of a living account."""
        token = request.cookies.get(COOKIE, "")
        return await self.by_hash(token_hash(token), slide=True) if token else None

    async def by_hash(self, hashed: str, *, slide: bool = False) -> Caller | None:
        """Return the caller of a session, whose end moves on when it is used."""
        site, accounts, now_ms = self._out.floor.site, self._out.store.accounts, self._out.now_ms()
        session = await accounts.session(site, hashed, now_ms=now_ms)
        if session is None or session.expires_ms <= now_ms:
            return None
        account = await accounts.by_id(site, session.account)
        if account is None or account.disabled:
            return None
        if slide and session.expires_ms - now_ms < SESSION_MS - SLIDE_MS:
            session = msgspec.structs.replace(session, expires_ms=now_ms + SESSION_MS)
            await accounts.slide_session(site, hashed, expires_ms=session.expires_ms)
        if hashed in self._ended:
            await accounts.close_session(site, hashed)
            return None
        return Caller(account, session)

    async def end(self, caller: Caller) -> None:
        """End a session for good, also for requests that are under way with it."""
        self._ended.append(caller.session.token_hash)
        await self._out.store.accounts.close_session(self._out.floor.site, caller.session.token_hash)

    def set_cookie(self, response: web.StreamResponse, token: str) -> None:
        response.set_cookie(
            COOKIE, token, max_age=SESSION_MS // 1_000, httponly=True, samesite="Lax", secure=self._secure, path="/"
        )

    def drop_cookie(self, response: web.StreamResponse) -> None:
        response.del_cookie(COOKIE, httponly=True, samesite="Lax", secure=self._secure, path="/")


def _keys(login: str, address: str) -> dict[str, Hashable]:
    """Return what is counted for a try, the narrowest first."""
    return {"pair": (address, login), "address": address, "login": login}


def check_origin(request: web.Request, public_url: str) -> None:
    """Refuse what a page of another site sent. A browser always says one of these two; other clients say neither."""
    if request.headers.get("Sec-Fetch-Site", "") not in SITES_OF_OURS:
        raise ApiError("foreign_origin")
    origin = request.headers.get("Origin")
    if origin is None:
        return
    try:
        sent, ours = urlsplit(origin), urlsplit(public_url)
    except ValueError:
        raise ApiError("foreign_origin") from None
    if sent.scheme not in {"http", "https"} or not sent.netloc:
        raise ApiError("foreign_origin")
    if (sent.scheme, sent.netloc) != (ours.scheme, ours.netloc) and sent.netloc != request.host:
        raise ApiError("foreign_origin")


def check_csrf(request: web.Request, session: Session) -> None:
    """Refuse a changing request without its session's token: a form of another site cannot set the header."""
    given = request.headers.get(CSRF_HEADER, "")
    if not hmac.compare_digest(_bytes_of(given), session.csrf.encode()):
        raise ApiError("csrf")
