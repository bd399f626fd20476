"""Twilio's account, webhook signature and REST calls, for the channels that speak through it. No channel of its own.

https://www.twilio.com/docs/usage/security and https://www.twilio.com/docs/usage/api
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import aiohttp
import msgspec
from aiohttp import web
from yarl import URL

from channels.contract import Door, EffectFailed, TryLater, Undeliverable, Unsure

API_URL = "https://api.twilio.com"
# A webhook has about forty fields; Twilio adds some without notice, and text is bounded by the body.
FIELDS_MAX = 200
# Two calls together are shorter than the outbox's bound (30 s), so that the reason is ours to name.
CONNECT_S, CALL_S = 5.0, 12.0
# A page of a list holds at most a hundred records of about 1.5 kB; more is no answer of this API.
ANSWER_BYTES_MAX = 4 * 1024 * 1024
PAGE_SIZE = 100
# The largest media that WhatsApp takes; an SMS carries 5 MB. A recording of ten minutes has 5 MB, too.
MEDIA_BYTES_MAX = 16 * 1024 * 1024
REDIRECTS_MAX = 4
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_DEFAULT_PORTS = {"https": 443, "http": 80}
# Not our credentials, or not any more: a setting is wrong, not the message, so it waits until that is mended.
_AUTH = frozenset({401, 403})
# What time may cure, of the codes that come with a 4xx: too many requests, queue overflow, account suspended.
_PASSING = frozenset({20429, 14107, 30001, 30008, 20005, 30002})
# Codes that an agent should read as words. https://www.twilio.com/docs/api/errors
REASONS: Mapping[int, str] = {
    20404: "gone",
    21211: "number_invalid",
    21214: "number_invalid",
    21217: "number_invalid",
    21220: "call_over",
    21408: "region_off",
    21610: "opted_out",
    21614: "number_not_mobile",
    21617: "text_too_long",
    30003: "unreachable",
    30004: "blocked",
    30005: "number_unknown",
    30006: "number_not_mobile",
    30007: "filtered",
    30034: "sender_unregistered",
    63016: "window_closed",
}


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """One account. `tokens`: what webhooks may be signed with, the newest first; `user`, `secret`: how we sign in."""

    sid: str
    tokens: tuple[str, ...]
    user: str
    secret: str
    api_url: str = API_URL

    def __repr__(self) -> str:
        """Secrets reach no log."""
        return "Account(...)"


class AccountSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How an account is written in a channel's entry."""

    account_sid: str
    auth_token_env: str
    old_auth_token_env: str
    api_key_sid: str
    api_key_secret_env: str
    api_url: str


class Refused(Undeliverable):
    """The provider said no, with a code of its list."""

    def __init__(self, code: int) -> None:
        super().__init__(reason_of(code))
        self.code = code


class TooMany(Exception):
    """A list has more pages than a round reads."""


def reason_of(code: int) -> str:
    """Return the short reason of a provider's error code."""
    return REASONS.get(code, f"twilio_{code}")


def account_of(written: AccountSettings, environment: Mapping[str, str]) -> Account | None:
    """Return the account, None where it is not filled in. Raises ValueError when a named secret is missing."""
    found = {}
    for name in ("auth_token_env", "old_auth_token_env", "api_key_secret_env"):
        variable = getattr(written, name)
        found[name] = environment.get(variable, "") if variable else ""
        if variable and not found[name]:
            raise ValueError(f"the environment variable {variable} is not set")
    if bool(written.api_key_sid) != bool(written.api_key_secret_env) and written.account_sid:
        raise ValueError("api_key_sid and api_key_secret_env belong together: write both or none")
    if not written.account_sid or not found["auth_token_env"]:
        return None
    return Account(
        sid=written.account_sid,
        tokens=tuple(token for token in (found["auth_token_env"], found["old_auth_token_env"]) if token),
        user=written.api_key_sid or written.account_sid,
        secret=found["api_key_secret_env"] or found["auth_token_env"],
        api_url=written.api_url.rstrip("/"),
    )


# --- webhooks -----------------------------------------------------------------------------------------------


def signature(token: str, url: str, fields: Iterable[tuple[str, str]]) -> str:
    """Return the X-Twilio-Signature of a form: the URL, then names and values in order, equal pairs once."""
    said = url + "".join(f"{name}{value}" for name, value in sorted(set(fields)))
    return base64.b64encode(hmac.digest(token.encode(), said.encode(), hashlib.sha1)).decode()


def is_genuine(tokens: Sequence[str], url: str, body: bytes, *, content_type: str, given: str) -> bool:
    """Return whether a request is signed with one of the tokens. Raises ValueError on a body that is no UTF-8 form."""
    fields: list[tuple[str, str]] = []
    if content_type == "application/x-www-form-urlencoded":
        fields = form_fields(body)
    elif body and not _is_digest_of(url, body):
        return False
    spelled = _spellings(url)
    made = (signature(token, each, fields) for token in tokens for each in spelled)
    return any(hmac.compare_digest(one.encode(), given.encode()) for one in made)


def form_fields(body: bytes) -> list[tuple[str, str]]:
    """Read a form strictly. Raises ValueError on wrong bytes or too many fields."""
    return parse_qsl(body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=FIELDS_MAX)


def _is_digest_of(url: str, body: bytes) -> bool:
    named = dict(parse_qsl(urlsplit(url).query)).get("bodySHA256", "")
    return hmac.compare_digest(hashlib.sha256(body).hexdigest().encode(), named.lower().encode())


def _spellings(url: str) -> list[str]:
    """Twilio signs an address with or without its port, and is not consistent."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname or ""
    port = parts.port or _DEFAULT_PORTS.get(parts.scheme, 443)
    hosts = (parts.netloc, host, f"{host}:{port}")
    return list(dict.fromkeys(urlunsplit(parts._replace(netloc=each, fragment="")) for each in hosts))


async def read_webhook(request: web.Request, door: Door, account: Account | None) -> dict[str, str]:
    """Return the fields of a genuine webhook of our account, or raise the refusal that the provider gets."""
    if account is None:
        raise web.HTTPServiceUnavailable(text="not configured")
    if request.content_type != "application/x-www-form-urlencoded":
        raise web.HTTPUnsupportedMediaType(text="a form is expected")
    body = await request.read()
    given = request.headers.get("X-Twilio-Signature", "")
    url = door.public_url + request.path_qs
    try:
        genuine = is_genuine(account.tokens, url, body, content_type=request.content_type, given=given)
        fields = dict(reversed(form_fields(body))) if genuine else {}
    except ValueError:
        raise web.HTTPBadRequest(text="not a form in UTF-8") from None
    if not genuine or not hmac.compare_digest(fields.get("AccountSid", "").encode(), account.sid.encode()):
        raise web.HTTPForbidden(text="not signed for this account")
    return fields


def iso(at_ms: int) -> str:
    """Return a moment as lists are asked for it."""
    return datetime.fromtimestamp(at_ms // 1_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment_ms(text: str) -> int:
    """Return the provider's RFC 2822 time in milliseconds, 0 where it has none."""
    try:
        at = parsedate_to_datetime(text)
        return int(at.replace(tzinfo=at.tzinfo or UTC).timestamp() * 1_000)
    except (ValueError, OverflowError, TypeError):
        return 0


# --- calls --------------------------------------------------------------------------------------------------


class Rest:
    """Calls of one account's REST interface. Raises TryLater, Undeliverable or Unsure; never retries."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._session: aiohttp.ClientSession | None = None
        self._users = 0

    @property
    def root(self) -> str:
        """The address of the account's resources."""
        return f"{self._account.api_url}/2010-04-01/Accounts/{self._account.sid}"

    @asynccontextmanager
    async def open(self) -> AsyncIterator[aiohttp.ClientSession]:
        """Share one session among the calls that run; the last one closes it, so that a stop leaves nothing open."""
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=CALL_S, sock_connect=CONNECT_S)
            self._session = aiohttp.ClientSession(timeout=timeout)
        session = self._session
        self._users += 1
        try:
            yield session
        finally:
            self._users -= 1
            if not self._users:
                self._session = None
                await session.close()

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Read a resource, by its path under the account or by an address the provider gave us."""
        return await self._call("GET", path, query=query)

    async def pages(
        self, path: str, query: Mapping[str, str], *, of: str, pages_max: int
    ) -> AsyncIterator[list[dict[str, Any]]]:
        """Yield a list's pages as they come, the newest first. Raises TooMany where there are more than wished for."""
        page = await self.get(path, {**query, "PageSize": str(PAGE_SIZE)})
        for _ in range(pages_max):
            yield [record for record in page.get(of) or [] if isinstance(record, dict)]
            onward = page.get("next_page_uri")
            if not isinstance(onward, str) or not onward.startswith("/2010-04-01/"):
                return
            page = await self.get(onward)
        raise TooMany

    async def post(self, path: str, form: Sequence[tuple[str, str]]) -> dict[str, Any]:
        """Make or change a resource."""
        return await self._call("POST", path, form=form)

    async def delete(self, path: str) -> None:
        """Remove a resource."""
        await self._call("DELETE", path)

    async def _call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        form: Sequence[tuple[str, str]] | None = None,
    ) -> dict[str, Any]:
        url = f"{self._account.api_url}{path}" if path.startswith("/2010-04-01/") else f"{self.root}/{path}"
        try:
            async with (
                self.open() as session,
                session.request(
                    method, url, params=query, data=form, headers=self.authorization(), allow_redirects=False
                ) as answer,
            ):
                return _answered(method, answer, await body_of(answer, bytes_max=ANSWER_BYTES_MAX))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            raise TryLater("provider_unreachable") from None
        except (aiohttp.ClientError, TimeoutError, OSError):
            raise _silent(method) from None

    async def fetch(self, url: str) -> tuple[bytes, str]:
        """Return a medium's content and type. Our credentials go to the provider only, not where it redirects to."""
        if not url.startswith(f"{self._account.api_url}/"):
            raise Undeliverable("source_foreign")
        headers = self.authorization()
        try:
            async with self.open() as session:
                for _ in range(REDIRECTS_MAX):
                    async with session.get(url, headers=headers, allow_redirects=False) as answer:
                        if answer.status not in _REDIRECTS:
                            return await _medium(answer)
                        url, headers = self._elsewhere(answer), {}
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            raise TryLater("provider_unreachable") from None
        raise Undeliverable("redirects_endless")

    def _elsewhere(self, answer: aiohttp.ClientResponse) -> str:
        url = str(answer.url.join(URL(answer.headers.get("Location", ""))))
        if not url.startswith(("https://", f"{self._account.api_url}/")):
            raise Undeliverable("source_foreign")
        return url

    def authorization(self) -> dict[str, str]:
        """Return the header that signs us in."""
        pair = f"{self._account.user}:{self._account.secret}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}


async def body_of(answer: aiohttp.ClientResponse, *, bytes_max: int) -> bytes:
    """Read a body up to a bound; one beyond it is read no further and counts as none."""
    body = bytearray()
    async for chunk in answer.content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > bytes_max:
            return b""
    return bytes(body)


def _answered(method: str, answer: aiohttp.ClientResponse, body: bytes) -> dict[str, Any]:
    read = _object(body)
    if answer.status < 300:
        if not read and answer.status != 204:
            # It was done, but what came of it cannot be read.
            raise _silent(method)
        return read
    code = read.get("code")
    if answer.status in _AUTH:
        raise TryLater(f"provider_auth_{answer.status}")
    if answer.status == 429 or code in _PASSING:
        raise TryLater("provider_busy", after_ms=_wish_ms(answer.headers.get("Retry-After", "")))
    if answer.status == 503:
        raise TryLater("provider_503")
    if answer.status >= 500 or answer.status < 400:
        raise _silent(method)
    raise Refused(code if isinstance(code, int) else answer.status)


async def _medium(answer: aiohttp.ClientResponse) -> tuple[bytes, str]:
    if answer.status in {404, 410}:
        raise Undeliverable("gone")
    if answer.status != 200:
        raise TryLater(f"provider_{answer.status}")
    content = await body_of(answer, bytes_max=MEDIA_BYTES_MAX)
    if not content:
        raise Undeliverable("file_unusable")
    return content, answer.content_type


def _silent(method: str) -> EffectFailed:
    """A question can be asked again; of a deed nobody knows whether it was done."""
    return TryLater("provider_silent") if method == "GET" else Unsure("provider_silent")


def _object(body: bytes) -> dict[str, Any]:
    try:
        read = msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}


def _wish_ms(text: str) -> int:
    return int(text) * 1_000 if text.isascii() and text.isdigit() and len(text) < 6 else 0
