"""A real Mosquitto with passwords and rights of its own folder, on a free port. No test lives here."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from pathlib import Path

import yaml

from tests.ports import free_port

US, OUR_PASSWORD = "patchbay", "our-own-password"
# Somebody with all rights, who looks on.
ANYBODY = "looks-on"
PREFIX = "cc/v1/app"
START_S = 60.0
# What the tests add to the shipped rights: customers with a password of their own, and somebody who looks on.
ALSO = f"""
user {ANYBODY}
topic readwrite #
topic read $SYS/#

"""
COMPOSE = Path(__file__).parent.parent.parent.parent / "compose.yaml"


def shipped(name: str) -> str:
    """Return a file of the broker as compose.yaml brings it."""
    return str(yaml.safe_load(COMPOSE.read_text())["configs"][name]["content"])


class Mosquitto:
    """`port`: with passwords, for us and for customers. `inner`: for the gate alone, which has asked who it is."""

    def __init__(self, folder: Path, customers: tuple[str, ...] = ("cust-1", "cust-2")) -> None:
        self.folder = folder
        self.port, self.inner = free_port(), free_port()
        self.customers = customers
        self._process: subprocess.Popen[bytes] | None = None
        self._write()

    def _write(self) -> None:
        self.folder.mkdir(exist_ok=True)
        words = "".join(f"{name}:{word}\n" for name, word in self.passwords().items())
        rights = shipped("rights-of-patchbay") + ALSO + shipped("rights-of-customers")
        files = {
            "passwords": words,
            "rights-of-patchbay": rights,
            "rights-of-customers": shipped("rights-of-customers"),
        }
        for name, content in files.items():
            (self.folder / name).write_text(content)
            (self.folder / name).chmod(0o600)
        subprocess.run(["mosquitto_passwd", "-U", str(self.folder / "passwords")], check=True, capture_output=True)
        (self.folder / "mosquitto.conf").write_text(self._settings())

    def passwords(self) -> dict[str, str]:
        return {US: OUR_PASSWORD, ANYBODY: f"of-{ANYBODY}", **{name: f"of-{name}" for name in self.customers}}

    def _settings(self) -> str:
        """The shipped settings on this machine's ports and files, with a log that tests can read."""
        settings = (
            shipped("broker").replace("/mosquitto/data/", f"{self.folder}/").replace("/mosquitto/", f"{self.folder}/")
        )
        for shipped_port, port in ((1883, self.port), (1884, self.inner)):
            settings = settings.replace(f"listener {shipped_port}", f"listener {port} 127.0.0.1")
        return f"user root\nsys_interval 1\nlog_type all\nlog_dest file {self.folder}/mosquitto.log\n{settings}"

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    @property
    def gate_url(self) -> str:
        return f"mqtt://127.0.0.1:{self.inner}"

    async def start(self) -> None:
        program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        self._process = subprocess.Popen(
            [program, "-c", str(self.folder / "mosquitto.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        async with asyncio.timeout(START_S):
            for port in (self.port, self.inner):
                await self._there(port)

    async def _there(self, port: int) -> None:
        while True:
            assert self._process is not None
            assert self._process.poll() is None, self.log()
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                await writer.wait_closed()
                return

    def subscriptions(self) -> int:
        """How often we were there and wanted to hear of states, which is what we ask for last."""
        return self.log().count(f"{PREFIX}/+/state (QoS 1)")

    def log(self) -> str:
        path = self.folder / "mosquitto.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def stop(self) -> None:
        """End it as an operator does."""
        self._end(kill=False)

    def kill(self) -> None:
        """End it as a power cut does."""
        self._end(kill=True)

    def _end(self, *, kill: bool) -> None:
        if self._process is None:
            return
        if kill:
            self._process.kill()
        else:
            self._process.terminate()
        self._process.wait(10)
        self._process = None
