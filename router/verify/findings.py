"""What can be found wrong: a name, a sentence, a place in the journal. Ids only, so nothing personal."""

from __future__ import annotations

import msgspec

SENTENCES: dict[str, str] = {
    "position_gap": "The journal does not go on where it ended.",
    "count_wrong": "A journal row holds another number of events than it says.",
    "unreadable": "A journal row cannot be decoded.",
    "time_back": "Journal time goes back.",
    "epoch_back": "An epoch is lower than one before it.",
    "wrong_state": "This event cannot happen to a conversation in this state.",
    "message_twice": "A message was decided twice.",
    "message_missing": "A journalled message is not in the archive.",
    "message_misplaced": "A message lies in another conversation than the journal says.",
    "message_lost": "A settled letter's message is in no conversation and was not set aside.",
    "letter_beyond_journal": "A letter is settled by a position that the journal does not have.",
    "letter_undecided": "A letter has waited longer than the stated time for its decision.",
    "letter_not_settled": "A letter still waits though its message has been decided.",
    "double_owner": "A conversation that has an owner was given to another.",
    "double_offer": "A conversation was offered in a second round while the first was running.",
    "offer_while_owned": "A conversation that has an owner was offered.",
    "still_ringing": "An offer came to its end while it still rang at somebody else.",
    "wrong_winner": "An offer was accepted or declined by somebody who did not have it.",
    "over_capacity": "An offer took an agent over capacity.",
    "work_to_absent": "Work was given to an agent who is signed out.",
    "work_to_away": "Work was given to an agent who does not accept any now.",
    "work_left_behind": "An agent is gone and still has a conversation.",
    "offer_overdue": "An offer outlived its deadline.",
    "hold_overdue": "A hold for one agent outlived its deadline.",
    "wrap_up_overdue": "A wrap-up outlived its deadline.",
    "forgotten": "A conversation's due time passed and nothing happened.",
    "no_due": "An open conversation has no due time.",
    "no_actor": "An open conversation is nowhere: nobody acts next.",
    "out_of_order": "A conversation was offered before a like one that came earlier.",
    "offered_while_closed": "A closed queue offered a conversation after its closing time.",
    "admitted_after_closing": "A closed queue offered a conversation that came after it had closed.",
    "story_missing": "An event that people must see has no timeline row.",
    "story_wrong": "A timeline row says something else than the journal at its position.",
    "row_missing": "A conversation has no row.",
    "row_unknown": "A conversation's row has no event in the journal.",
    "row_state": "A conversation's row has another state than the journal.",
    "row_owner": "A conversation's row has another owner than the journal.",
    "row_queue": "A conversation's row has another queue than the journal.",
    "effect_missing": "Something said on a channel that is called has no outbox row and was not performed.",
    "effect_beyond_journal": "An outbox row has a position that the journal does not have.",
    "snapshot_ahead": "The latest snapshot lies beyond the journal's end.",
}

FINDINGS_MAX = 1_000
"""More are counted and not listed: by then something is wrong that the first ones tell."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong. `position` and `at` name the entry, 0 where it is not in the journal."""

    name: str
    position: int = 0
    at: int = 0
    conv: int = 0
    agent: int = 0
    message: int = 0
    letter: int = 0

    @property
    def sentence(self) -> str:
        """The finding as people read it."""
        parts = {"position": self.position, "time": self.at, "conversation": self.conv, "agent": self.agent}
        parts |= {"message": self.message, "letter": self.letter}
        where = ", ".join(f"{name} {value}" for name, value in parts.items() if value)
        return f"{self.name}: {SENTENCES[self.name]}" + (f" ({where})" if where else "")


class Report(msgspec.Struct, kw_only=True):
    """What was looked at and what was found."""

    site: str
    end: int = 0
    entries: int = 0
    conversations: int = 0
    messages: int = 0
    letters_waiting: int = 0
    letters_quarantined: int = 0
    found: int = 0
    findings: list[Finding] = []

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return self.found == 0

    def add(self, finding: Finding) -> None:
        """Take a finding; beyond the limit it is only counted."""
        self.found += 1
        if len(self.findings) < FINDINGS_MAX:
            self.findings.append(finding)

    def lines(self) -> list[str]:
        """Return the report as lines to print."""
        looked = (
            f"site {self.site}: {self.end} events in {self.entries} entries, {self.conversations} conversations,"
            f" {self.messages} messages, {self.letters_waiting} letters waiting, {self.letters_quarantined} quarantined"
        )
        unlisted = self.found - len(self.findings)
        rest = [f"and {unlisted} more"] if unlisted else []
        return [looked, *(finding.sentence for finding in self.findings), *rest, "ok" if self.ok else "NOT ok"]
