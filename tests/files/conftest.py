"""The office of the dashboard's tests, for the files' tests, too."""

from __future__ import annotations

from tests.dashboard.conftest import office

__all__ = ["office"]
