"""Finding articles by words, in languages with spaces and without. Pure: it is handed the texts.

Words of scripts with spaces are looked for as their beginning says them; in Chinese, Japanese, Thai and their like,
where no space parts words, a run of letters is looked for by its pairs.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

import msgspec

TERMS_MAX = 30
QUERY_CHARS_MAX = 200
# A title says what an article is about.
TITLE_WEIGHT, TEXT_WEIGHT = 5, 1
# So much of what was asked for must be there. Everybody asks with a word too many; of pairs, every second says nothing.
SHARE_LEAST, PAIRS_SHARE_LEAST = 0.6, 0.3
# Most words of a message are beside its point, and the short ones always.
TELLING_CHARS_MIN = 5
FOUND_MAX = 20
# A plural is the same word, for English that is typed into a search box; shorter ones are no plurals.
PLURAL_CHARS_MIN = 5

# Scripts that part no words: Thai, Lao, Myanmar, Khmer, kana and Chinese characters.
_JOINED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_RUNS = re.compile(f"[{_JOINED}]+|[^\\W_{_JOINED}]+")
_IS_JOINED = re.compile(f"[{_JOINED}]")
# What must not be kept of somebody's search: numbers of orders and telephones, addresses.
_PERSONAL = re.compile(r"@|\d{5}|\d(?:[\s-]?\d){6}")


class Indexed(msgspec.Struct, frozen=True, kw_only=True):
    """One article in one language, as it is looked through."""

    number: int
    title: str
    text: str


def indexed(number: int, title: str, text: str) -> Indexed:
    """Return an article's words as they are looked through."""
    return Indexed(number=number, title=folded(title), text=folded(text))


def folded(said: str) -> str:
    """Return a text without case, and without the accents that people leave out."""
    apart = unicodedata.normalize("NFKD", said.casefold())
    return "".join(each for each in apart if unicodedata.category(each) != "Mn" or _IS_JOINED.match(each))


def terms(query: str) -> list[str]:
    """Return what is looked for: words, and pairs of letters where words are not parted."""
    found: dict[str, None] = {}
    for run in _RUNS.findall(folded(query[:QUERY_CHARS_MAX])):
        if not _IS_JOINED.match(run):
            found[run[:-1] if run.endswith("s") and len(run) >= PLURAL_CHARS_MIN else run] = None
        elif len(run) == 1:
            found[run] = None
        else:
            found.update((run[at : at + 2], None) for at in range(len(run) - 1))
    return list(found)[:TERMS_MAX]


def find(query: str, articles: Iterable[Indexed], *, typing: bool = False) -> list[int]:
    """Return the articles that say what is asked for, the fittest first; `typing`: it is the beginning of a message."""
    wanted = terms(query)
    if not wanted:
        return []
    weighed = [(_weight(wanted, each, typing=typing), each.number) for each in articles]
    ranked = sorted((-weight, number) for weight, number in weighed if weight)
    return [number for _, number in ranked[:FOUND_MAX]]


def _weight(wanted: Sequence[str], article: Indexed, *, typing: bool) -> int:
    titled = [_says(article.title, term) for term in wanted]
    told = [_says(article.text, term) for term in wanted]
    there = sum(in_title or in_text for in_title, in_text in zip(titled, told, strict=True))
    least = sum(PAIRS_SHARE_LEAST if _IS_JOINED.match(term) else SHARE_LEAST for term in wanted)
    fits = _is_about(wanted, titled) if typing else there >= least
    return TITLE_WEIGHT * sum(titled) + TEXT_WEIGHT * sum(told) if fits else 0


def _is_about(wanted: Sequence[str], titled: Sequence[bool]) -> bool:
    """Whether a title says what a message is about: by one long word of it, or by two pairs."""
    said = [term for term, in_title in zip(wanted, titled, strict=True) if in_title]
    pairs = sum(1 for term in said if _IS_JOINED.match(term))
    return pairs > 1 or any(len(term) >= TELLING_CHARS_MIN for term in said)


def _says(text: str, term: str) -> bool:
    """Whether a word begins so, or a run of letters without spaces holds it."""
    if _IS_JOINED.match(term):
        return term in text
    return re.search(rf"(?<![^\W_]){re.escape(term)}", text) is not None


def may_be_kept(query: str) -> str:
    """Return a search as it may be counted: its words without case, nothing where it might name somebody."""
    said = " ".join(query.casefold().split())
    return "" if len(said) > QUERY_CHARS_MAX // 2 or len(said) < 2 or _PERSONAL.search(said) else said
