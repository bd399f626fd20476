"""The checker finds each fault it is there for: a sound day, and the same day with one thing broken."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.checker import RULES, Case, faults
from tests.cluster.diary import Diary, Entry, read_diaries
from tests.cluster.evidence import Kept, Message, Row
from tests.cluster.silence import silences, told

HERE = Path(__file__).parent
READERS = ("checker.py", "evidence.py", "diary.py", "../crash/floor_fold.py")
ASKED, ANSWERED, MAILED = "chat-mark-1-end", "reply-mark-1-end", "reply-mark-2-end"
LINE, ADDRESS = "visitor-1", "ada@example.org"
ANN, BEN = 7, 8
CLASS_FORMED, ROUTED, QUEUED, OFFERED, SIGNED_IN = 4, 12, 14, 20, 50


def journal(*batches: list[list[Any]], epoch: int = 1) -> list[Row]:
    """Rows, each one decision, numbered as a journal is."""
    rows, first = [], 1
    for at, events in enumerate(batches):
        rows.append(Row(first, len(events), epoch, [[at, "c", events]]))
        first += len(events)
    return rows


def opening(conv: int, message: int, line: int, offer: int, *, agent: int) -> list[list[Any]]:
    return [
        [10, conv, message, line, 1, 1, 0, True, False],
        [ROUTED, conv, 1, "rest", 0],
        [QUEUED, conv, 0, "arrived"],
        [OFFERED, conv, agent, offer, 0, [], 1],
    ]


def sound() -> Case:
    """Two customers, one by chat and one by mail, each answered and closed by an agent."""
    rows = journal(
        [[1, 1, 0, "r", 0], [CLASS_FORMED, 1, "general", "chat", [], 60, True]],
        [[SIGNED_IN, ANN, [], 100, "available"], [SIGNED_IN, BEN, [], 100, "available"]],
        opening(1, 1, 1, 1, agent=ANN),
        [[21, 1, ANN, 1, 0]],
        [[30, 1, ANN, 2, 1, 0]],
        opening(2, 3, 2, 2, agent=BEN),
        [[21, 2, BEN, 2, 0]],
        [[30, 2, BEN, 4, 2, 0]],
        [[46, 1, ANN, "done", "", []]],
        [[46, 2, BEN, "done", "", []]],
    )
    kept = Kept(
        journal=rows,
        messages={
            1: Message(ASKED, "in", 1, 1, "chat"),
            2: Message(ANSWERED, "out", 1, 1, "chat"),
            3: Message("mail-mark-1-end", "in", 2, 2, "email"),
            4: Message(MAILED, "out", 2, 2, "email"),
        },
        letters=[(1, "settled", 5, ""), (3, "settled", 11, "")],
        told=[("Received", 1, 1), ("Replied", 2, 1), ("Received", 3, 2), ("Replied", 4, 2)],
        conversations={1: ("R1", "closed", 0), 2: ("R2", "closed", 0)},
        lines={1: ("chat", LINE, LINE), 2: ("email", "<1>", ADDRESS)},
    )
    said: list[tuple[str, str, dict[str, Any]]] = [
        ("chat-1", "acknowledged", {"mark": ASKED, "line": LINE}),
        ("chat-1", "shown", {"line": LINE, "seq": 5, "mark": ASKED}),
        ("ann", "accepted", {"agent": ANN, "offer": 1, "ref": "R1"}),
        ("ann", "replied", {"agent": ANN, "ref": "R1", "mark": ANSWERED}),
        ("chat-1", "shown", {"line": LINE, "seq": 9, "mark": ANSWERED}),
        ("mail-1", "acknowledged", {"mark": "mail-mark-1-end", "line": ADDRESS}),
        ("ben", "accepted", {"agent": BEN, "offer": 2, "ref": "R2"}),
        ("ben", "replied", {"agent": BEN, "ref": "R2", "mark": MAILED}),
        ("relay", "delivered", {"line": ADDRESS, "mark": MAILED}),
        ("ann", "wrapped_up", {"agent": ANN, "ref": "R1"}),
    ]
    return Case([Entry(float(number), *each) for number, each in enumerate(said)], kept)


def add(case: Case, who: str, what: str, **facts: Any) -> None:
    case.diaries.append(Entry(float(len(case.diaries)), who, what, facts))


def drop(case: Case, what: str, **facts: Any) -> None:
    case.diaries[:] = [
        each
        for each in case.diaries
        if each.what != what or any(each.facts.get(name) != value for name, value in facts.items())
    ]


def write(case: Case, *events: list[Any], epoch: int = 1) -> None:
    last = case.kept.journal[-1]
    case.kept.journal.append(Row(last.first + last.count, len(events), epoch, [[last.first, "c", list(events)]]))


def replace_row(case: Case, number: int, **changes: Any) -> None:
    case.kept.journal[number] = dataclasses.replace(case.kept.journal[number], **changes)


def lose_a_message(case: Case) -> None:
    del case.kept.messages[1]


def keep_a_message_twice(case: Case) -> None:
    case.kept.messages[9] = case.kept.messages[1]


def never_settle_a_letter(case: Case) -> None:
    case.kept.letters[0] = (1, "new", 0, "")


def never_decide_a_message(case: Case) -> None:
    del case.kept.journal[2].entries[0][2][0]


def decide_a_message_twice(case: Case) -> None:
    write(case, [10, 3, 1, 1, 1, 1, 0, True, False])


def tell_a_message_twice(case: Case) -> None:
    case.kept.told.append(("Received", 1, 1))


def show_an_item_twice(case: Case) -> None:
    add(case, "chat-1", "shown", line=LINE, seq=9, mark="")


def show_a_mark_under_two_numbers(case: Case) -> None:
    add(case, "chat-1", "shown", line=LINE, seq=10, mark=ANSWERED)


def show_items_out_of_order(case: Case) -> None:
    add(case, "chat-1", "shown", line=LINE, seq=4, mark="")


def never_show_a_reply(case: Case) -> None:
    drop(case, "shown", mark=ANSWERED)


def never_deliver_a_reply(case: Case) -> None:
    drop(case, "delivered", mark=MAILED)


def deliver_a_reply_three_times(case: Case) -> None:
    add(case, "relay", "delivered", line=ADDRESS, mark=MAILED)
    add(case, "relay", "delivered", line=ADDRESS, mark=MAILED)


def deliver_a_reply_to_somebody_else(case: Case) -> None:
    drop(case, "delivered", mark=MAILED)
    add(case, "relay", "delivered", line="eve@example.org", mark=MAILED)


def lose_a_reply(case: Case) -> None:
    del case.kept.messages[4]


def overtake_a_message(case: Case) -> None:
    case.kept.messages[5] = Message("chat-mark-2-end", "in", 1, 1, "chat")
    case.kept.letters.append((5, "settled", 3, ""))
    case.kept.told.append(("Received", 5, 1))
    case.kept.journal[1].entries[0][2].append([10, 1, 5, 1, 1, 1, 0, False, False])
    for number in range(1, len(case.kept.journal)):
        before = case.kept.journal[number - 1]
        replace_row(case, number, first=before.first + before.count, count=len(case.kept.journal[number].entries[0][2]))
    add(case, "chat-1", "acknowledged", mark="chat-mark-2-end", line=LINE)


def deliver_replies_out_of_order(case: Case) -> None:
    case.kept.messages[5] = Message("reply-mark-3-end", "out", 2, 2, "email")
    case.kept.told.append(("Replied", 5, 2))
    write(case, [30, 2, BEN, 5, 2, 0])
    drop(case, "delivered", mark=MAILED)
    add(case, "relay", "delivered", line=ADDRESS, mark="reply-mark-3-end")
    add(case, "relay", "delivered", line=ADDRESS, mark=MAILED)


def tell_two_agents_that_an_offer_is_theirs(case: Case) -> None:
    add(case, "ben", "accepted", agent=BEN, offer=1, ref="R1")


def tell_the_wrong_agent_that_an_offer_is_theirs(case: Case) -> None:
    drop(case, "accepted", agent=ANN)
    add(case, "ben", "accepted", agent=BEN, offer=1, ref="R1")


def forget_an_accept(case: Case) -> None:
    add(case, "ben", "accepted", agent=BEN, offer=5, ref="R2")


def let_two_win_an_offer(case: Case) -> None:
    write(case, [21, 1, BEN, 1, 0])


def forget_a_transfer(case: Case) -> None:
    add(case, "ann", "transferred", agent=ANN, ref="R1")


def leave_a_gap_in_the_journal(case: Case) -> None:
    del case.kept.journal[4]


def miscount_a_row(case: Case) -> None:
    replace_row(case, 3, count=2)


def write_as_a_leader_who_was_followed(case: Case) -> None:
    write(case, [1, 2, 0, "r", 0], epoch=2)
    write(case, [25, 1, ANN], epoch=1)


def lead_under_an_old_epoch(case: Case) -> None:
    write(case, [1, 1, 0, "r", 0], epoch=1)


def turn_time_back(case: Case) -> None:
    case.kept.journal[-1].entries[0][0] = 0


def give_a_conversation_two_owners(case: Case) -> None:
    case.kept.journal[3].entries[0][2].append([47, 1, BEN, "", 0])
    replace_row(case, 3, count=2)


def give_an_agent_one_too_many(case: Case) -> None:
    write(case, *opening(3, 5, 3, 3, agent=ANN))
    write(case, [21, 3, ANN, 3, 0])
    write(case, *opening(4, 6, 4, 4, agent=ANN))


def offer_a_conversation_in_two_rounds(case: Case) -> None:
    write(case, *opening(3, 5, 3, 3, agent=ANN))
    write(case, [OFFERED, 3, BEN, 4, 0, [], 1])


def journal_what_is_nowhere(case: Case) -> None:
    write(case, [30, 1, ANN, 77, 1, 0])


def leave_a_reply_in_the_outbox(case: Case) -> None:
    case.kept.outbox.append((4, "send", "waiting", ""))


def set_a_letter_aside_for_good(case: Case) -> None:
    case.kept.letters.append((12, "quarantined", 0, "broken"))


BREAKS: dict[Callable[[Case], None], str] = {
    lose_a_message: "kept: chat-mark-1-end: 0 messages",
    keep_a_message_twice: "said once: chat-mark-1-end: said 2 times",
    never_settle_a_letter: "kept: chat-mark-1-end: its letters are ['new']",
    never_decide_a_message: "kept: chat-mark-1-end: decided 0 times",
    decide_a_message_twice: "said once: message 1: journalled 2 times",
    tell_a_message_twice: "said once: message 1: 2 times in the story",
    show_an_item_twice: "shown once: visitor-1: was shown item 9 after 9",
    show_a_mark_under_two_numbers: "shown once: reply-mark-1-end: shown twice",
    show_items_out_of_order: "shown once: visitor-1: was shown item 4 after 9",
    never_show_a_reply: "arrives: reply-mark-1-end: reached the customer 0 times by chat",
    never_deliver_a_reply: "arrives: reply-mark-2-end: reached the customer 0 times by email",
    deliver_a_reply_three_times: "arrives: reply-mark-2-end: reached the customer 3 times by email",
    deliver_a_reply_to_somebody_else: "arrives: reply-mark-2-end: reached ['eve@example.org']",
    lose_a_reply: "arrives: reply-mark-2-end: 0 replies",
    overtake_a_message: "overtaken: visitor-1: chat-mark-1-end was acknowledged before chat-mark-2-end",
    deliver_replies_out_of_order: "order: ada@example.org: reply-mark-2-end was decided before reply-mark-3-end",
    tell_two_agents_that_an_offer_is_theirs: "one winner: offer 1: agents [7, 8] heard",
    tell_the_wrong_agent_that_an_offer_is_theirs: "one winner: offer 1: agents [8] heard yes, the journal says [7]",
    forget_an_accept: "one winner: offer 5: agents [8] heard yes, the journal says []",
    let_two_win_an_offer: "one winner: offer 1: won 2 times",
    forget_a_transfer: "decided: agent 7: transferred R1",
    leave_a_gap_in_the_journal: "journal: the journal goes on at",
    miscount_a_row: "journal: the journal's row at",
    write_as_a_leader_who_was_followed: "journal: the row at 20 was written under epoch 1 while 2 led",
    lead_under_an_old_epoch: "journal: the lead was taken under epoch 1 after 1",
    turn_time_back: "journal: journal time goes back",
    give_a_conversation_two_owners: "journal: conversation 1 has two owners",
    give_an_agent_one_too_many: "journal: agent 7 was given one too many",
    offer_a_conversation_in_two_rounds: "journal: conversation 3 was offered in two rounds",
    journal_what_is_nowhere: "named: message 77",
    leave_a_reply_in_the_outbox: "left lying: message 4: send is waiting",
    set_a_letter_aside_for_good: "left lying: message 12: its letter is quarantined broken",
}


def test_a_sound_day_has_no_faults() -> None:
    assert faults(sound()) == []


@pytest.mark.parametrize("broken", BREAKS, ids=lambda each: str(each.__name__))
def test_the_checker_finds(broken: Callable[[Case], None]) -> None:
    case = sound()
    broken(case)
    rule, _, sentence = BREAKS[broken].partition(": ")
    found = list(RULES[rule](case))
    assert [fault for fault in found if fault.startswith(sentence)], found
    assert f"{rule}: {found[0]}" in faults(case)


def test_each_rule_has_been_seen_to_find_something() -> None:
    assert {sentence.partition(":")[0] for sentence in BREAKS.values()} == set(RULES)


def test_one_more_copy_is_allowed_only_where_the_provider_knows_no_repeat() -> None:
    case = sound()
    add(case, "relay", "delivered", line=ADDRESS, mark=MAILED)
    assert faults(case) == []
    case.kept.messages[4] = dataclasses.replace(case.kept.messages[4], channel="hook")
    assert faults(case) == ["arrives: reply-mark-2-end: reached the customer 2 times by hook"]


@pytest.mark.parametrize("name", READERS)
def test_the_checker_imports_nothing_of_the_product(name: str) -> None:
    tree = ast.parse((HERE / name).read_text())
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    modules |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert {
        module for module in modules if module.split(".")[0] in {"router", "channels", "dashboard", "bench"}
    } == set()
    ours = {module for module in modules if module.startswith("tests.")}
    assert ours <= {"tests.cluster.diary", "tests.cluster.evidence", "tests.crash.floor_fold"}


def test_diaries_are_read_in_order_of_time(tmp_path: Path) -> None:
    ann, ben = Diary(tmp_path, "ann"), Diary(tmp_path, "ben")
    ann.write("one", number=1)
    ben.write("two", number=2)
    ann.write("three", number=3)
    assert [(entry.who, entry.what, entry["number"]) for entry in read_diaries(tmp_path)] == [
        ("ann", "one", 1),
        ("ben", "two", 2),
        ("ann", "three", 3),
    ]


def test_a_silence_is_the_longest_time_without_a_yes_after_a_fault() -> None:
    said = [
        (1.0, "replied"),
        (9.0, "fault"),
        (9.5, "accepted"),
        (13.0, "replied"),
        (14.0, "replied"),
        (90.0, "replied"),
    ]
    entries = [Entry(at_s, "ann", what, {"name": "kill_leader"}) for at_s, what in said]
    assert silences(entries) == {"kill_leader": [76.0]}
    assert silences(entries[:-1]) == {"kill_leader": [3.5]}
    assert told(silences(entries[:-1])) == ["kill_leader                  1     3.5     3.5"]
