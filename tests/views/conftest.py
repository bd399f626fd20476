"""The floor's own house and patience, for the views that follow it."""

from __future__ import annotations

from tests.floor.conftest import eventually, house

__all__ = ["eventually", "house"]
