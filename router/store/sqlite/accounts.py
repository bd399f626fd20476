"""Accounts', sessions' and drafts' rows. Checks no password and signs nobody in."""

from __future__ import annotations

from functools import partial

import apsw
import msgspec

from router.store.port import Account, Draft, Session, StoreError
from router.store.sqlite.connect import fetch
from router.store.sqlite.readers import Readers
from router.store.sqlite.writer import Writer

_account = msgspec.json.Decoder(Account)

_SESSION = """
SELECT token_hash, account, csrf, created_ms, expires_ms FROM session
WHERE site = ? AND token_hash = ? AND expires_ms > ?
"""


# By whether there was a text, and whether there is to be one.
_CHANGE_DRAFT = {
    (False, True): """
INSERT INTO draft(site, account, key, text, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1
""",
    (True, False): "DELETE FROM draft WHERE site = ? AND account = ? AND key = ? AND text = ? RETURNING 1",
    (True, True): """
UPDATE draft SET text = ?5, at = ?6 WHERE site = ?1 AND account = ?2 AND key = ?3 AND text = ?4 RETURNING 1
""",
}


class SqliteAccounts:
    """The port's Accounts. Logins are told apart without regard to case."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers

    async def add(self, site: str, account: Account) -> int:
        """See the port."""
        return await self._writer.do(partial(_add, site=site, account=account))

    async def change(self, site: str, account: Account) -> None:
        """See the port. Raises StoreError when there is no such account, or the login is another's."""
        await self._writer.do(partial(_change, site=site, account=account))

    async def by_login(self, site: str, login: str) -> Account | None:
        """See the port."""
        return self._readers.look(partial(_one, where="site = ? AND login = ?", values=(site, login.casefold())))

    async def by_id(self, site: str, account: int) -> Account | None:
        """See the port."""
        return self._readers.look(partial(_one, where="site = ? AND id = ?", values=(site, account)))

    async def all(self, site: str) -> list[Account]:
        """See the port: in the order in which they came."""
        statement = "SELECT data FROM account WHERE site = ? ORDER BY id"
        rows = await self._readers.list(lambda conn: fetch(conn, statement, (site,)))
        return [_account.decode(data) for (data,) in rows]

    async def open_session(self, site: str, session: Session) -> None:
        """See the port. Sessions that are over by then go, so that the table stays small."""
        await self._writer.do(partial(_open_session, site=site, session=session))

    async def session(self, site: str, token_hash: str, *, now_ms: int) -> Session | None:
        """See the port."""
        rows = self._readers.look(lambda conn: fetch(conn, _SESSION, (site, token_hash, now_ms)))
        return Session(**dict(zip(Session.__struct_fields__, rows[0], strict=True))) if rows else None

    async def slide_session(self, site: str, token_hash: str, *, expires_ms: int) -> None:
        """See the port."""
        statement = "UPDATE session SET expires_ms = ? WHERE site = ? AND token_hash = ?"
        await self._writer.execute(statement, (expires_ms, site, token_hash))

    async def close_session(self, site: str, token_hash: str) -> None:
        """See the port."""
        await self._writer.execute("DELETE FROM session WHERE site = ? AND token_hash = ?", (site, token_hash))

    async def close_sessions_of(self, site: str, account: int) -> None:
        """See the port."""
        await self._writer.execute("DELETE FROM session WHERE site = ? AND account = ?", (site, account))

    async def save_draft(self, site: str, account: int, key: str, text: str, at: int) -> None:
        """See the port. An empty draft is none."""
        if not text:
            statement = "DELETE FROM draft WHERE site = ? AND account = ? AND key = ?"
            await self._writer.execute(statement, (site, account, key))
            return
        statement = "INSERT OR REPLACE INTO draft(site, account, key, text, at) VALUES (?, ?, ?, ?, ?)"
        await self._writer.execute(statement, (site, account, key, text, at))

    async def change_draft(self, site: str, account: int, key: str, *, old: str, new: str, at: int) -> bool:
        """See the port."""
        statement = _CHANGE_DRAFT.get((bool(old), bool(new)))
        if statement is None:
            return True
        values = (site, account, key, *filter(None, (old, new)), *((at,) if new else ()))
        return bool(await self._writer.do(lambda conn: fetch(conn, statement, values)))

    async def drafts(self, site: str, account: int) -> dict[str, str]:
        """See the port."""
        statement = "SELECT key, text FROM draft WHERE site = ? AND account = ? ORDER BY key"
        rows = await self._readers.list(lambda conn: fetch(conn, statement, (site, account)))
        return dict(rows)

    async def drafts_of(self, site: str, account: int) -> list[Draft]:
        """See the port."""
        statement = "SELECT key, text, at FROM draft WHERE site = ? AND account = ? ORDER BY key"
        rows = await self._readers.list(lambda conn: fetch(conn, statement, (site, account)))
        return [Draft(account=account, key=key, text=text, at=at) for key, text, at in rows]


def _add(conn: apsw.Connection, *, site: str, account: Account) -> int:
    number: int = fetch(conn, "SELECT coalesce(max(id), 0) + 1 FROM account")[0][0]
    _refuse_taken(conn, site, account)
    data = _encoded(msgspec.structs.replace(account, id=number))
    conn.execute(
        "INSERT INTO account(id, site, login, data) VALUES (?, ?, ?, ?)",
        (number, site, account.login.casefold(), data),
    )
    return number


def _change(conn: apsw.Connection, *, site: str, account: Account) -> None:
    _refuse_taken(conn, site, account)
    conn.execute(
        "UPDATE account SET login = ?, data = ? WHERE id = ? AND site = ?",
        (account.login.casefold(), _encoded(account), account.id, site),
    )
    if conn.changes() == 0:
        raise StoreError("there is no such account")


def _refuse_taken(conn: apsw.Connection, site: str, account: Account) -> None:
    statement = "SELECT 1 FROM account WHERE site = ? AND login = ? AND id <> ?"
    if fetch(conn, statement, (site, account.login.casefold(), account.id)):
        raise StoreError("this login is taken")


def _encoded(account: Account) -> str:
    return msgspec.json.encode(account).decode()


def _one(conn: apsw.Connection, *, where: str, values: tuple[str | int, ...]) -> Account | None:
    rows = fetch(conn, f"SELECT data FROM account WHERE {where}", values)  # noqa: S608 - a constant
    return _account.decode(rows[0][0]) if rows else None


def _open_session(conn: apsw.Connection, *, site: str, session: Session) -> None:
    conn.execute("DELETE FROM session WHERE site = ? AND expires_ms <= ?", (site, session.created_ms))
    values = (site, session.token_hash, session.account, session.csrf, session.created_ms, session.expires_ms)
    statement = "INSERT OR REPLACE INTO session(site, token_hash, account, csrf, created_ms, expires_ms)"
    conn.execute(f"{statement} VALUES (?, ?, ?, ?, ?, ?)", values)
