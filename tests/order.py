"""Which test files begin first. No test lives here.

A file stays whole with one worker: the longest begin first, so that none of them runs alone at the end.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
# The longest of a whole run, longest first; what is not here follows as it is found.
FIRST = (
    "cluster/test_cluster.py",
    "e2e/test_conversations.py",
    "e2e/test_two_desks.py",
    "channels/test_email_imap.py",
    "e2e/test_screens.py",
    "web/test_rules_page.py",
    "channels/prism/test_prism.py",
    "e2e/test_every_screen.py",
    "web/test_sending.py",
    "channels/killed/test_calls.py",
    "channels/killed/test_amid.py",
    "sandbox/test_every_channel.py",
    "cluster/test_releases.py",
    "cluster/test_upgrade.py",
    "web/test_queues.py",
    "badinput/test_doors.py",
    "web/test_wallboard.py",
    "web/test_connection.py",
    "web/test_desk.py",
    "web/test_lists.py",
    "web/test_writing.py",
    "crash/test_troubles.py",
    "crash/test_kill.py",
    "channels/test_email_end_to_end.py",
    "channels/test_ninth_channel.py",
    "sandbox/test_demo_day.py",
    "sandbox/test_guard.py",
    "store/test_postgresql_crash.py",
    "bus/test_redis_troubles.py",
)


def longest_first(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """Return the tests file by file, the longest files first."""
    place = {TESTS / name: number for number, name in enumerate(FIRST)}
    return sorted(items, key=lambda item: place.get(item.path, len(place)))
