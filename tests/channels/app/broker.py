"""A real Mosquitto with passwords and rights of its own folder, on a free port. No test lives here."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from pathlib import Path

from tests.ports import free_port

US, OUR_PASSWORD = "patchbay", "our-own-password"
# Somebody with all rights, who looks on.
ANYBODY = "looks-on"
PREFIX = "cc/v1/app"
START_S = 15.0
RIGHTS = f"""
user {US}
topic read {PREFIX}/+/in
topic read {PREFIX}/+/state
topic read {PREFIX}/+/ack
topic write {PREFIX}/+/out

user {ANYBODY}
topic readwrite #
topic read $SYS/#

pattern write {PREFIX}/%u/in
pattern write {PREFIX}/%u/state
pattern write {PREFIX}/%u/ack
pattern read {PREFIX}/%u/out
"""
CUSTOMERS_RIGHTS = f"""
pattern write {PREFIX}/%u/in
pattern write {PREFIX}/%u/state
pattern write {PREFIX}/%u/ack
pattern read {PREFIX}/%u/out
"""


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
        words = self.folder / "passwords"
        words.write_text("".join(f"{name}:{word}\n" for name, word in self.passwords().items()))
        words.chmod(0o600)
        subprocess.run(["mosquitto_passwd", "-U", str(words)], check=True, capture_output=True)
        (self.folder / "rights").write_text(RIGHTS)
        (self.folder / "customers").write_text(CUSTOMERS_RIGHTS)
        (self.folder / "mosquitto.conf").write_text(self._settings())
        for each in ("rights", "customers"):
            (self.folder / each).chmod(0o600)

    def passwords(self) -> dict[str, str]:
        return {US: OUR_PASSWORD, ANYBODY: f"of-{ANYBODY}", **{name: f"of-{name}" for name in self.customers}}

    def _settings(self) -> str:
        return f"""
per_listener_settings true
user root
persistence true
persistence_location {self.folder}/
autosave_interval 1
sys_interval 1
max_queued_messages 100000
log_dest file {self.folder}/mosquitto.log
log_type all
listener {self.port} 127.0.0.1
password_file {self.folder}/passwords
acl_file {self.folder}/rights
allow_anonymous false
listener {self.inner} 127.0.0.1
acl_file {self.folder}/customers
allow_anonymous true
"""

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
