"""Compares clients' diaries with the database of a cluster, one promise after the other. Nothing of ours is imported.

Every rule is a row of `RULES`: what it says when a promise was broken is a sentence that names whom it was given to.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from tests.cluster.diary import Entry
from tests.cluster.evidence import Kept
from tests.crash.floor_fold import FloorFold

# The journal's own numbers of its events, and where in each array the fields lie (the number itself is at 0).
LEAD_TAKEN, RECEIVED, SET_ASIDE, ACCEPTED, REPLIED, TRANSFERRED, CLOSED, ESCALATED = 1, 10, 11, 21, 30, 40, 46, 63
# What may come of an act of an agent: what went to and fro too often is sent up instead of handed over.
DECISIONS = {"transferred": (TRANSFERRED, ESCALATED), "wrapped_up": (CLOSED,)}
# How many copies of a reply a customer may see: one where we or the provider know it again, else one more.
COPIES_MAX = {"chat": 1, "app": 1, "sms": 2, "email": 2, "hook": 1, "wechat": 2}
# With this begin the marks of what agents say.
REPLY = "reply-"


@dataclass(frozen=True, slots=True)
class Case:
    """All that is known: what clients saw, and what is kept."""

    diaries: list[Entry]
    kept: Kept

    def all(self, *what: str) -> Iterator[Entry]:
        """Yield the entries of some kinds, in order of time."""
        return (entry for entry in self.diaries if entry.what in what)

    def events(self, *numbers: int) -> Iterator[tuple[int, list[object]]]:
        """Yield the journal's events of some kinds with their positions."""
        for row in self.kept.journal:
            position = row.first
            for _, _, events in row.entries:
                for event in events:
                    if event[0] in numbers:
                        yield position, event
                    position += 1


Rule = Callable[[Case], Iterator[str]]


def acknowledged_is_kept(case: Case) -> Iterator[str]:
    """What a customer heard yes for is there once, its letter settled, in one conversation or set aside by name."""
    by_mark, letters, placed = _by_mark(case), defaultdict(list), _placed(case)
    for message, state, _, _ in case.kept.letters:
        letters[message].append(state)
    for entry in case.all("acknowledged"):
        mark = entry["mark"]
        rows = by_mark.get(mark, [])
        if len(rows) != 1:
            yield f"{mark}: {len(rows)} messages where one was acknowledged"
        elif letters[rows[0]] != ["settled"]:
            yield f"{mark}: its letters are {letters[rows[0]]}"
        elif len(placed[rows[0]]) != 1:
            yield f"{mark}: decided {len(placed[rows[0]])} times"
        elif case.kept.messages[rows[0]].conv != (placed[rows[0]][0] or case.kept.messages[rows[0]].conv):
            yield f"{mark}: journalled in {placed[rows[0]]}, shown in {case.kept.messages[rows[0]].conv}"


def nothing_is_said_twice(case: Case) -> Iterator[str]:
    """No message is in two conversations, and none is written down twice, whoever heard yes for it."""
    for mark, rows in _by_mark(case).items():
        if sum(1 for row in rows if case.kept.messages[row].conv) > 1:
            yield f"{mark}: said {len(rows)} times"
    for message, times in Counter(_decided(case)).items():
        if times > 1:
            yield f"message {message}: journalled {times} times"
    for (kind, message, conv), times in Counter(case.kept.told).items():
        if times > 1 and kind in {"Received", "Replied"}:
            yield f"message {message}: {times} times in the story of conversation {conv}"


def nothing_is_shown_twice(case: Case) -> Iterator[str]:
    """On a line that is held a customer sees each item once, in order of its number, however often they come back."""
    last: dict[str, int] = {}
    seen: set[tuple[str, str]] = set()
    for entry in case.all("shown"):
        line, seq, mark = entry["line"], entry["seq"], entry["mark"]
        if seq <= last.get(line, -1):
            yield f"{line}: was shown item {seq} after {last[line]}"
        last[line] = max(seq, last.get(line, -1))
        if mark and (line, mark) in seen:
            yield f"{mark}: shown twice on {line}"
        seen.add((line, mark))


def every_reply_arrives(case: Case) -> Iterator[str]:
    """What an agent heard yes for reaches the customer of its line: once, or once more where nobody knows a repeat."""
    arrived: dict[str, Counter[str]] = defaultdict(Counter)
    for entry in case.all("shown", "delivered"):
        if entry["mark"]:
            arrived[entry["mark"]][entry["line"]] += 1
    by_mark = _by_mark(case)
    for entry in case.all("replied"):
        mark = entry["mark"]
        rows = [row for row in by_mark.get(mark, []) if case.kept.messages[row].conv]
        if len(rows) != 1:
            yield f"{mark}: {len(rows)} replies where one was acknowledged"
            continue
        message = case.kept.messages[rows[0]]
        _, key, peer = case.kept.lines[message.line]
        where = {line for line in arrived[mark] if line not in key and line not in peer}
        copies = sum(arrived[mark].values())
        if where:
            yield f"{mark}: reached {sorted(where)}, which is another's line"
        if not 1 <= copies <= COPIES_MAX.get(message.channel, 1):
            yield f"{mark}: reached the customer {copies} times by {message.channel}"


def a_line_keeps_its_order(case: Case) -> Iterator[str]:
    """What agents say on one line reaches its customer in the order in which it was decided."""
    place, delivered = _places(case), defaultdict(list)
    for entry in case.all("delivered", "shown"):
        if entry["mark"].startswith(REPLY) and entry["mark"] not in delivered[entry["line"]]:
            delivered[entry["line"]].append(entry["mark"])
    for line, mark, later in _out_of_order(delivered, place):
        yield f"{line}: {later} was decided before {mark} and came after it"


def nothing_overtakes(case: Case) -> Iterator[str]:
    """What a customer says on one line, each after yes for the one before, is decided in that order."""
    place, said = _places(case), defaultdict(list)
    for entry in case.all("acknowledged"):
        said[entry["line"]].append(entry["mark"])
    for line, mark, later in _out_of_order(said, place):
        yield f"{line}: {mark} was acknowledged before {later} and decided after it"


def one_offer_has_one_winner(case: Case) -> Iterator[str]:
    """At most one agent hears yes for an offer, and it is who the journal names."""
    journal: dict[object, list[object]] = defaultdict(list)
    for _, event in case.events(ACCEPTED):
        journal[event[3]].append(event[2])
    winners: dict[int, set[int]] = defaultdict(set)
    for entry in case.all("accepted"):
        winners[entry["offer"]].add(entry["agent"])
    for offer, agents in winners.items():
        if len(agents) > 1:
            yield f"offer {offer}: agents {sorted(agents)} heard that it is theirs"
        if set(journal[offer]) != agents:
            yield f"offer {offer}: agents {sorted(agents)} heard yes, the journal says {journal[offer]}"
    for offer, names in journal.items():
        if len(names) > 1:
            yield f"offer {offer}: won {len(names)} times in the journal"


def what_agents_heard_yes_for_was_decided(case: Case) -> Iterator[str]:
    """An act that was acknowledged to an agent is in the journal under their number."""
    numbers = {reference: conv for conv, (reference, _, _) in case.kept.conversations.items()}
    for what, decisions in DECISIONS.items():
        decided = {(event[1], event[2]) for _, event in case.events(*decisions)}
        for entry in case.all(what):
            if (numbers.get(entry["ref"]), entry["agent"]) not in decided:
                yield f"agent {entry['agent']}: {what} {entry['ref']} was acknowledged and is not in the journal"


def the_journal_is_one(case: Case) -> Iterator[str]:
    """Positions go on without a gap, epochs rise, each row is of the leader that the journal names, no promise broken.

    So a row that a former leader wrote after it had been followed is found here.
    """
    fold, epoch = FloorFold(), 0
    for row in case.kept.journal:
        for _, _, events in row.entries:
            for event in events:
                if event[0] == LEAD_TAKEN:
                    # Who leads on after an outage says so under its own epoch, by a gap.
                    if event[1] < epoch or (event[1] == epoch and not event[2]):
                        yield f"the lead was taken under epoch {event[1]} after {epoch}"
                    epoch = event[1]
        if row.epoch != epoch:
            yield f"the row at {row.first} was written under epoch {row.epoch} while {epoch} led"
        fold.row(row.first, row.count, epoch=row.epoch, entries=row.entries)
    yield from fold.found


def the_journal_names_what_is_there(case: Case) -> Iterator[str]:
    """What the journal says was received or replied is in the archive: text is written before the event."""
    marked = set(case.kept.messages)
    known = {message for _, message, _ in case.kept.told}
    for message in set(_decided(case)) - known - marked:
        yield f"message {message}: in the journal and nowhere else"


def nothing_is_left_lying(case: Case) -> Iterator[str]:
    """After the rest no letter waits for its decision and no reply for its way out; none was given up."""
    for message, state, _, reason in case.kept.letters:
        if state != "settled":
            yield f"message {message}: its letter is {state} {reason}".rstrip()
    for message, effect, state, reason in case.kept.outbox:
        yield f"message {message}: {effect} is {state} {reason}".rstrip()


RULES: dict[str, Rule] = {
    "kept": acknowledged_is_kept,
    "said once": nothing_is_said_twice,
    "shown once": nothing_is_shown_twice,
    "arrives": every_reply_arrives,
    "order": a_line_keeps_its_order,
    "overtaken": nothing_overtakes,
    "one winner": one_offer_has_one_winner,
    "decided": what_agents_heard_yes_for_was_decided,
    "journal": the_journal_is_one,
    "named": the_journal_names_what_is_there,
    "left lying": nothing_is_left_lying,
}


def faults(case: Case) -> list[str]:
    """Return every broken promise as a sentence that begins with its rule; empty when all were kept."""
    return [f"{name}: {fault}" for name, rule in RULES.items() for fault in rule(case)]


def _places(case: Case) -> dict[str, int]:
    """Return where in the journal each mark was decided."""
    positions = {event[2]: position for position, event in case.events(RECEIVED)}
    positions |= {event[3]: position for position, event in case.events(REPLIED)}
    return {message.mark: positions[row] for row, message in case.kept.messages.items() if row in positions}


def _out_of_order(lines: dict[str, list[str]], place: dict[str, int]) -> Iterator[tuple[str, str, str]]:
    """Yield the line and two marks that follow each other and were decided the other way round."""
    for line, marks in lines.items():
        for mark, later in pairwise([each for each in marks if each in place]):
            if place[mark] > place[later]:
                yield line, mark, later


def _by_mark(case: Case) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for number, message in case.kept.messages.items():
        found[message.mark].append(number)
    return found


def _placed(case: Case) -> dict[object, list[object]]:
    """By message the conversations it was received in; 0 for set aside."""
    placed: dict[object, list[object]] = defaultdict(list)
    for _, event in case.events(RECEIVED, SET_ASIDE):
        message, conv = (event[2], event[1]) if event[0] == RECEIVED else (event[1], 0)
        placed[message].append(conv)
    return placed


def _decided(case: Case) -> list[object]:
    return [event[2] if event[0] == RECEIVED else event[3] for _, event in case.events(RECEIVED, REPLIED)]
