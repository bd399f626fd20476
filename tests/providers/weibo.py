"""Weibo; it is shared with the sandbox and lives there."""

from dashboard.sandbox.providers.weibo import WeiboPlatform

__all__ = ["WeiboPlatform"]
