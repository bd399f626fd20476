"""Reads one folder by IMAP: a cursor that moves with the letters, IDLE, and what happens to mails afterwards.

UIDs are counted up by the server within one UIDVALIDITY, so everything above the cursor is new. Nobody's flags are
believed: people open shared mailboxes. When UIDVALIDITY changes all UIDs are void: what has arrived since our last
look is read again, and the letterbox knows what it has.
"""

from __future__ import annotations

import asyncio
import email.utils
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from channels.contract import Door, LetterboxClosed
from channels.email.access import Access, NoToken
from channels.email.imap_link import BODY_S, Broken, Link, Refused, Server, linked
from channels.email.imap_wire import Answer, Unreadable, folder_name, numbers, pairs, uid_set

# A link that broke is opened again at once, then ever more slowly. Who is refused is soon locked out for trying.
AGAIN_S, AGAIN_S_MAX = 1.0, 60.0
REFUSED_S, REFUSED_S_MAX = 30.0, 900.0
# Servers without IDLE are asked as often as a person would.
POLL_S = 30.0
# What is asked about in one command.
ROUND_UIDS = 200
# When all UIDs are void we look back this far behind our last look: clocks part, and servers date by the day.
LOOK_BACK_MS = 2 * 86_400_000
# A mail that the server cannot hand over is asked for so often, and then kept as a message without its content.
TRIES_MAX = 3
_BUSY = frozenset({"UNAVAILABLE", "INUSE", "LIMIT"})
BEGINNINGS = ("new", "all")
WAYS_AFTER = ("leave", "flag", "move")

Take = Callable[[bytes, Mapping[str, str]], Awaitable[bool]]


class Unread(msgspec.Struct, frozen=True, kw_only=True):
    """A mail that is not read: why, how large it is, and where it lies, which names it."""

    why: str
    size_bytes: int
    place: str


TakeUnread = Callable[[bytes, Unread, Mapping[str, str]], Awaitable[bool]]


class Folder(msgspec.Struct, frozen=True, kw_only=True):
    """What is read, and how. `begin` says where the first look begins: with `new` mail or with `all`."""

    server: Server
    name: str = "INBOX"
    begin: str = "new"
    after: str = "leave"
    move_to: str = ""
    idle_s: float = 240.0
    size_bytes_max: int


class Cursor(msgspec.Struct, frozen=True, kw_only=True):
    """How far we have read. Mails below `known_uid` were there when UIDs began: of these only those count that
    arrived at `since_ms` or later. `begun_ms` is our first look of all, `looked_ms` the last one."""

    validity: int
    uid: int
    known_uid: int
    since_ms: int
    begun_ms: int
    looked_ms: int


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What the server says of one mail."""

    uid: int
    size_bytes: int
    arrived_ms: int


class Inbox:
    """One folder of one mailbox. `take` puts a raw mail and notes into the letterbox, and says whether it could."""

    def __init__(self, door: Door, folder: Folder, access: Access, *, take: Take, take_unread: TakeUnread) -> None:
        self._door, self._folder, self._access = door, folder, access
        self._take, self._take_unread = take, take_unread
        place = "\0".join((folder.server.host, str(folder.server.port), access.user, folder.name))
        self._name = hashlib.sha256(place.encode()).hexdigest()[:16]
        self._failed: dict[int, int] = {}

    async def run(self) -> None:
        """Read until cancelled."""
        rest_s, refused_s = AGAIN_S, REFUSED_S
        while True:
            self._synced = False
            reason = await self._attended()
            self._door.trouble(reason)
            if self._synced:
                rest_s, refused_s = AGAIN_S, REFUSED_S
            if reason == "login_refused":
                await asyncio.sleep(refused_s)
                refused_s = min(2 * refused_s, REFUSED_S_MAX)
            else:
                await asyncio.sleep(rest_s)
                rest_s = min(2 * rest_s, AGAIN_S_MAX)

    async def _attended(self) -> str:
        """Attend the folder over one link; return why that ended."""
        try:
            async with linked(self._folder.server) as link:
                await sign_in(link, self._access)
                await self._attend(link)
        except (Broken, NoToken) as fault:
            return fault.reason
        except Refused:
            return "command_refused"
        except LetterboxClosed:
            return "letterbox_closed"
        except (Unreadable, ValueError):
            return "answer_unreadable"
        return "link_cut"

    async def _attend(self, link: Link) -> None:
        cursor = await self._open(link)
        while True:
            link.news = False
            cursor = await self._read_new(link, cursor)
            await self._tidy(link, cursor)
            cursor = msgspec.structs.replace(cursor, looked_ms=self._door.now_ms())
            await self._door.book.note(f"imap:{self._name}", _written(cursor))
            self._synced = True
            self._door.trouble("")
            if not link.news:
                await self._wait(link)

    async def _wait(self, link: Link) -> None:
        if "IDLE" in link.capabilities:
            await link.idle(self._folder.idle_s)
        else:
            await asyncio.sleep(min(POLL_S, self._folder.idle_s))
            await link.ask(b"NOOP")

    # --- the cursor ---------------------------------------------------------------------------------------------

    async def _open(self, link: Link) -> Cursor:
        """Open the folder and return the cursor that holds for it, noted before anything is read by it."""
        command = b"EXAMINE" if self._folder.after == "leave" else b"SELECT"
        try:
            answers = await link.ask(command, folder_name(self._folder.name))
        except Refused:
            raise Broken("folder_refused") from None
        validity = _told(answers, "UIDVALIDITY")
        noted = await self._door.book.read(f"imap:{self._name}")
        cursor = msgspec.json.decode(noted, type=Cursor) if noted else None
        if cursor is not None and cursor.validity == validity:
            return cursor
        next_uid = _told(answers, "UIDNEXT") or max(await _search(link, b"UID 1:*"), default=0) + 1
        made = self._begun(cursor, validity, next_uid)
        notes = {f"imap:{self._name}": _written(made), f"imap-tidied:{self._name}": f"{validity}:{made.uid}"}
        await self._door.accept([], notes)
        return made

    def _begun(self, earlier: Cursor | None, validity: int, next_uid: int) -> Cursor:
        """Return the cursor of a folder that is new to us, or whose UIDs are."""
        now_ms = self._door.now_ms()
        if earlier is not None:
            since_ms = max(earlier.begun_ms, earlier.looked_ms - LOOK_BACK_MS)
            begun_ms, uid = earlier.begun_ms, 0
        else:
            since_ms, begun_ms, uid = (0, 0, 0) if self._folder.begin == "all" else (now_ms, now_ms, next_uid - 1)
        return Cursor(
            validity=validity,
            uid=uid,
            known_uid=next_uid,
            since_ms=since_ms,
            begun_ms=begun_ms,
            looked_ms=now_ms,
        )

    # --- new mail -----------------------------------------------------------------------------------------------

    async def _read_new(self, link: Link, cursor: Cursor) -> Cursor:
        """Take everything above the cursor, oldest first; return the cursor behind it."""
        # `n:*` names the newest mail even where it is below n.
        found = await _search(link, b"UID %d:*" % (cursor.uid + 1))
        uids = sorted(uid for uid in found if uid > cursor.uid)
        for first in range(0, len(uids), ROUND_UIDS):
            chosen = uids[first : first + ROUND_UIDS]
            for seen in await _looked_at(link, chosen):
                moved = msgspec.structs.replace(cursor, uid=seen.uid)
                if _is_ours(seen, cursor):
                    await self._read_one(link, seen, {f"imap:{self._name}": _written(moved)})
                cursor = moved
            cursor = msgspec.structs.replace(cursor, uid=chosen[-1])
        return cursor

    async def _read_one(self, link: Link, seen: Seen, notes: Mapping[str, str]) -> None:
        """Put one mail into the letterbox, with the cursor behind it. A mail that breaks something stops nobody."""
        try:
            kept = await self._kept(link, seen, notes)
        except (Broken, LetterboxClosed):
            raise
        except Exception as fault:
            self._failed[seen.uid] = self._failed.get(seen.uid, 0) + 1
            if self._failed[seen.uid] < TRIES_MAX:
                raise
            why = "unreadable" if isinstance(fault, Refused) else "unparsed"
            kept = await self._take_unread(b"", self._unread(seen, why), notes)
        if not kept:
            raise LetterboxClosed("the letterbox cannot take it now")
        self._failed.pop(seen.uid, None)

    async def _kept(self, link: Link, seen: Seen, notes: Mapping[str, str]) -> bool:
        """Bring a mail and take it; what is gone meanwhile was deleted, and is done with."""
        too_large = seen.size_bytes > self._folder.size_bytes_max
        data = await self._part(link, seen.uid, b"BODY.PEEK[HEADER]" if too_large else b"BODY.PEEK[]")
        if data is None:
            return True
        if too_large:
            return await self._take_unread(data, self._unread(seen, "too_large"), notes)
        return await self._take(data, notes)

    async def _part(self, link: Link, uid: int, part: bytes) -> bytes | None:
        """Return a part of a mail as it stands, without a mark that somebody has seen it. None: it is gone."""
        answers = await link.ask(b"UID FETCH %d (UID %s)" % (uid, part), within_s=BODY_S)
        for answer in answers:
            said = pairs(answer.values) if answer.kind == "FETCH" else {}
            name = part.replace(b".PEEK", b"").decode()
            if said.get("UID") == b"%d" % uid and isinstance(content := said.get(name), bytes):
                return content
        return None

    def _unread(self, seen: Seen, why: str) -> Unread:
        return Unread(why=why, size_bytes=seen.size_bytes, place=f"{self._name}:{seen.uid}:{seen.arrived_ms}")

    # --- afterwards ---------------------------------------------------------------------------------------------

    async def _tidy(self, link: Link, cursor: Cursor) -> None:
        """Flag or move what was read, also what was read before a crash. A server that refuses is asked again later."""
        if self._folder.after == "leave":
            return
        name = f"imap-tidied:{self._name}"
        validity, _, done = (await self._door.book.read(name) or "0:0").partition(":")
        low = int(done) + 1 if int(validity) == cursor.validity else 1
        if low > cursor.uid:
            return
        found = await _search(link, b"UID %d:%d" % (low, cursor.uid))
        for first in range(0, len(found), ROUND_UIDS):
            round_uids = sorted(found)[first : first + ROUND_UIDS]
            ours = [seen.uid for seen in await _looked_at(link, round_uids) if _is_ours(seen, cursor)]
            if ours:
                await self._put_away(link, uid_set(ours))
        await self._door.book.note(name, f"{cursor.validity}:{cursor.uid}")

    async def _put_away(self, link: Link, uids: bytes) -> None:
        if self._folder.after == "flag":
            await link.ask(b"UID STORE %s +FLAGS.SILENT (\\Seen)" % uids)
            return
        target = folder_name(self._folder.move_to)
        try:
            await _move(link, uids, target)
        except Refused as fault:
            if fault.code != "TRYCREATE":
                raise
            await link.ask(b"CREATE", target)
            await _move(link, uids, target)


async def _move(link: Link, uids: bytes, target: str) -> None:
    """Move, or copy and delete. Without UIDPLUS the deleted stay marked: others' are not ours to purge."""
    if "MOVE" in link.capabilities:
        await link.ask(b"UID MOVE %s" % uids, target)
        return
    await link.ask(b"UID COPY %s" % uids, target)
    await link.ask(b"UID STORE %s +FLAGS.SILENT (\\Deleted)" % uids)
    if "UIDPLUS" in link.capabilities:
        await link.ask(b"UID EXPUNGE %s" % uids)


async def sign_in(link: Link, access: Access) -> None:
    """Sign in with a token where one is set up, else with the password. Raises Broken or NoToken."""
    try:
        if access.oauth:
            await _by_token(link, access)
        elif "AUTH=PLAIN" in link.capabilities:
            await link.authenticate("PLAIN", f"\0{access.user}\0{access.password}".encode())
        else:
            await link.ask(b"LOGIN", access.user, access.password)
    except Refused as fault:
        access.refused()
        reason = "token_refused" if access.oauth else "login_refused"
        raise Broken("server_busy" if fault.code in _BUSY else reason) from None
    await link.learn()


async def _by_token(link: Link, access: Access) -> None:
    token = await access.token()
    bearer = f"auth=Bearer {token}\x01\x01"
    if "AUTH=XOAUTH2" in link.capabilities:
        await link.authenticate("XOAUTH2", f"user={access.user}\x01{bearer}".encode())
    elif "AUTH=OAUTHBEARER" in link.capabilities:
        user = access.user.replace("=", "=3D").replace(",", "=2C")
        await link.authenticate("OAUTHBEARER", f"n,a={user},\x01{bearer}".encode(), on_failure=b"AQ==")
    else:
        raise Broken("no_oauth_offered")


def _told(answers: list[Answer], code: str) -> int:
    """Return the number a server gives under a code, 0 where it gives none."""
    found = [answer.code_text for answer in answers if answer.code == code]
    return int(found[-1]) if found and found[-1].isdigit() else 0


async def _search(link: Link, what: bytes) -> list[int]:
    answers = await link.ask(b"UID SEARCH %s" % what)
    return [uid for answer in answers if answer.kind == "SEARCH" for uid in numbers(answer.values)]


async def _looked_at(link: Link, uids: list[int]) -> list[Seen]:
    """Look at mails by their uids, in order; what is gone meanwhile is passed by."""
    answers = await link.ask(b"UID FETCH %s (UID RFC822.SIZE INTERNALDATE)" % uid_set(uids))
    said = [pairs(answer.values) for answer in answers if answer.kind == "FETCH"]
    seen = [_seen(each) for each in said if "RFC822.SIZE" in each and "UID" in each]
    return sorted((each for each in seen if each.uid in uids), key=lambda each: each.uid)


def _seen(said: Mapping[str, Any]) -> Seen:
    date = said.get("INTERNALDATE")
    arrived = email.utils.parsedate_to_datetime(date.decode().replace("-", " ", 2).strip()) if date else None
    return Seen(
        uid=int(said["UID"]),
        size_bytes=int(said["RFC822.SIZE"]),
        arrived_ms=int(arrived.timestamp() * 1_000) if arrived else 0,
    )


def _is_ours(seen: Seen, cursor: Cursor) -> bool:
    """Whether a mail counts: everything does that came after UIDs began, and before it what is of our time."""
    return seen.uid >= cursor.known_uid or seen.arrived_ms // 1_000 >= cursor.since_ms // 1_000


def _written(cursor: Cursor) -> str:
    return msgspec.json.encode(cursor).decode()
