"""What an IMAP server says, as values; what we say, as bytes. Pure: no connection, no mail. RFC 3501 and 9051."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from typing import TypeAlias

import msgspec

Value: TypeAlias = "bytes | tuple[Value, ...] | None"
STATES = frozenset({"OK", "NO", "BAD", "BYE", "PREAUTH"})
# Lists of mails are flat, and a FETCH holds one list in another.
DEPTH_MAX = 10
_HEAD = re.compile(rb"(\*|\+|[A-Za-z0-9]{1,16})(?: ([0-9]{1,10}))?(?: ([A-Za-z0-9.-]{1,40}))?(?: |$)")
_CODE = re.compile(r"\[([A-Za-z0-9/.-]+)(?: ([^\]]*))?\] ?")
_TOKEN = re.compile(rb' *(?:(\()|(\))|"((?:[^"\\]|\\.)*)"|((?:[^ ()"\[\]]|\[[^\]]*\])+))')
_LITERAL = re.compile(rb"\{([0-9]{1,12})\+?\}$")
_PLAIN = re.compile(r"[\x20-\x7e]{0,500}")


class Unreadable(Exception):
    """What a server has said is no IMAP."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One answer. `tag` is `*`, `+` or the tag of a command; `kind` is a state or a name in capitals.

    `code` and `code_text` are what stands in brackets after a state; `values` what follows any other name.
    """

    tag: str
    kind: str
    number: int = 0
    code: str = ""
    code_text: str = ""
    values: tuple[Value, ...] = ()


def literal_bytes(line: bytes) -> int | None:
    """Return how many bytes follow a line as they are, None where it ends by itself."""
    found = _LITERAL.search(line)
    return int(found[1]) if found else None


def read_answer(pieces: Sequence[bytes]) -> Answer:
    """Return an answer from its pieces: a line, then literals and what follows each, in turns."""
    head = _HEAD.match(pieces[0])
    if head is None:
        raise Unreadable
    tag, number, kind = head[1].decode(), int(head[2] or 0), (head[3] or b"").decode().upper()
    if tag == "+":
        return Answer(tag=tag, kind="")
    if kind in STATES and len(pieces) == 1:
        code = _CODE.match(pieces[0][head.end() :].decode("utf-8", "replace"))
        if code is not None:
            return Answer(tag=tag, kind=kind, code=code[1].upper(), code_text=code[2] or "")
        return Answer(tag=tag, kind=kind)
    return Answer(tag=tag, kind=kind, number=number, values=_values([pieces[0][head.end() :], *pieces[1:]]))


def _values(pieces: Sequence[bytes]) -> tuple[Value, ...]:
    open_lists: list[list[Value]] = [[]]
    for index, piece in enumerate(pieces):
        if index % 2:
            open_lists[-1].append(piece)
        else:
            _read_line(_LITERAL.sub(b"", piece) if index + 1 < len(pieces) else piece, open_lists)
    if len(open_lists) != 1:
        raise Unreadable
    return tuple(open_lists[0])


def _read_line(line: bytes, open_lists: list[list[Value]]) -> None:
    place, line = 0, line.rstrip(b" ")
    while place < len(line):
        token = _TOKEN.match(line, place)
        if token is None or token.end() == place:
            raise Unreadable
        opens, closes, quoted, atom = token.groups()
        if opens:
            open_lists.append([])
        elif closes:
            _close(open_lists)
        elif quoted is not None:
            open_lists[-1].append(re.sub(rb"\\(.)", rb"\1", quoted, flags=re.DOTALL))
        else:
            open_lists[-1].append(None if atom.upper() == b"NIL" else atom)
        if len(open_lists) > DEPTH_MAX:
            raise Unreadable
        place = token.end()


def _close(open_lists: list[list[Value]]) -> None:
    if len(open_lists) == 1:
        raise Unreadable
    closed = tuple(open_lists.pop())
    open_lists[-1].append(closed)


def pairs(values: Sequence[Value]) -> dict[str, Value]:
    """Return what a FETCH says of one mail, by its name in capitals."""
    inner = values[0] if values else ()
    if not isinstance(inner, tuple) or len(inner) % 2:
        raise Unreadable
    names = [name.decode("ascii", "replace").upper() if isinstance(name, bytes) else "" for name in inner[::2]]
    return dict(zip(names, inner[1::2], strict=True))


def numbers(values: Sequence[Value]) -> list[int]:
    """Return the numbers among values."""
    return [int(value) for value in values if isinstance(value, bytes) and value.isdigit() and len(value) <= 10]


def is_plain(text: str) -> bool:
    """Return whether a text may stand in quotation marks."""
    return _PLAIN.fullmatch(text) is not None


def quoted(text: str) -> bytes:
    """Return a plain text in quotation marks."""
    return b'"' + text.replace("\\", "\\\\").replace('"', '\\"').encode("ascii") + b'"'


def folder_name(name: str) -> str:
    """Return a folder's name as it stands on the wire: letters beyond ASCII in IMAP's own UTF-7."""
    pieces = re.findall(r"[\x20-\x7e]+|[^\x20-\x7e]+", name)
    return "".join(each.replace("&", "&-") if each.isascii() else _utf7(each) for each in pieces)


def _utf7(text: str) -> str:
    return "&" + base64.b64encode(text.encode("utf-16-be")).decode().rstrip("=").replace("/", ",") + "-"


def uid_set(uids: Sequence[int]) -> bytes:
    """Return a set of uids, runs joined: `4:7,9`."""
    runs: list[list[int]] = []
    for uid in sorted(uids):
        if runs and uid == runs[-1][1] + 1:
            runs[-1][1] = uid
        else:
            runs.append([uid, uid])
    return b",".join(b"%d" % first if first == last else b"%d:%d" % (first, last) for first, last in runs)
