"""The fold's writers for rounds of several, silence, what is taken back, winding down. Nothing is checked here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from router.core import events as ev

if TYPE_CHECKING:
    from router.verify.fold import Conversation, Fold


MOVED_ON = frozenset({("active", "agent"), ("deferred", "provider")})
"""What a time without a leader is no part of: an owner's promise, and what an outside party has to do."""


def _rang_also(fold: Fold, conv: Conversation, event: ev.RangAlso) -> None:
    fold.take_also(conv, event.agent)


def _ring_stopped(fold: Fold, conv: Conversation, event: ev.RingStopped) -> None:
    """Whoever is asked besides takes the place of the one who was asked first."""
    if event.agent == conv.agent and conv.also:
        first = min(conv.also)
        fold.release_also(conv, first)
        fold.take(conv, first, keep=True)
    else:
        fold.release_also(conv, event.agent)
    if event.rest_until_ms > fold.at:
        conv.resting.add(event.agent)


def _lapsed(fold: Fold, conv: Conversation, event: ev.OfferLapsed) -> None:
    fold.lift(conv, "unplaced")
    if event.rest_until_ms > fold.at:
        conv.resting.add(event.agent)


def _taken_back(fold: Fold, conv: Conversation, event: ev.TakenBack) -> None:
    fold.lift(conv, "unplaced")
    conv.owner = 0
    if event.rest_until_ms > fold.at:
        conv.resting.add(event.agent)


def _escalated(_fold: Fold, conv: Conversation, event: ev.Escalated) -> None:
    conv.due_ms, conv.actor = event.due_ms, "agent"


def _reprioritised(fold: Fold, conv: Conversation, event: ev.Reprioritised) -> None:
    fold.enter_class(conv, event.cls)


def _rested(fold: Fold, conv: Conversation, event: ev.Rested) -> None:
    if event.until_ms > fold.at:
        conv.resting.add(event.agent)


def _transfer_returned(fold: Fold, conv: Conversation, _event: ev.TransferReturned) -> None:
    fold.lift(conv, "unplaced")


def _participant_asked(fold: Fold, conv: Conversation, event: ev.ParticipantAsked) -> None:
    """A consultation takes room like an offer, for as long as it lasts; whoever listens is never asked."""
    fold.take_also(conv, event.agent)


def _participant_left(fold: Fold, conv: Conversation, event: ev.ParticipantLeft) -> None:
    if event.agent in conv.also:
        fold.release_also(conv, event.agent)


def _wrap_up_extended(_fold: Fold, conv: Conversation, event: ev.WrapUpExtended) -> None:
    conv.due_ms = event.until_ms


def _handed_out(fold: Fold, conv: Conversation, event: ev.HandedOut) -> None:
    """An outside party has it: it takes room nowhere, and what they have to do has its time."""
    fold.lift(conv, "deferred")
    conv.owner, conv.due_ms, conv.actor = 0, event.until_ms, "provider"


def _outside_joined(_fold: Fold, conv: Conversation, event: ev.OutsideJoined) -> None:
    conv.due_ms = event.due_ms or conv.due_ms


def _winding_down(fold: Fold, _conv: None, event: ev.WindingDown) -> None:
    if event.agent in fold.agents:
        fold.agents[event.agent].accepts = False


OFFER_WRITERS: dict[type[ev.Event], Callable[[Any, Any, Any], None]] = {
    ev.RangAlso: _rang_also,
    ev.RingStopped: _ring_stopped,
    ev.OfferLapsed: _lapsed,
    ev.TakenBack: _taken_back,
    ev.Escalated: _escalated,
    ev.WindingDown: _winding_down,
    ev.Reprioritised: _reprioritised,
    ev.Rested: _rested,
    ev.TransferReturned: _transfer_returned,
    ev.ParticipantAsked: _participant_asked,
    ev.ParticipantLeft: _participant_left,
    ev.HandedOut: _handed_out,
    ev.WrapUpExtended: _wrap_up_extended,
    ev.OutsideJoined: _outside_joined,
}
