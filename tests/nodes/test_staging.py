"""Uploads that wait for a reply, changed at two nodes at once: none is lost, and there are never more than may be."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dashboard.errors import ApiError
from dashboard.requests import FILES_MAX
from dashboard.staging import Staging
from router.store.filerows import FileRow
from tests.floor.house import SITE, open_store

FILE = FileRow(name="a.pdf", media_type="application/pdf", size_bytes=1)


async def test_uploads_at_two_nodes_at_once_are_all_kept_and_never_more_than_may_be(tmp_path: Path) -> None:
    store = await open_store(tmp_path)
    surroundings: Any = SimpleNamespace(store=store, floor=SimpleNamespace(site=SITE), now_ms=lambda: 5)
    here, there = Staging(surroundings), Staging(surroundings)
    adding = [node.add(1, "R1", FILE) for _ in range(FILES_MAX) for node in (here, there)]
    ends = await asyncio.gather(*adding, return_exceptions=True)
    kept = await here.of(1, "R1")
    refused = [end for end in ends if isinstance(end, ApiError)]
    assert len(kept) == FILES_MAX
    assert len(refused) == FILES_MAX
    assert {end.id for end in ends if not isinstance(end, BaseException)} == {each.id for each in kept}
    await asyncio.gather(*(node.drop(1, "R1", [each.id]) for each, node in zip(kept, [here, there] * 99, strict=False)))
    assert await there.of(1, "R1") == []
    with pytest.raises(ApiError):
        await asyncio.gather(*(here.add(1, "R1", FILE) for _ in range(FILES_MAX + 1)))
    await store.close()
