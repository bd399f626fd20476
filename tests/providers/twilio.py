"""Twilio's messages; it is shared with the sandbox and lives there."""

from dashboard.sandbox.providers.twilio import ACCOUNT, TOKEN, Asked, Fault, Twilio, error

__all__ = ["ACCOUNT", "TOKEN", "Asked", "Fault", "Twilio", "error"]
