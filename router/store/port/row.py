"""What every record that crosses the port is. Nothing else lives here."""

from __future__ import annotations

import msgspec


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A record that crosses the port."""
