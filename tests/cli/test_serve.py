"""`patchbay serve` as a process: it prints where things are, finds its data again, and stops gracefully."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

CONFIG = Path(__file__).parent.parent.parent / "config"
START_S = 60
STOP_S = 60


class Server:
    """A running server and what it has said so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.said = ""

    def read_greeting(self) -> str:
        """Read until the last line of the greeting, or the end of the process."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line
            if line.startswith("Stop with"):
                break
        return self.said

    @property
    def url(self) -> str:
        found = re.search(r"Dashboard\s+(\S+)/", self.said)
        assert found, self.said
        return found[1]

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_S)


@contextmanager
def serving(data: Path, *words: str) -> Iterator[Server]:
    """Start a server on a free port; it is gone afterwards, whatever happened."""
    command = [sys.executable, "-m", "router", "serve", "--port", "0", "--data", str(data), "--config", str(CONFIG)]
    environment = {name: value for name, value in os.environ.items() if name not in {"PORT", "DATA", "CONFIG", "HOST"}}
    with (data.parent / "server.log").open("a") as log:
        process = subprocess.Popen([*command, *words], stdout=subprocess.PIPE, stderr=log, text=True, env=environment)
    server = Server(process)
    try:
        server.read_greeting()
        yield server
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(STOP_S)
        assert process.stdout is not None
        process.stdout.close()


def get(url: str) -> tuple[int, str]:
    try:
        with urlopen(url, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as refused:
        return refused.code, refused.read().decode()


def sign_in(url: str, login: str, password: str) -> int:
    said = json.dumps({"login": login, "password": password}).encode()
    request = Request(f"{url}/api/v1/session", said, {"Content-Type": "application/json", "Origin": url})
    try:
        with urlopen(request, timeout=60) as answer:
            return int(answer.status)
    except HTTPError as refused:
        return refused.code


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Path]]:
    data = tmp_path_factory.mktemp("serve") / "data"
    with serving(data, "--demo-people") as server:
        yield server, data


def test_the_greeting_says_where_everything_is(first: tuple[Server, Path]) -> None:
    server, _ = first
    assert "is running" in server.said
    for place in ("Dashboard", "Chat demo", "Demo form"):
        assert place in server.said
    for login in ("admin", "ana", "ben", "chloe"):
        assert re.search(rf"^\s+{login}\s+\S{{12,}}$", server.said, re.MULTILINE)


def test_every_printed_page_is_there(first: tuple[Server, Path]) -> None:
    server, _ = first
    for page in re.findall(r"http://\S+", server.said):
        assert get(page)[0] == 200, page


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/widget.js", "/api/v1/openapi.json"])
def test_the_operators_pages_and_the_widget_are_served(first: tuple[Server, Path], path: str) -> None:
    server, _ = first
    assert get(server.url + path)[0] == 200


def test_the_health_command_asks_a_running_server(first: tuple[Server, Path]) -> None:
    server, _ = first
    command = [sys.executable, "-m", "router", "health", "--url"]
    assert subprocess.run([*command, server.url], capture_output=True, timeout=START_S, check=False).returncode == 0
    away = subprocess.run([*command, "http://127.0.0.1:9"], capture_output=True, timeout=START_S, check=False)
    assert away.returncode == 1


def test_the_first_sign_in_works(first: tuple[Server, Path]) -> None:
    server, _ = first
    found = re.search(r"^\s+ana\s+(\S+)$", server.said, re.MULTILINE)
    assert found
    assert sign_in(server.url, "ana", found[1]) == 200
    assert sign_in(server.url, "ana", "wrong") == 401


def test_a_second_start_on_the_same_data_is_refused_with_a_sentence(first: tuple[Server, Path]) -> None:
    _, data = first
    command = [sys.executable, "-m", "router", "serve", "--port", "0", "--data", str(data), "--config", str(CONFIG)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=START_S, check=False)
    assert done.returncode == 1
    assert "Patchbay is running on this data already" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_stops_gracefully_and_finds_its_data_again(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serving(data, "--demo-people") as server:
        password = re.search(r"^\s+ben\s+(\S+)$", server.said, re.MULTILINE)
        assert password
        assert server.stop() == 0
    assert '"action":"node_stopped"' in (tmp_path / "server.log").read_text()
    assert (data / "first-sign-in.txt").stat().st_mode & 0o777 == 0o600
    with serving(data, "--demo-people") as again:
        assert "first-sign-in.txt" in again.said
        assert password[1] not in again.said
        assert sign_in(again.url, "ben", password[1]) == 200
        assert again.stop() == 0
    log = (tmp_path / "server.log").read_text()
    assert password[1] not in log
    assert '"level":"error"' not in log


def test_a_signal_during_the_start_stops_it_gracefully_and_a_second_one_spoils_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    command = [sys.executable, "-m", "router", "serve", "--port", "0", "--data", str(data), "--config", str(CONFIG)]
    with (tmp_path / "server.log").open("w") as log:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log)
    try:
        ends_s = time.monotonic() + START_S
        while not (data / "site.key").exists():
            assert time.monotonic() < ends_s
            time.sleep(0.01)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGINT):
            process.send_signal(number)
        assert process.wait(STOP_S) == 0
    finally:
        process.kill()
        process.wait(STOP_S)
    assert '"action":"node_stopped"' in (tmp_path / "server.log").read_text()
