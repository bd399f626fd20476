"""A provider's server that can be told to fail; it is shared with the sandbox and lives there."""

from dashboard.sandbox.providers.faulty import Fault, FaultyServer

__all__ = ["Fault", "FaultyServer"]
