"""A reader of OpenAPI documents; it is shared with the sandbox and lives there."""

from dashboard.sandbox.providers.described import Described, Pairs

__all__ = ["Described", "Pairs"]
