"""Numbers that no screen sends: refused or found nowhere, never a fault of ours."""

from __future__ import annotations

import pytest

from tests.dashboard.office import Office

# Its first twenty digits are a number like any other.
LONG = "0" * 19 + "1" + "9" * 40
NINES = "9" * 19


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/complaints/{LONG}", 404),
        (f"/complaints/{LONG}{'9' * 5_000}", 404),
        (f"/customers/{LONG}{'9' * 5_000}/complaints", 404),
        (f"/customers/{LONG}{'9' * 5_000}/segment", 404),
        (f"/customers/{LONG}{'9' * 5_000}", 404),
        (f"/customers/{LONG}{'9' * 5_000}/likely", 404),
        (f"/complaints/figures?until_ms={2**53 - 1}", 400),
        (f"/followups?scope=all&after={NINES[1:]}.{NINES}", 200),
        (f"/followups?scope=mine&after=0.{NINES}", 200),
        (f"/customers?order=name&after=n:{NINES}{NINES}.a", 200),
    ],
)
async def test_a_number_beyond_any_store_is_no_fault_of_ours(office: Office, path: str, status: int) -> None:
    sue = await office.desk("sue", role="supervisor")
    answer = await sue.get(path)
    assert answer.status == status, answer.text
    assert office.logged == []
