"""From a letter to the command it asks for: customer, line, language, topics, facts, record. Reads; decides nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from channels import contract as sig
from router.core import commands as cmd
from router.core.bundle import Bundle
from router.core.facts import Facts
from router.core.record import Record, decode_record
from router.core.rules import Topics
from router.floor.floor import Floor
from router.floor.lines import Lines
from router.intake.acquaintance import Acquaintances
from router.intake.coding import LINE, MESSAGE, Said, coded
from router.intake.copies import Copies, copies_by
from router.intake.segmenting import Segmenting
from router.intake.senders import BLOCKED, FLOOD, TEST, Watch
from router.store.port import Archive, Caller, Care, Customers, History, Identity, Letter, Met

CUSTOMER = "customer"
REFUSED = frozenset({BLOCKED, FLOOD})
SCORES = frozenset("12345")


class Unreadable(Exception):
    """A letter that cannot be looked up, by its named reason. It goes to quarantine."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotYet(Exception):
    """No configuration has been applied: the letter waits in the letterbox."""


class LookUp:
    """Looks letters up for one floor, a batch at a time."""

    def __init__(
        self,
        floor: Floor,
        archive: Archive,
        capabilities: Mapping[str, sig.Capabilities],
        *,
        watch: Watch | None = None,
        care: Care | None = None,
        customers: Customers | None = None,
    ) -> None:
        self._floor = floor
        self._site = floor.site
        self._archive = archive
        self._capabilities = capabilities
        self._watch = watch
        self._care = care
        self._segmenting = Segmenting(floor.site, archive, customers) if customers else None
        self._acquaintances = Acquaintances(floor.site, archive, capabilities)
        self._copies = Copies(floor.site, archive)
        self._lines: Lines = floor.lines
        self._topics: Topics | None = None
        self._topics_of: Bundle | None = None
        self._ways: dict[type[sig.Signal], Callable[[Letter, Any], Awaitable[cmd.Command]]] = {
            sig.Receipt: self._receipt,
            sig.PartyJoined: self._party,
            sig.PartyLeft: self._party,
            sig.KeyPressed: self._key_pressed,
            sig.CopyAsked: self._copy,
            sig.Recalled: _noted("recalled"),
            sig.OptedOut: _noted("opted_out"),
        }

    async def commands(self, letters: Sequence[Letter], at: int) -> list[cmd.Command | Unreadable]:
        """Return what each letter asks for, in order; who wrote is met in one transaction for all of them."""
        signals = [_read(letter) for letter in letters]
        seen = self._floor.position
        marks = await self._marks(letters, signals, at)
        await self._note_asides(letters, signals, marks)
        meeting = [index for index, signal in enumerate(signals) if _meets(signal) and marks[index] not in REFUSED]
        callers = [_caller(signals[index]) for index in meeting]
        everybody = await self._archive.meet(self._site, callers, at) if callers else []
        histories = await self._histories(everybody)
        if self._segmenting is not None:
            everybody = await self._segmenting.placed(self._floor.bundle, everybody, histories, at=at)
        met = dict(zip(meeting, everybody, strict=True))
        looked: list[cmd.Command | Unreadable] = []
        for index, (letter, signal) in enumerate(zip(letters, signals, strict=True)):
            if isinstance(signal, Unreadable):
                looked.append(signal)
            elif marks[index] in REFUSED:
                looked.append(_set_aside(letter, marks[index]))
            elif index in met:
                command = await self._received(letter, signal, met=met[index], seen=seen)
                looked.append(self._acquainted(command, met[index], histories, mark=marks[index]))
            else:
                looked.append(await self._other(letter, signal, seen=seen))
        return looked

    async def _note_asides(self, letters: Sequence[Letter], signals: Sequence[Any], marks: Sequence[str]) -> None:
        """Remember whose words are set aside: no conversation leads to them when somebody is to be forgotten."""
        aside = [
            (letter.message, signal.line.channel, signal.line.key)
            for letter, signal, mark in zip(letters, signals, marks, strict=True)
            if letter.message and isinstance(signal, sig.MessageIn) and (signal.set_aside or mark in REFUSED)
        ]
        if aside and self._care is not None:
            await self._care.set_aside(self._site, aside)

    async def _marks(self, letters: Sequence[Letter], signals: Sequence[Any], at: int) -> list[str]:
        """Return by what each sender is marked: only those who would be met are looked at."""
        marks = [""] * len(signals)
        if self._watch is None:
            return marks
        asked = [index for index, signal in enumerate(signals) if _meets(signal)]
        found = await self._watch.marks([signals[index] for index in asked], at)
        for index, mark in zip(asked, found, strict=True):
            letter = letters[index]
            counts = mark != BLOCKED and not letter.attempts
            flood = counts and self._watch.floods(letter.id, signals[index], letter.received_ms)
            marks[index] = FLOOD if flood else mark
        return marks

    async def _histories(self, met: Iterable[Met]) -> Mapping[int, History]:
        bundle = self._floor.bundle
        return await self._acquaintances.of(bundle, {each.customer for each in met}) if bundle else {}

    def _acquainted(
        self, command: cmd.Command, met: Met, histories: Mapping[int, History], *, mark: str
    ) -> cmd.Command:
        """Return the command with what is known of who wrote."""
        history = histories.get(met.customer)
        if not isinstance(command, cmd.Receive) or (history is None and mark != TEST):
            return command
        known = self._acquaintances.known(history, met.line) if history else None
        spare_line = self._acquaintances.spare_line(history, met.line) if history and command.window_ms else 0
        test = command.test or mark == TEST
        return msgspec.structs.replace(command, known=known, spare_line=spare_line, test=test)

    async def _other(self, letter: Letter, signal: sig.AnySignal, *, seen: int) -> cmd.Command:
        if isinstance(signal, sig.MessageIn):
            return _set_aside(letter, signal.set_aside)
        if isinstance(signal, sig.LineClosed):
            return await self._line_closed(letter, signal, seen=seen)
        return await self._ways[type(signal)](letter, signal)

    # --- messages and lines -----------------------------------------------------------------------------------

    async def _received(self, letter: Letter, signal: Any, *, met: Met, seen: int) -> cmd.Command:
        if not getattr(signal, "in_reply_to", ()):
            self._lines.note(signal.line.channel, signal.line.key, met.line)
        if isinstance(signal, sig.LineOpened) and not self._opens(signal.line.channel):
            return _set_aside(letter, "line_opened")
        bundle = self._floor.bundle
        if bundle is None:
            raise NotYet
        quiet = isinstance(signal, sig.MessageIn) and signal.automatic
        channel = getattr(signal, "arrived_by", "") or signal.line.channel
        spec = bundle.channels.get(channel)
        window_ms, replies = self._window(signal, letter.received_ms)
        return cmd.Receive(
            id=command_id(letter),
            message=letter.message,
            line=met.line,
            customer=met.customer,
            channel=channel,
            facts=self._facts(signal, met, bundle),
            arrived_ms=letter.received_ms,
            seen=seen,
            record=decode_record(met.record) if met.record else None,
            quiet=quiet,
            no_notice=quiet or (isinstance(signal, sig.MessageIn) and signal.no_auto_answer),
            window_ms=window_ms,
            replies=replies,
            test=spec is not None and spec.test,
            files=sum(1 for each in getattr(signal, "attachments", ()) if each.source),
        )

    def _window(self, signal: Any, received_ms: int) -> tuple[int, int]:
        """Return until when and how often the platform takes answers to a message: its own word, or its channel's."""
        can = self._capabilities.get(signal.line.channel)
        if can is None or not isinstance(signal, sig.MessageIn):
            return 0, -1
        lasts_ms = signal.reply_window_ms or can.reply_window_ms
        sent_ms = signal.sent_ms if 0 < signal.sent_ms < received_ms else received_ms
        return (sent_ms + lasts_ms if lasts_ms else 0), signal.reply_quota or can.reply_quota or -1

    def _opens(self, channel: str) -> bool:
        can = self._capabilities.get(channel)
        return can is not None and can.opens_on == "line"

    def _facts(self, signal: Any, met: Met, bundle: Bundle) -> Facts:
        said = Said(
            channel=getattr(signal, "arrived_by", "") or signal.line.channel,
            kind=MESSAGE if isinstance(signal, sig.MessageIn) else LINE,
            text=getattr(signal, "text", ""),
            subject=getattr(signal, "subject", ""),
            language=signal.language,
            declared=signal.declared,
        )
        return coded(said, bundle, self._topics_now(bundle), segment=met.segment, known_language=met.language)

    def _topics_now(self, bundle: Bundle) -> Topics:
        if self._topics is None or self._topics_of is not bundle:
            self._topics, self._topics_of = Topics(bundle), bundle
        return self._topics

    # --- what happens on lines and to messages of ours -----------------------------------------------------------

    async def _receipt(self, letter: Letter, signal: sig.Receipt) -> cmd.Command:
        row = await self._archive.message_by_provider(self._site, signal.line.channel, signal.provider)
        if row is None and signal.provider.isdigit():
            # A socket knows our messages by the number it was shown; the line proves that it may speak of it.
            line = await self._lines.find(signal.line.channel, signal.line.key)
            shown = await self._archive.message(self._site, int(signal.provider))
            row = shown if shown is not None and line and shown.line == line else None
        if row is None or not row.conv:
            return _set_aside(letter, "receipt_unknown")
        return cmd.ReportDelivery(
            id=command_id(letter),
            conv=row.conv,
            message=row.id,
            status=signal.status,
            reason=signal.reason,
            record=await self._record(row.conv),
        )

    async def _record(self, conv: int) -> Record | None:
        if conv in self._floor.state.convs:
            return None
        data = await self._archive.record(self._site, conv)
        return decode_record(data) if data else None

    async def _party(self, letter: Letter, signal: sig.PartyJoined | sig.PartyLeft) -> cmd.Command:
        line = await self._lines.find(signal.line.channel, signal.line.key)
        why = signal.why if isinstance(signal, sig.PartyLeft) else ""
        if not line:
            return _set_aside(letter, "line_unknown")
        if isinstance(signal, sig.PartyLeft) and signal.party == CUSTOMER:
            return cmd.LeaveLine(id=command_id(letter), line=line, why=why)
        joined = isinstance(signal, sig.PartyJoined)
        return cmd.ReportParty(id=command_id(letter), line=line, party=signal.party, joined=joined, why=why)

    async def _key_pressed(self, letter: Letter, signal: sig.KeyPressed) -> cmd.Command:
        """Keys that ask to be called back, or say how it was, are heard; what others mean is their channel's own."""
        if signal.prompt not in {sig.CALL_BACK_PROMPT, sig.RATING_PROMPT}:
            return _set_aside(letter, "key_pressed")
        line = await self._lines.find(signal.line.channel, signal.line.key)
        if not line:
            return _set_aside(letter, "line_unknown")
        if signal.prompt == sig.CALL_BACK_PROMPT:
            return cmd.RequestCallback(id=command_id(letter), line=line)
        return await self._rating(letter, signal, line)

    async def _rating(self, letter: Letter, signal: sig.KeyPressed, line: int) -> cmd.Command:
        """A line speaks of its own conversations only: of the one whose item it answers."""
        answered = await self._archive.on_line(self._site, line, after=signal.item - 1, limit=1)
        if not answered or answered[0].row.position != signal.item or signal.keys not in SCORES:
            return _set_aside(letter, "rating_unknown")
        return cmd.Rate(id=command_id(letter), conv=answered[0].row.conv, score=int(signal.keys))

    async def _copy(self, letter: Letter, signal: sig.CopyAsked) -> cmd.Command:
        line = await self._lines.find(signal.line.channel, signal.line.key)
        by = copies_by(self._floor.bundle, self._capabilities)
        conv, to = await self._copies.wanted(signal, line, by=by, at_ms=letter.received_ms) if line and by else (0, 0)
        return cmd.SendCopy(id=command_id(letter), conv=conv, of=line, line=to) if to else _set_aside(letter, "no_copy")

    async def _line_closed(self, letter: Letter, signal: sig.LineClosed, *, seen: int) -> cmd.Command:
        """Whoever only went away may come back to what is parked; who has left for good has ended it."""
        at = signal.line
        line = await self._lines.find(at.channel, at.key)
        if not line:
            return _set_aside(letter, "line_unknown")
        leaves = cmd.LeaveLine(id=command_id(letter), line=line, why=signal.why)
        if signal.why != sig.LEFT or line in self._floor.state.lines:
            return leaves
        asked = Caller(channel=at.channel, key=at.key, peer=at.peer)
        (met,) = await self._archive.meet(self._site, [asked], letter.received_ms)
        record = decode_record(met.record) if met.record else None
        return msgspec.structs.replace(leaves, ends=True, seen=seen, record=record)


def command_id(letter: Letter) -> str:
    """Return the id under which a letter is decided, however often it is submitted."""
    return f"L{letter.id}"


def _set_aside(letter: Letter, reason: str) -> cmd.Command:
    return cmd.SetAside(id=command_id(letter), message=letter.message, reason=reason)


def _noted(reason: str) -> Callable[[Letter, sig.Signal], Awaitable[cmd.Command]]:
    async def note(letter: Letter, _signal: sig.Signal) -> cmd.Command:
        return _set_aside(letter, reason)

    return note


def _read(letter: Letter) -> sig.AnySignal | Unreadable:
    try:
        return sig.decode_signal(letter.signal)
    except msgspec.MsgspecError:
        return Unreadable("unreadable")


def _meets(signal: sig.AnySignal | Unreadable) -> bool:
    """Whoever opens a line or says something is met; what is set aside makes nobody a customer."""
    return isinstance(signal, sig.LineOpened) or (isinstance(signal, sig.MessageIn) and not signal.set_aside)


def _caller(signal: Any) -> Caller:
    return Caller(
        channel=signal.line.channel,
        key=signal.line.key,
        peer=signal.line.peer,
        name=signal.name,
        language=signal.language,
        identities=[Identity(kind=i.kind, value=i.value, verified=i.verified) for i in signal.identities],
        replies_to=getattr(signal, "in_reply_to", ()),
        extra=getattr(signal, "extra", {}),
    )
