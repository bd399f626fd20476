"""Which devices of which customers are there, as their apps and last wills say. In memory; nothing is decided by it."""

from __future__ import annotations

from collections import OrderedDict

# Beyond so many the customer heard of longest ago counts as away; their next word brings them back.
CUSTOMERS_MAX = 50_000
# A person has a telephone, a tablet and a browser; more devices than this are a script's.
DEVICES_MAX = 16


class Presence:
    """Customers by their devices that are there. A retained state tells of one device only: the last that spoke."""

    def __init__(self) -> None:
        self._there: OrderedDict[str, set[str]] = OrderedDict()

    def came(self, customer: str, device: str) -> None:
        """A device is there."""
        devices = self._there.setdefault(customer, set())
        self._there.move_to_end(customer)
        if len(devices) < DEVICES_MAX:
            devices.add(device)
        if len(self._there) > CUSTOMERS_MAX:
            self._there.popitem(last=False)

    def went(self, customer: str, device: str) -> None:
        """A device has gone, or its last will says so."""
        devices = self._there.get(customer)
        if devices is None:
            return
        devices.discard(device)
        if not devices:
            del self._there[customer]

    def is_there(self, customer: str) -> bool:
        """Return whether any device of a customer is there."""
        return customer in self._there

    def __len__(self) -> int:
        return len(self._there)
