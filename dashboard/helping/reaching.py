"""The ways to reach somebody that stand below every help page: who is there, and how long it will be. No page here."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from dashboard.helping.wording import word
from dashboard.shapes import QueueLine
from dashboard.surroundings import Surroundings
from router.core.bundle import Bundle
from router.core.helping import HelpRules, Reach
from router.core.minutes import whole_minutes
from router.outbox.wording import moment

# The widget of our own pages, which every chat has.
CHAT, OWN_WIDGET = "chat", "main"
# What is dialled or written to, by the channel's name; anything else by what it looks like.
SCHEMES = {"phone": "tel:", "sms": "sms:"}
# How channels are called that everybody knows; others have a label, or their name.
NAMED = frozenset({"chat", "phone", "email", "sms"})


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """One way to us. `at`: the number or address, where it is one to be read; `told`: whether somebody is there."""

    name: str
    at: str = ""
    href: str = ""
    told: str = ""


class Reaching:
    """The ways of one site. `line` tells how a queue stands, by the same figures as the desk's."""

    def __init__(self, out: Surroundings, line: Callable[[str], QueueLine]) -> None:
        self._out, self._line = out, line

    def ways(self, rules: HelpRules, language: str) -> list[Way]:
        """Return the ways that the running configuration really has: the chat, what has an address, the form."""
        bundle = self._out.floor.bundle
        if bundle is None:
            return []
        chat = [self._chat(bundle, rules, language)] if rules.chat and CHAT in bundle.channels else []
        named = [
            self._addressed(bundle, name, reach, language)
            for name, reach in sorted(rules.reach.items())
            if reach.at and name in bundle.channels
        ]
        form = [Way(name=word("write", language), href=f"/channels/form/{rules.form}?lang={language}")]
        return [*chat, *named, *(form if rules.form else [])]

    def _chat(self, bundle: Bundle, rules: HelpRules, language: str) -> Way:
        queue = rules.reach.get(CHAT, Reach()).queue or rules.queue
        href = f"/channels/chat/frame?site={OWN_WIDGET}#{OWN_WIDGET}/{language}/"
        return Way(name=word(CHAT, language), href=href, told=self.told(bundle, queue, language, live=True))

    def _addressed(self, bundle: Bundle, name: str, reach: Reach, language: str) -> Way:
        label = reach.label.get(language) or next(iter(reach.label.values()), "")
        said = label or (word(name, language) if name in NAMED else name)
        told = self.told(bundle, reach.queue, language, live=bundle.channels[name].live)
        return Way(name=said, at=reach.at, href=_href(name, reach.at), told=told)

    def told(self, bundle: Bundle, queue: str, language: str, *, live: bool) -> str:
        """Say whether a queue is open, and where somebody is on the line how long they would wait."""
        if queue not in bundle.queues:
            return ""
        line = self._line(queue)
        if not line.open:
            opens = moment(line.opens_ms, bundle.zone, language) if line.opens_ms else ""
            return word("opens", language, opens=opens, zone=bundle.zone) if opens else word("closed", language)
        said = word("open", language)
        if not live or line.wait is None:
            return said
        low, high = whole_minutes(line.wait.low_ms, line.wait.high_ms)
        key = "wait_one" if high == 1 else "wait_about" if low == high else "wait_range"
        return f"{said} {word(key, language, low=str(low), high=str(high))}"


def _href(name: str, at: str) -> str:
    if name in SCHEMES:
        digits = "".join(each for each in at if each in "+0123456789")
        return SCHEMES[name] + digits if digits else ""
    if at.startswith(("https://", "http://")):
        return at
    return f"mailto:{at}" if "@" in at and " " not in at else ""
