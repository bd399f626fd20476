"""Every parser that strangers' bytes reach, as a table: its samples, how it is called, how it may refuse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from channels.chat import NewSession, frames, sessions
from channels.contract import decode_signal, encode_signal
from channels.discovery import discover
from channels.email.signals import Ours, parse
from channels.email.threads import Threads
from channels.form import tokens
from channels.form.fields import CONTACT, faults
from channels.form.posts import Sent, signal_of
from channels.typed import typed
from dashboard import requests as asked
from dashboard.errors import ApiError
from dashboard.frames import read_said
from router.core.cel import compile_condition
from router.core.cel_syntax import CelError
from router.core.rules import rule_schema
from router.node.switchboard import schemas_of
from router.settings.loading import load_files
from router.settings.problems import SettingsError
from tests.badinput.mutate import Soil

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
MAILS = HERE.parent / "channels" / "payloads" / "email"
CONFIG = HERE.parent.parent / "config"
SECRET = bytes(range(32))
NOW_MS = 1_795_316_949_399  # 2026-11-22 03:09 UTC
OURS = Ours(
    threads=Threads(SECRET, "support@example.com", "example.com"),
    addresses=frozenset({"support@example.com"}),
    trusted_authority="mx.example.com",
)
VISITOR = sessions.Visitor(site="main", id="0" * 32, expires_ms=NOW_MS + 1, name="A", email="a@example.org")
FORM_TOKEN = tokens.Token("contact", NOW_MS, "0123456789abcdef")


@dataclass(frozen=True)
class Parser:
    """`refuses` are the named refusals of the contract; anything else that is raised is a fault.

    `share` is its part of a round: slow parsers get fewer inputs, so that a round is not theirs alone.
    """

    name: str
    call: Callable[[bytes], object]
    soil: Soil
    refuses: tuple[type[Exception], ...] = ()
    share: int = 1


def saved(folder: str) -> list[bytes]:
    """Return the saved inputs of a folder of the corpus."""
    return [path.read_bytes() for path in sorted((CORPUS / folder).iterdir())]


def _mail(data: bytes) -> object:
    """What is kept must also fit into the letterbox."""
    return encode_signal(parse(data, OURS, envelope_sender=None))


def _form(data: bytes) -> object:
    """A posted object of texts, as the form reads it."""
    posted = msgspec.json.decode(data, type=dict[str, str])
    values = {name: typed(posted.get(name, ""), lines=each.type == "textarea") for name, each in CONTACT.fields.items()}
    if faults(CONTACT, values):
        return None
    sent = Sent(values=values, token="", trap="", as_json=True)
    return encode_signal(signal_of(CONTACT, sent, FORM_TOKEN, language="en", name="contact"))


def _chat_session(data: bytes) -> object:
    return typed(msgspec.json.decode(data, type=NewSession).name, lines=False)


def _chat_token(data: bytes) -> object:
    return sessions.unseal(SECRET, data.decode("utf-8", "surrogateescape"), NOW_MS)


def _form_token(data: bytes) -> object:
    return tokens.read(SECRET, data.decode("utf-8", "surrogateescape"))


def _text(data: bytes) -> str:
    """Bytes as a socket's text frame has them: the library has refused what is no UTF-8."""
    return data.decode("utf-8", "replace")


def _cel(data: bytes) -> object:
    schema = rule_schema(("office",), channels=("chat", "email"), topics=("complaint",))
    return compile_condition(_text(data), schema)


def _config(data: bytes) -> object:
    return load_files({"all.yaml": _text(data)}, schemas_of(discover()), now_ms=NOW_MS)


BODIES = tuple(each for each in vars(asked).values() if isinstance(each, type) and issubclass(each, asked.Request))


def _body(data: bytes) -> object:
    """Read as whichever body the length picks: every body of the API comes in turn."""
    return asked.read(BODIES[len(data) % len(BODIES)], data)


def _said(data: bytes) -> object:
    return read_said(_text(data))


def _frame(data: bytes) -> object:
    return frames.read(_text(data))


JSON_WORDS = (b'"type":', b'"\\ud800"', b"null", b"[]", b"{}", b'"\\u0000"', b"true", b'"text":', b'"a":1,', b"1e400")
MAIL_WORDS = (
    *(b"Content-Type: multipart/mixed; boundary=b\r\n", b"Content-Transfer-Encoding: ", b"base64", b"uuencode"),
    *(b"=?utf-8?q?", b"?=", b"=?x?b?", b"quoted-printable", b"message/rfc822", b"message/delivery-status", b"--b\r\n"),
    *(
        b"From: ",
        b"<a@",
        b"@",
        b">",
        b"charset*0*=x''%ff",
        b"boundary=",
        b"On 1.1.2026 a wrote:\n",
        b"Date: ",
        b"\r\n ",
    ),
    *(b"References: <", b"text/html", b"<script>", b"<a href='http://x'>", b"format=flowed; delsp=yes", b"12:00 <a@"),
)
CEL_WORDS = (
    b"topics",
    b"attributes[",
    b".matches(",
    b" && ",
    b" || ",
    b"!",
    b" in ",
    b"open.office",
    b"?",
    b":",
    b"1",
    b"'a'",
)
YAML_WORDS = (
    b"&a ",
    b"*a",
    b"- ",
    b": ",
    b"!!python/object:os.system ",
    b"<<: ",
    b"? ",
    b"|\n  ",
    b"---\n",
    b"\t",
    b"{",
    b"[",
)
SPEECH = (msgspec.MsgspecError, UnicodeError, RecursionError)


def table() -> tuple[Parser, ...]:
    """Return all parsers."""
    return (
        Parser("email", _mail, Soil([*mails(), *saved("email")], MAIL_WORDS), (), 6),
        Parser("form fields", _form, Soil(saved("form"), JSON_WORDS), (msgspec.MsgspecError, UnicodeError), 3),
        Parser("form token", _form_token, Soil([tokens.issue(SECRET, "contact", NOW_MS).encode()])),
        Parser("chat session", _chat_session, Soil(saved("session"), JSON_WORDS), (msgspec.MsgspecError, UnicodeError)),
        Parser("chat token", _chat_token, Soil([sessions.seal(SECRET, VISITOR).encode()])),
        Parser("chat frame", _frame, Soil(saved("chat"), JSON_WORDS), SPEECH, 3),
        Parser("desk frame", _said, Soil(saved("desk"), JSON_WORDS), SPEECH, 3),
        Parser("API body", _body, Soil(saved("api"), JSON_WORDS), (ApiError,), 3),
        Parser("letterbox signal", decode_signal, Soil([encode_signal(parse(data, OURS)) for data in mails()]), SPEECH),
        Parser("CEL condition", _cel, Soil(saved("cel"), CEL_WORDS), (CelError,), 2),
        Parser("configuration", _config, Soil([_configuration(), *saved("config")], YAML_WORDS), (SettingsError,)),
    )


def mails() -> list[bytes]:
    """Return the sample mails of the channel's own tests."""
    return [path.read_bytes() for path in sorted(MAILS.glob("*.eml"))]


def _configuration() -> bytes:
    return b"".join(path.read_bytes() for path in sorted(CONFIG.glob("*.yaml")) if path.name != "checks.yaml")
