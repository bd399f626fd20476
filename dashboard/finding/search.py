"""The route that finds customers, conversations and messages by words: bounded, and only what the asker may see.

Nothing is kept for it. The newest rows are looked through where they are, in a reader's thread of the store; what was
erased is found no more.
"""

from __future__ import annotations

from dashboard.errors import ApiError
from dashboard.finding.shapes import FindQuery, Found, FoundCustomer, FoundMessage, FoundPerson
from dashboard.parts import Parts
from dashboard.persons.cards import Card
from dashboard.persons.listing import Listing
from dashboard.persons.shapes import CustomersQuery
from dashboard.routes import Call, Route
from dashboard.shapes import Summary
from router.store.hints import EMAIL, PHONE
from router.store.port import Account, ConversationRow, MessageRow

# Looked through in some hundredths of a second; who wants to find older ones writes down their number.
ROWS_MAX = 20_000
# Of those that hold the words, so many are looked at more closely: whether the asker may see them.
CANDIDATES_MAX = 60
SHOWN_MAX = 8
WORDS_MAX = 8
EXCERPT_CHARS = 160
ABOVE_ALL = 2**62


class Search:
    """The handler."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._out = parts, parts.out
        self._listing = Listing(parts)

    async def find(self, call: Call) -> Found:
        account, words = call.caller.account, call.ask.text.split()[:WORDS_MAX]
        if not words:
            return Found(customers=[], conversations=[], messages=[], more=False)
        if call.ask.messages:
            return await self._messages(account, words)
        return Found(
            customers=await self._customers(account, " ".join(words)),
            conversations=await self._by_reference(account, words),
            messages=[],
            more=False,
        )

    async def _customers(self, account: Account, text: str) -> list[FoundPerson]:
        """Return whom the list of customers finds by the same words, as far as the asker may see anything of them."""
        found = await self._listing.found(account, CustomersQuery(text=text), looks=CANDIDATES_MAX, most=SHOWN_MAX)
        return [_person(card) for card in found.cards]

    async def _by_reference(self, account: Account, words: list[str]) -> list[Summary]:
        if len(words) > 1:
            return []
        try:
            row = await self._parts.places.row(account, words[0].lstrip("#").upper())
        except ApiError:
            return []
        return await self._parts.pictures.summaries([self._parts.places.inside(row)])

    async def _messages(self, account: Account, words: list[str]) -> Found:
        archive, site = self._out.store.archive, self._out.floor.site
        rows = await archive.find_messages(site, words, before=ABOVE_ALL, rows_max=ROWS_MAX, limit=CANDIDATES_MAX)
        places = await self._places(account, rows)
        seen = [row for row in rows if row.conv in places]
        names = await archive.customers(site, sorted({places[row.conv].customer for row in seen}))
        by_id = {each.id: each.name for each in names}
        messages = [_found(row, places[row.conv], words, name=by_id.get(places[row.conv].customer, "")) for row in seen]
        more = len(rows) == CANDIDATES_MAX or len(seen) > SHOWN_MAX
        return Found(customers=[], conversations=[], messages=messages[:SHOWN_MAX], more=more)

    async def _places(self, account: Account, rows: list[MessageRow]) -> dict[int, ConversationRow]:
        """Return the conversations of these messages that the asker may see."""
        found: dict[int, ConversationRow] = {}
        for conv in dict.fromkeys(row.conv for row in rows):
            row = await self._out.store.archive.conversation(self._out.floor.site, conv)
            if row is not None and self._parts.sight.row(account, row):
                found[conv] = row
        return found


def _person(card: Card) -> FoundPerson:
    known = [each.value for each in card.row.identities if each.kind in {EMAIL, PHONE}]
    return FoundPerson(id=card.row.id, name=card.row.name, known_as=next(iter(known), ""), last_at=card.last_ms)


def _found(row: MessageRow, place: ConversationRow, words: list[str], *, name: str) -> FoundMessage:
    return FoundMessage(
        ref=place.reference,
        at=row.body.created_ms,
        text=excerpt(row.body.text or row.body.subject, words[0]),
        customer=FoundCustomer(id=place.customer, name=name),
    )


def excerpt(text: str, word: str) -> str:
    """Return a piece of a text around a word."""
    at = max(0, text.lower().find(word.lower()))
    first = max(0, at - EXCERPT_CHARS // 3)
    piece = " ".join(text[first : first + EXCERPT_CHARS].split())
    return ("…" if first else "") + piece + ("…" if first + EXCERPT_CHARS < len(text) else "")


def routes(parts: Parts) -> list[Route]:
    """Return the route of this file."""
    return [
        Route(
            method="GET", path="/find", summary="Customers and conversations by words, or messages", ask=FindQuery,
            answers=Found, handler=Search(parts).find,
        ),
    ]  # fmt: skip
