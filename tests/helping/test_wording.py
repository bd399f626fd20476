"""A day as it is said on the help page."""

from __future__ import annotations

import msgspec
import pytest

from dashboard.helping.wording import day_of
from tests.dashboard.office import NOW_MS, bundle


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "9 October 2025"), ("zh", "2025年10月9日"), ("th", "9 ตุลาคม 2568"), ("cs", "2025-10-09")],
)
def test_a_day_has_its_year_as_its_readers_count(language: str, said: str) -> None:
    assert day_of(NOW_MS, bundle(), language) == said


@pytest.mark.parametrize(
    ("calendar", "language", "said"),
    [
        ("gregory", "th", "9 ตุลาคม 2025"),
        ("gregory", "en", "9 October 2025"),
        ("buddhist", "th", "9 ตุลาคม 2568"),
        ("buddhist", "en", "9 October 2568 BE"),
        ("buddhist", "zh", "佛历2568年10月9日"),
    ],
)
def test_a_site_that_counts_otherwise_does_so_in_every_language_as_its_desk_does(
    calendar: str, language: str, said: str
) -> None:
    assert day_of(NOW_MS, msgspec.structs.replace(bundle(), calendar=calendar), language) == said
