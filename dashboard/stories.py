"""A conversation's story as people read it: timeline rows and messages become items. It reads and decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from dashboard.handing.extras import REPLACES, copies_of
from dashboard.shapes import FileShape, Item
from dashboard.staff import Staff
from dashboard.surroundings import Surroundings
from dashboard.words import NEWEST
from router.floor.rows import FROM_OUTSIDE
from router.outbox.hub import language_of
from router.outbox.wording import notice_text
from router.site.filekinds import SHOWN
from router.store.filerows import FileRow, files_of
from router.store.port import MessageRow, Story, TimelineRow

# The kinds under which steps are told; what is not here is not for people.
STEPS = {
    "Received": "in",
    "Replied": "out",
    "Noted": "note",
    "Announced": "notice",
    "Routed": "routed",
    "Diverted": "diverted",
    "Queued": "queued",
    "Reclassed": "moved",
    "WindowClosed": "window_closed",
    "Related": "related",
    "HeldFor": "held",
    "Deferred": "deferred",
    "Offered": "offered",
    "Accepted": "accepted",
    "Assigned": "assigned",
    "Declined": "declined",
    "OfferLapsed": "lapsed",
    "OfferWithdrawn": "withdrawn",
    "RangAlso": "rang_also",
    "RingStopped": "ring_stopped",
    "TakenBack": "taken_back",
    "Escalated": "escalated",
    "Reminded": "reminded",
    "Transferred": "transferred",
    "Parked": "parked",
    "Returned": "returned",
    "CustomerLeft": "left",
    "Abandoned": "abandoned",
    "WrapUpStarted": "wrap_up",
    "Closed": "closed",
    "Rated": "rated",
    "CopyWanted": "copied",
    "LineHeld": "line_held",
    "PartyReported": "party",
    "Ordered": "ordered",
    "TransferReturned": "transfer_returned",
    "ParticipantAsked": "asked_in",
    "ParticipantJoined": "joined_in",
    "ParticipantLeft": "left_out",
    "LegLost": "leg_lost",
    "OutsideAsked": "asked_out",
    "OutsideJoined": "outside_joined",
    "OutsideLeft": "outside_left",
    "HandedOut": "handed_out",
}
# Steps whose message goes out, and has a status.
SENT = frozenset({"Replied", "OutsideAsked"})
# A socket's frame is at most 64 kB; a longer text is cut there, and fetched whole by the reader.
FRAME_TEXT_CHARS_MAX = 6_000
# What was said just now may still be on its way to a screen that is well; two who type at once do not stop each other.
ON_ITS_WAY_MS = 2_000
# Rows read at once when a screen has fallen behind, and how often: beyond, it is told to fetch the story.
PAGE_ROWS, PAGES_MAX = 50, 4


class Stories:
    """Reads pages of stories and names their authors."""

    def __init__(self, surroundings: Surroundings, staff: Staff) -> None:
        self._out, self._staff = surroundings, staff

    async def page(self, conv: int, *, before: int, limit: int) -> tuple[list[Item], bool]:
        """Return items below a position, oldest first, and whether there are earlier ones."""
        rows = await self._rows(conv, before=before or NEWEST, limit=limit + 1)
        more = len(rows) > limit
        return await self._items(rows[1:] if more else rows), more

    async def since(self, conv: int, position: int, *, also: set[int]) -> list[Item]:
        """Return the items above a position, and those of the messages in `also`, whose status has changed."""
        before, kept = NEWEST, list[Story]()
        lacking = set(also)
        for _ in range(PAGES_MAX):
            rows = await self._rows(conv, before=before, limit=PAGE_ROWS)
            wanted = [each for each in rows if each.row.position > position or each.row.message in lacking]
            lacking -= {each.row.message for each in wanted}
            kept = [*wanted, *kept]
            if len(rows) < PAGE_ROWS or (rows[0].row.position <= position and not lacking):
                break
            before = rows[0].row.position
        return await self._items(kept)

    async def unseen(self, conv: int, seen: int, *, by: int) -> bool:
        """Whether somebody else said something above a position that has had time to reach a screen."""
        settled_ms = self._out.now_ms() - ON_ITS_WAY_MS
        rows = await self._rows(conv, before=NEWEST, limit=PAGE_ROWS)
        return any(
            each.row.position > seen and each.row.at < settled_ms and _said_by_other(each.row, by) for each in rows
        )

    async def _rows(self, conv: int, *, before: int, limit: int) -> list[Story]:
        return await self._out.store.archive.story(self._out.floor.site, conv, before=before, limit=limit)

    async def _items(self, rows: Sequence[Story]) -> list[Item]:
        told = [each for each in rows if each.row.kind in STEPS]
        await self._staff.learn(_people(told))
        return [await self._worded(item_of(each.row, each.message, self._staff.name), each.row) for each in told]

    async def _worded(self, item: Item, row: TimelineRow) -> Item:
        """A notice is shown in the words the customer was told, another conversation by its reference."""
        floor = self._out.floor
        if item.kind == "in" and item.detail == FROM_OUTSIDE:
            return msgspec.structs.replace(item, author=await self._contact(row))
        if item.kind == "related":
            return msgspec.structs.replace(item, detail=self._out.reference(int(row.detail.partition(":")[2])))
        if item.kind != "notice" or floor.bundle is None:
            return item
        language = await language_of(row.conv, floor.state, self._out.store, site=floor.site)
        reference = self._out.reference(row.conv)
        text = notice_text(
            floor.bundle, row.notice, language, until_ms=row.until_ms, queue=row.detail, reference=reference
        )
        return msgspec.structs.replace(item, text=text)

    async def _contact(self, row: TimelineRow) -> str:
        """Return who of the contact book writes on a line; empty for one that is in it no more."""
        line, bundle = await self._out.store.archive.line(self._out.floor.site, row.line), self._out.floor.bundle
        contacts = bundle.contacts.values() if bundle and line else ()
        return next((each.name for each in contacts if line and each.email == line.peer), "")


def _said_by_other(row: TimelineRow, agent: int) -> bool:
    return row.kind == "Received" or (row.kind == "Replied" and row.agent != agent)


def _people(rows: Sequence[Story]) -> set[int]:
    authors = {_agent(each.message.body.author) for each in rows if each.message}
    return authors | {each.row.agent for each in rows}


def _agent(author: str) -> int:
    number = author.partition("agent:")[2]
    return int(number) if number.isdecimal() else 0


def item_of(row: TimelineRow, message: MessageRow | None, name: Callable[[int], str]) -> Item:
    """Return one line of a story. A step carries its agent's name as author."""
    if message is None:
        return Item(
            seq=row.position,
            at=row.at,
            kind=STEPS[row.kind],
            author=name(row.agent) if row.agent else "",
            agent=row.agent,
            notice=row.notice,
            until_ms=row.until_ms,
            detail=row.detail,
        )
    body, agent = message.body, _agent(message.body.author) or row.agent
    return Item(
        seq=row.position,
        at=row.at,
        kind=STEPS[row.kind],
        message=message.id,
        text=body.text,
        html=body.html,
        subject=body.subject,
        author=name(agent) if agent else "",
        agent=agent,
        status=(message.status or "queued") if row.kind in SENT else "",
        detail=(message.reason if row.kind in SENT else "") or row.detail,
        client=body.extra.get("client", ""),
        replaces=int(body.extra.get(REPLACES, "0")),
        cc=copies_of(body),
        files=[shape_of(f"{message.id}-{number}", file) for number, file in enumerate(files_of(body))],
    )


def shape_of(name: str, file: FileRow) -> FileShape:
    """Return a file as screens show it."""
    return FileShape(
        id=name,
        name=file.name,
        media_type=file.media_type,
        size_bytes=file.size_bytes,
        state=file.state,
        why=file.why,
        shown=file.media_type in SHOWN and bool(file.file),
    )


def cut(item: Item) -> Item:
    """Return an item that fits into a frame; `cut` says that the story has more."""
    if len(item.text) + len(item.html) <= FRAME_TEXT_CHARS_MAX:
        return item
    kept = {name: getattr(item, name) for name in Item.__struct_fields__}
    return Item(**{**kept, "text": item.text[:FRAME_TEXT_CHARS_MAX], "html": "", "cut": True})
