"""The same files and day give the same bytes, whatever machine reads them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
SCRIPT = """
from router.core.bundle import bundle_hash, encode_bundle
from router.settings.loading import load_files
from tests.settings.conftest import EXAMPLES, NOW_MS, SCHEMAS, files_with

example = "".join((EXAMPLES / "good" / name).read_text(encoding="utf-8") for name in ("hours.yaml", "levels.yaml"))
print(bundle_hash(encode_bundle(load_files(files_with(example), SCHEMAS, now_ms=NOW_MS).bundle)))
"""
SURROUNDINGS = [
    {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C.UTF-8"},
    {"PYTHONHASHSEED": "1", "TZ": "America/New_York", "LC_ALL": "C.UTF-8"},
    {"PYTHONHASHSEED": "4711", "TZ": "Asia/Bangkok", "LC_ALL": "C", "PYTHONTZPATH": "/nonexistent"},
]


def test_hash_seed_time_zone_and_locale_change_no_byte() -> None:
    hashes = [_bundle_hash(surroundings) for surroundings in SURROUNDINGS]
    assert len(hashes[0]) == 32
    assert len(set(hashes)) == 1


def _bundle_hash(surroundings: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=ROOT,
        env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOT), **surroundings},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.strip()
