"""What customers write beside a rating is a row of its own: of their own conversation, never in the journal."""

from __future__ import annotations

import msgspec
import pytest

from channels import contract as sig
from router.store.port import StoreError
from tests.floor.house import SITE, House, wrote
from tests.floor.test_intake import decided


async def test_a_line_writes_about_its_own_conversation_and_no_other(house: House) -> None:
    house.start("intake")
    await decided(house, wrote("hello"))
    line, door = wrote("x").line, house.door("chat")
    (first, *_) = await house.store.archive.on_line(SITE, 1, after=0, limit=1)
    item, before = first.row.position, house.floor.position
    assert await door.remark(line, item=item, words="Too slow.")
    assert await door.remark(line, item=item, words="Too slow, and kind.")
    assert not await door.remark(line, item=9_999, words="mine?")
    assert not await door.remark(msgspec.structs.replace(line, key="nobody"), item=item, words="mine?")
    assert house.floor.position == before, "the journal knows nothing of it"
    rating = sig.KeyPressed(line=line, dedupe="r", keys="2", prompt=sig.RATING_PROMPT, item=item)
    await decided(house, rating)
    kept = await house.store.reviews.rating(SITE, first.row.conv)
    assert kept is not None
    assert (kept.score, kept.words) == (2, "Too slow, and kind.")


async def test_a_store_that_is_away_is_said(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: object, **__: object) -> bool:
        raise StoreError("away")

    house.start("intake")
    await decided(house, wrote("hello"))
    (first, *_) = await house.store.archive.on_line(SITE, 1, after=0, limit=1)
    monkeypatch.setattr(house.store.reviews, "remark", away)
    with pytest.raises(sig.LetterboxClosed):
        await house.door("chat").remark(wrote("x").line, item=first.row.position, words="hello?")
