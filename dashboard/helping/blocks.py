"""Markdown to a tree of a few known elements, and that tree to HTML. No page, no request.

The reader of Markdown is markdown-it-py without raw HTML. Only what stands in the tables below gets into the tree, so
the tree is safe to be built at the desk and to be written as a page; everything else is its text.
"""

from __future__ import annotations

from html import escape
from urllib.parse import urlsplit

import msgspec
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

# Deeper nesting is no article, and a tree that is walked in a page has an end.
DEPTH_MAX = 20
ELEMENTS = {
    "paragraph": "p",
    "bullet_list": "ul",
    "ordered_list": "ol",
    "list_item": "li",
    "blockquote": "blockquote",
    "strong": "strong",
    "em": "em",
    "s": "s",
    "table": "table",
    "thead": "thead",
    "tbody": "tbody",
    "tr": "tr",
    "th": "th",
    "td": "td",
    "hr": "hr",
    "hardbreak": "br",
}
VOID = frozenset({"hr", "br"})
# What is kept as its text alone.
VERBATIM = {"code_inline": "code", "code_block": "pre", "fence": "pre"}
SCHEMES = frozenset({"http", "https", "mailto", "tel"})


class Block(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One element: its name, where a link leads, and what is in it, text or elements."""

    tag: str
    href: str = ""
    parts: tuple[Block | str, ...] = ()


def blocks_of(text: str) -> tuple[Block, ...]:
    """Return the elements of a text in Markdown."""
    reader = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    root = SyntaxTreeNode(reader.parse(text))
    return tuple(each for each in _parts(root, DEPTH_MAX) if isinstance(each, Block))


def html_of(blocks: tuple[Block | str, ...]) -> str:
    """Return elements as HTML."""
    return "".join(_html(each) for each in blocks)


def plain(blocks: tuple[Block | str, ...]) -> str:
    """Return what is said without any element, for finding and for a first line."""
    return " ".join(part for part in (each if isinstance(each, str) else plain(each.parts) for each in blocks) if part)


def _parts(node: SyntaxTreeNode, depth: int) -> tuple[Block | str, ...]:
    found: list[Block | str] = []
    for child in node.children:
        found += _made(child, depth - 1)
    return tuple(found)


def _made(node: SyntaxTreeNode, depth: int) -> tuple[Block | str, ...]:
    """Return what a node becomes: an element, its text, or what is in it."""
    if node.type in VERBATIM:
        return (Block(tag=VERBATIM[node.type], parts=(node.content,)),)
    if node.type in {"text", "html_inline", "html_block"}:
        return (node.content,) if node.content else ()
    if node.type == "softbreak":
        return ("\n",)
    if node.type == "image":
        return (node.content,) if node.content else ()
    if depth <= 0:
        return ()
    inner = _parts(node, depth)
    if node.type == "link":
        href = str(node.attrGet("href") or "")
        return (Block(tag="a", href=href, parts=inner),) if _leads_somewhere(href) else inner
    if node.type == "heading":
        # The page's own heading is the first level, the article's begin below it.
        return (Block(tag="h2" if node.tag in {"h1", "h2"} else "h3", parts=inner),)
    tag = ELEMENTS.get(node.type)
    return (Block(tag=tag, parts=inner),) if tag else inner


def _leads_somewhere(href: str) -> bool:
    try:
        scheme = urlsplit(href).scheme
    except ValueError:
        return False
    return bool(href) and (scheme in SCHEMES or (not scheme and not href.startswith("//")))


def _html(each: Block | str) -> str:
    if isinstance(each, str):
        return escape(each)
    if each.tag in VOID:
        return f"<{each.tag}>"
    marks = f' href="{escape(each.href)}" rel="noopener"' if each.tag == "a" else ""
    return f"<{each.tag}{marks}>{html_of(each.parts)}</{each.tag}>"
