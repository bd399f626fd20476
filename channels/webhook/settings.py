"""What an operator writes to describe a provider: its handshake, its proof, its messages, its interface. Only data.

Each group checks itself when it is read, so that a mistake is shown with its place and what to write instead.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from channels.contract import Settings as CommonSettings
from channels.webhook.paths import Expression, check_each, check_when
from channels.webhook.proof import Signature
from channels.webhook.templates import check_template, holes_of

KINDS = ("message", "receipt", "recalled", "opted_out", "opened", "closed", "ignore")
RECEIPTS = ("sent", "delivered", "read", "failed")
MEANINGS = ("done", "later", "undeliverable")
COUNTS = ("characters", "utf16", "bytes")
FORMATS = ("json", "form")
METHODS = ("POST", "PUT", "PATCH")
STAMPS = ("s", "ms", "iso")
# What the hole of each template may hold.
TO_SEND = ("text", "peer", "line", "key", "uuid", "reference", "author", "language", "last", "access")
TO_FETCH = ("source", "found", "access")
# Beside words, a file has its name and its type, and may have been given a name by an upload.
TO_SEND_FILES = (*(hole for hole in TO_SEND if hole != "text"), "name", "type", "media")
ANY_TYPE = "*"
MEBIBYTE_BYTES = 1024 * 1024
_TYPE = re.compile(r"\*|[a-z]+/[a-z0-9.+-]{1,80}")
# What the outbox can carry to a slow provider in one call.
FILE_MEBIBYTES_MAX = 25
_CODE = re.compile(r"[a-z][a-z0-9_]{1,39}")
_URL = re.compile(r"https?://[^\s/]+(/\S*)?")
_PLAIN_HOST = re.compile(r"http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(/|$)")


class Group(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A group of settings that refuses unknown keys."""


class Handshake(Group, frozen=True, kw_only=True):
    """How the provider checks our address: GET with `mark` and `echo` in the query, or POST with a `field` to echo."""

    mark: str = ""
    echo: str = ""
    field: str = ""

    def __post_init__(self) -> None:
        """Refuse half a handshake."""
        if bool(self.mark) != bool(self.echo):
            raise ValueError("'mark' and 'echo' belong together: mark: hub.verify_token, echo: hub.challenge")
        _readable("field", self.field)


class Known(Group, frozen=True, kw_only=True):
    """One way in which the customer is known. `proof` says who vouches for it; empty: nobody."""

    kind: str
    value: str
    proof: str = ""

    def __post_init__(self) -> None:
        """Refuse what names nobody."""
        if not _CODE.fullmatch(self.kind):
            raise ValueError("'kind' must be a short word such as phone or telegram")
        _needed("value", self.value)


class File(Group, frozen=True, kw_only=True):
    """Where a message names a file. `source` is what `fetch` asks for."""

    source: str
    when: dict[str, Any] = {}
    name: str = ""
    media_type: str = ""
    size: str = ""

    def __post_init__(self) -> None:
        """Refuse what cannot be read."""
        _needed("source", self.source)
        for field in ("name", "media_type", "size"):
            _readable(field, getattr(self, field))
        check_when(self.when)


class Incoming(Group, frozen=True, kw_only=True):
    """One kind of thing that a body may hold: where it lies, when it is that kind, and what of it is which."""

    kind: str = "message"
    each: str = ""
    when: dict[str, Any] = {}
    id: str = ""
    peer: str = ""
    line: str = ""
    text: str = ""
    subject: str = ""
    name: str = ""
    language: str = ""
    provider: str = ""
    reply_to: str = ""
    at: str = ""
    at_in: str = "s"
    status: str = ""
    statuses: dict[str, str] = {}
    reason: str = ""
    out: bool = True
    identities: tuple[Known, ...] = ()
    files: tuple[File, ...] = ()
    declared: dict[str, str] = {}

    def __post_init__(self) -> None:
        """Refuse what cannot be read, and what lacks what its kind needs."""
        if self.kind not in KINDS:
            raise ValueError(f"'kind' must be one of {', '.join(KINDS)}")
        if self.at_in not in STAMPS:
            raise ValueError("'at_in' must be s, ms or iso")
        check_each(self.each)
        check_when(self.when)
        for field in ("id", "peer", "line", "text", "subject", "name", "language", "provider", "reply_to", "at"):
            _readable(field, getattr(self, field))
        for name, path in self.declared.items():
            _readable(f"declared.{name}", path)
        for field in NEEDED.get(self.kind, ()):
            _needed(field, getattr(self, field))
        _readable("status", self.status)
        _readable("reason", self.reason)
        for said, ours in self.statuses.items():
            if ours not in RECEIPTS:
                raise ValueError(f"'statuses' turns '{said}' into '{ours}'; write one of {', '.join(RECEIPTS)}")


NEEDED = {
    "message": ("id", "peer"),
    "receipt": ("id", "peer", "provider", "status"),
    "recalled": ("id", "peer", "provider"),
    "opted_out": ("id", "peer"),
    "opened": ("id", "peer"),
    "closed": ("id", "peer"),
}


class Outcome(Group, frozen=True, kw_only=True):
    """What an answer of the provider's means. The first that fits counts."""

    means: str
    status: tuple[int, ...] = ()
    when: dict[str, Any] = {}
    reason: str = ""
    after_ms: int = 0

    def __post_init__(self) -> None:
        """Refuse what would fit always or says nothing."""
        if self.means not in MEANINGS:
            raise ValueError(f"'means' must be one of {', '.join(MEANINGS)}")
        if not self.status and not self.when:
            raise ValueError("an outcome needs 'status: [400]' or 'when: {/error/code: 190}'")
        if self.means != "done" and not _CODE.fullmatch(self.reason):
            raise ValueError("'reason' must be a short code such as window_closed: letters a to z, digits and _")
        check_when(self.when)


class Upload(Group, frozen=True, kw_only=True):
    """A call before the message, which gives the provider a file. `find` is where its answer names it: `{media}`."""

    url: str
    headers: dict[str, str] = {}
    field: str = "file"
    form: dict[str, str] = {}
    find: str

    def __post_init__(self) -> None:
        """Refuse what could not be sent."""
        check_url("url", self.url, TO_SEND_FILES)
        for name, value in {**self.headers, **self.form}.items():
            check_template(name, value, TO_SEND_FILES)
        _needed("find", self.find)


class FileWay(Group, frozen=True, kw_only=True):
    """How files of some types are sent: in the field of a form, or as what an `upload` has named."""

    types: tuple[str, ...]
    mebibytes_max: int = 10
    upload: Upload | None = None
    url: str
    headers: dict[str, str] = {}
    field: str = ""
    body: dict[str, Any] = {}
    provider: str = ""

    def __post_init__(self) -> None:
        """Refuse a way that would send no file."""
        if not self.types or not all(_TYPE.fullmatch(kind) for kind in self.types):
            raise ValueError("'types' must name media types such as image/png, or '*' for any other")
        if not 1 <= self.mebibytes_max <= FILE_MEBIBYTES_MAX:
            raise ValueError(f"'mebibytes_max' must be 1 to {FILE_MEBIBYTES_MAX}")
        check_url("url", self.url, TO_SEND_FILES)
        for name, value in self.headers.items():
            check_template(f"headers.{name}", value, TO_SEND_FILES)
        holes = check_template("body", self.body, TO_SEND_FILES)
        if self.field and not all(isinstance(value, str) for value in self.body.values()):
            raise ValueError("'body' beside 'field' is a form and must map names to texts")
        if not self.field and (self.upload is None or "media" not in holes):
            raise ValueError("a file needs 'field', which holds it, or 'upload' and {media} in 'body'")
        _readable("provider", self.provider)


class Outgoing(Group, frozen=True, kw_only=True):
    """How a message is sent. `body` is the JSON (or the form) with holes such as `{text}` in its texts.

    `repeatable`: the provider knows `{key}` or `{uuid}` again, so that a call may be repeated without harm.
    `files`: how files leave, one message each.
    """

    url: str
    method: str = "POST"
    headers: dict[str, str] = {}
    format: str = "json"
    body: dict[str, Any]
    text_max: int = 4_096
    text_count: str = "characters"
    parts_max: int = 10
    provider: str = ""
    repeatable: bool = False
    outcomes: tuple[Outcome, ...] = ()
    files: tuple[FileWay, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what could not be sent."""
        check_url("url", self.url, TO_SEND)
        for name, choice in {"method": METHODS, "format": FORMATS, "text_count": COUNTS}.items():
            if getattr(self, name) not in choice:
                raise ValueError(f"'{name}' must be one of {', '.join(choice)}")
        for name, value in self.headers.items():
            check_template(f"headers.{name}", value, TO_SEND)
        if "text" not in check_template("body", self.body, TO_SEND):
            raise ValueError("'body' must hold {text}, the words that are sent")
        if self.format == "form" and not all(isinstance(value, str) for value in self.body.values()):
            raise ValueError("'body' of a form must map names to texts")
        if not 1 <= self.text_max <= 1_000_000 or not 1 <= self.parts_max <= 50:
            raise ValueError("'text_max' must be 1 to 1000000, 'parts_max' 1 to 50")
        if self.repeatable and not {"key", "uuid"} & {*holes_of(self.body), *holes_of(self.headers)}:
            raise ValueError("'repeatable' needs {key} or {uuid} in 'headers' or 'body', by which a repeat is known")
        _readable("provider", self.provider)


class Step(Group, frozen=True, kw_only=True):
    """One call on the way to a file. `find` is where its answer names what the next step asks for."""

    url: str
    headers: dict[str, str] = {}
    find: str = ""

    def __post_init__(self) -> None:
        """Refuse what could not be asked."""
        check_url("url", self.url, TO_FETCH)
        for name, value in self.headers.items():
            check_template(f"headers.{name}", value, TO_FETCH)
        _readable("find", self.find)


class Settings(CommonSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An entry of channels.yaml that is served by this channel: `webhook` itself, or any name with `by: webhook`.

    `secret_env` proves requests (with `old_secret_env` while it is changed), `check_env` is what the handshake's `mark`
    must say, `access_env` fills `{access}` in what we send. `reply_window` is how long the provider lets us answer.
    """

    secret_env: str = ""
    old_secret_env: str = ""
    check_env: str = ""
    access_env: str = ""
    signature: Signature | None = None
    handshake: Handshake = msgspec.field(default_factory=Handshake)
    format: str = "json"
    receive: tuple[Incoming, ...] = ()
    answer: str = ""
    answer_type: str = "text/plain"
    reply_window_ms: int = 0
    reply_quota: int = 0
    send: Outgoing | None = None
    fetch: tuple[Step, ...] = ()
    fetch_mebibytes_max: int = 20

    def __post_init__(self) -> None:
        """Refuse what could be forged, and ways to files that lead nowhere."""
        if self.format not in FORMATS:
            raise ValueError("'format' must be json or form")
        if self.receive and self.signature is None:
            raise ValueError(
                "'receive' needs 'signature', or anybody could write; if the address alone must do, "
                "write 'signature: {how: none}'"
            )
        if self.receive and self.signature is not None and self.signature.how != "none" and not self.secret_env:
            raise ValueError("'signature' needs 'secret_env: NAME_OF_THE_VARIABLE'")
        if self.handshake.mark and not self.check_env:
            raise ValueError(
                "'handshake' needs 'check_env: NAME_OF_THE_VARIABLE', which holds the word you enter there"
            )
        if any(not step.find for step in self.fetch[:-1]):
            raise ValueError("'fetch': every step but the last needs 'find', which names what the next one asks for")
        if not 1 <= self.fetch_mebibytes_max <= 100:
            raise ValueError("'fetch_mebibytes_max' must be 1 to 100")
        if "access" in self._holes() and not self.access_env:
            raise ValueError("{access} needs 'access_env: NAME_OF_THE_VARIABLE'")

    def _holes(self) -> set[str]:
        parts: list[Any] = [(step.url, step.headers) for step in self.fetch]
        if self.send is not None:
            parts.append((self.send.url, self.send.headers, self.send.body))
            parts += [(way.url, way.headers, way.body) for way in self.send.files]
            parts += [(way.upload.url, way.upload.headers, way.upload.form) for way in self.send.files if way.upload]
        return {hole for part in parts for each in part for hole in holes_of(each)}


def check_url(name: str, url: str, holes: tuple[str, ...]) -> None:
    """Refuse an address that is none, or one over which a secret would go in the open."""
    check_template(name, url, holes)
    if url in {"{found}", "{source}"}:
        return
    if not _URL.fullmatch(url) or "{" in url.split("/")[2]:
        raise ValueError(f"'{name}' must be an address such as https://api.example.com/send, its host without holes")
    if url.startswith("http://") and not _PLAIN_HOST.match(url):
        raise ValueError(f"'{name}' must begin with https://; http is for this machine only")


def _readable(name: str, written: str) -> None:
    try:
        Expression(written)
    except ValueError as fault:
        raise ValueError(f"'{name}': {fault}") from None


def _needed(name: str, written: str) -> None:
    if not written:
        raise ValueError(f"'{name}' is missing; name its place, such as {name}: /message/{name}")
    _readable(name, written)
