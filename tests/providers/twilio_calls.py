"""Twilio's calls; it is shared with the sandbox and lives there."""

from dashboard.sandbox.providers.twilio_calls import Calls
from dashboard.sandbox.providers.twilio_legs import Conference, Leg

__all__ = ["Calls", "Conference", "Leg"]
