"""Who holds every answer to the served document, and people it listens to. No test lives here."""

from __future__ import annotations

import re
from typing import Any

from router.store.port import Body
from tests.dashboard.office import NOW_MS, SITE, Answer, Desk, Office
from tests.dashboard.schema_check import faults


class Witness:
    """Holds every answer to the served document, and remembers which routes have answered well."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.answered: set[tuple[str, str]] = set()

    def hear(self, method: str, path: str, answer: Answer) -> None:
        name = self.path_of(path.partition("?")[0])
        if name is None or method.lower() not in self.document["paths"][name]:
            assert answer.status in {404, 405}, path
            return
        responses = self.document["paths"][name][method.lower()]["responses"]
        assert str(answer.status) in responses, (method, name, answer.status, answer.text)
        content = responses[str(answer.status)].get("content")
        if content is None:
            assert answer.text == ""
        elif "application/json" in content:
            found = faults(answer.body, content["application/json"]["schema"], self.document)
            assert not found, (method, name, found, answer.text)
        if answer.status < 300:
            self.answered.add((method.lower(), name))

    def path_of(self, path: str) -> str | None:
        fitting = [
            name for name in self.document["paths"] if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", name), "/api/v1" + path)
        ]
        return min(fitting, key=lambda name: name.count("{"), default=None)


async def person(office: Office, witness: Witness, login: str, **more: Any) -> Desk:
    desk = await office.desk(login, **more)
    desk.heard = witness.hear
    return desk


async def active(office: Office, desk: Desk, text: str = "hello", **more: Any) -> str:
    """A conversation this person is handling."""
    conv = await office.arrives(text, **more)
    assert (await desk.accept(conv)).status == 200
    return office.ref(conv)


async def messages(office: Office) -> int:
    """How many messages there are: the id of the next one, less one."""
    (probe,) = await office.store.archive.write(
        SITE, [Body(direction="note", author="system", text="probe", created_ms=NOW_MS)]
    )
    return probe - 1
