"""What is done to a review: a request becomes its next version, or a named refusal. No routes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from dashboard.errors import ApiError, bad_field
from dashboard.reviews.drawing import Drawing
from dashboard.reviews.files import Files, begun_refused, sheet_of
from dashboard.reviews.shapes import DeedRequest
from router.care.reviews import DEEDS, OPEN, card_for, refused, score_of, week_of, wrong_answer
from router.store.port import Account, ConversationRow, Review, ReviewWords

# Which field of a request goes with which deed.
FIELDS: Mapping[str, frozenset[str]] = {
    "begin": frozenset(),
    "save": frozenset({"answers", "notes", "said"}),
    "drop": frozenset(),
    "take": frozenset(),
    "hand": frozenset({"answers", "notes", "said"}),
    "take_back": frozenset(),
    "answer": frozenset({"view", "words"}),
    "settle": frozenset({"answers", "words"}),
}
# What follows from every answer there is.
WHOLE = frozenset({"hand", "settle"})
NAMES = ("answers", "notes", "said", "view", "words")


class Doing:
    """One per application."""

    def __init__(self, files: Files, drawing: Drawing) -> None:
        self._files, self._drawing, self._out = files, drawing, files.out

    async def do(self, account: Account, row: ConversationRow, ask: DeedRequest) -> Review | None:
        """Return the review as it is now, None for one that was dropped. Raises ApiError."""
        for name in NAMES:
            if getattr(ask, name) is not None and name not in FIELDS[ask.deed]:
                raise bad_field(name, f"This field does not go with `{ask.deed}`.")
        command = self._files.parts.commands.id(account.id, "review", ask.command_id)
        before = await self._files.store.get(self._files.site, row.conv)
        if ask.deed == "begin":
            return await self._begin(account, row, before, command=command)
        if before is None and ask.deed == "drop" and self._files.supervises(account):
            return None  # Dropped twice, it is gone once.
        if before is None or not self._files.shown(account, before):
            raise ApiError("not_visible")
        return await self._change(account, before, ask, command=command)

    async def _begin(
        self, account: Account, row: ConversationRow, before: Review | None, *, command: str
    ) -> Review | None:
        if not self._files.supervises(account):
            raise ApiError("review_not_yours")
        if why := begun_refused(row, me=account.id):
            raise ApiError(why)
        card, now_ms = card_for(self._files.rules, row.channel), self._out.now_ms()
        new = before or Review(
            conv=row.conv,
            reference=row.reference,
            agent=row.owner,
            reviewer=account.id,
            begun_ms=now_ms,
            week=week_of(row.closed_ms, self._files.bundle.zone),
            customer=row.customer,
            channel=row.channel,
            queue=row.queue,
            card=card.name,
            sheet=msgspec.json.encode(card).decode(),
            why=await self._drawing.why(row),
            editor=account.id,
            command=command,
        )
        done = (await self._files.store.begin(self._files.site, new)).review
        if done.reviewer != account.id:
            raise ApiError("review_begun")
        return done

    async def _change(self, account: Account, before: Review, ask: DeedRequest, *, command: str) -> Review | None:
        if before.command == command:
            return before
        if before.version != ask.version:
            raise ApiError("review_changed")
        if before.forgotten:
            raise ApiError("review_forgotten")
        if why := refused(ask.deed, before, me=account.id, supervises=self._files.supervises(account)):
            raise ApiError(why)
        if ask.deed == "drop":
            if not await self._files.store.drop(self._files.site, before.conv, version=before.version):
                raise ApiError("review_changed")
            return None
        after = _after(account.id, before, ask, now_ms=self._out.now_ms())
        after = msgspec.structs.replace(after, stage=DEEDS[ask.deed].to, editor=account.id, command=command)
        done = await self._files.store.change(self._files.site, after)
        if not done.changed and done.review.command != command:
            raise ApiError("review_forgotten" if done.review.forgotten else "review_changed")
        return done.review


def _after(me: int, before: Review, ask: DeedRequest, *, now_ms: int) -> Review:
    """Return the review with what a deed says and when it was done. Raises ApiError for what lacks."""
    told = _told(before, ask)
    add: Mapping[str, Callable[[], Review]] = {
        "save": lambda: told,
        "take": lambda: msgspec.structs.replace(told, reviewer=me),
        "hand": lambda: msgspec.structs.replace(told, handed_ms=now_ms),
        "take_back": lambda: msgspec.structs.replace(told, handed_ms=0),
        "answer": lambda: _answered(told, ask, now_ms=now_ms),
        "settle": lambda: _settled(told, ask, now_ms=now_ms, me=me),
    }
    return add[ask.deed]()


def _told(before: Review, ask: DeedRequest) -> Review:
    """Return the review with the answers and words of a request, checked against its scorecard."""
    card = sheet_of(before)
    answers = before.answers if ask.answers is None else ask.answers
    if wrong := wrong_answer(card, answers):
        raise bad_field("answers", f"`{wrong[:100]}` cannot be answered so here.")
    if ask.deed in WHOLE and score_of(card, answers) == OPEN:
        raise ApiError("review_open")
    known = {question.name for question in card.questions}
    notes = before.words.notes if ask.notes is None else {name: text for name, text in ask.notes.items() if text}
    if not known.issuperset(notes):
        raise bad_field("notes", "There is no such question on this scorecard.")
    words = msgspec.structs.replace(before.words, notes=notes, said=before.words.said if ask.said is None else ask.said)
    return msgspec.structs.replace(before, answers=answers, score=score_of(card, answers), words=words)


def _answered(told: Review, ask: DeedRequest, *, now_ms: int) -> Review:
    if ask.view is None:
        raise bad_field("view", "Write one of `agree`, `differ`.")
    if ask.view == "differ" and not (ask.words or "").strip():
        raise ApiError("review_no_words")
    words: ReviewWords = msgspec.structs.replace(told.words, answer=ask.words or "")
    return msgspec.structs.replace(told, answered_ms=now_ms, view=ask.view, words=words)


def _settled(told: Review, ask: DeedRequest, *, now_ms: int, me: int) -> Review:
    words = msgspec.structs.replace(told.words, settled=ask.words or "")
    return msgspec.structs.replace(told, settled_ms=now_ms, settler=me, words=words)
