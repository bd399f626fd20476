"""Articles are found by words, in every language, and a search that names somebody is not kept."""

from __future__ import annotations

import pytest

from dashboard.helping.finding import FOUND_MAX, find, indexed, may_be_kept, terms

SHELF = [
    indexed(1, "Returning something", "Send it back within 30 days. We pay the parcel."),
    indexed(2, "Where is my parcel?", "Every order has a number to follow it by."),
    indexed(3, "如何退货", "收到商品后三十天内可以退货，运费由我们承担。"),
    indexed(4, "วิธีคืนสินค้า", "คืนสินค้าได้ภายใน 30 วัน เราออกค่าจัดส่ง"),
    indexed(5, "Café opening hours", "Weekdays nine to five."),
]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("parcel", [2, 1]),
        ("PARCELS", [2, 1]),
        ("where is my parcel", [2]),
        ("return", [1]),
        ("urn", []),
        ("cafe", [5]),
        ("退货", [3]),
        ("我要退货", [3]),
        ("คืนสินค้า", [4]),
        ("อยากคืนสินค้า", [4]),
        ("xyzzy", []),
        ("   ", []),
        ("(.*)", []),
        ("", []),
    ],
)
def test_what_is_asked_for_is_found_the_fittest_first(query: str, found: list[int]) -> None:
    assert find(query, SHELF) == found


def test_a_long_query_is_bounded_and_so_is_what_it_finds() -> None:
    assert len(terms("ก" * 10_000 + " ".join(map(str, range(1_000))))) <= 30
    assert len(find("parcel", [indexed(number, "parcel", "") for number in range(100)])) == FOUND_MAX


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("  Return  LABEL ", "return label"),
        ("退货", "退货"),
        ("order 20418", ""),
        ("mia@example.com", ""),
        ("call 0612 34 56 78", ""),
        ("x", ""),
        ("a" * 101, ""),
        ("30 days", "30 days"),
    ],
)
def test_a_search_is_counted_without_what_might_name_somebody(query: str, kept: str) -> None:
    assert may_be_kept(query) == kept
