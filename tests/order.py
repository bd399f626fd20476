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
    "views/test_rebuild.py",
    "e2e/test_conversations.py",
    "channels/test_email_imap.py",
    "channels/prism/test_prism.py",
    "cluster/test_cluster.py",
    "planning/test_gates.py",
    "web/test_reviews.py",
    "planning/test_against_ciw.py",
    "web/test_sending.py",
    "e2e/test_every_screen.py",
    "web/test_rules_page.py",
    "channels/killed/test_calls.py",
    "crash/test_troubles.py",
    "web/test_everywhere.py",
    "web/test_handing.py",
    "sandbox/test_page.py",
    "cli/test_site_key.py",
    "web/test_widget_page.py",
    "web/test_layout.py",
    "web/test_writing.py",
    "cli/test_serve.py",
    "cli/test_wheel.py",
    "channels/killed/test_amid.py",
    "web/test_palette.py",
    "e2e/test_two_desks.py",
    "e2e/test_screens.py",
    "cluster/test_releases.py",
    "e2e/test_by_keyboard.py",
    "e2e/test_complaints.py",
    "web/test_offers.py",
    "store/test_contract.py",
    "test_tidy.py",
    "web/test_team.py",
    "web/test_letters.py",
    "web/test_queues.py",
    "web/test_handing_everywhere.py",
    "views/test_estimate.py",
    "nodes/test_nodes.py",
    "web/test_desk.py",
    "sandbox/test_softphone.py",
    "test_again.py",
    "store/test_contract_archive.py",
    "core/test_customers.py",
    "files/test_desk_end_to_end.py",
    "store/test_postgresql_crash.py",
    "web/test_connection.py",
    "sandbox/test_every_channel.py",
    "cluster/test_upgrade.py",
    "badinput/test_doors.py",
    "web/test_wallboard.py",
    "web/test_lists.py",
    "crash/test_kill.py",
    "channels/test_email_end_to_end.py",
    "channels/test_ninth_channel.py",
    "sandbox/test_demo_day.py",
    "sandbox/test_guard.py",
    "bus/test_redis_troubles.py",
)


def longest_first(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """Return the tests file by file, the longest files first."""
    place = {TESTS / name: number for number, name in enumerate(FIRST)}
    return sorted(items, key=lambda item: place.get(item.path, len(place)))
