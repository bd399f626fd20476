"""Accounts', sessions' and drafts' rows. Checks no password and signs nobody in."""

from __future__ import annotations

import msgspec

from router.store.port import Account, Draft, Session, StoreError
from router.store.postgresql.connections import Connections
from router.store.postgresql.texts import given, kept

_account = msgspec.json.Decoder(Account)

# A login that is taken gives no row, and the number that was drawn for it is never given to anybody.
_ADD = """
INSERT INTO account(site, id, login, data) VALUES ($1, $2, $3, $4) ON CONFLICT (site, login) DO NOTHING RETURNING id
"""

_CHANGE = """
WITH taken AS MATERIALIZED (SELECT 1 FROM account WHERE site = $1 AND login = $3 AND id <> $2),
changed AS (
  UPDATE account SET login = $3, data = $4 WHERE site = $1 AND id = $2 AND NOT EXISTS (SELECT 1 FROM taken)
  RETURNING 1)
SELECT EXISTS (SELECT 1 FROM taken), EXISTS (SELECT 1 FROM changed)
"""

_BY_LOGIN = "SELECT data FROM account WHERE site = $1 AND login = $2"
_BY_ID = "SELECT data FROM account WHERE site = $1 AND id = $2"
_ALL = "SELECT data FROM account WHERE site = $1 ORDER BY id"

_SESSION = """
SELECT token_hash, account, csrf, created_ms, expires_ms FROM session
WHERE site = $1 AND token_hash = $2 AND expires_ms > $3
"""

# The one that begins is not of those that are over, and its own row is not touched twice.
_OPEN_SESSION = """
WITH over AS (DELETE FROM session WHERE site = $1 AND expires_ms <= $5 AND token_hash <> $2)
INSERT INTO session(site, token_hash, account, csrf, created_ms, expires_ms) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (site, token_hash) DO UPDATE SET account = excluded.account, csrf = excluded.csrf,
  created_ms = excluded.created_ms, expires_ms = excluded.expires_ms
"""

_SLIDE_SESSION = "UPDATE session SET expires_ms = $3 WHERE site = $1 AND token_hash = $2"
_CLOSE_SESSION = "DELETE FROM session WHERE site = $1 AND token_hash = $2"
_CLOSE_SESSIONS = "DELETE FROM session WHERE site = $1 AND account = $2"

_SAVE_DRAFT = """
INSERT INTO draft(site, account, key, text, at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (site, account, key) DO UPDATE SET text = excluded.text, at = excluded.at
"""

_FORGET_DRAFT = "DELETE FROM draft WHERE site = $1 AND account = $2 AND key = $3"
_DRAFTS = "SELECT key, text FROM draft WHERE site = $1 AND account = $2 ORDER BY key"
_DRAFTS_OF = "SELECT key, text, at FROM draft WHERE site = $1 AND account = $2 ORDER BY key"

# By whether there was a text, and whether there is to be one.
_CHANGE_DRAFT = {
    (False, True): """
INSERT INTO draft(site, account, key, text, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING 1
""",
    (True, False): "DELETE FROM draft WHERE site = $1 AND account = $2 AND key = $3 AND text = $4 RETURNING 1",
    (True, True): """
UPDATE draft SET text = $5, at = $6 WHERE site = $1 AND account = $2 AND key = $3 AND text = $4 RETURNING 1
""",
}

TAKEN = "this login is taken"


class PostgresqlAccounts:
    """The port's Accounts. Logins are told apart without regard to case."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def add(self, site: str, account: Account) -> int:
        """See the port."""
        number = int((await self._connections.write("SELECT nextval('account_id')"))[0][0])
        data = _encoded(msgspec.structs.replace(account, id=number))
        if not await self._connections.write(_ADD, site, number, _login(account.login), data):
            raise StoreError(TAKEN)
        return number

    async def change(self, site: str, account: Account) -> None:
        """See the port. Raises StoreError when there is no such account, or the login is another's."""
        values = (site, account.id, _login(account.login), _encoded(account))
        [(taken, changed)] = await self._connections.write(_CHANGE, *values)
        if taken:
            raise StoreError(TAKEN)
        if not changed:
            raise StoreError("there is no such account")

    async def by_login(self, site: str, login: str) -> Account | None:
        """See the port."""
        return await self._one(_BY_LOGIN, site, _login(login))

    async def by_id(self, site: str, account: int) -> Account | None:
        """See the port."""
        return await self._one(_BY_ID, site, account)

    async def all(self, site: str) -> list[Account]:
        """See the port: in the order in which they came."""
        return [_account.decode(data) for (data,) in await self._connections.read(_ALL, site)]

    async def open_session(self, site: str, session: Session) -> None:
        """See the port. Sessions that are over by then go, so that the table stays small."""
        values = (session.token_hash, session.account, session.csrf, session.created_ms, session.expires_ms)
        await self._connections.write(_OPEN_SESSION, site, *values)

    async def session(self, site: str, token_hash: str, *, now_ms: int) -> Session | None:
        """See the port."""
        rows = await self._connections.read(_SESSION, site, token_hash, now_ms)
        return Session(**dict(zip(Session.__struct_fields__, rows[0], strict=True))) if rows else None

    async def slide_session(self, site: str, token_hash: str, *, expires_ms: int) -> None:
        """See the port."""
        await self._connections.write(_SLIDE_SESSION, site, token_hash, expires_ms)

    async def close_session(self, site: str, token_hash: str) -> None:
        """See the port."""
        await self._connections.write(_CLOSE_SESSION, site, token_hash)

    async def close_sessions_of(self, site: str, account: int) -> None:
        """See the port."""
        await self._connections.write(_CLOSE_SESSIONS, site, account)

    async def save_draft(self, site: str, account: int, key: str, text: str, at: int) -> None:
        """See the port. An empty draft is none."""
        if text:
            await self._connections.write(_SAVE_DRAFT, site, account, kept(key), kept(text), at)
        else:
            await self._connections.write(_FORGET_DRAFT, site, account, kept(key))

    async def change_draft(self, site: str, account: int, key: str, *, old: str, new: str, at: int) -> bool:
        """See the port."""
        statement = _CHANGE_DRAFT.get((bool(old), bool(new)))
        if statement is None:
            return True
        texts = [kept(text) for text in (old, new) if text]
        times = [at] if new else []
        return bool(await self._connections.write(statement, site, account, kept(key), *texts, *times))

    async def drafts(self, site: str, account: int) -> dict[str, str]:
        """See the port."""
        return {given(key): given(text) for key, text in await self._connections.read(_DRAFTS, site, account)}

    async def drafts_of(self, site: str, account: int) -> list[Draft]:
        """See the port."""
        rows = await self._connections.read(_DRAFTS_OF, site, account)
        return [Draft(account=account, key=given(key), text=given(text), at=at) for key, text, at in rows]

    async def _one(self, statement: str, *values: str | int) -> Account | None:
        rows = await self._connections.read(statement, *values)
        return _account.decode(rows[0][0]) if rows else None


def _login(login: str) -> str:
    return kept(login.casefold())


def _encoded(account: Account) -> str:
    return msgspec.json.encode(account).decode()
