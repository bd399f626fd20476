"""What every store must do: finding messages and customers by words, within a bound, wherever a word stands."""

from __future__ import annotations

import pytest

from router.store.port import Store
from tests.store.makers import SITE, body, caller, commit, lead

ABOVE = 2**62
TEXTS = [
    "Where is my Parcel 20418?",
    'It says "label created"\nsince Friday',
    "我的包裹还没有到，订单号是20418",
    "ยังไม่ได้รับพัสดุค่ะ",
    "a note about nothing, by an agent",
]


async def _kept(store: Store) -> list[int]:
    ids = await store.archive.write(SITE, [body(text, author="agent:7", direction="out") for text in TEXTS])
    await lead(store)
    await commit(store, placed=[(number, 1, 1) for number in ids])
    return ids


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["parcel"], [0]),
        (["PARCEL", "20418"], [0]),
        (["20418"], [2, 0]),
        (['"label', "friday"], [1]),
        (['created"\nsince'], [1]),
        (["包裹"], [2]),
        (["พัสดุ"], [3]),
        (["agent"], [4]),
        (["author"], []),
        (["%"], []),
        (["parcel", "包裹"], []),
    ],
)
async def test_messages_are_found_by_every_word_and_nothing_else(
    store: Store, words: list[str], found: list[int]
) -> None:
    ids = await _kept(store)
    rows = await store.archive.find_messages(SITE, words, before=ABOVE, rows_max=100, limit=10)
    assert [row.id for row in rows] == [ids[index] for index in found]
    assert await store.archive.find_messages("other", words, before=ABOVE, rows_max=100, limit=10) == []


async def test_only_so_many_are_looked_at_and_the_newest_come_first(store: Store) -> None:
    ids = await _kept(store)
    assert await store.archive.find_messages(SITE, ["parcel"], before=ABOVE, rows_max=4, limit=10) == []
    rows = await store.archive.find_messages(SITE, ["20418"], before=ABOVE, rows_max=5, limit=1)
    assert [row.id for row in rows] == [ids[2]]
    rows = await store.archive.find_messages(SITE, ["20418"], before=ids[2], rows_max=5, limit=1)
    assert [row.id for row in rows] == [ids[0]]


async def test_what_belongs_to_no_conversation_is_not_found(store: Store) -> None:
    await store.archive.write(SITE, [body("half a reply that was refused", direction="out")])
    assert await store.archive.find_messages(SITE, ["refused"], before=ABOVE, rows_max=5, limit=5) == []


async def test_customers_are_found_by_their_names(store: Store) -> None:
    people = [caller(f"k{n}", name=name) for n, name in enumerate(["Marta Kowalska", "林佳怡", "Omar Haddad", ""])]
    met = await store.archive.meet(SITE, people, 1)
    for words, found in ((["kowal"], [0]), (["MARTA", "ska"], [0]), (["佳怡"], [1]), (["a"], [2, 0]), (["zz"], [])):
        ids = await store.archive.find_customers(SITE, words, rows_max=100, limit=10)
        assert ids == [met[index].customer for index in found], words
    assert await store.archive.find_customers(SITE, ["kowal"], rows_max=3, limit=10) == []
    assert await store.archive.find_customers("other", ["kowal"], rows_max=9, limit=10) == []


async def test_what_was_erased_is_found_no_more(store: Store) -> None:
    ids = await _kept(store)
    await store.care.blank(SITE, [ids[0]])
    rows = await store.archive.find_messages(SITE, ["20418"], before=ABOVE, rows_max=100, limit=10)
    assert [row.id for row in rows] == [ids[2]]
