"""Which release this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def release() -> str:
    """Return the release of this installation."""
    try:
        return version("patchbay")
    except PackageNotFoundError:
        return "development"
