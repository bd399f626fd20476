"""A review between its row and its record, alike for every database. No SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from router.store.port import RatingRow, RatingTally, Review
from router.store.port.reviews import EndedRow, ReviewWords

FIRST = (1 << 62, 1 << 62)
"""Where a list that begins with the newest begins."""

# What the row says by itself.
_ROWS_OWN = {"version": 0, "forgotten": False, "words": ReviewWords()}
_encoder = msgspec.json.Encoder()
_review = msgspec.json.Decoder(Review)
_words = msgspec.json.Decoder(ReviewWords)
_text = msgspec.json.Decoder(str)


def text_of(words: str) -> str:
    """Return words as JSON: a NUL that a customer sent is spelt out."""
    return _encoder.encode(words).decode()


def coded(review: Review) -> str:
    """Return what is no word of anybody, as JSON."""
    return _encoder.encode(msgspec.structs.replace(review, **_ROWS_OWN)).decode()


def worded(review: Review) -> str:
    """Return what people wrote, as JSON."""
    return _encoder.encode(review.words).decode()


def review_of(row: Sequence[Any]) -> Review:
    """Return a review from (version, forgotten, data), and words where they were asked for."""
    version, forgotten, data, *words = row
    found = ReviewWords() if not words else _words.decode(words[0])
    return msgspec.structs.replace(_review.decode(data), version=version, forgotten=bool(forgotten), words=found)


def rating_of(row: Sequence[Any]) -> RatingRow:
    """Return a rating from its fields in order, words as JSON."""
    told = dict(zip(RatingRow.__struct_fields__, row, strict=True))
    return RatingRow(**{**told, "words": _text.decode(told["words"])})


def ended_of(row: Sequence[Any]) -> EndedRow:
    """Return a conversation that ended from its fields in order."""
    told = dict(zip(EndedRow.__struct_fields__, row, strict=True))
    return EndedRow(**{**told, "transferred": bool(told["transferred"]), "reopened": bool(told["reopened"])})


def tally_of(rows: Iterable[Sequence[int]], ended: int) -> RatingTally:
    """Return a tally from rows (score, how many, how many with words)."""
    counts, worded_count = [0] * 5, 0
    for score, count, with_words in rows:
        counts[score - 1] += count
        worded_count += with_words
    return RatingTally(counts=counts, worded=worded_count, ended=ended)


def tallies_of(rows: Iterable[Sequence[Any]], ended: Iterable[Sequence[Any]]) -> dict[str, RatingTally]:
    """Return tallies from rows (whose, score, how many, how many with words) and (whose, how many ended)."""
    rated, over = defaultdict[str, list[Sequence[int]]](list), {str(whose): count for whose, count in ended}
    for whose, *row in rows:
        rated[str(whose)].append(row)
    return {whose: tally_of(rated[whose], over.get(whose, 0)) for whose in sorted({*rated, *over})}
