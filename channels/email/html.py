"""HTML of a mail to plain text for people to read. No cleaning for display; that is nh3's work."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_SILENT = frozenset({"style", "script", "head", "title", "template"})
_BREAKS = frozenset({"br", "hr"})
_BLOCKS = frozenset(
    [
        *("address", "article", "blockquote", "dd", "div", "dl", "dt", "fieldset", "figure", "footer", "form"),
        *(
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "header",
            "li",
            "ol",
            "p",
            "pre",
            "section",
            "table",
            "tbody",
            "tr",
            "ul",
        ),
    ]
)
HTML_CHARS_MAX = 1_000_000


class _Reader(HTMLParser):
    """Collects words; blocks and breaks become line ends, links keep their address, quotes their mark."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._silent = 0
        self._links: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag in _BREAKS or tag in _BLOCKS:
            self.words.append("\n")
        elif tag == "a":
            self._links.append((dict(attrs).get("href") or "", len(self.words)))

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _BLOCKS:
            self.words.append("\n")
        elif tag == "a" and self._links:
            self._close_link(*self._links.pop())

    def _close_link(self, address: str, start: int) -> None:
        said = "".join(self.words[start:]).strip()
        if address.startswith(("http://", "https://")) and said and address.rstrip("/") != said.rstrip("/"):
            self.words.append(f" ({address})")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(re.sub(r"[ \t\r\n\f]+", " ", data))


def to_text(html: str) -> str:
    """Return the words of an HTML body; empty for an empty one."""
    reader = _Reader()
    reader.feed(html[:HTML_CHARS_MAX])
    reader.close()
    lines = [line.strip() for line in "".join(reader.words).replace("\xa0", " ").split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
