"""Every store forgets a person by this contract: who they are at once, what they said in slices, and for good."""

from __future__ import annotations

import pytest

from router.store.port import Draft, Met, NewMark, Settled, Store
from tests.store.makers import SITE, body, caller, commit, conversation, effect, lead, letter, proved, row, typed

ENDED = {"state": "closed", "closed_ms": 3_000}


async def known(store: Store, *, state: str = "closed") -> tuple[Met, int]:
    """Somebody with a name, an address, a conversation and a message in it; return who and the message."""
    [met] = await store.archive.meet(
        SITE, [caller("marta-key", proved("m@x"), name="Marta", language="pl", extra={"widget": "blue"})], 1_000
    )
    await store.archive.give_care(SITE, met.customer, {"team": "gold"})
    [kept] = await store.letterbox.put(SITE, [letter("first words", body=body("first words", provider="<id@x>"))])
    await lead(store)
    at = await commit(
        store,
        conversations=[conversation(1, state, customer=met.customer, line=met.line)],
        timeline=[row(1, "Received", line=met.line, message=kept.message)],
        placed=[(kept.message, 1, met.line)],
        settled=[Settled(letter=kept.id, position=1)],
    )
    assert at == 1
    return met, kept.message


async def erased(store: Store, customer: int) -> None:
    begun = await store.care.begin_erase(SITE, customer, agent=9, at=5_000)
    assert begun.refused == ""
    words = await store.care.words_of(SITE, begun.customers, after=0, limit=100)
    await store.care.blank(SITE, [each.id for each in words])
    await store.care.end_erase(SITE, customer, at=6_000)


async def test_who_was_erased_is_nobody_and_their_words_are_gone(store: Store) -> None:
    met, message = await known(store)
    await erased(store, met.customer)
    shown = await store.archive.customer(SITE, met.customer)
    assert shown is not None
    assert (shown.name, shown.language, shown.identities, shown.attributes) == ("", "", [], {})
    line = await store.archive.line(SITE, met.line)
    assert line is not None
    assert (line.key, line.peer, line.extra, line.customer) == ("", "", {}, met.customer)
    assert await store.archive.line_by_key(SITE, "chat", "marta-key") is None
    kept = await store.archive.message(SITE, message)
    assert kept is not None
    assert (kept.body.text, kept.body.provider, kept.body.author) == ("", "", "customer")
    assert kept.body.extra == {"erased": "1"}
    assert (kept.body.direction, kept.body.created_ms) == ("in", 1_000)
    assert await store.archive.message_by_provider(SITE, "chat", "<id@x>") is None
    (item,) = await store.archive.story(SITE, 1, before=10, limit=10)
    assert (item.row.kind, item.row.message) == ("Received", message)


@pytest.mark.parametrize(("wrote", "left"), [(False, ""), (True, "peer of c-key")])
async def test_where_a_copy_went_is_forgotten_unless_somebody_wrote_from_there(
    store: Store, wrote: bool, left: str
) -> None:
    met, _ = await known(store)
    [to] = await store.archive.meet(SITE, [caller("c-key", peer="peer of c-key")], 1_000)
    theirs = [conversation(2, "active", customer=to.customer, line=to.line)] if wrote else []
    await commit(store, conversations=theirs, timeline=[row(2, "CopyWanted", line=to.line)])
    await erased(store, met.customer)
    line = await store.archive.line(SITE, to.line)
    assert line is not None
    assert line.peer == left


async def test_who_comes_again_is_somebody_new(store: Store) -> None:
    met, _ = await known(store)
    await erased(store, met.customer)
    [again] = await store.archive.meet(SITE, [caller("marta-key", proved("m@x"), name="Marta")], 7_000)
    assert again.new_customer
    assert again.customer != met.customer
    assert again.line != met.line
    assert again.record == b""
    assert await store.care.alike(SITE, again.customer, limit=10) == []


@pytest.mark.parametrize("state", ["waiting", "offered", "active", "parked", "wrap_up", "deferred", "held"])
async def test_nobody_is_erased_while_a_conversation_of_theirs_is_open(store: Store, state: str) -> None:
    met, _ = await known(store, state=state)
    begun = await store.care.begin_erase(SITE, met.customer, agent=9, at=5_000)
    assert (begun.refused, list(begun.open), list(begun.customers)) == ("conversations_open", ["R1"], [])
    shown = await store.archive.customer(SITE, met.customer)
    assert shown is not None
    assert shown.name == "Marta"
    assert await store.care.erasures(SITE, since_ms=0, limit=10) == []


async def test_nobody_is_erased_while_an_answer_is_on_its_way_and_dead_ones_go(store: Store) -> None:
    met, _ = await known(store)
    await commit(store, effects=[effect(2, "L1"), effect(2, "L2", conv=9)])
    begun = await store.care.begin_erase(SITE, met.customer, agent=9, at=5_000)
    assert (begun.refused, list(begun.open)) == ("effects_waiting", ["R1"])
    for claimed in await store.outbox.claim(SITE, "w", now_ms=9_000, until_ms=99_000, limit=9):
        await store.outbox.dead(SITE, claimed.id, "gone")
    assert (await store.care.begin_erase(SITE, met.customer, agent=9, at=5_000)).refused == ""
    assert [dead.conv for dead in await store.outbox.dead_letters(SITE, 10)] == [9]


async def test_an_unknown_customer_is_refused_and_sites_do_not_erase_each_others(store: Store) -> None:
    met, _ = await known(store)
    assert (await store.care.begin_erase(SITE, 999, agent=9, at=1)).refused == "customer_unknown"
    assert (await store.care.begin_erase("other", met.customer, agent=9, at=1)).refused == "customer_unknown"


async def test_the_whole_person_is_erased_and_merges_of_theirs_say_no_more_than_numbers(store: Store) -> None:
    met, _ = await known(store)
    [other] = await store.archive.meet(SITE, [caller("k2", typed("0812345678", "phone"), name="M. K.")], 1_000)
    await store.care.merge(SITE, met.customer, other.customer, why="by_hand", agent=7, at=2_000)
    begun = await store.care.begin_erase(SITE, other.customer, agent=9, at=5_000)
    assert list(begun.customers) == [met.customer, other.customer]
    for number in (met.customer, other.customer):
        shown = await store.archive.customer(SITE, number)
        assert shown is not None
        assert (shown.name, shown.identities) == ("", [])
    third = (await store.archive.meet(SITE, [caller("k3")], 1_000))[0].customer
    assert (await store.care.merge(SITE, met.customer, third, why="by_hand", agent=7, at=1)).refused == "erased"


async def test_erasing_twice_changes_nothing_and_an_erasure_is_remembered_until_it_is_done(store: Store) -> None:
    met, _ = await known(store)
    first = await store.care.begin_erase(SITE, met.customer, agent=9, at=5_000)
    again = await store.care.begin_erase(SITE, met.customer, agent=8, at=9_000)
    assert first == again
    assert (first.agent, first.begun_ms, first.done_ms) == (9, 5_000, 0)
    assert await store.care.erasures(SITE, since_ms=6_000, limit=10) == [first]
    await store.care.end_erase(SITE, met.customer, at=6_000)
    await store.care.end_erase(SITE, met.customer, at=7_000)
    assert await store.care.erasures(SITE, since_ms=6_000, limit=10) == []
    (done,) = await store.care.erasures(SITE, since_ms=5_000, limit=10)
    assert done.done_ms == 6_000
    assert await store.care.erasures("other", since_ms=0, limit=10) == []


async def test_marks_on_who_was_erased_go_with_them(store: Store) -> None:
    met, _ = await known(store)
    names = [("email", "m@x"), ("line", "chat:marta-key"), ("email", "else@x")]
    marks = [NewMark(kind=kind, value=value, mark="blocked", reason="abuse", agent=9) for kind, value in names]
    await store.senders.mark(SITE, marks, at=1_000)
    assert [mark.value for mark in await store.care.marks_on(SITE, names)] == [value for _, value in names]
    await erased(store, met.customer)
    assert await store.senders.of(SITE, names, now_ms=2_000) == {2: "blocked"}
    assert [mark.value for mark in await store.care.marks_on(SITE, names)] == ["else@x"]


async def test_letters_in_quarantine_are_emptied_with_who_sent_them(store: Store) -> None:
    met, _ = await known(store)
    kept = await store.letterbox.put(SITE, [letter("poison"), letter("waits"), letter("of another")])
    for each in (kept[0], kept[2]):
        await store.letterbox.quarantine(SITE, each.id, "unreadable")
    asked = [each.id for each in kept[:2]]
    await store.care.begin_erase(SITE, 999, agent=9, at=5_000, letters=asked)
    assert all(each.signal for each, _ in await store.letterbox.quarantined(SITE, 10))
    await store.care.begin_erase(SITE, met.customer, agent=9, at=5_000, letters=asked)
    signals = {each.id: each.signal for each, _ in await store.letterbox.quarantined(SITE, 10)}
    assert signals == {kept[0].id: b"", kept[2].id: b"signal of another"}
    waiting = await store.letterbox.get(SITE, kept[1].id)
    assert waiting is not None
    assert waiting.signal == b"signal waits"


async def test_words_that_no_conversation_has_are_found_by_the_line_they_came_on_also_after_it_went(
    store: Store,
) -> None:
    met, message = await known(store)
    kept = await store.letterbox.put(SITE, [letter("blocked words"), letter("of another")])
    await store.care.set_aside(SITE, [(kept[0].message, "chat", "marta-key"), (kept[1].message, "chat", "k9")])
    await store.care.set_aside(SITE, [(kept[0].message, "chat", "marta-key")])
    mine = [message, kept[0].message]
    assert [each.id for each in await store.care.words_of(SITE, [met.customer], after=0, limit=10)] == mine
    assert [each.id for each in await store.care.words_of(SITE, [met.customer], after=0, limit=1)] == mine[:1]
    assert [each.id for each in await store.care.words_of(SITE, [met.customer], after=message, limit=9)] == mine[1:]
    assert await store.care.words_of("other", [met.customer], after=0, limit=10) == []
    await store.care.begin_erase(SITE, met.customer, agent=9, at=5_000)
    assert [each.id for each in await store.care.words_of(SITE, [met.customer], after=0, limit=10)] == mine


async def test_drafts_into_a_customers_conversations_are_found_and_forgotten_as_they_were_read(store: Store) -> None:
    met, _ = await known(store)
    drafts = [("R1:reply", "Dear Marta"), ("R1:_files", "[]"), ("R10:reply", "Dear Ben"), ("R1", "no key of ours")]
    for key, text in drafts:
        await store.accounts.save_draft(SITE, 4, key, text, 1_000)
    found = await store.care.drafts_on(SITE, [met.customer], limit=10)
    assert [(each.account, each.key, each.text) for each in found] == [
        (4, "R1:_files", "[]"),
        (4, "R1:reply", "Dear Marta"),
    ]
    await store.accounts.save_draft(SITE, 4, "R1:reply", "Dear Marta, we", 1_001)
    assert await store.care.forget_drafts(SITE, found) == 1
    assert await store.accounts.drafts(SITE, 4) == {
        "R1": "no key of ours",
        "R1:reply": "Dear Marta, we",
        "R10:reply": "Dear Ben",
    }
    assert await store.care.forget_drafts(SITE, []) == 0


async def test_drafts_are_listed_by_age(store: Store) -> None:
    for number in range(4):
        await store.accounts.save_draft(SITE, 4, f"R{number}:reply", "words", 1_000 + number)
    found = await store.care.drafts_before(SITE, before_ms=1_003, limit=2)
    assert found == [Draft(account=4, key=f"R{number}:reply", text="words", at=1_000 + number) for number in range(2)]
    assert len(await store.care.drafts_before(SITE, before_ms=1_003, limit=10)) == 3
    assert await store.care.drafts_before("other", before_ms=9_999, limit=10) == []


async def test_all_messages_are_read_in_order_whatever_became_of_them(store: Store) -> None:
    _, message = await known(store)
    sent = await store.archive.write(SITE, [body("never sent", direction="out"), body("note", direction="note")])
    found = await store.care.messages_after(SITE, after=0, limit=10)
    assert [each.id for each in found] == [message, *sent]
    assert [each.id for each in await store.care.messages_after(SITE, after=message, limit=1)] == sent[:1]
    assert await store.care.messages_after("other", after=0, limit=10) == []


async def test_scrubbing_goes_through_and_changes_nothing_that_is_kept(store: Store) -> None:
    met, message = await known(store)
    before = await store.archive.customer(SITE, met.customer)
    assert await store.care.scrub() == ""
    assert await store.archive.customer(SITE, met.customer) == before
    kept = await store.archive.message(SITE, message)
    assert kept is not None
    assert kept.body.text == "first words"
    [more] = await store.letterbox.put(SITE, [letter("after it")])
    assert more.fresh
