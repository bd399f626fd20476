"""LINE; it is shared with the sandbox and lives there."""

from dashboard.sandbox.providers.line import LinePlatform

__all__ = ["LinePlatform"]
