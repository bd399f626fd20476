"""WeChat; it is shared with the sandbox and lives there."""

from dashboard.sandbox.providers.wechat import WeChatPlatform

__all__ = ["WeChatPlatform"]
