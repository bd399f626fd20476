"""What the help page needs of the configuration. It decides nothing; readers of a bundle hand it on."""

from __future__ import annotations

import msgspec

# What somebody wrote half a year ago is worth a look: prices, names and opening hours have changed by then.
STALE_MS = 182 * 86_400_000


class Reach(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How customers reach a channel: the number or address, whose hours count, a label by language if it needs one."""

    at: str = ""
    queue: str = ""
    label: dict[str, str] = {}


class HelpRules(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The help page of a site. Without a title there is none.

    `categories`: name to label by language; `order`: their names as they are shown, since a kept bundle is sorted.
    `form`: the form for whom it did not help, empty for none; `queue`: whose hours are told there, empty for none.
    `chat`: the widget stands on every page. `stale_ms`: an article that nobody has looked at for so long is shown to
    whom it belongs. `proxies` are our own, whose word of who asks is believed.
    `reach`: by which channels somebody is there for whom it did not help, by their entry's name.
    """

    title: dict[str, str] = {}
    categories: dict[str, dict[str, str]] = {}
    order: tuple[str, ...] = ()
    form: str = ""
    queue: str = ""
    chat: bool = True
    stale_ms: int = STALE_MS
    proxies: tuple[str, ...] = ()
    reach: dict[str, Reach] = {}

    @property
    def shelves(self) -> dict[str, dict[str, str]]:
        """The categories in the order in which they are shown."""
        return {name: self.categories[name] for name in self.order or self.categories}
