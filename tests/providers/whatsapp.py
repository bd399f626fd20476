"""The WhatsApp Cloud API; it is shared with the sandbox and lives there."""

from dashboard.sandbox.providers.whatsapp import NUMBER_ID, WhatsAppPlatform

__all__ = ["NUMBER_ID", "WhatsAppPlatform"]
