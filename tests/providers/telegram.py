"""Telegram; it is shared with the sandbox and lives there."""

from dashboard.sandbox.providers.telegram import TelegramPlatform

__all__ = ["TelegramPlatform"]
