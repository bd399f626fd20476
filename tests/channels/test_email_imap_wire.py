"""IMAP's own language, and servers that Dovecot is not: without MOVE, without IDLE, slow, broken, hostile."""

from __future__ import annotations

import asyncio
import base64
import re
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult
from hypothesis import given
from hypothesis import strategies as st

from channels import email
from channels.contract import TryLater
from channels.email.access import Access, NoToken, OAuth
from channels.email.imap_wire import (
    Unreadable,
    folder_name,
    literal_bytes,
    numbers,
    pairs,
    quoted,
    read_answer,
    uid_set,
)
from channels.email.smtp_out import Relay, Submission
from tests.channels.door import MemoryDoor
from tests.channels.mailbox import door_of_now, mail, texts, until

# --- the language --------------------------------------------------------------------------------------------------


def test_a_fetch_is_read_with_its_literal_wherever_it_stands() -> None:
    answer = read_answer([b"* 12 FETCH (UID 5 BODY[] {5}", b"a)\r\n(", b' RFC822.SIZE 5 FLAGS (\\Seen "x y") X NIL)'])
    said = pairs(answer.values)
    assert (answer.kind, answer.number) == ("FETCH", 12)
    assert said == {"UID": b"5", "BODY[]": b"a)\r\n(", "RFC822.SIZE": b"5", "FLAGS": (b"\\Seen", b"x y"), "X": None}


def test_states_have_a_code_and_lists_their_numbers() -> None:
    told = read_answer([b"* OK [UIDVALIDITY 3857529045] UIDs (are valid"])
    assert (told.kind, told.code, told.code_text) == ("OK", "UIDVALIDITY", "3857529045")
    assert read_answer(["P1 NO gar nichts geht, schöne Grüße".encode("latin-1")]).kind == "NO"
    assert numbers(read_answer([b"* SEARCH 2 84 882"]).values) == [2, 84, 882]
    assert read_answer([b"+ idling"]).tag == "+"
    assert read_answer([b"* 3 EXISTS"]).kind == "EXISTS"


@pytest.mark.parametrize(
    "line", [b"* 1 FETCH (UID 1", b"* 1 FETCH UID 1)", b"* LIST " + b"(" * 50, b"", b"\xff\xfe", b"* X ]"]
)
def test_what_is_no_imap_is_unreadable(line: bytes) -> None:
    with pytest.raises(Unreadable):
        pairs(read_answer([line]).values)


@given(st.lists(st.binary(max_size=60).filter(lambda each: b"\n" not in each), min_size=1, max_size=5))
def test_no_line_breaks_the_reader(pieces: list[bytes]) -> None:
    if len(pieces) % 2 == 0:
        pieces.pop()
    try:
        answer = read_answer(pieces)
        pairs(answer.values)
    except Unreadable:
        return
    assert answer.tag


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60))
def test_what_is_quoted_is_read_back(text: str) -> None:
    assert read_answer([b"* X " + quoted(text)]).values == (text.encode(),)


def test_folders_have_names_of_their_own_letters() -> None:
    assert folder_name("Entwürfe & 台北") == "Entw&APw-rfe &- &U,BTFw-"
    assert folder_name("INBOX/Done") == "INBOX/Done"


def test_uids_stand_in_runs() -> None:
    assert uid_set([9, 4, 5, 6, 11, 12]) == b"4:6,9,11:12"
    assert literal_bytes(b"* 1 FETCH (BODY[] {12}") == 12
    assert literal_bytes(b"* 1 FETCH (BODY[] {12+}") == 12
    assert literal_bytes(b"* OK {x}") is None


# --- tokens --------------------------------------------------------------------------------------------------------


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


# --- servers that Dovecot is not -----------------------------------------------------------------------------------


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
