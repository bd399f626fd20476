"""A real Mosquitto on this machine's own loopback, with the rights that docs/channels/app.md asks for."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import os
import shutil
import signal
import socket
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path
from random import SystemRandom

US, PREFIX = "patchbay", "cc/v1/app"
START_S, STOP_S, LOOK_S = 10.0, 5.0, 0.05
# Below the ports that systems give to callers: a server that comes to its port later finds it free.
FIRST_PORT, LAST_PORT, TRIES_MAX = 20_000, 32_000, 100
# Debian keeps daemons where an ordinary user's PATH does not look.
MORE_PLACES = ("/usr/sbin", "/usr/local/sbin")
# The broker ends when our end of its input closes: at a stop, and also when we are killed. Ctrl-C does not reach it.
UNTIL_WE_END = '"$1" -c "$2" </dev/null & broker=$!; cat >/dev/null; kill $broker; wait $broker'
HEARD, SAID = ("in", "state", "ack"), "out"
RIGHTS_OF_US = (f"user {US}", *(f"topic read {PREFIX}/+/{end}" for end in HEARD), f"topic write {PREFIX}/+/{SAID}")
RIGHTS_OF_CUSTOMERS = (*(f"pattern write {PREFIX}/%u/{end}" for end in HEARD), f"pattern read {PREFIX}/%u/{SAID}")


class NoBroker(Exception):
    """There is no Mosquitto, or it did not start; the code says which."""


class Broker:
    """`port` is for us, with a password; `inner` for the gate, which has proved who speaks."""

    def __init__(self, folder: Path, password: str) -> None:
        self._folder, self._password = folder, password
        self._process: asyncio.subprocess.Process | None = None
        self.port = self.inner = 0

    async def start(self) -> None:
        """Start on free ports. Raises NoBroker."""
        places = os.pathsep.join((os.environ.get("PATH", os.defpath), *MORE_PLACES))
        program, passwords = (shutil.which(name, path=places) for name in ("mosquitto", "mosquitto_passwd"))
        if program is None or passwords is None:
            raise NoBroker("not_installed")
        self.port, self.inner = free_ports(2)
        await asyncio.to_thread(self._write)
        await self._run_to_the_end(passwords, "-U", str(self._folder / "passwords"))
        command = ("/bin/sh", "-c", UNTIL_WE_END, "broker", program, str(self._folder / "mosquitto.conf"))
        self._process = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL, start_new_session=True
        )
        try:
            async with asyncio.timeout(START_S):
                for port in (self.port, self.inner):
                    await self._there(port)
        except TimeoutError:
            await self.stop()
            raise NoBroker("not_started") from None

    async def stop(self) -> None:
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        assert process.stdin is not None, "it was asked for"
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), STOP_S)
        except TimeoutError:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()

    def _write(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        files = {
            "passwords": f"{US}:{self._password}\n",
            "rights-of-us": "\n".join((*RIGHTS_OF_US, "")),
            "rights-of-customers": "\n".join((*RIGHTS_OF_CUSTOMERS, "")),
            "mosquitto.conf": self._settings(),
        }
        for name, content in files.items():
            path = self._folder / name
            path.unlink(missing_ok=True)
            path.touch(mode=0o600)
            path.write_text(content, encoding="utf-8")

    def _settings(self) -> str:
        lines = [
            f"user {getpass.getuser()}",
            "per_listener_settings true",
            "persistence false",
            "log_type error",
            "max_queued_messages 1000",
            f"listener {self.port} 127.0.0.1",
            f"password_file {self._folder}/passwords",
            f"acl_file {self._folder}/rights-of-us",
            "allow_anonymous false",
            f"listener {self.inner} 127.0.0.1",
            f"acl_file {self._folder}/rights-of-customers",
            "allow_anonymous true",
        ]
        return "\n".join([*lines, ""])

    async def _run_to_the_end(self, *command: str) -> None:
        process = await asyncio.create_subprocess_exec(*command, stdout=DEVNULL, stderr=DEVNULL)
        if await process.wait():
            raise NoBroker("not_started")

    async def _there(self, port: int) -> None:
        """Wait until somebody listens. Raises NoBroker when the program has ended."""
        while True:
            if self._process is None or self._process.returncode is not None:
                raise NoBroker("not_started")
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(LOOK_S)
            else:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
                return


def free_ports(count: int) -> list[int]:
    """Return ports of the loopback that nobody uses now, and that the system gives to no caller meanwhile."""
    with contextlib.ExitStack() as stack:
        found: list[int] = []
        for port in SystemRandom().sample(range(FIRST_PORT, LAST_PORT), TRIES_MAX):
            with contextlib.suppress(OSError):
                stack.enter_context(socket.create_server(("127.0.0.1", port)))
                found.append(port)
            if len(found) == count:
                return found
    raise NoBroker("there is no free port")
