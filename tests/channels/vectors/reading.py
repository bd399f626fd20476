"""Reads the signed samples of a provider. No test lives here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def vectors(provider: str) -> dict[str, Any]:
    """Return the samples of one provider by their id."""
    found = json.loads((Path(__file__).parent / f"{provider}.json").read_text())["vectors"]
    return {vector["id"]: vector for vector in found}
