"""Finds channels by their files: every module or package in `channels/` that offers `build`. No list anywhere."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from typing import cast

from channels.contract import ChannelModule

_ROOM = "channels"


def discover(folders: Iterable[str] | None = None, package: str = _ROOM) -> dict[str, ChannelModule]:
    """Return the channel modules by name. `folders` and `package` let a test add one of its own."""
    if folders is None:
        folders = importlib.import_module(package).__path__
    names = sorted(info.name for info in pkgutil.iter_modules(folders))
    modules = {name: importlib.import_module(f"{package}.{name}") for name in names}
    return {name: cast(ChannelModule, module) for name, module in modules.items() if hasattr(module, "build")}
