"""The tokens that open a mailbox and a relay: where they are kept, how long, and what gives none."""

from __future__ import annotations

import asyncio
import base64
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult

from channels.contract import TryLater
from channels.email.access import Access, NoToken, OAuth
from channels.email.smtp_out import Relay, Submission
from tests.channels.mailbox import mail


async def test_a_token_comes_from_where_it_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("from-file\n")
    assert await Access("u", "", OAuth(file=str(file)), {}).token() == "from-file"
    assert await Access("u", "", OAuth(variable="T"), {"T": "from-variable"}).token() == "from-variable"
    command = (sys.executable, "-c", "print('from-command')")
    assert await Access("u", "", OAuth(command=command), {}).token() == "from-command"


async def test_a_token_is_kept_for_minutes_and_asked_for_anew_when_it_was_refused(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("first")
    access = Access("u", "", OAuth(file=str(file)), {})
    assert await access.token() == "first"
    file.write_text("second")
    assert await access.token() == "first"
    access.refused()
    assert await access.token() == "second"


@pytest.mark.parametrize(
    ("oauth", "reason"),
    [
        (OAuth(file="/nowhere/at/all"), "token_file_unreadable"),
        (OAuth(command=("/nowhere/at/all",)), "token_command_unusable"),
        (OAuth(command=(sys.executable, "-c", "print('secret'); raise SystemExit(3)")), "token_command_failed"),
        (OAuth(command=(sys.executable, "-c", "print('two words')")), "token_unusable"),
        (OAuth(variable="EMPTY"), "token_unusable"),
    ],
)
async def test_what_gives_no_token_is_said_by_name(oauth: OAuth, reason: str) -> None:
    with pytest.raises(NoToken) as none:
        await Access("u", "", oauth, {}).token()
    assert none.value.reason == reason


@dataclass
class TokenRelay:
    """A relay that wants a token; `given` is what it was shown."""

    right: str
    given: list[str] = field(default_factory=list)
    taken: int = 0

    async def auth_XOAUTH2(self, _server: SMTP, args: list[str]) -> AuthResult:
        self.given.append(base64.b64decode(args[1]).decode())
        right = self.given[-1] == f"user=support\x01auth=Bearer {self.right}\x01\x01"
        return AuthResult(success=right, handled=False)

    async def handle_DATA(self, _server: Any, _session: Any, _envelope: Any) -> str:
        self.taken += 1
        return "250 OK"


async def test_the_relay_is_opened_by_the_same_token_and_a_stale_one_is_asked_for_anew(tmp_path: Path) -> None:
    file, relay = tmp_path / "token", TokenRelay(right="fresh")
    file.write_text("stale")
    loop, sessions = asyncio.get_running_loop(), list[SMTP]()

    def protocol() -> SMTP:
        sessions.append(SMTP(relay, auth_require_tls=False, loop=loop))
        return sessions[-1]

    server = await loop.create_server(protocol, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    access = Access("support", "", OAuth(file=str(file)), {})
    way = Submission(Relay(host="127.0.0.1", port=port, hello="t.example", tls="none", user="support", oauth=access))
    try:
        with pytest.raises(TryLater, match="relay_auth_535"):
            await way.submit(mail(1), envelope_sender="a@example.com", recipients=["b@example.org"])
        file.write_text("fresh")
        await way.submit(mail(1), envelope_sender="a@example.com", recipients=["b@example.org"])
        file.unlink()
        access.refused()
        way.close()
        with pytest.raises(TryLater, match="token_file_unreadable"):
            await way.submit(mail(1), envelope_sender="a@example.com", recipients=["b@example.org"])
    finally:
        way.close()
        server.close()
        for session in sessions:
            if session.transport is not None:
                session.transport.abort()
        await server.wait_closed()
    assert (len(relay.given), relay.taken) == (2, 1)
