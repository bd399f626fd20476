"""From voice webhooks to what they mean. Pure: no clock, no network, no document is made here."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from channels.contract import (
    CALL_BACK_PROMPT,
    Attachment,
    Identity,
    KeyPressed,
    LineItem,
    LineOpened,
    LineRef,
    MessageIn,
    PartyJoined,
    PartyLeft,
)
from channels.typed import typed

CHANNEL = "phone"
CUSTOMER = "customer"
_SID = re.compile(r"[A-Za-z0-9]{2,64}")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_PARTY = re.compile(r"(agent[:_][0-9]{1,18}|outside[:_][a-z0-9_-]{1,64})")
# A caller who hides the number: the words, and what a keypad makes of them. Some pass for numbers of a country.
HIDDEN = frozenset(
    {"anonymous", "restricted", "unavailable", "unknown", "blocked", "private", ""}
    | {"+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253", "+464"}
)
# A call that is over, by the provider's word, and why.
ENDED = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
ALIVE = frozenset({"queued", "ringing", "in-progress", "initiated"})
NAME_CHARS_MAX = 200
# The kind of identity under which all calls that show one number are one caller's.
CALLER_ID = "caller_id"
# The provider's word for: the calling carrier knows the caller, and that the number is theirs.
FULLY_SIGNED = "TN-Validation-Passed-A"
# What the caller stands before, by what was decided: the next document follows from it.
WAITING, TALKING, VOICEMAIL, OVER = "waiting", "talking", "voicemail", "over"
_PLACES = {"active": TALKING, "deferred": VOICEMAIL, "closed": OVER, "abandoned": OVER}


class Unreadable(ValueError):
    """A genuine request that is not what it should be, by its reason."""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A call as a webhook tells of it."""

    sid: str
    theirs: str
    ours: str
    status: str
    inbound: bool
    name: str = ""
    signed: bool = False

    @property
    def hidden(self) -> bool:
        """Whether the caller cannot be called."""
        return not is_number(self.theirs)

    @property
    def by_agent(self) -> bool:
        """Whether an agent's browser or a machine of ours calls: it comes in like a customer's call."""
        return self.theirs.startswith(("client:", "sip:"))

    @property
    def ended(self) -> bool:
        """Whether nobody is there any more."""
        return self.status in ENDED


def is_number(text: str) -> bool:
    """Return whether one can call it: a number, and none that only spells that it is hidden."""
    return bool(_E164.fullmatch(text)) and text.lower() not in HIDDEN


def typed_number(digits: str) -> str:
    """Return the number a caller typed with its country code, empty where it cannot be one."""
    number = "+" + digits.lstrip("0")
    return number if is_number(number) else ""


def call_in(fields: Mapping[str, str]) -> Call:
    """Read who calls whom. Raises Unreadable."""
    return Call(
        sid=sid_in(fields.get("CallSid", "")),
        theirs=fields.get("From", "")[:100],
        ours=fields.get("To", "")[:100],
        status=fields.get("CallStatus", ""),
        inbound=fields.get("Direction", "inbound") == "inbound",
        name=typed(fields.get("CallerName", "")[:NAME_CHARS_MAX], lines=False),
        signed=fields.get("StirVerstat", "") == FULLY_SIGNED,
    )


def sid_in(text: str) -> str:
    """Return a provider's id. Raises Unreadable: it becomes a part of keys and addresses."""
    if not _SID.fullmatch(text):
        raise Unreadable("sid")
    return text


def party_in(text: str) -> str:
    """Return a party, `agent:7` or `outside:acme`, from our own address or a conference's label. Raises Unreadable."""
    if not _PARTY.fullmatch(text):
        raise Unreadable("party")
    return text.replace("_", ":", 1)


def label_of(party: str) -> str:
    """Return a party as our addresses and a conference's labels name it."""
    return party.replace(":", "_", 1)


def is_outside(party: str) -> bool:
    """Return whether a party is none of ours."""
    return party.startswith("outside:")


def line_of(call: str, *, theirs: str = "", ours: str = "") -> LineRef:
    """Return the line of a call: each call is one."""
    return LineRef(channel=CHANNEL, key=call, peer=f"{theirs} via {ours}" if theirs else "")


def peer_in(fields: Mapping[str, str]) -> str:
    """Return a line's ends from one of its calls' webhooks. Raises Unreadable."""
    call = call_in(fields)
    theirs, ours = (call.theirs, call.ours) if call.inbound else (call.ours, call.theirs)
    return line_of(call.sid, theirs=theirs, ours=ours).peer


def ends_of(peer: str) -> tuple[str, str]:
    """Return (caller, number of ours); a hidden caller is empty."""
    theirs, _, ours = peer.partition(" via ")
    return (theirs if is_number(theirs) else ""), ours


def opened(call: Call, *, language: str, facts: Mapping[str, str]) -> LineOpened:
    """A call is here, before a word is said."""
    return LineOpened(
        line=line_of(call.sid, theirs="hidden" if call.hidden else call.theirs, ours=call.ours),
        dedupe=f"{call.sid}:ring",
        name=call.name,
        language=language,
        identities=_identities(call),
        declared=dict(facts),
    )


def _identities(call: Call) -> tuple[Identity, ...]:
    """A caller's number is what the caller's side says it is: calls that show it are one caller's, and no more.

    It is the number's owner who calls only where the carrier has signed for it (STIR, full attestation). The two are
    never said of one call: they would be one person, and who shows a false number would be its owner.
    """
    if call.hidden:
        return ()
    if call.signed:
        return (Identity(kind="phone", value=call.theirs, verified="stir"),)
    return (
        Identity(kind=CALLER_ID, value=call.theirs, verified="carrier"),
        Identity(kind="phone", value=call.theirs),
    )


def left(line: str, leg: str, why: str) -> PartyLeft:
    """The customer has gone. Several webhooks tell it, in any order: one name for each leg, so it is told once."""
    return PartyLeft(line=line_of(line), dedupe=f"{leg}:left", party=CUSTOMER, why=why)


def call_back_asked(line: str, leg: str) -> KeyPressed:
    """The caller keeps the place and hangs up; asked for once on each leg, however often the page is fetched."""
    return KeyPressed(line=line_of(line), dedupe=f"{leg}:call-back", keys="1", prompt=CALL_BACK_PROMPT)


def reached(line: str, leg: str) -> PartyJoined:
    """The customer who was called has answered, in person."""
    return PartyJoined(line=line_of(line), dedupe=f"{leg}:reached", party=CUSTOMER)


def unreached(line: str, leg: str, why: str) -> PartyLeft:
    """A call to the customer was not answered: each of them is told."""
    return PartyLeft(line=line_of(line), dedupe=f"{leg}:unreached", party=CUSTOMER, why=why)


def party_left(line: str, party: str, leg: str, why: str) -> PartyLeft:
    """A leg of ours has ended. Talk, leg and list tell it, in any order: under one name, so it is told once."""
    return PartyLeft(line=line_of(line), dedupe=f"{leg}:left", party=party, why=why)


def conference_signal(fields: Mapping[str, str], line: str) -> PartyJoined | PartyLeft | None:
    """Read a conference's event; None for one that says nothing of who talks. Raises Unreadable."""
    event, label = fields.get("StatusCallbackEvent", ""), fields.get("ParticipantLabel", "")
    if event not in {"participant-join", "participant-leave"}:
        return None
    party = CUSTOMER if label == CUSTOMER else party_in(label)
    number = fields.get("SequenceNumber", "")
    dedupe = f"{sid_in(fields.get('ConferenceSid', ''))}:{number[:20]}"
    if event == "participant-join":
        return PartyJoined(line=line_of(line), dedupe=dedupe, party=party)
    if party == CUSTOMER:
        # Leaving a conference may be a transfer; only the end of the call is the customer's leaving.
        return None
    why = fields.get("ReasonParticipantLeft", "") or "left"
    return party_left(line, party, sid_in(fields.get("CallSid", "")), why[:40])


def voicemail_in(fields: Mapping[str, str], line: str, text: str) -> MessageIn | None:
    """Read a finished recording; None for one that holds nothing. Raises Unreadable."""
    seconds = fields.get("RecordingDuration", "")
    if fields.get("RecordingStatus", "completed") != "completed" or seconds in {"", "0", "-1"}:
        return None
    return voicemail(line, sid_in(fields.get("RecordingSid", "")), fields.get("RecordingUrl", ""), text)


def voicemail(line: str, sid: str, url: str, text: str) -> MessageIn:
    """A recording is a message: its sound is an attachment, fetched by an effect."""
    sound = Attachment(name="voicemail.mp3", media_type="audio/mpeg", size_bytes=0, source=f"{url[:2_000]}.mp3")
    return MessageIn(line=line_of(line), dedupe=sid, provider=sid, text=text, attachments=(sound,))


def talk_recorded(fields: Mapping[str, str], line: str, text: str) -> MessageIn | None:
    """Read a talk's finished recording; it joins its conversation and wakes nobody. Raises Unreadable."""
    found = voicemail_in(fields, line, text)
    if found is None:
        return None
    sound = msgspec.structs.replace(found.attachments[0], name="call.mp3")
    return msgspec.structs.replace(found, attachments=(sound,), automatic=True)


def place_of(items: list[LineItem], voicemail_on: tuple[str, ...], *, since: int = 0) -> str:
    """Return what the caller stands before; `waiting` while nothing is decided, or only what was before `since`."""
    items = [item for item in items if item.seq > since]
    states = [item.state for item in items if item.kind == "status"]
    place = _PLACES.get(states[-1], WAITING) if states else WAITING
    told = any(item.kind == "notice" and item.notice in voicemail_on for item in items)
    return VOICEMAIL if told and place == WAITING else place


def newest_notice(items: list[LineItem], after: int) -> LineItem | None:
    """Return the newest announcement that was not said yet."""
    return next((item for item in reversed(items) if item.kind == "notice" and item.seq > after), None)
