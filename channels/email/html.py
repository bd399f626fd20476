"""HTML of a mail to plain text for people to read, and to HTML that a desk may show. No parts, no charsets."""

from __future__ import annotations

import re
from html import unescape

import nh3

_SILENT = {"style", "script", "title", "template"}
_BREAKS = {"br", "hr"}
_BLOCKS = {
    *("address", "article", "blockquote", "dd", "div", "dl", "dt", "fieldset", "figure", "footer", "form"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "header", "li", "ol", "p", "pre", "section", "table", "tbody", "tr", "ul"),
}
HTML_CHARS_MAX = 300_000
# Elements inside one another: no program writes so many, and each more makes every other one dearer.
DEPTH_MAX = 500
# These stand alone, or end by themselves when the next one begins.
_SHALLOW = frozenset(
    [
        *(
            "area",
            "base",
            "br",
            "col",
            "embed",
            "hr",
            "img",
            "input",
            "link",
            "meta",
            "param",
            "source",
            "track",
            "wbr",
        ),
        *("dd", "dt", "li", "option", "p", "tbody", "td", "tfoot", "th", "thead", "tr"),
    ]
)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})")
# What nh3 has written: every tag is whole, every other angle bracket is a sign.
_PIECE = re.compile(r'<(/?)([a-z0-9]+)((?: [a-z]+="[^"]*")*)>|([^<]+)')
_HREF = re.compile(r' href="([^"]*)"')


def to_text(html: str) -> str:
    """Return the words of an HTML body; empty for an empty one, and for one that is too deep to be read."""
    if is_too_deep(html):
        return ""
    plain = nh3.clean(
        html[:HTML_CHARS_MAX],
        tags=_BREAKS | _BLOCKS | {"a"},
        attributes={"a": {"href"}},
        clean_content_tags=_SILENT,
        url_schemes={"http", "https"},
        link_rel=None,
    )
    lines = [line.strip() for line in "".join(_words(plain)).replace("\xa0", " ").split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _words(plain: str) -> list[str]:
    """Blocks and breaks become line ends; links keep their address."""
    words: list[str] = []
    links: list[tuple[str, int]] = []
    for ends, tag, attributes, data in _PIECE.findall(plain):
        if data:
            words.append(re.sub(r"[ \t\r\n\f]+", " ", unescape(data)))
        elif tag != "a":
            words.append("\n")
        elif not ends:
            href = _HREF.search(attributes)
            links.append((unescape(href[1]) if href else "", len(words)))
        elif links:
            words += _address(*links.pop(), words)
    return words


def _address(address: str, start: int, words: list[str]) -> list[str]:
    """Return what a link adds to its words: its address, where they are not the address themselves."""
    said = "".join(words[start:]).strip()
    wanted = address.startswith(("http://", "https://")) and said and address.rstrip("/") != said.rstrip("/")
    return [f" ({address})"] if wanted else []


def is_too_deep(html: str) -> bool:
    """Return whether elements stand inside one another as no program writes them."""
    depth = 0
    for ends, tag in _TAG.findall(html[:HTML_CHARS_MAX]):
        if tag.lower() not in _SHALLOW:
            depth = max(0, depth - 1) if ends else depth + 1
        if depth > DEPTH_MAX:
            return True
    return False


def safe_html(html: str) -> str:
    """Return HTML that a desk may show: nothing that runs, and no image from afar, which would tell the sender.

    HTML is cut before it is cleaned, so that what is kept is whole; what grows too long is left to the text.
    """
    if is_too_deep(html):
        return ""
    clean = nh3.clean(
        html[:HTML_CHARS_MAX],
        url_schemes={"http", "https", "mailto", "tel", "cid"},
        attribute_filter=lambda tag, name, value: (
            None if tag == "img" and name == "src" and not value.lower().startswith("cid:") else value
        ),
    )
    return clean if len(clean) <= HTML_CHARS_MAX else ""
