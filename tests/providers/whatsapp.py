"""The WhatsApp Cloud API; it is shared with the sandbox and lives there."""

from dashboard.sandbox.providers.whatsapp import WhatsAppPlatform

__all__ = ["WhatsAppPlatform"]
