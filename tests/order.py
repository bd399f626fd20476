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
    "channels/test_email_imap.py",
    "channels/killed/test_calls.py",
    "e2e/test_conversations.py",
    "cluster/test_cluster.py",
    "e2e/test_followups.py",
    "web/test_widget_page.py",
    "channels/prism/test_prism.py",
    "e2e/test_every_screen.py",
    "channels/killed/test_amid.py",
    "web/test_desk.py",
    "crash/test_troubles.py",
    "web/test_handing.py",
    "web/test_lists.py",
    "web/test_queues.py",
    "e2e/test_two_desks.py",
    "web/test_wallboard.py",
    "badinput/test_doors.py",
    "bus/test_redis_sentinel.py",
    "cli/test_site_key.py",
    "web/test_sending.py",
    "floor/test_node.py",
    "nodes/test_nodes.py",
    "web/test_layout.py",
    "web/test_rules_page.py",
    "e2e/test_screens.py",
    "cluster/test_releases.py",
    "sandbox/test_demo_day.py",
    "web/test_writing.py",
    "sandbox/test_every_channel.py",
    "sandbox/test_softphone.py",
    "channels/webhook/test_end_to_end.py",
    "channels/killed/test_visitors.py",
    "sandbox/test_page.py",
    "web/test_form_page.py",
    "web/test_reviews.py",
    "web/test_team.py",
    "web/test_wrapping.py",
    "web/test_connection.py",
    "web/test_everywhere.py",
    "web/test_handing_everywhere.py",
    "web/test_letters.py",
    "web/test_offers.py",
    "web/test_palette.py",
    "channels/webhook/test_payloads.py",
    "bus/test_redis_troubles.py",
    "web/test_help.py",
    "channels/phone/test_phone_calls.py",
    "test_tidy.py",
    "test_again.py",
    "files/test_desk_end_to_end.py",
    "web/test_customers.py",
    "cli/test_serve.py",
    "crash/test_seeded.py",
    "e2e/test_by_keyboard.py",
    "planning/test_gates.py",
    "cli/test_wheel.py",
    "web/test_idle.py",
)


def longest_first(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """Return the tests file by file, the longest files first."""
    place = {TESTS / name: number for number, name in enumerate(FIRST)}
    return sorted(items, key=lambda item: place.get(item.path, len(place)))
