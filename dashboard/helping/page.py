"""The help page as plain HTML: it works without JavaScript. Strings in, strings out."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import msgspec

from dashboard.helping.reaching import Way
from dashboard.helping.wording import OWN_NAMES, word

CONTENT_CHARS_MAX = 160


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One article in a list."""

    slug: str
    title: str
    language: str
    first: str = ""


class Shelfmark(msgspec.Struct, frozen=True, kw_only=True):
    """A category with its articles."""

    name: str
    label: str
    entries: Sequence[Entry]


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """What stands on every page. `ways`: how one reaches somebody; `told`: whether they are there, if no way tells it.

    `here`: the address of this page, for its other languages. `notice`: an announcement of an emergency.
    """

    title: str
    language: str
    languages: Sequence[str]
    here: str = "/help"
    query: str = ""
    ways: Sequence[Way] = ()
    told: str = ""
    chat: bool = False
    notice: str = ""


def overview_page(frame: Frame, shelves: Sequence[Shelfmark]) -> str:
    """Return the first page: categories with their articles."""
    lists = "".join(
        f'<section><h2 id="{escape(each.name)}">{escape(each.label)}</h2>{_list(each.entries, frame)}</section>'
        for each in shelves
        if each.entries
    )
    body = f'<div class="shelves">{lists}</div>' if lists else f"<p>{escape(word('empty', frame.language))}</p>"
    return _document(frame, frame.title, f"<h1>{escape(word('what', frame.language))}</h1>{_search(frame)}{body}")


def found_page(frame: Frame, entries: Sequence[Entry]) -> str:
    """Return what a search has found."""
    said = word("results" if entries else "nothing", frame.language, query=frame.query)
    head = f'<h1 class="said">{escape(said)}</h1>' if entries else f'<p class="said" role="status">{escape(said)}</p>'
    return _document(frame, f"{frame.query} – {frame.title}", f"{_search(frame)}{head}{_list(entries, frame)}")


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One article as it is read. `voted`: its reader has just said whether it helped."""

    slug: str
    title: str
    language: str
    html: str
    first: str
    changed: str
    related: Sequence[Entry] = ()
    voted: bool = False


def article_page(frame: Frame, told: Told) -> str:
    """Return one article."""
    tag = "" if told.language == frame.language else f' lang="{escape(told.language)}"'
    other = f'<p class="note">{escape(word("other_language", frame.language))}</p>' if tag else ""
    changed = escape(word("changed", frame.language, date=told.changed))
    related = ""
    if told.related:
        head = escape(word("related", frame.language))
        related = f'<section class="related"><h2>{head}</h2>{_list(told.related, frame)}</section>'
    body = f"""<p class="back"><a href="/help?lang={frame.language}">{escape(word("all", frame.language))}</a></p>
<article{tag}><h1>{escape(told.title)}</h1>{other}{told.html}</article>
<p class="changed">{changed}</p>{_asked(frame, told)}{related}{_search(frame)}"""
    return _document(frame, f"{told.title} – {frame.title}", body, first=told.first)


def gone_page(frame: Frame) -> str:
    """Return what is said where no article is."""
    return _document(frame, frame.title, f"<h1>{escape(word('gone', frame.language))}</h1>{_search(frame)}")


def _asked(frame: Frame, told: Told) -> str:
    if told.voted:
        return f'<p class="helped" id="helped" role="status">{escape(word("thanks", frame.language))}</p>'
    buttons = "".join(
        f'<button type="submit" name="helped" value="{each}">{escape(word(each, frame.language))}</button>'
        for each in ("yes", "no")
    )
    return (
        f'<form class="helped" id="helped" method="post" action="/help/{escape(told.slug)}?lang={frame.language}">'
        f"<p>{escape(word('helped', frame.language))}</p>{buttons}</form>"
    )


def _list(entries: Sequence[Entry], frame: Frame) -> str:
    if not entries:
        return ""
    return f"<ul>{''.join(_entry(each, frame) for each in entries)}</ul>"


def _entry(each: Entry, frame: Frame) -> str:
    tag = "" if each.language == frame.language else f' lang="{escape(each.language)}"'
    first = f"<p{tag}>{escape(each.first)}</p>" if each.first else ""
    return f'<li><a href="/help/{escape(each.slug)}?lang={frame.language}"{tag}>{escape(each.title)}</a>{first}</li>'


def _search(frame: Frame) -> str:
    label = escape(word("search", frame.language))
    return (
        '<form class="search" role="search" action="/help"><input type="search" name="q" maxlength="200" '
        f'aria-label="{label}" value="{escape(frame.query)}"><input type="hidden" name="lang" value="{frame.language}">'
        f'<button type="submit">{label}</button></form>'
    )


def _still(frame: Frame) -> str:
    told = frame.told if not any(each.told for each in frame.ways) else ""
    if not frame.ways and not told:
        return ""
    said = f"<p>{escape(told)}</p>" if told else ""
    ways = f'<ul class="ways">{"".join(_way(each) for each in frame.ways)}</ul>' if frame.ways else ""
    return f'<section class="still"><h2>{escape(word("still", frame.language))}</h2>{said}{ways}</section>'


def _way(each: Way) -> str:
    said = f"<b>{escape(each.name)}</b>{f' <span>{escape(each.at)}</span>' if each.at else ''}"
    link = f'<a class="now" href="{escape(each.href)}">{said}</a>' if each.href else f'<p class="now">{said}</p>'
    told = f"<p>{escape(each.told)}</p>" if each.told else ""
    return f"<li>{link}{told}</li>"


def _document(frame: Frame, title: str, body: str, *, first: str = "") -> str:
    mark = "&" if "?" in frame.here else "?"
    others = " ".join(
        f'<a href="{escape(frame.here)}{mark}lang={tag}" lang="{tag}" hreflang="{tag}">{OWN_NAMES.get(tag, tag)}</a>'
        for tag in frame.languages
        if tag != frame.language
    )
    notice = f'<p class="notice" role="alert">{escape(frame.notice)}</p>' if frame.notice else ""
    widget = (
        f'<script src="/channels/chat/widget.js" async data-site="main" data-lang="{frame.language}"></script>'
        if frame.chat
        else ""
    )
    about = f'<meta name="description" content="{escape(first[:CONTENT_CHARS_MAX])}">' if first else ""
    return f"""<!doctype html>
<html lang="{frame.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>{about}
<link rel="stylesheet" href="/help/help.css">
{widget}
</head>
<body>
<header><a href="/help?lang={frame.language}">{escape(frame.title)}</a>
<nav aria-label="{escape(word("languages", frame.language))}">{others}</nav></header>
<main>
{notice}{body}
{_still(frame)}
</main>
</body>
</html>
"""
