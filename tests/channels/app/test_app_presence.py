"""Who is there: by device, in bounded memory."""

from __future__ import annotations

import pytest

from channels.app import presence
from channels.app.presence import Presence


def test_a_customer_is_there_while_any_device_is() -> None:
    who = Presence()
    who.came("cust-1", "phone")
    who.came("cust-1", "tablet")
    who.went("cust-1", "phone")
    assert who.is_there("cust-1")
    who.went("cust-1", "tablet")
    who.went("cust-1", "tablet")
    assert not who.is_there("cust-1")
    assert len(who) == 0


def test_who_was_heard_of_longest_ago_is_forgotten_first_and_devices_are_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(presence, "CUSTOMERS_MAX", 2)
    monkeypatch.setattr(presence, "DEVICES_MAX", 1)
    who = Presence()
    for customer in ("cust-1", "cust-2", "cust-1", "cust-3"):
        who.came(customer, "phone")
        who.came(customer, "another")
    assert [who.is_there(f"cust-{number}") for number in (1, 2, 3)] == [True, False, True]
    who.went("cust-1", "phone")
    assert not who.is_there("cust-1")
