"""What may go wrong in a store, by three names, and nothing of a driver's."""

from __future__ import annotations


class StoreError(Exception):
    """The store could not do what was asked."""


class StoreUnavailable(StoreError):
    """The store cannot take writes now (full, read-only, gone). Nothing was written; try again later."""


class Fenced(StoreError):
    """Another leader has a higher epoch, or the journal has moved: this core must be thrown away."""
