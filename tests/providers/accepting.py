"""Connections taken and not yet given to anybody; it is shared with the sandbox and lives there."""

from dashboard.sandbox.providers.accepting import all_taken

__all__ = ["all_taken"]
