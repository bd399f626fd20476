"""Customers as a list shows them: what an account may see of each, read for many at once. No routes, no order."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from dashboard.parts import Parts
from dashboard.persons.shapes import CustomerLine, CustomersQuery, LastContact
from dashboard.persons.tags import TAGS
from dashboard.sessions import may
from router.store.port import Account, ConversationRow, CustomerRow

ENDED = frozenset({"closed", "abandoned"})
# Beyond it a list says "more": nobody compares 101 conversations with 102.
DEALT_MAX = 100
# What somebody thought of us is told by the last times they said so.
RATED_LOOKED_AT = 5


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A person, and those of their conversations that the asker may see, the last change first."""

    row: CustomerRow
    dealt: list[ConversationRow]

    @property
    def open(self) -> int:
        return sum(1 for each in self.dealt if each.state not in ENDED)

    @property
    def channels(self) -> list[str]:
        return list(dict.fromkeys(each.channel for each in self.dealt))

    @property
    def last_ms(self) -> int:
        return self.dealt[0].changed_ms if self.dealt else 0

    @property
    def tags(self) -> list[str]:
        return self.row.attributes.get(TAGS, "").split()


class Cards:
    """Reads cards."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._store, self._site = parts, parts.out.store, parts.out.floor.site

    async def of(self, account: Account, customers: Sequence[int]) -> dict[int, Card]:
        """Return the cards of those whom an account may see, by the number asked for."""
        rows = await self._store.archive.customers(self._site, list(customers))
        dealt = await self._store.customers.dealt(self._site, list(customers), limit=DEALT_MAX)
        all_of_them = may(account.role, "supervisor")
        cards = (Card(row=row, dealt=self._seen(account, dealt.get(row.id, []))) for row in rows)
        return {card.row.id: card for card in cards if card.dealt or all_of_them}

    def _seen(self, account: Account, rows: list[ConversationRow]) -> list[ConversationRow]:
        """Return what an account may see. Who serves a person now sees all of theirs."""
        sight = self._parts.sight
        if any(sight.serves_customer(account, number) for number in {row.customer for row in rows}):
            return rows
        return [row for row in rows if sight.row(account, row)]

    async def lines(self, cards: Sequence[Card]) -> list[CustomerLine]:
        """Return cards as they look outside, in the given order."""
        convs = {card.row.person: [each.conv for each in card.dealt[:RATED_LOOKED_AT]] for card in cards}
        every = [conv for several in convs.values() for conv in several]
        ratings = await self._store.customers.ratings(self._site, every) if every else {}
        return [
            _line(card, next((ratings[conv] for conv in convs[card.row.person] if conv in ratings), 0))
            for card in cards
        ]


def fits(card: Card, ask: CustomersQuery, *, since_ms: int, until_ms: int) -> bool:
    """Return whether a list that asks so shows a person."""
    row = card.row
    return (
        (not ask.segment or row.segment == ask.segment)
        and (not ask.language or row.language == ask.language)
        and (not ask.channel or ask.channel in card.channels)
        and (not ask.tag or ask.tag in card.tags)
        and (not ask.open or (ask.open == "yes") == bool(card.open))
        and (not ask.last or since_ms <= card.last_ms < until_ms)
    )


def _line(card: Card, rating: int) -> CustomerLine:
    row, dealt = card.row, card.dealt
    return CustomerLine(
        id=row.person,
        name=row.name,
        known_by="" if row.name else next((each.value for each in row.identities), ""),
        segment=row.segment,
        language=row.language,
        channels=card.channels,
        tags=card.tags,
        last=_contact(dealt[0]) if dealt else None,
        counted=len(dealt),
        more=len(dealt) >= DEALT_MAX,
        open=card.open,
        rating=rating,
    )


def _contact(row: ConversationRow) -> LastContact:
    return LastContact(ref=row.reference, at=row.changed_ms, channel=row.channel, queue=row.queue, state=row.state)
