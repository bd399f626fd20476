"""What the API may be asked with: strict, bounded structs, and the reading of a body into one. No decisions."""

from __future__ import annotations

import re
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta

from dashboard.errors import ApiError, bad_field

# The longest text a channel takes (channels.contract: text_chars_max by default).
TEXT_CHARS_MAX = 100_000
# The last whole number that JSON readers keep exact.
NUMBER_MAX = 2**53 - 1

# A pattern's `$` would also take what ends in a line end; the look-ahead says the same to every reader of the document.
Code = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$(?!\n)",
        description="a short code of a-z, 0-9, _ and -, at most 64 characters",
    ),
]
Name = Annotated[str, Meta(min_length=1, max_length=100, description="a configured name, at most 100 characters")]
Text = Annotated[str, Meta(min_length=1, max_length=TEXT_CHARS_MAX, description="text of 1 to 100,000 characters")]
Number = Annotated[int, Meta(ge=0, le=NUMBER_MAX, description="a whole number from 0 up")]
Level = Annotated[int, Meta(ge=0, le=100, description="a whole number from 0 to 100")]
Id = Annotated[int, Meta(ge=1, le=NUMBER_MAX, description="a whole number from 1 up")]
# More files with one message no channel takes.
FILES_MAX = 20
FileId = Annotated[str, Meta(pattern=r"^[0-9a-f]{1,40}(-[0-9]{1,3})?$(?!\n)", description="the id of a file")]
ClientId = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9_-]{1,64}$(?!\n)",
        description="an id that you make, 1 to 64 characters of A-Z, a-z, 0-9, _ and -",
    ),
]


# Whoever writes to more people at once does not write to a customer.
COPIES_MAX = 10
Address = Annotated[
    str,
    Meta(
        pattern=r"^[^@\s<>,;:\"\x00-\x1f\x7f]{1,64}@[^@\s<>,;:\"\x00-\x1f\x7f]{1,255}$(?!\n)",
        max_length=320,
        description="a mail address",
    ),
]


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A body. Unknown fields are refused."""


class CommandRequest(Request, frozen=True, kw_only=True):
    """`command_id` makes a repeat get the first answer."""

    command_id: ClientId | None = None


class SignInRequest(Request, frozen=True, kw_only=True):
    login: Annotated[str, Meta(min_length=1, max_length=200, description="a login of 1 to 200 characters")]
    password: Annotated[str, Meta(min_length=1, max_length=256, description="a password of 1 to 256 characters")]


class ShiftRequest(CommandRequest, frozen=True, kw_only=True):
    """`until_ms`: the end of the shift, 0 for none."""

    presence: Name | None = None
    until_ms: Number = 0


class EndShiftRequest(CommandRequest, frozen=True, kw_only=True):
    forced: bool = False


class PresenceRequest(CommandRequest, frozen=True, kw_only=True):
    """`after_current`: no new offers, and the presence holds when the work in hand is done. `idle`: nobody chose it."""

    presence: Name
    when: Literal["now", "after_current"] = "now"
    idle: bool = False


class AcceptRequest(CommandRequest, frozen=True, kw_only=True):
    offer: Id


class DeclineRequest(CommandRequest, frozen=True, kw_only=True):
    offer: Id
    reason: Name | None = None


class ReplyRequest(Request, frozen=True, kw_only=True):
    """`files` names uploads of mine in this conversation, or files of its story as `<message>-<number>`.

    `seen` is the number of the newest item its writer had on the screen: what is newer and was said by somebody else
    refuses the reply. 0 asks nothing.
    """

    client_id: ClientId
    text: Annotated[str, Meta(max_length=TEXT_CHARS_MAX, description="text of at most 100,000 characters")] = ""
    files: Annotated[list[FileId], Meta(max_length=FILES_MAX, description="ids of at most 20 files")] = []
    line: Number = 0
    seen: Number = 0
    then: Literal["stay", "park", "close"] = "stay"
    disposition: Name | None = None
    subject: Annotated[str, Meta(max_length=200, description="a letter's subject of at most 200 characters")] = ""
    cc: Annotated[list[Address], Meta(max_length=COPIES_MAX, description="who gets a copy, at most 10")] = []


class UploadQuery(Request, frozen=True, kw_only=True):
    name: Annotated[str, Meta(min_length=1, max_length=1_000, description="the file's name")]
    media_type: Annotated[str, Meta(max_length=200, description="what the sender takes it for")] = ""


class FileQuery(Request, frozen=True, kw_only=True):
    download: bool = False


class NoteRequest(Request, frozen=True, kw_only=True):
    """`replaces` is the message of my last note here, which this one takes the place of."""

    text: Text
    client_id: ClientId
    replaces: Number = 0


class TransferRequest(CommandRequest, frozen=True, kw_only=True):
    queue: Name | None = None
    to_agent: Number = 0
    skills: dict[Name, Level] = {}
    note: Annotated[str, Meta(max_length=TEXT_CHARS_MAX)] = ""


class ParkRequest(CommandRequest, frozen=True, kw_only=True):
    until_ms: Number = 0


class CloseRequest(CommandRequest, frozen=True, kw_only=True):
    disposition: Name | None = None


class WrapUpRequest(CommandRequest, frozen=True, kw_only=True):
    """`disposition` is an outcome, or `outcome:reason`; with `follow_up_ms` it comes back to me at that time."""

    disposition: Annotated[str, Meta(max_length=200, description="an outcome, empty for none")] = ""
    follow_up_ms: Number = 0
    note: Annotated[str, Meta(max_length=TEXT_CHARS_MAX)] = ""


class HoldRequest(CommandRequest, frozen=True, kw_only=True):
    on: bool


class ClosureRequest(CommandRequest, frozen=True, kw_only=True):
    until_ms: Number
    reason: Code


class CallbackRequest(CommandRequest, frozen=True, kw_only=True):
    at_ms: Number = 0
    line: Number = 0


class EmergencyRequest(CommandRequest, frozen=True, kw_only=True):
    until_ms: Number
    reason: Code
    notice: Name | None = None


class SendOffRequest(CommandRequest, frozen=True, kw_only=True):
    reason: Code


class SenderRequest(Request, frozen=True, kw_only=True):
    """One sender by `kind` and `value`, or all that a `customer` is known by."""

    mark: Literal["blocked", "test"]
    reason: Code
    kind: Annotated[str, Meta(max_length=32, description="an identity's kind, or `line`")] = ""
    value: Annotated[str, Meta(max_length=1_000, description="the identity's value, or `<channel>:<key>`")] = ""
    customer: Number = 0
    until_ms: Number = 0


class BlockRequest(CommandRequest, frozen=True, kw_only=True):
    """Of whoever writes in a conversation. `until_ms` 0: for good, which is a supervisor's to say."""

    reason: Code
    until_ms: Number


class SendersQuery(Request, frozen=True, kw_only=True):
    after: Number = 0
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class CareRequest(Request, frozen=True, kw_only=True):
    named_agent: Number = 0
    team: Annotated[str, Meta(max_length=100, description="a team's name, empty for none")] = ""


class OtherRequest(Request, frozen=True, kw_only=True):
    other: Annotated[int, Meta(gt=0, le=NUMBER_MAX, description="another customer's id")]


class DraftRequest(Request, frozen=True, kw_only=True):
    text: Annotated[str, Meta(max_length=TEXT_CHARS_MAX, description="text of at most 100,000 characters")]


class OrderRequest(CommandRequest, frozen=True, kw_only=True):
    """A supervisor's order: a reason is always asked for."""

    reason: Code


class AssignRequest(OrderRequest, frozen=True, kw_only=True):
    to_agent: Id
    forced: bool = False


class MoveRequest(OrderRequest, frozen=True, kw_only=True):
    queue: Name
    skills: dict[Name, Level] = {}


class PriorityRequest(OrderRequest, frozen=True, kw_only=True):
    priority: Level


class RecallRequest(OrderRequest, frozen=True, kw_only=True):
    to_queue: bool = False


class JoinAsRequest(OrderRequest, frozen=True, kw_only=True):
    role: Literal["listen", "whisper", "barge"]


class OrderPresenceRequest(OrderRequest, frozen=True, kw_only=True):
    presence: Name


class ConsultRequest(CommandRequest, frozen=True, kw_only=True):
    to_agent: Number = 0
    queue: Name | None = None


class ParticipantRequest(CommandRequest, frozen=True, kw_only=True):
    to_agent: Id


class CompleteRequest(ParticipantRequest, frozen=True, kw_only=True):
    note: Annotated[str, Meta(max_length=TEXT_CHARS_MAX)] = ""


class OrdersQuery(Request, frozen=True, kw_only=True):
    """`before`: the number of the last order seen; 0 for the newest."""

    before: Number = 0
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class Nothing(CommandRequest, frozen=True, kw_only=True):
    """A changing request that needs no more than its address."""


class DaysQuery(Request, frozen=True, kw_only=True):
    days: Annotated[int, Meta(ge=1, le=92)] = 7


class PageQuery(Request, frozen=True, kw_only=True):
    before: Number = 0
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class DecisionQuery(Request, frozen=True, kw_only=True):
    """`seq` of a decision in the story of a conversation."""

    seq: Id


class WaitingQuery(Request, frozen=True, kw_only=True):
    queue: Annotated[str, Meta(max_length=100)] = ""
    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    # A page is walked to from the front of the line; beyond this nobody reads, and the walk would cost too much.
    after: Annotated[int, Meta(ge=0, le=100_000)] = 0


R = TypeVar("R", bound=Request)

_AT = re.compile(r" - at `\$\.?([^`]*)`$")
_NAMED = re.compile(r"(unknown|required) field `([^`]{0,100})`")


def read(kind: type[R], body: bytes) -> R:
    """Read a body. Raises ApiError with the wrong field's name and what to write instead."""
    try:
        return msgspec.json.decode(body or b"{}", type=kind)
    except msgspec.ValidationError as error:
        raise explained(kind, str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ApiError("not_json") from None


def read_query(kind: type[R], query: dict[str, str]) -> R:
    """Read a query string's values. Raises ApiError like `read`."""
    try:
        return msgspec.convert(query, type=kind, strict=False)
    except msgspec.ValidationError as error:
        raise explained(kind, str(error)) from None


def explained(kind: type[Request], message: str) -> ApiError:
    """Turn msgspec's finding into a field and a sentence. The value itself is never repeated."""
    known = ", ".join(f"`{field.encode_name}`" for field in msgspec.structs.fields(kind)) or "none"
    named = _NAMED.search(message)
    if named and named[1] == "unknown":
        return bad_field(named[2], f"There is no such field here. Known fields: {known}.")
    if named:
        return bad_field(named[2], f"This field is missing: write {_wanted(kind, named[2])}.")
    place = _AT.search(message)
    field = place[1].split(".")[0].split("[")[0] if place else ""
    if field:
        return bad_field(field, f"Write {_wanted(kind, field)}.")
    return bad_field("", f"Send a JSON object with these fields: {known}.")


def _wanted(kind: type[Request], field: str) -> str:
    """Say what a field takes, from its own schema."""
    schema = msgspec.json.schema(kind)
    properties = schema.get("$defs", {}).get(kind.__name__, schema).get("properties", {})
    return _said(properties.get(field, {}))


def _said(schema: dict[str, object]) -> str:
    options = schema.get("anyOf")
    if isinstance(options, list):
        return " or ".join(_said(option) for option in options)
    if "enum" in schema:
        values = schema["enum"]
        return "one of " + ", ".join(f"`{value}`" for value in (values if isinstance(values, list) else []))
    if "description" in schema:
        return str(schema["description"])
    if "minimum" in schema and "maximum" in schema:
        return f"a whole number from {schema['minimum']} to {schema['maximum']}"
    words = {"string": "text", "integer": "a whole number", "boolean": "`true` or `false`", "null": "`null`"}
    said = words.get(str(schema.get("type")), "a value of the documented kind")
    return f"{said} of at most {schema['maxLength']:,} characters" if "maxLength" in schema else said


def number_of(text: str, *, otherwise: str = "not_visible") -> int:
    """Return a number of an address, from 1 up. Raises ApiError under the name that is said otherwise."""
    sound = text.isascii() and text.isdecimal() and len(text) <= len(str(NUMBER_MAX))
    if not sound or not 0 < int(text) <= NUMBER_MAX:
        raise ApiError(otherwise)
    return int(text)
