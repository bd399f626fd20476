"""What every store must do: letterbox and journal. The rest of the contract is beside this file."""

from __future__ import annotations

import asyncio

import pytest

from router.store.port import Commit, Delivery, Fenced, Settled, Snapshot, Store
from tests.store.conftest import Opener
from tests.store.makers import SITE, body, commit, conversation, lead, letter, record, row


async def test_a_letter_is_there_after_it_was_answered(store: Store) -> None:
    [answer] = await store.letterbox.put(SITE, [letter("a")])
    assert (answer.fresh, answer.state, answer.attempts, answer.position) == (True, "new", 0, 0)
    found = await store.letterbox.get(SITE, answer.id)
    assert found is not None
    assert found.signal == b"signal a"
    message = await store.archive.message(SITE, answer.message)
    assert message is not None
    assert message.body == body("a")


async def test_a_duplicate_letter_names_the_first(store: Store) -> None:
    first, second = await store.letterbox.put(SITE, [letter("a"), letter("a", body=body("again"))])
    [third] = await store.letterbox.put(SITE, [letter("a")])
    assert (first.fresh, second.fresh, third.fresh) == (True, False, False)
    assert first.id == second.id == third.id
    assert first.message == second.message == third.message
    assert third.signal == b"signal a"
    assert await store.archive.message(SITE, first.message + 1) is None


async def test_a_dedupe_key_counts_within_its_channel_and_site(store: Store) -> None:
    [chat, sms] = await store.letterbox.put(SITE, [letter("a"), letter("a", channel="sms")])
    [other] = await store.letterbox.put("other", [letter("a")])
    assert chat.fresh
    assert sms.fresh
    assert other.fresh
    assert await store.letterbox.get(SITE, other.id) is None


async def test_concurrent_puts_of_one_letter_make_one_row(store: Store) -> None:
    answers = await asyncio.gather(
        *(store.letterbox.put(SITE, [letter("same"), letter(f"own {n}")]) for n in range(40))
    )
    assert sum(pair[0].fresh for pair in answers) == 1
    assert len({pair[0].id for pair in answers}) == 1
    assert len({pair[1].id for pair in answers}) == 40
    assert len({pair[1].message for pair in answers}) == 40
    assert await store.letterbox.depth(SITE) == (41, 1_000, 0)


async def test_a_letter_without_words_has_no_message(store: Store) -> None:
    with_words, without, after = await store.letterbox.put(SITE, [letter("a"), letter("b", body=None), letter("c")])
    assert without.message == 0
    assert after.message == with_words.message + 1


async def test_an_empty_signal_and_hostile_text_are_kept_as_they_are(store: Store) -> None:
    hostile = "nul \0 quote ' \" \\u0000 emoji 😀 ไทย 中文 \u202e"
    given = body(hostile, html=hostile, subject=hostile, extra={hostile: hostile})
    [answer] = await store.letterbox.put(SITE, [letter("a", signal=b"", body=given)])
    found = await store.archive.message(SITE, answer.message)
    assert answer.signal == b""
    assert found is not None
    assert found.body == given


async def test_waiting_letters_come_oldest_first_and_bounded(store: Store) -> None:
    times = [5, 3, 9, 1]
    await store.letterbox.put(SITE, [letter(f"at {ms}", received_ms=ms) for ms in times])
    waiting = await store.letterbox.waiting(SITE, before_ms=9, limit=10)
    assert [one.received_ms for one in waiting] == [1, 3, 5]
    first = await store.letterbox.waiting(SITE, before_ms=9, limit=2)
    assert [one.received_ms for one in first] == [1, 3]
    behind = first[0].received_ms, first[0].id
    assert await store.letterbox.waiting(SITE, before_ms=9, limit=9, after=behind) == waiting[1:]
    assert await store.letterbox.waiting(SITE, before_ms=9, limit=9, after=(9, 0)) == []


async def test_attempts_are_counted_before_they_are_made(store: Store, opener: Opener) -> None:
    [one, two] = await store.letterbox.put(SITE, [letter("a"), letter("b")])
    await store.letterbox.tried(SITE, [one.id, one.id])
    await store.letterbox.tried(SITE, [one.id])
    again = await opener()
    try:
        found = await again.letterbox.waiting(SITE, before_ms=2_000, limit=5)
    finally:
        await again.close()
    assert [(each.id, each.attempts) for each in found] == [(one.id, 2), (two.id, 0)]


async def test_a_fresh_letter_names_the_unsettled_one_that_its_line_had_last(store: Store) -> None:
    [first] = await store.letterbox.put(SITE, [letter("a", line="ada")])
    [second, elsewhere] = await store.letterbox.put(SITE, [letter("b", line="ada"), letter("c", line="eve")])
    [third] = await store.letterbox.put(SITE, [letter("d", line="ada", body=None)])
    assert [one.behind for one in (first, second, elsewhere, third)] == [0, first.id, 0, second.id]
    assert first.line == second.line == third.line != elsewhere.line
    waiting = await store.letterbox.waiting(SITE, before_ms=2_000, limit=5)
    assert [(one.line, one.behind) for one in waiting] == [(first.line, 0)] * 2 + [(elsewhere.line, 0), (first.line, 0)]
    [other_channel] = await store.letterbox.put(SITE, [letter("e", line="ada", channel="sms")])
    [other_site] = await store.letterbox.put("other", [letter("f", line="ada")])
    assert (other_channel.behind, other_site.behind) == (0, 0)


async def test_a_letter_stands_behind_nothing_that_is_settled_or_set_aside(store: Store) -> None:
    await lead(store)
    [first] = await store.letterbox.put(SITE, [letter("a", line="ada")])
    [second] = await store.letterbox.put(SITE, [letter("b", line="ada")])
    assert await store.letterbox.unsettled(SITE, {first.id, second.id, 99}) == {first.id, second.id}
    await store.letterbox.quarantine(SITE, second.id, "broken")
    await commit(store, settled=[Settled(letter=first.id, position=1)])
    assert await store.letterbox.unsettled(SITE, {first.id, second.id}) == set()
    [third] = await store.letterbox.put(SITE, [letter("c", line="ada")])
    assert third.behind == 0
    settled = await store.letterbox.get(SITE, first.id)
    assert settled is not None
    assert settled.line == b"", "nothing is kept that leads to a line whose letters are decided"


async def test_letters_without_a_line_are_in_nobodys_way(store: Store) -> None:
    for dedupe in "ab":
        [one] = await store.letterbox.put(SITE, [letter(dedupe)])
        assert (one.line, one.behind) == (b"", 0)


async def test_an_attempt_that_ended_in_good_order_is_not_counted(store: Store) -> None:
    [one] = await store.letterbox.put(SITE, [letter("a")])
    await store.letterbox.tried(SITE, [one.id])
    for _ in range(2):
        await store.letterbox.spared(SITE, [one.id])
        found = await store.letterbox.get(SITE, one.id)
        assert found is not None
        assert found.attempts == 0


async def test_a_quarantined_letter_is_shown_and_does_not_go_round(store: Store) -> None:
    [one, two] = await store.letterbox.put(SITE, [letter("a"), letter("b")])
    await store.letterbox.quarantine(SITE, one.id, "broke_core")
    assert [each.id for each in await store.letterbox.waiting(SITE, before_ms=2_000, limit=5)] == [two.id]
    [(shown, reason)] = await store.letterbox.quarantined(SITE, 5)
    assert (shown.id, shown.state, reason) == (one.id, "quarantined", "broke_core")
    assert await store.letterbox.depth(SITE) == (1, 1_000, 1)
    [repeat] = await store.letterbox.put(SITE, [letter("a")])
    assert (repeat.fresh, repeat.state) == (False, "quarantined")


async def test_a_commit_settles_its_letters_and_drops_their_signals(store: Store) -> None:
    [one, two] = await store.letterbox.put(SITE, [letter("a"), letter("b")])
    await lead(store)
    await commit(store, settled=[Settled(letter=one.id, position=1, reason="joined")])
    await commit(store, settled=[Settled(letter=one.id, position=2)])
    found = await store.letterbox.get(SITE, one.id)
    assert found is not None
    assert (found.state, found.position, found.signal) == ("settled", 1, b"")
    [repeat] = await store.letterbox.put(SITE, [letter("a")])
    assert (repeat.id, repeat.fresh, repeat.state) == (one.id, False, "settled")
    assert [each.id for each in await store.letterbox.waiting(SITE, before_ms=2_000, limit=5)] == [two.id]


async def test_a_commit_of_a_site_settles_no_letter_of_another(store: Store) -> None:
    [other] = await store.letterbox.put("other", [letter("a")])
    await lead(store)
    await commit(store, settled=[Settled(letter=other.id, position=1)], placed=[(other.message, 1, 1)])
    found = await store.letterbox.get("other", other.id)
    message = await store.archive.message("other", other.message)
    assert found is not None
    assert message is not None
    assert (found.state, message.conv) == ("new", 0)


async def test_an_empty_journal_ends_at_nothing(store: Store) -> None:
    assert await store.journal.end(SITE) == (0, 0)
    assert [each async for each in store.journal.read(SITE, 0)] == []


async def test_commits_follow_each_other_and_are_read_back(store: Store) -> None:
    await lead(store)
    for number in range(130):
        await commit(store, count=3, at=number, entries=b"%d" % number)
    rows = [each async for each in store.journal.read(SITE, 0)]
    assert [each.first for each in rows] == list(range(1, 390, 3))
    assert [each.entries for each in rows] == [b"%d" % number for number in range(130)]
    assert await store.journal.end(SITE) == (390, 129)


@pytest.mark.parametrize(
    ("after", "until", "firsts"),
    [
        (0, None, [1, 4, 7]),
        (2, None, [1, 4, 7]),
        (3, None, [4, 7]),
        (9, None, []),
        (0, 4, [1, 4]),
        (0, 3, [1]),
        (5, 5, [4]),
    ],
)
async def test_reading_starts_above_a_position_and_stops_at_another(
    store: Store, after: int, until: int | None, firsts: list[int]
) -> None:
    await lead(store)
    for _ in range(3):
        await commit(store, count=3)
    assert [each.first async for each in store.journal.read(SITE, after, until)] == firsts


@pytest.mark.parametrize("first", [0, 1, 2, 4, 5])
async def test_a_commit_that_does_not_continue_the_journal_is_fenced(store: Store, first: int) -> None:
    epoch = await lead(store)
    await commit(store, count=2)
    [waiting] = await store.letterbox.put(SITE, [letter("a")])
    settled = [Settled(letter=waiting.id, position=first)]
    with pytest.raises(Fenced):
        await store.journal.commit(SITE, Commit(epoch=epoch, first=first, count=1, at=1, entries=b"", settled=settled))
    assert await store.journal.end(SITE) == (2, 1_001)
    assert await store.letterbox.depth(SITE) == (1, 1_000, 0)


async def test_a_leader_that_was_replaced_can_write_nothing(store: Store) -> None:
    old = await lead(store, "node-1")
    new = await lead(store, "node-2", now_ms=20_000)
    assert new > old
    with pytest.raises(Fenced):
        await commit(store, epoch=old)
    assert await commit(store, epoch=new) == 1


async def test_nobody_writes_without_a_lease(store: Store) -> None:
    for epoch in (0, 1):
        if epoch:
            await lead(store)
            await store.leases.release(SITE, "lead", "node-1")
        with pytest.raises(Fenced):
            await commit(store, epoch=epoch + 1)


async def test_a_fenced_commit_does_not_fail_its_neighbours(store: Store) -> None:
    await lead(store)
    first = Commit(epoch=1, first=1, count=1, at=1, entries=b"")
    jobs = [store.journal.commit(SITE, first), store.journal.commit(SITE, first)]
    answers = await asyncio.gather(*jobs, store.letterbox.put(SITE, [letter("a")]), return_exceptions=True)
    assert answers[0] is None
    assert isinstance(answers[1], Fenced)
    assert isinstance(answers[2], list)
    assert await store.journal.end(SITE) == (1, 1)


async def test_one_commit_writes_all_its_rows(store: Store) -> None:
    [one] = await store.letterbox.put(SITE, [letter("a")])
    [reply] = await store.archive.write(SITE, [body("answer", direction="out", author="agent:7")])
    await lead(store)
    await commit(
        store,
        count=2,
        timeline=[row(1, "Received", message=one.message), row(2, "Replied", message=reply, agent=7, detail="x")],
        conversations=[conversation(1, "active"), conversation(1, "parked", record=record(1), due_ms=5_000)],
        deliveries=[Delivery(message=reply, status="sent"), Delivery(message=reply, status="failed", reason="bounced")],
        placed=[(one.message, 1, 1), (reply, 1, 1)],
    )
    story = await store.archive.story(SITE, 1, before=100, limit=10)
    assert [(each.row.kind, each.message.body.text) for each in story if each.message] == [
        ("Received", "a"),
        ("Replied", "answer"),
    ]
    found = await store.archive.message(SITE, reply)
    assert found is not None
    assert (found.conv, found.line, found.status, found.reason) == (1, 1, "failed", "bounced")
    kept = await store.archive.conversation(SITE, 1)
    assert kept == conversation(1, "parked", record=record(1), due_ms=5_000)


async def test_a_commit_without_events_settles_and_leaves_the_journal_as_it_was(store: Store) -> None:
    [one] = await store.letterbox.put(SITE, [letter("a")])
    await lead(store)
    await commit(store)
    await commit(store, count=0, entries=b"", settled=[Settled(letter=one.id, position=1, reason="already_decided")])
    assert await store.journal.end(SITE) == (1, 1_001)
    assert await store.letterbox.depth(SITE) == (0, 0, 0)


async def test_sites_have_journals_of_their_own(store: Store) -> None:
    for site in (SITE, "other"):
        await lead(store, site=site)
        await commit(store, site=site, count=2, entries=site.encode())
    rows = [each async for each in store.journal.read("other", 0)]
    assert [(each.first, each.entries) for each in rows] == [(1, b"other")]


async def test_the_latest_snapshot_is_the_highest_and_whole(store: Store) -> None:
    assert await store.journal.latest_snapshot(SITE) is None
    large = bytes(range(256)) * 12_000
    for position, state in ((10, b"old"), (30, large), (20, b"late child"), (30, large)):
        await store.journal.keep_snapshot(SITE, Snapshot(position=position, at=position, release="1", state=state))
    found = await store.journal.latest_snapshot(SITE)
    assert found == Snapshot(position=30, at=30, release="1", state=large)
    assert await store.journal.latest_snapshot("other") is None


async def test_an_empty_snapshot_is_a_snapshot(store: Store) -> None:
    await store.journal.keep_snapshot(SITE, Snapshot(position=0, at=0, release="1", state=b""))
    found = await store.journal.latest_snapshot(SITE)
    assert found is not None
    assert found.state == b""


async def test_a_bundle_is_kept_once_under_its_hash(store: Store) -> None:
    await store.journal.keep_bundle(SITE, "aa", b"first", 5)
    await store.journal.keep_bundle(SITE, "bb", b"second", 9)
    await store.journal.keep_bundle(SITE, "aa", b"first", 20)
    assert await store.journal.bundle(SITE, "aa") == b"first"
    assert await store.journal.bundle(SITE, "cc") is None
    assert await store.journal.bundle("other", "aa") is None
    assert await store.journal.bundles(SITE) == [("bb", 9), ("aa", 5)]


async def test_everything_is_there_after_closing_and_opening(store: Store, opener: Opener) -> None:
    [one] = await store.letterbox.put(SITE, [letter("a")])
    await lead(store)
    await commit(store, settled=[Settled(letter=one.id, position=1)])
    await store.close()
    again = await opener()
    try:
        assert await again.journal.end(SITE) == (1, 1_001)
        assert await again.letterbox.depth(SITE) == (0, 0, 0)
        assert await commit(again) == 2
    finally:
        await again.close()
