"""IMAP servers that Dovecot is not: without MOVE, without IDLE, slow, broken, hostile."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from channels import email
from tests.channels.door import MemoryDoor
from tests.channels.mailbox import door_of_now, mail, texts, until


@dataclass
class Server:
    """A small IMAP server over mails by uid; `says` may answer a command in its own way."""

    capability: str = "IMAP4rev1 IDLE UIDPLUS MOVE"
    mails: dict[int, bytes] = field(default_factory=dict)
    folders: dict[str, list[int]] = field(default_factory=dict)
    says: dict[str, Callable[[str, str], str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    flags: dict[int, set[str]] = field(default_factory=dict)
    literals: list[bytes] = field(default_factory=list)
    greeting: str = "* OK ready"
    uid_next: str = "[UIDNEXT {next}]"
    port: int = 0

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Server]:
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            await server.wait_closed()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(self.greeting.encode() + b"\r\n")
        try:
            while line := (await reader.readline()).decode().rstrip():
                while size := re.search(r"\{(\d+)\}$", line):
                    writer.write(b"+ go on\r\n")
                    self.literals.append(await reader.readexactly(int(size[1])))
                    line = line[: size.start()] + "LITERAL" + (await reader.readline()).decode().rstrip()
                tag, _, command = line.partition(" ")
                self.asked.append(command)
                word = " ".join(command.split()[:2]) if command.startswith("UID") else command.split()[0]
                if word == "IDLE":
                    writer.write(b"+ idling\r\n")
                    await reader.readline()
                answer = self.says.get(word, self._usual)(tag, command)
                writer.write(answer.encode("latin-1"))
                if word == "AUTHENTICATE":
                    self.literals.append(await reader.readline())
                    writer.write(f"{tag} OK\r\n".encode())
        finally:
            writer.transport.abort()

    def _usual(self, tag: str, command: str) -> str:
        words = command.split()
        made = {
            "CAPABILITY": lambda: f"* CAPABILITY {self.capability}\r\n",
            "SELECT": self._select,
            "EXAMINE": self._select,
            "UID": lambda: getattr(self, f"_{words[1].lower()}")(words[2:]),
            "AUTHENTICATE": lambda: "+ \r\n",
        }.get(words[0], str)()
        return made if words[0] == "AUTHENTICATE" else f"{made}{tag} OK done\r\n"

    def _select(self) -> str:
        told = self.uid_next.format(next=max(self.mails, default=0) + 1)
        return f"* {len(self.mails)} EXISTS\r\n* OK [UIDVALIDITY 7]\r\n" + (f"* OK {told}\r\n" if told else "")

    def _in(self, said: str) -> list[int]:
        found: set[int] = set()
        for part in said.split(","):
            low, _, high = part.partition(":")
            top = max(self.mails, default=0) if high == "*" else int(high or low)
            found |= {uid for uid in self.mails if min(int(low), top) <= uid <= max(int(low), top)}
        return sorted(found)

    def _search(self, words: list[str]) -> str:
        return f"* SEARCH {' '.join(map(str, self._in(words[-1])))}\r\n"

    def _fetch(self, words: list[str]) -> str:
        answer = ""
        for number, uid in enumerate(self._in(words[0]), 1):
            body = self.mails[uid]
            if "BODY.PEEK" in words[-1]:
                part = words[-1].replace(".PEEK", "").rstrip(")")
                answer += f"* {number} FETCH (UID {uid} {part} {{{len(body)}}}\r\n{body.decode('latin-1')})\r\n"
            else:
                date = " 1-Nov-2026 10:00:00 +0700"
                answer += f'* {number} FETCH (UID {uid} RFC822.SIZE {len(body)} INTERNALDATE "{date}")\r\n'
        return answer

    def _copy(self, words: list[str]) -> str:
        self.folders.setdefault(words[1].strip('"'), []).extend(self._in(words[0]))
        return ""

    def _move(self, words: list[str]) -> str:
        self._copy(words)
        for uid in self._in(words[0]):
            del self.mails[uid]
        return ""

    def _store(self, words: list[str]) -> str:
        for uid in self._in(words[0]):
            self.flags.setdefault(uid, set()).add(words[-1].strip("()"))
        return ""

    def _expunge(self, words: list[str]) -> str:
        for uid in self._in(words[0]):
            if "\\Deleted" in self.flags.get(uid, ()):
                del self.mails[uid]
        return ""


def settings_for(server: Server, **changes: Any) -> email.Settings:
    given = {"address": "support@example.com", "imap_host": "127.0.0.1", "imap_port": server.port, "imap_tls": "none"}
    usual = {"imap_user": "support", "imap_password_env": "P", "imap_begin": "all", "imap_idle_ms": 1_000}
    return email.Settings(**{**given, **usual, **changes})


@asynccontextmanager
async def reading(server: Server, door: MemoryDoor, **changes: Any) -> AsyncIterator[None]:
    secret = changes.pop("secret", "pass")
    channel = email.build(settings_for(server, **changes), door, {"P": secret})
    task = asyncio.create_task(channel.listen())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_server_without_move_gets_copies_and_purges_only_ours() -> None:
    door = door_of_now()
    async with (
        Server(capability="IMAP4rev1 UIDPLUS", mails={3: mail(1), 5: mail(2)}).serving() as server,
        reading(server, door, imap_after="move", imap_move_to="Done"),
    ):
        await until(lambda: server.mails == {}, "moved")
    assert server.folders == {"Done": [3, 5]}
    assert "UID EXPUNGE 3,5" in server.asked
    assert "EXPUNGE" not in server.asked


async def test_a_server_without_uidplus_keeps_what_is_marked_and_it_is_not_copied_again() -> None:
    door = door_of_now()
    async with Server(capability="IMAP4rev1", mails={3: mail(1)}).serving() as server:
        async with reading(server, door, imap_after="move", imap_move_to="Done"):
            await until(lambda: "\\Deleted" in server.flags.get(3, ()), "marked")
            await until(lambda: server.asked.count("NOOP") >= 1, "asked again")
        async with reading(server, door, imap_after="move", imap_move_to="Done"):
            server.mails[4] = mail(2)
            await until(lambda: server.folders["Done"] == [3, 4], "and the next")
    assert texts(door) == ["words 1", "words 2"]


async def test_a_folder_that_is_missing_is_made() -> None:
    door, made = door_of_now(), list[str]()

    async with Server(mails={1: mail(1)}).serving() as server:

        def move(tag: str, command: str) -> str:
            if not made:
                return f"{tag} NO [TRYCREATE] no such folder\r\n"
            return server._usual(tag, command)

        def create(tag: str, command: str) -> str:
            made.append(command)
            return f"{tag} OK\r\n"

        server.says = {"UID MOVE": move, "CREATE": create}
        async with reading(server, door, imap_after="move", imap_move_to="Done"):
            await until(lambda: server.mails == {}, "moved")
    assert made == ['CREATE "Done"']


async def test_a_mail_that_the_server_cannot_hand_over_is_a_message_after_three_tries() -> None:
    door = door_of_now()
    async with Server(mails={1: mail(1), 2: mail(2)}).serving() as server:

        def fetch(tag: str, command: str) -> str:
            broken = command.startswith("UID FETCH 1 ") and "BODY" in command
            return f"{tag} NO internal error\r\n" if broken else server._usual(tag, command)

        server.says = {"UID FETCH": fetch}
        async with reading(server, door):
            await until(lambda: texts(door) == ["", "words 2"], "goes on")
    assert door.messages[0].extra["unread"] == "unreadable"
    assert door.messages[0].attachments[0].size_bytes == len(mail(1))
    assert sum("FETCH 1 (UID BODY" in each for each in server.asked) == 3


async def test_a_mail_that_breaks_us_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    door, right = door_of_now(), email.parse

    def parse(data: bytes, *given: Any, **named: Any) -> Any:
        if b"words 1" in data:
            raise RuntimeError("a bug of ours")
        return right(data, *given, **named)

    monkeypatch.setattr(email, "parse", parse)
    async with Server(mails={1: mail(1), 2: mail(2)}).serving() as server:
        channel = email.build(settings_for(server), door, {"P": "pass"})
        for _ in range(2):
            with pytest.raises(RuntimeError):
                await channel.listen()
        task = asyncio.create_task(channel.listen())
        await until(lambda: texts(door) == ["", "words 2"], "goes on")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert door.messages[0].extra["unread"] == "unparsed"


async def test_a_password_of_any_letters_is_said_as_a_literal_and_by_sasl_where_that_is_offered() -> None:
    async with Server(mails={1: mail(1)}).serving() as server:
        door = door_of_now()
        async with reading(server, door, secret='pä"ss'):
            await until(lambda: texts(door) == ["words 1"], "read")
        assert server.literals == ['pä"ss'.encode()]
        server.capability += " AUTH=PLAIN"
        async with reading(server, door_of_now(), secret='pä"ss'):
            await until(lambda: len(server.literals) == 2, "signed in")
        assert base64.b64decode(server.literals[1]) == '\0support\0pä"ss'.encode()


async def test_a_server_that_says_no_uidnext_is_read() -> None:
    door = door_of_now()
    async with Server(mails={7: mail(1)}, uid_next="").serving() as server, reading(server, door, imap_begin="new"):
        await until(lambda: bool(door.book.pages), "looked")
        server.mails[8] = mail(2)
        await until(lambda: texts(door) == ["words 2"], "read")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"greeting": "* BYE too many connections"}, "server_hung_up"),
        ({"greeting": "HTTP/1.1 400 Bad Request"}, "answer_unreadable"),
        ({"says": {"UID SEARCH": lambda tag, _: f"* SEARCH {'9' * 30}\r\n* (((\r\n{tag} OK\r\n"}}, "answer_unreadable"),
        ({"says": {"UID SEARCH": lambda tag, _: f"{tag} BAD what\r\n"}}, "command_refused"),
        ({"says": {"UID SEARCH": lambda _, __: "* 1 FETCH (BODY[] {999999999999}\r\n"}}, "answer_too_large"),
        ({"says": {"EXAMINE": lambda tag, _: f"{tag} NO\r\n"}}, "folder_refused"),
        ({"says": {"LOGIN": lambda tag, _: f"{tag} NO [UNAVAILABLE] later\r\n"}}, "server_busy"),
    ],
)
async def test_what_is_wrong_with_a_server_is_said_by_name(changes: dict[str, Any], reason: str) -> None:
    door = door_of_now()
    async with Server(**changes).serving() as server, reading(server, door):
        await until(lambda: reason in door.troubles, f"{reason}, not {door.troubles}")


async def test_no_tls_where_tls_is_wanted_is_refused() -> None:
    door = door_of_now()
    async with Server().serving() as server, reading(server, door, imap_tls="starttls"):
        await until(lambda: "no_tls_offered" in door.troubles, "said")
    assert not any(each.startswith(("LOGIN", "AUTHENTICATE")) for each in server.asked)
