"""What the fake server answers to who looks for something: saved replies, colleagues, mentions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from tests.web.fake_server import FakeServer, Handler

REPLIES = [
    {"name": "tracking", "label": {"en": "Parcel is being traced", "zh": "正在追踪", "th": "กำลังติดตาม"},
     "text": {"en": "Hello {customer.name}, I have opened a trace for {conversation.ref}. {agent.name}"}, "queues": []},
    {"name": "delay", "label": {"en": "Sorry for the delay"}, "text": {"en": "I am sorry, {customer.name}.",
     "th": "ขออภัยค่ะ"}, "queues": []},
    {"name": "bye", "label": {"en": "Close politely"}, "text": {"en": "<b>Anything</b> else?"}, "queues": []},
    {"name": "refund", "label": {"en": "Refund"}, "text": {"en": "Your refund is on its way."}, "queues": ["billing"]},
]  # fmt: skip
COLLEAGUES = [
    {"id": 8, "login": "somchai", "name": "Somchai Prasert"},
    {"id": 9, "login": "lena", "name": "Lena Hoff"},
]


def article(number: int, slug: str, titles: dict[str, str], **given: object) -> dict[str, object]:
    """Return a published article as a list shows it."""
    line = {"number": number, "version": 2, "slug": slug, "state": "published", "audience": "public", "category": "",
            "titles": titles, "older": [], "changed_ms": 0, "by": "", "views": 0, "yes": 0, "no": 0, "stale": False,
            "url": f"https://help.example/help/{slug}", "queues": []}  # fmt: skip
    return {**line, **given}


class Finding:
    """The handlers, with what they answer."""

    def __init__(self) -> None:
        self.mentions: list[dict[str, object]] = []
        self.found: dict[str, list[dict[str, object]]] = {"customers": [], "conversations": [], "messages": []}
        self.sought: list[tuple[str, bool]] = []
        self.articles: list[dict[str, object]] = []

    async def shelf(self, request: web.Request) -> web.Response:
        said = request.query.get("q", "").lower()
        items = [each for each in self.articles if said in str(each["titles"]).lower()]
        return web.json_response({"items": items, "categories": {}, "languages": ["en", "th"], "on": True})

    async def find(self, request: web.Request) -> web.Response:
        text, deep = request.query["text"], request.query["messages"] == "true"
        self.sought.append((text, deep))
        shown = {name: list[object]() for name in self.found}
        for name in ("messages",) if deep else ("customers", "conversations"):
            shown[name] = [each for each in self.found[name] if text.lower() in str(each).lower()]
        return web.json_response(shown | {"more": False})

    async def replies(self, request: web.Request) -> web.Response:
        del request
        return web.json_response(REPLIES)

    async def colleagues(self, request: web.Request) -> web.Response:
        del request
        return web.json_response(COLLEAGUES)

    async def waiting(self, request: web.Request) -> web.Response:
        del request
        return web.json_response(self.mentions)

    async def looked(self, request: web.Request) -> web.Response:
        self.mentions = [each for each in self.mentions if each["ref"] != request.match_info["ref"]]
        return web.Response(status=204)


def routes(server: FakeServer) -> list[tuple[str, str, Handler]]:
    """Return the routes of this file."""
    finding = server.finding
    return [
        ("GET", "/replies", finding.replies),
        ("GET", "/conversations/{ref}/colleagues", finding.colleagues),
        ("GET", "/mentions", finding.waiting),
        ("GET", "/find", finding.find),
        ("GET", "/articles", finding.shelf),
        ("DELETE", "/mentions/{ref}", finding.looked),
    ]
