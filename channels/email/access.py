"""How we prove to a mail server who we are: a password, or an OAuth2 token that another keeps fresh. No protocol."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

# A command that asks an identity provider answers within a second or two.
COMMAND_S = 20.0
TOKEN_BYTES_MAX = 16 * 1024
# Tokens live for an hour; they are asked for again this soon, so that none is used in its last minutes.
TOKEN_S = 300.0
_TOKEN = re.compile(r"[\x21-\x7e]{1,16000}")


class NoToken(Exception):
    """There is no token now; the reason is a short code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class OAuth(msgspec.Struct, frozen=True, kw_only=True):
    """Where the token is: in a variable, in a file that is read each time, or on the output of a command."""

    variable: str = ""
    file: str = ""
    command: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether a token is wanted at all."""
        return bool(self.variable or self.file or self.command)


class Access:
    """A user, and what proves it. A token is kept for minutes, and asked for anew when it was refused."""

    def __init__(self, user: str, password: str, oauth: OAuth, environment: Mapping[str, str]) -> None:
        self.user, self.password, self.oauth = user, password, oauth
        self._environment = environment
        self._kept, self._until_s = "", 0.0

    async def token(self) -> str:
        """Return the token. Raises NoToken."""
        now_s = asyncio.get_running_loop().time()
        if not self._kept or now_s >= self._until_s:
            found = (await self._found()).strip()
            if not _TOKEN.fullmatch(found):
                raise NoToken("token_unusable")
            self._kept, self._until_s = found, now_s + TOKEN_S
        return self._kept

    def refused(self) -> None:
        """The server did not take the token: the next one is asked for, whatever its age."""
        self._kept = ""

    async def _found(self) -> str:
        if self.oauth.command:
            return await _output(self.oauth.command)
        if self.oauth.file:
            return await asyncio.to_thread(_content, self.oauth.file)
        return self._environment.get(self.oauth.variable, "")


def _content(file: str) -> str:
    try:
        with Path(file).open("rb") as opened:
            return opened.read(TOKEN_BYTES_MAX).decode("ascii", "replace")
    except OSError:
        raise NoToken("token_file_unreadable") from None


async def _output(command: tuple[str, ...]) -> str:
    """Run a command of the operator's, without a shell; its output is the token and nothing else."""
    pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    try:
        running = await asyncio.create_subprocess_exec(*command, stdin=nothing, stdout=pipe, stderr=nothing)
    except (OSError, ValueError):
        raise NoToken("token_command_unusable") from None
    try:
        async with asyncio.timeout(COMMAND_S):
            assert running.stdout is not None, "asked for above"
            said = await running.stdout.read(TOKEN_BYTES_MAX)
            code = await running.wait()
    except TimeoutError:
        raise NoToken("token_command_slow") from None
    finally:
        if running.returncode is None:
            with suppress(ProcessLookupError):
                running.kill()
            await running.wait()
    if code:
        raise NoToken("token_command_failed")
    return said.decode("ascii", "replace")
