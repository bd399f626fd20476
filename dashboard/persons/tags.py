"""The route about a customer's tags: short words that colleagues put on a person and take off again."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, field

from dashboard.errors import ApiError, unavailable
from dashboard.journeys import Journeys
from dashboard.parts import Parts
from dashboard.requests import Request, number_of
from dashboard.routes import Call, Route
from dashboard.shapes import Shape

# Tags are an attribute like every other: rules may look at it, exports hold it, erasing forgets it.
TAGS = "tags"
# More of them nobody reads any more.
TAGS_MAX = 20
# Somebody else tagged them in the same moment; so often in a row, nobody.
TRIES_MAX = 10

Tag = Annotated[
    str,
    Meta(
        pattern=r"^[^\s,:]{1,40}$(?!\n)",
        description="a word without spaces, commas and colons, at most 40 characters",
    ),
]
Tags = Annotated[list[Tag], Meta(max_length=TAGS_MAX, description="at most 20 tags")]


class TagsRequest(Request, frozen=True, kw_only=True):
    """What to put on and what to take off; whatever else is there stays."""

    add: Tags = field(default_factory=list)
    remove: Tags = field(default_factory=list)


class TagsShape(Shape, frozen=True, kw_only=True):
    tags: list[str]


class Tagging:
    """The handler."""

    def __init__(self, parts: Parts) -> None:
        self._out = parts.out
        self._journeys = Journeys(parts)

    async def change(self, call: Call) -> TagsShape:
        """Whoever sees a customer may tag them: it is a note that is short."""
        site, archive, number = self._out.floor.site, self._out.store.archive, number_of(call.part("id"))
        for _ in range(TRIES_MAX):
            found = await archive.customer(site, number)
            if found is None or not await self._journeys.sees(call.caller.account, found):
                raise ApiError("not_visible")
            was = found.attributes.get(TAGS, "")
            kept = [each for each in was.split() if each not in call.ask.remove]
            tags = list(dict.fromkeys([*kept, *call.ask.add]))[:TAGS_MAX]
            if await archive.give_care(site, number, {TAGS: " ".join(tags) or None}, was={TAGS: was}):
                return TagsShape(tags=tags)
        raise unavailable()


def routes(parts: Parts) -> list[Route]:
    """Return the routes of this file."""
    tagging = Tagging(parts)
    return [
        Route(
            method="POST", path="/customers/{id}/tags", summary="Put tags on a customer, or take them off",
            ask=TagsRequest, answers=TagsShape, handler=tagging.change,
        ),
    ]  # fmt: skip
