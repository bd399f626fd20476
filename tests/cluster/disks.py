"""Small disks that can be filled, where this machine lets us mount one; where not, that is said by name."""

from __future__ import annotations

import contextlib
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

PIECE_BYTES = 1 << 16
NOT_ALLOWED = "disk not filled: only root may mount a small one here"


@dataclass(slots=True, eq=False)
class SmallDisk:
    """A file system in memory at a folder. `mounted` is False where it may not be made: then nothing is ever full."""

    folder: Path
    size_mib: int
    mounted: bool = False

    def mount(self) -> None:
        """Make it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            command = ["mount", "-t", "tmpfs", "-o", f"size={self.size_mib}m", "none", str(self.folder)]
            self.mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0

    def fill(self) -> None:
        """Leave no byte."""
        with contextlib.suppress(OSError), self._filler.open("ab", buffering=0) as file:
            while file.write(bytes(PIECE_BYTES)):
                continue
        with contextlib.suppress(OSError), self._filler.open("ab", buffering=0) as file:
            while file.write(b"0"):
                continue

    def free(self) -> None:
        """Take the filling away."""
        self._filler.unlink(missing_ok=True)

    def unmount(self) -> None:
        """Take it away with all that is on it."""
        if self.mounted:
            subprocess.run(["umount", "-l", str(self.folder)], check=True)
            self.mounted = False

    @property
    def _filler(self) -> Path:
        return self.folder / "filler"
