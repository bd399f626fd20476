"""What is asked and answered about outside parties and softphones. Structs, and nothing that fills them."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from dashboard.requests import FILES_MAX, TEXT_CHARS_MAX, CommandRequest, FileId, Name
from dashboard.shapes import Label, Shape

Words = Annotated[str, Meta(max_length=TEXT_CHARS_MAX, description="text of at most 100,000 characters")]


class OutsideRequest(CommandRequest, frozen=True, kw_only=True):
    """`text` and `files` go to a contact who is written to; `note` stays in the conversation."""

    contact: Name
    role: Literal["consult", "transfer"] = "consult"
    text: Words = ""
    files: Annotated[list[FileId], Meta(max_length=FILES_MAX, description="ids of at most 20 files")] = field(
        default_factory=list
    )
    note: Words = ""


class OutsideNoteRequest(CommandRequest, frozen=True, kw_only=True):
    note: Words = ""


class Ways(Shape, frozen=True, kw_only=True):
    """How a contact would be reached: `call`, `mail`, or not at all."""

    consult: str
    transfer: str


class ContactShape(Shape, frozen=True, kw_only=True):
    """Somebody of the contact book. Addresses are the configuration's, and are not shown."""

    name: str
    label: Label
    languages: list[str]
    open: bool
    opens_ms: int
    ways: Ways


class OutsideParty(Shape, frozen=True, kw_only=True):
    """Who is called into a conversation. Until `until_ms` it rings there; `handed`: no agent has it any more."""

    contact: str
    joined: bool
    handed: bool
    until_ms: int


class Outside(Shape, frozen=True, kw_only=True):
    contacts: list[ContactShape]
    party: OutsideParty | None


class SoftphoneToken(Shape, frozen=True, kw_only=True):
    """The key with which this agent's browser takes calls, for the provider's own library at `sdk`, until a time."""

    channel: str
    identity: str
    token: str
    until_ms: int
    sdk: str = ""
