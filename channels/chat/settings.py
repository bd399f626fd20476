"""The `chat` entry of channels.yaml. What is done with it is not here."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from channels.chat.asking import Question
from channels.contract import Settings as CommonSettings

_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]{1,250}(:[0-9]{1,5})?")


class Settings(CommonSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `chat` entry of channels.yaml. `sites` maps the key of a page's widget to the origins it may come from.

    `facts` maps what a page may declare for the rules to the values it may have. `asks`: what the greeting asks
    where the page has not said it. `queue` is whose opening hours
    the widget shows, `closed` the text it shows outside them. `instead`: the name of the form to which those are
    shown who do not want to wait. `identity_key_env` names the key with which the company's pages sign who their
    visitor is, `identity_old_key_env` the one before.
    """

    sites: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    facts: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    asks: dict[str, Question] = msgspec.field(default_factory=dict)
    queue: str = ""
    closed: str = "closed-now"
    instead: str = ""
    away_after_s: int = 120
    session_days: int = 30
    identity_key_env: str = ""
    identity_old_key_env: str = ""
    messages_a_minute: int = 30
    sessions_a_minute_and_ip: int = 30
    sockets_per_ip: int = 50
    sockets_per_visitor: int = 8
    proxies: tuple[str, ...] = ()

    def allowed(self, name: str) -> tuple[str, ...]:
        """Return the values that something declared or answered may have."""
        asked = self.asks[name].options if name in self.asks else {}
        return (*self.facts.get(name, ()), *asked)

    def leads_to(self) -> Mapping[str, tuple[str, str]]:
        """Who does not want to wait is led to a form."""
        return {"instead": ("form", self.instead)} if self.instead else {}

    def offers(self) -> tuple[str, ...]:
        """The widgets of foreign pages; without any, those of our own, whose keys nobody has to write."""
        return tuple(self.sites)


def check_origins(settings: Settings) -> None:
    """Raise ValueError where a page's origin cannot be one."""
    for site, origins in settings.sites.items():
        for origin in origins:
            if not _ORIGIN.fullmatch(origin):
                raise ValueError(
                    f"chat.sites.{site}: '{origin}' is no origin; write one such as https://www.example.com"
                )
