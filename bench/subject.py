"""Server processes under measurement: started on free ports, their processor time read from outside, ended."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent
START_S_MAX = 60
DRAIN_S_MAX = 60
GAUGE_S = 2.0
PASSWORD = "a-password-for-benches-only"
TICKS = os.sysconf("SC_CLK_TCK")


class Subject:
    """A process of ours. `cpu_ms` counts all its threads."""

    def __init__(self, command: list[str], environment: dict[str, str] | None = None, log: Path | None = None) -> None:
        out = log.open("ab") if log else subprocess.PIPE
        self.process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdout=out,
            stderr=subprocess.STDOUT if log else None,
        )

    def read_port(self) -> int:
        """Return the port that the process prints."""
        assert self.process.stdout is not None, "only a process that prints its port"
        return int(self.process.stdout.readline())

    def cpu_ms(self) -> float:
        """Return the processor time so far, user and system."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * 1_000 / TICKS

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


class House:
    """`patchbay serve` on its own data, always open, with no limit on posts, its mail going to a relay."""

    def __init__(
        self,
        folder: Path,
        relay_port: int,
        *,
        command: tuple[str, ...] = ("-m", "router"),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.data, self._config = folder / "data", folder / "config"
        shutil.copytree(ROOT / "config", self._config)
        (self._config / "checks.yaml").unlink()
        self._settle(relay_port)
        self.port = _free_port()
        self._command = command
        self._environment = {"DATA": str(self.data), "CONFIG": str(self._config), "PORT": str(self.port)}
        self._environment |= environment or {}
        self.subject = Subject([*command, "serve"], self._environment, folder / "serve.log")
        self._wait_ready()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def add_agent(self, login: str) -> None:
        """Add an account."""
        command = [sys.executable, "-m", "router", "user", "add", login, "--password-stdin"]
        subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, **self._environment},
            input=PASSWORD.encode(),
            check=True,
            capture_output=True,
        )

    def metrics(self) -> str:
        """Return the server's own figures."""
        with urllib.request.urlopen(f"{self.base}/metrics", timeout=10) as answer:
            text: str = answer.read().decode()
        return text

    async def drained(self) -> None:
        """Wait until nothing is left to send. The server counts every two seconds, so this looks twice."""
        async with asyncio.timeout(DRAIN_S_MAX):
            for _ in range(2):
                await asyncio.sleep(GAUGE_S)
                while 'patchbay_outbox_waiting{site="main"} 0.0' not in await asyncio.to_thread(self.metrics):  # noqa: ASYNC110
                    await asyncio.sleep(GAUGE_S)

    def _settle(self, relay_port: int) -> None:
        self._change("hours", {"hours": {"office": "always"}})
        self._change("site", {"limits": {"capacity": 1_000}})
        fields = {"email": {"type": "email", "required": True}, "message": {"type": "textarea", "required": True}}
        form = {"forms": {"contact": {"fields": fields, "fill_ms_min": 0}}}
        limits = {"per_address_an_hour": 10**9, "per_ip_an_hour": 10**9}
        email = {"out_host": "127.0.0.1", "out_port": relay_port, "out_tls": "none"}
        self._change("channels", {"channels": {"form": {**form, **limits}, "email": email}})

    def _change(self, name: str, change: dict[str, dict[str, Any]]) -> None:
        """Merge two levels deep: that is as deep as these settings lie."""
        path = self._config / f"{name}.yaml"
        content = yaml.safe_load(path.read_text())
        for section, entries in change.items():
            for key, value in entries.items():
                old = content[section].get(key)
                content[section][key] = {**old, **value} if isinstance(old, dict) and isinstance(value, dict) else value
        path.write_text(yaml.safe_dump(content, allow_unicode=True))

    def _wait_ready(self) -> None:
        end = time.monotonic() + START_S_MAX
        while time.monotonic() < end:
            try:
                with urllib.request.urlopen(f"{self.base}/readyz", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise TimeoutError("the server did not become ready")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
