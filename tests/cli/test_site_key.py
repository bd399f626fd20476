"""The site's key and the data belong together: with another key, or none, nothing is served and nothing is made."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.test_serve import CONFIG, START_S, serving


def _start(data: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "router", "serve", "--port", "0", "--data", str(data), "--config", str(CONFIG)]
    return subprocess.run(command, capture_output=True, text=True, timeout=START_S, check=False)


def _directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("key") / "data"
    with serving(made) as server:
        assert server.stop() == 0
    return made


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (Path.unlink, "site.key is missing"),
        (lambda path: path.write_text("ab" * 32), "made with another site key"),
        (lambda path: path.write_bytes(b"\xff\xfe"), "64 hexadecimal digits"),
        (lambda path: path.write_text(""), "64 hexadecimal digits"),
        (_directory, "cannot be read"),
    ],
)
def test_without_its_own_key_data_is_not_served(data: Path, spoil: Callable[[Path], object], said: str) -> None:
    path = data / "site.key"
    kept = path.read_text()
    spoil(path)
    try:
        done = _start(data)
    finally:
        if path.is_dir():
            path.rmdir()
        path.write_text(kept)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_with_its_key_back_it_serves_again(data: Path) -> None:
    with serving(data) as server:
        assert "is running" in server.said
        assert server.stop() == 0


def test_a_data_directory_that_cannot_be_made_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = _start(tmp_path / "file" / "data")
    assert done.returncode == 1
    assert "cannot be used" in done.stderr
    assert "Traceback" not in done.stderr
