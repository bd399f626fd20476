"""What every store must do: customers, lines, conversations, messages."""

from __future__ import annotations

import asyncio

import pytest

from router.store.port import EffectEnd, Identity, LineRow, Store
from tests.store.makers import (
    SITE,
    body,
    caller,
    commit,
    conversation,
    effect,
    lead,
    letter,
    proved,
    record,
    row,
    typed,
)


async def test_a_first_message_makes_a_line_and_a_customer(store: Store) -> None:
    who = caller("k", proved("a@example.org"), name="Ada", language="cs", extra={"widget": "blue"})
    [met] = await store.archive.meet(SITE, [who], 500)
    assert (met.new_customer, met.language, met.segment, met.record) == (True, "cs", "", b"")
    line = await store.archive.line(SITE, met.line)
    assert line == LineRow(
        id=met.line, channel="chat", key="k", peer="peer of k", customer=met.customer, extra={"widget": "blue"}
    )
    customer = await store.archive.customer(SITE, met.customer)
    assert customer is not None
    assert (customer.name, customer.language, customer.created_ms) == ("Ada", "cs", 500)
    assert customer.identities == [proved("a@example.org")]


async def test_the_same_line_is_met_again(store: Store) -> None:
    [first] = await store.archive.meet(SITE, [caller("k", proved("a"))], 1)
    [again] = await store.archive.meet(SITE, [caller("k", proved("a"))], 2)
    assert (again.line, again.customer, again.new_customer) == (first.line, first.customer, False)
    assert await store.archive.line_by_key(SITE, "chat", "k") == await store.archive.line(SITE, first.line)
    assert await store.archive.line_by_key(SITE, "sms", "k") is None


async def test_two_first_messages_of_one_person_make_one_customer(store: Store) -> None:
    pair = [caller("k1", proved("a")), caller("k2", proved("a"), channel="email")]
    one, two = await store.archive.meet(SITE, pair, 1)
    assert one.customer == two.customer
    assert one.line != two.line
    assert (one.new_customer, two.new_customer) == (True, False)


async def test_concurrent_first_messages_of_one_person_make_one_customer(store: Store) -> None:
    callers = [caller(f"k{n % 7}", proved("a"), channel=f"c{n % 3}") for n in range(42)]
    answers = await asyncio.gather(*(store.archive.meet(SITE, [who], 1) for who in callers))
    met = [one for [one] in answers]
    assert len({one.customer for one in met}) == 1
    assert sum(one.new_customer for one in met) == 1
    assert len({one.line for one in met}) == 21
    assert len(await store.archive.lines_of(SITE, met[0].customer)) == 21


async def test_an_unproved_identity_joins_nobody(store: Store) -> None:
    [real] = await store.archive.meet(SITE, [caller("k1", proved("a"))], 1)
    [claims] = await store.archive.meet(SITE, [caller("k2", typed("a"))], 2)
    assert claims.customer != real.customer
    shown = await store.archive.customer(SITE, claims.customer)
    assert shown is not None
    assert shown.identities == [typed("a")]
    [third] = await store.archive.meet(SITE, [caller("k3", proved("a"))], 3)
    assert third.customer == real.customer


async def test_a_typed_identity_is_proved_later_by_its_owner(store: Store) -> None:
    [first] = await store.archive.meet(SITE, [caller("k1", typed("a"))], 1)
    [same] = await store.archive.meet(SITE, [caller("k1", proved("a"))], 2)
    [other] = await store.archive.meet(SITE, [caller("k2", proved("a"), channel="email")], 3)
    assert first.customer == same.customer == other.customer
    shown = await store.archive.customer(SITE, first.customer)
    assert shown is not None
    assert shown.identities == [proved("a")]


async def test_a_proof_that_belongs_to_somebody_else_moves_nobody(store: Store) -> None:
    [one] = await store.archive.meet(SITE, [caller("k1", proved("a"))], 1)
    [two] = await store.archive.meet(SITE, [caller("k2", proved("b"))], 2)
    [again] = await store.archive.meet(SITE, [caller("k2", proved("a"))], 3)
    [third] = await store.archive.meet(SITE, [caller("k3", proved("a"))], 4)
    assert again.customer == two.customer != one.customer
    assert third.customer == one.customer


async def test_the_first_known_proof_decides(store: Store) -> None:
    [one] = await store.archive.meet(SITE, [caller("k1", proved("a"))], 1)
    [two] = await store.archive.meet(SITE, [caller("k2", proved("b"))], 2)
    [met] = await store.archive.meet(SITE, [caller("k3", proved("new"), proved("b"), proved("a"))], 3)
    assert met.customer == two.customer != one.customer


async def test_a_reply_lands_on_the_line_it_answers(store: Store) -> None:
    [mail] = await store.archive.meet(SITE, [caller("thread-1", channel="email")], 1)
    [sent] = await store.archive.write(SITE, [body("answer", direction="out")])
    await lead(store)
    await commit(store, placed=[(sent, 1, mail.line)])
    await store.archive.remember_provider(SITE, sent, "<ours@example.org>")
    reply = caller("thread-9", proved("x"), channel="email", replies_to=["<unknown>", "<ours@example.org>"])
    [met] = await store.archive.meet(SITE, [reply], 2)
    assert (met.line, met.customer, met.new_customer) == (mail.line, mail.customer, False)
    line = await store.archive.line(SITE, mail.line)
    assert line is not None
    assert line.peer == "peer of thread-1"


async def test_the_best_reference_wins_and_counts_on_its_own_channel_only(store: Store) -> None:
    await lead(store)
    lines = []
    for number, channel in ((1, "email"), (2, "email"), (3, "chat")):
        [met] = await store.archive.meet(SITE, [caller(f"t{number}", channel=channel)], number)
        [sent] = await store.archive.write(SITE, [body(direction="out", provider=f"<{number}>")])
        await commit(store, placed=[(sent, number, met.line)])
        lines.append(met.line)
    order = caller("new", channel="email", replies_to=["<3>", "<2>", "<1>"])
    [met] = await store.archive.meet(SITE, [order], 9)
    assert met.line == lines[1]


async def test_a_line_takes_over_a_new_address_and_keeps_what_it_had(store: Store) -> None:
    [met] = await store.archive.meet(SITE, [caller("k", extra={"a": "1"})], 1)
    await store.archive.meet(SITE, [caller("k", peer="new address", extra={"b": "2"})], 2)
    await store.archive.meet(SITE, [caller("k", peer="")], 3)
    line = await store.archive.line(SITE, met.line)
    assert line is not None
    assert (line.peer, line.extra) == ("new address", {"a": "1", "b": "2"})


async def test_a_name_that_is_there_is_not_overwritten(store: Store) -> None:
    [met] = await store.archive.meet(SITE, [caller("k")], 1)
    await store.archive.meet(SITE, [caller("k", name="Ada", language="en")], 2)
    [last] = await store.archive.meet(SITE, [caller("k", name="Mallory", language="zh")], 3)
    customer = await store.archive.customer(SITE, met.customer)
    assert customer is not None
    assert (customer.name, customer.language, last.language) == ("Ada", "en", "en")


async def test_sites_do_not_know_each_others_customers(store: Store) -> None:
    [here] = await store.archive.meet(SITE, [caller("k", proved("a"))], 1)
    [there] = await store.archive.meet("other", [caller("k", proved("a"))], 1)
    assert here.customer != there.customer
    assert here.line != there.line
    assert await store.archive.customer("other", here.customer) is None
    assert await store.archive.line("other", here.line) is None


async def test_a_line_brings_the_record_of_what_left_the_core_last(store: Store) -> None:
    [met] = await store.archive.meet(SITE, [caller("k")], 1)
    await lead(store)
    await commit(
        store,
        conversations=[
            conversation(1, "closed", line=met.line, record=record(1)),
            conversation(2, "parked", line=met.line, record=record(2)),
            conversation(3, "active", line=met.line),
        ],
    )
    [again] = await store.archive.meet(SITE, [caller("k")], 2)
    assert again.record == record(2)
    assert await store.archive.record(SITE, 1) == record(1)
    assert await store.archive.record(SITE, 3) is None
    assert await store.archive.record(SITE, 9) is None


async def test_a_conversation_is_found_by_every_line_it_was_held_on(store: Store) -> None:
    [form, mail] = await store.archive.meet(SITE, [caller("f", channel="form"), caller("m", channel="email")], 1)
    [said] = await store.letterbox.put(SITE, [letter("a")])
    await lead(store)
    kept = conversation(1, "parked", line=mail.line, record=record(1))
    await commit(store, placed=[(said.message, 1, form.line)], conversations=[kept])
    answers = await store.archive.meet(SITE, [caller("f", channel="form"), caller("m", channel="email")], 2)
    assert [met.record for met in answers] == [record(1), record(1)]


async def test_another_line_of_a_known_customer_is_opened_once(store: Store) -> None:
    [met] = await store.archive.meet(SITE, [caller("k")], 1)
    first = await store.archive.open_line(SITE, "email", "thread", "a@example.org", met.customer)
    again = await store.archive.open_line(SITE, "email", "thread", "a@example.org", met.customer)
    lines = await store.archive.lines_of(SITE, met.customer)
    assert first == again
    assert [line.id for line in lines] == [met.line, first]


async def test_a_message_is_found_by_the_providers_id_on_its_channel(store: Store) -> None:
    [said] = await store.letterbox.put(SITE, [letter("a", channel="sms", body=body(provider="SM1"))])
    [sent] = await store.archive.write(SITE, [body(direction="out")])
    line = await store.archive.open_line(SITE, "email", "t", "p", 1)
    await lead(store)
    await commit(store, placed=[(sent, 1, line)])
    await store.archive.remember_provider(SITE, sent, "<x>")
    for channel, provider, message in (("sms", "SM1", said.message), ("email", "<x>", sent)):
        found = await store.archive.message_by_provider(SITE, channel, provider)
        assert found is not None
        assert (found.id, found.body.provider) == (message, provider)
    assert await store.archive.message_by_provider(SITE, "email", "SM1") is None
    assert await store.archive.message_by_provider("other", "email", "<x>") is None


async def test_written_bodies_get_ids_in_order(store: Store) -> None:
    answers = await asyncio.gather(*(store.archive.write(SITE, [body(f"{n} a"), body(f"{n} b")]) for n in range(20)))
    ids = [number for pair in answers for number in pair]
    assert len(set(ids)) == 40
    for number, pair in enumerate(answers):
        texts = [found.body.text for one in pair if (found := await store.archive.message(SITE, one))]
        assert texts == [f"{number} a", f"{number} b"]
    assert await store.archive.write(SITE, []) == []


async def test_customers_are_listed_in_the_order_asked_for(store: Store) -> None:
    met = await store.archive.meet(SITE, [caller(f"k{n}", proved(f"p{n}"), name=f"N{n}") for n in range(3)], 1)
    ids = [met[2].customer, 999, met[0].customer]
    assert [each.name for each in await store.archive.customers(SITE, ids)] == ["N2", "N0"]


@pytest.mark.parametrize(
    ("choice", "found"),
    [
        ({}, [4, 3, 2, 1]),
        ({"customer": 1}, [4, 2, 1]),
        ({"owner": 7}, [4, 3]),
        ({"owner": 7, "states": ["active"]}, [3]),
        ({"customer": 1, "states": ["active", "waiting"]}, [2, 1]),
        ({"customer": 5}, []),
    ],
)
async def test_conversations_are_chosen_newest_change_first(
    store: Store, choice: dict[str, int], found: list[int]
) -> None:
    await lead(store)
    rows = [
        conversation(1),
        conversation(2, "active", owner=8),
        conversation(3, "active", owner=7, customer=2),
        conversation(4, "parked", owner=7),
    ]
    await commit(store, conversations=rows)
    listed = await store.archive.conversations(SITE, **choice, limit=10)
    assert [each.conv for each in listed] == found
    listed = await store.archive.conversations(SITE, **choice, limit=1)
    assert [each.conv for each in listed] == found[:1]


async def test_a_conversation_is_found_by_its_outside_name(store: Store) -> None:
    await lead(store)
    await commit(store, conversations=[conversation(1)])
    assert await store.archive.conversation_by_reference(SITE, "R1") == conversation(1)
    assert await store.archive.conversation_by_reference("other", "R1") is None
    assert await store.archive.conversation(SITE, 2) is None


async def test_records_of_parked_conversations_fall_due_in_order(store: Store) -> None:
    await lead(store)
    due = {1: 50, 2: 10, 3: 0, 4: 30, 5: 20}
    rows = [conversation(n, "parked", due_ms=ms, record=record(n)) for n, ms in due.items()]
    rows[4] = conversation(5, "waiting", due_ms=20)
    await commit(store, conversations=rows)
    assert await store.archive.records_due(SITE, before_ms=50, limit=9) == [record(2), record(4)]
    assert await store.archive.records_due(SITE, before_ms=51, limit=1) == [record(2)]


async def test_a_story_is_paged_backwards_and_told_forwards(store: Store) -> None:
    await lead(store)
    timeline = [row(n, "Queued", conv=1 + n % 2) for n in range(1, 11)]
    await commit(store, count=10, timeline=timeline)
    story = await store.archive.story(SITE, 1, before=9, limit=3)
    assert [(each.row.position, each.message) for each in story] == [(4, None), (6, None), (8, None)]
    assert story[0].row == timeline[3]


async def test_a_customer_sees_on_their_line_what_concerns_them_and_no_notes(store: Store) -> None:
    said, note = await store.archive.write(SITE, [body("hello"), body("secret", direction="note")])
    await lead(store)
    kinds = ["Received", "Queued", "Offered", "Accepted", "Noted", "Replied", "Transferred", "Parked", "Closed"]
    timeline = [row(n, kind, message={"Received": said, "Noted": note}.get(kind, 0)) for n, kind in enumerate(kinds, 1)]
    timeline += [row(10, "Announced", line=2), row(11, "Received", message=note)]
    await commit(store, count=11, timeline=timeline)
    seen = await store.archive.on_line(SITE, 1, after=1, limit=10)
    assert [each.row.kind for each in seen] == ["Queued", "Accepted", "Replied", "Parked", "Closed"]
    first = await store.archive.on_line(SITE, 1, after=0, limit=1)
    assert [each.message.body.text for each in first if each.message] == ["hello"]
    assert [each.row.position for each in await store.archive.on_line(SITE, 2, after=0, limit=9)] == [10]


async def test_last_words_are_neither_notes_nor_notices(store: Store) -> None:
    bodies = [
        body("first"),
        body("last"),
        body("note", direction="note"),
        body("notice", direction="out", kind="notice"),
    ]
    ids = await store.archive.write(SITE, bodies)
    other = await store.archive.write(SITE, [body("elsewhere")])
    await lead(store)
    await commit(store, placed=[*((number, 1, 1) for number in ids), (other[0], 2, 1)])
    words = await store.archive.last_words(SITE, [1, 2, 3])
    assert {conv: each.body.text for conv, each in words.items()} == {1: "last", 2: "elsewhere"}


async def test_hostile_names_and_addresses_are_kept_as_they_are(store: Store) -> None:
    hostile = "a\0b'\"\\ ไทย 😀"
    identity = Identity(kind="email", value=hostile, verified="smtp")
    [met] = await store.archive.meet(SITE, [caller(hostile, identity, name=hostile, extra={hostile: hostile})], 1)
    line = await store.archive.line(SITE, met.line)
    customer = await store.archive.customer(SITE, met.customer)
    assert line is not None
    assert customer is not None
    assert (line.key, line.extra) == (hostile, {hostile: hostile})
    assert (customer.name, customer.identities) == (hostile, [identity])


async def test_what_a_provider_named_is_written_with_the_commit_that_tells_of_it(store: Store) -> None:
    [mail] = await store.archive.meet(SITE, [caller("thread-1", channel="email")], 1)
    [sent] = await store.archive.write(SITE, [body("answer", direction="out")])
    await lead(store)
    first = await commit(store, placed=[(sent, 1, mail.line)], effects=[effect(1, "line:1", message=sent)])
    assert first
    [claimed] = await store.outbox.claim(SITE, "w", now_ms=5_000, until_ms=6_000, limit=1)
    assert claimed.position == 1
    await commit(store, ended=[EffectEnd(effect=claimed.id, message=sent, provider="<ours@example.org>")])
    row = await store.archive.message(SITE, sent)
    assert row is not None
    assert row.body.provider == "<ours@example.org>"
    found = await store.archive.message_by_provider(SITE, "email", "<ours@example.org>")
    assert found is not None
    assert found.id == sent
    assert await store.outbox.claim(SITE, "w", now_ms=9_000, until_ms=9_500, limit=1) == []


async def test_a_thread_is_what_was_said_on_one_line_oldest_first_without_notes(store: Store) -> None:
    await lead(store)
    bodies = [
        body("a", direction="in", subject="Boots", provider="<1>"),
        body("b", direction="out", provider="<2>"),
        body("c", direction="note"),
        body("d", direction="in"),
    ]
    ids = await store.archive.write(SITE, bodies)
    rows = [row(n + 1, "Received", conv=7, line=3 if n < 3 else 4, message=m) for n, m in enumerate(ids)]
    await commit(store, count=4, timeline=rows)
    said = await store.archive.thread(SITE, 7, 3, limit=10)
    assert [(each.message, each.direction, each.provider, each.subject) for each in said] == [
        (ids[0], "in", "<1>", "Boots"),
        (ids[1], "out", "<2>", ""),
    ]
    assert [each.message for each in await store.archive.thread(SITE, 7, 3, limit=1)] == [ids[1]]
    assert await store.archive.thread("other", 7, 3, limit=10) == []


async def test_one_row_of_a_timeline_is_found_by_its_position_and_conversation(store: Store) -> None:
    await lead(store)
    await commit(store, count=2, timeline=[row(1, "Announced", conv=7, notice="off-hours", detail="night")])
    found = await store.archive.story_at(SITE, 7, 1)
    assert found is not None
    assert (found.notice, found.detail) == ("off-hours", "night")
    assert await store.archive.story_at(SITE, 8, 1) is None


async def test_what_an_author_wrote_under_a_client_id_is_found_in_its_conversation_only(store: Store) -> None:
    await lead(store)
    written = body("a", direction="out", author="agent:5", extra={"client": "c1"})
    [message] = await store.archive.write(SITE, [written])
    await commit(store, timeline=[row(1, "Replied", conv=7, message=message)])
    assert await store.archive.written_as(SITE, 7, author="agent:5", client="c1") == (message, "out")
    for conv, author, client in ((8, "agent:5", "c1"), (7, "agent:6", "c1"), (7, "agent:5", "c2")):
        assert await store.archive.written_as(SITE, conv, author=author, client=client) == (0, "")
