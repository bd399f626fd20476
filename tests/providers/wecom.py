"""WeCom's customer service; it is shared with the sandbox and lives there."""

from dashboard.sandbox.providers.wecom import ENDED, MSGID_CHARS_MAX, OURS, POOL, STAFF, Visitor, WeComPlatform

__all__ = ["ENDED", "MSGID_CHARS_MAX", "OURS", "POOL", "STAFF", "Visitor", "WeComPlatform"]
