"""What every store must do: leases, the notebook, accounts, sessions and drafts."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from router.store.port import Draft, Note, Session, Store, StoreError
from tests.store.makers import SITE, account, letter


async def _acquire(store: Store, owner: str, *, now_ms: int, name: str = "lead") -> int:
    return await store.leases.acquire(SITE, name, owner, now_ms=now_ms, ttl_ms=100)


async def test_a_lease_is_held_until_it_ends(store: Store) -> None:
    assert await _acquire(store, "a", now_ms=0) == 1
    assert await _acquire(store, "b", now_ms=99) == 0
    assert await _acquire(store, "a", now_ms=50) == 1
    assert await _acquire(store, "b", now_ms=149) == 0
    assert await _acquire(store, "b", now_ms=150) == 2
    assert await _acquire(store, "a", now_ms=160) == 0


async def test_an_owner_that_was_late_but_alone_keeps_the_epoch(store: Store) -> None:
    assert await _acquire(store, "a", now_ms=0) == 1
    assert await _acquire(store, "a", now_ms=5_000) == 1


async def test_a_released_lease_is_free_at_once_with_a_higher_epoch(store: Store) -> None:
    await _acquire(store, "a", now_ms=0)
    await store.leases.release(SITE, "lead", "b")
    assert await _acquire(store, "b", now_ms=1) == 0
    await store.leases.release(SITE, "lead", "a")
    assert await _acquire(store, "b", now_ms=1) == 2
    await store.leases.release(SITE, "lead", "b")
    assert await _acquire(store, "b", now_ms=2) == 3


async def test_of_many_who_want_a_lease_one_gets_it(store: Store) -> None:
    epochs = await asyncio.gather(*(_acquire(store, f"n{n}", now_ms=0) for n in range(20)))
    assert sorted(epochs) == [0] * 19 + [1]


async def test_leases_that_have_run_out_are_told_once(store: Store) -> None:
    for name, owner in (("node/1", "a"), ("node/2", "b"), ("lead", "a")):
        await _acquire(store, owner, now_ms=0, name=name)
    await _acquire(store, "b", now_ms=80, name="node/2")
    assert await store.leases.expired(SITE, "node/", now_ms=99) == []
    assert await store.leases.expired(SITE, "node/", now_ms=100) == [("node/1", "a")]
    assert await store.leases.expired(SITE, "node/", now_ms=100) == [("node/1", "a")], "until it is released"
    await store.leases.release(SITE, "node/1", "a")
    assert await store.leases.expired(SITE, "node/", now_ms=100) == []
    assert await _acquire(store, "a", now_ms=101, name="node/1") == 2


async def test_who_holds_leases_and_who_had_them_last_is_known_until_they_are_given_back(store: Store) -> None:
    for name, owner, at in (("node/1", "a", 0), ("node/2", "b", 80), ("lead", "a", 80)):
        await _acquire(store, owner, now_ms=at, name=name)
    assert await store.leases.holders(SITE, "node/", now_ms=120) == [("node/1", "a", False), ("node/2", "b", True)]
    await store.leases.release(SITE, "node/1", "a")
    assert await store.leases.holders(SITE, "node/", now_ms=120) == [("node/2", "b", True)]
    assert await store.leases.holders(SITE, "lead", now_ms=120) == [("lead", "a", True)]


async def test_a_lease_that_was_renewed_meanwhile_is_not_forgotten(store: Store) -> None:
    await _acquire(store, "a", now_ms=0, name="node/1")
    await _acquire(store, "a", now_ms=120, name="node/1")
    assert not await store.leases.forget(SITE, "node/1", "a", now_ms=130)
    assert await store.leases.expired(SITE, "node/", now_ms=300) == [("node/1", "a")]
    assert not await store.leases.forget(SITE, "node/1", "b", now_ms=300)
    assert await store.leases.forget(SITE, "node/1", "a", now_ms=300)
    assert await store.leases.expired(SITE, "node/", now_ms=300) == []


async def test_a_lease_of_one_site_says_nothing_about_another(store: Store) -> None:
    assert await _acquire(store, "a", now_ms=0) == 1
    assert await store.leases.acquire("other", "lead", "b", now_ms=0, ttl_ms=10) == 1
    assert await store.leases.expired("other", "lead", now_ms=50) == [("lead", "b")]
    assert await _acquire(store, "b", now_ms=50) == 0


async def test_the_notebook_remembers_the_last_note(store: Store) -> None:
    assert await store.notebook.read(SITE, "email", "cursor") is None
    await store.notebook.note(SITE, "email", "cursor", "1")
    await store.notebook.note(SITE, "email", "cursor", "2")
    await store.notebook.note(SITE, "sms", "cursor", "3")
    assert await store.notebook.read(SITE, "email", "cursor") == "2"
    assert await store.notebook.read("other", "email", "cursor") is None


async def test_an_account_is_found_by_login_and_by_id(store: Store) -> None:
    new = account(
        "ada", skills={"billing": 3}, languages=["en", "th"], channels=["chat"], capacity=75, first_tasks=["billing"]
    )
    number = await store.accounts.add(SITE, new)
    kept = msgspec.structs.replace(new, id=number)
    assert await store.accounts.by_id(SITE, number) == kept
    assert await store.accounts.by_login(SITE, "ADA") == kept
    assert await store.accounts.by_login("other", "ada") is None
    assert await store.accounts.by_id("other", number) is None
    assert await store.accounts.all("other") == []


async def test_a_login_is_taken_whatever_its_case(store: Store) -> None:
    first = await store.accounts.add(SITE, account("ada"))
    with pytest.raises(StoreError, match="login is taken"):
        await store.accounts.add(SITE, account("Ada"))
    second = await store.accounts.add(SITE, account("bob"))
    with pytest.raises(StoreError, match="login is taken"):
        await store.accounts.change(SITE, account("ADA", id=second))
    await store.accounts.change(SITE, account("Ada", id=first, role="supervisor"))
    assert [(each.id, each.login, each.role) for each in await store.accounts.all(SITE)] == [
        (first, "Ada", "supervisor"),
        (second, "bob", "agent"),
    ]


async def test_an_account_that_is_not_there_cannot_be_changed(store: Store) -> None:
    with pytest.raises(StoreError, match="no such account"):
        await store.accounts.change(SITE, account("ghost", id=5))


def _session(token: str, who: int = 1, *, created_ms: int = 0, expires_ms: int = 100) -> Session:
    return Session(token_hash=token, account=who, csrf="c", created_ms=created_ms, expires_ms=expires_ms)


async def test_a_session_lives_until_it_ends(store: Store) -> None:
    await store.accounts.open_session(SITE, _session("t"))
    assert await store.accounts.session(SITE, "t", now_ms=99) == _session("t")
    assert await store.accounts.session(SITE, "t", now_ms=100) is None
    assert await store.accounts.session("other", "t", now_ms=5) is None


async def test_a_sessions_end_moves_on_and_one_that_was_closed_stays_closed(store: Store) -> None:
    """Another node may have closed it while a request was under way here."""
    await store.accounts.open_session(SITE, _session("t"))
    await store.accounts.slide_session("other", "t", expires_ms=300)
    assert await store.accounts.session(SITE, "t", now_ms=150) is None
    await store.accounts.slide_session(SITE, "t", expires_ms=200)
    assert await store.accounts.session(SITE, "t", now_ms=150) == _session("t", expires_ms=200)
    await store.accounts.close_session(SITE, "t")
    await store.accounts.slide_session(SITE, "t", expires_ms=300)
    assert await store.accounts.session(SITE, "t", now_ms=1) is None


async def test_sessions_are_closed_one_by_one_or_all_of_a_person(store: Store) -> None:
    for token, who in (("a", 1), ("b", 1), ("c", 1), ("d", 2)):
        await store.accounts.open_session(SITE, _session(token, who))
    await store.accounts.close_session(SITE, "a")
    assert await store.accounts.session(SITE, "a", now_ms=1) is None
    assert await store.accounts.session(SITE, "b", now_ms=1) is not None
    await store.accounts.close_sessions_of(SITE, 1)
    assert await store.accounts.session(SITE, "c", now_ms=1) is None
    assert await store.accounts.session(SITE, "d", now_ms=1) is not None


async def test_a_new_session_sweeps_those_that_are_over(store: Store) -> None:
    await store.accounts.open_session(SITE, _session("old"))
    await store.accounts.open_session(SITE, _session("new", created_ms=200, expires_ms=300))
    assert await store.accounts.session(SITE, "old", now_ms=1) is None


async def test_drafts_are_kept_by_person_and_an_empty_one_is_none(store: Store) -> None:
    await store.accounts.save_draft(SITE, 1, "R1", "hel", 1)
    await store.accounts.save_draft(SITE, 1, "R1", "hello", 2)
    await store.accounts.save_draft(SITE, 1, "R2", "other", 3)
    await store.accounts.save_draft(SITE, 2, "R1", "mine", 4)
    assert await store.accounts.drafts(SITE, 1) == {"R1": "hello", "R2": "other"}
    assert await store.accounts.drafts_of(SITE, 1) == [
        Draft(account=1, key="R1", text="hello", at=2),
        Draft(account=1, key="R2", text="other", at=3),
    ]
    await store.accounts.save_draft(SITE, 1, "R1", "", 5)
    assert await store.accounts.drafts(SITE, 1) == {"R2": "other"}
    assert await store.accounts.drafts("other", 2) == {}


async def test_the_leases_of_the_dead_are_ended_at_once_and_their_epochs_go_on_rising(store: Store) -> None:
    assert await _acquire(store, "a", now_ms=0) == 1
    await store.leases.end("other")
    assert await _acquire(store, "b", now_ms=1) == 0
    await store.leases.end(SITE)
    assert await _acquire(store, "b", now_ms=1) == 2


async def test_a_note_and_the_letters_it_covers_are_one(store: Store) -> None:
    cursor = Note(book="email", key="cursor", value="7")
    [first] = await store.letterbox.put(SITE, [letter("a")], [cursor])
    assert first.fresh
    assert await store.notebook.read(SITE, "email", "cursor") == "7"
    with pytest.raises(StoreError):
        await store.letterbox.put(SITE, [letter("b")], [Note(book="email", key="cursor", value="lone \ud800")])
    assert await store.notebook.read(SITE, "email", "cursor") == "7"
    [again] = await store.letterbox.put(SITE, [letter("b")], [Note(book="email", key="cursor", value="8")])
    assert again.fresh
    assert await store.letterbox.put(SITE, [], [Note(book="email", key="cursor", value="9")]) == []
    assert await store.notebook.read(SITE, "email", "cursor") == "9"


async def test_a_store_says_what_time_it_is(store: Store) -> None:
    first = await store.clock()
    assert first > 1_700_000_000_000
    assert await store.clock() >= first


async def test_a_value_that_is_another_by_now_is_not_replaced(store: Store) -> None:
    async def replaced(old: str, new: str) -> bool:
        return await store.notebook.replace(SITE, "book", "key", old=old, new=new)

    assert not await replaced("a", "b")
    assert not await replaced("a", "")
    assert await replaced("", "a")
    assert not await replaced("", "b")
    assert await replaced("a", "b")
    assert await store.notebook.read(SITE, "book", "key") == "b"
    assert await replaced("b", "")
    assert await store.notebook.read(SITE, "book", "key") is None
    assert await replaced("", "")
    changed = await asyncio.gather(*(replaced("", f"of {number}") for number in range(10)))
    assert changed.count(True) == 1


async def test_a_draft_that_is_another_by_now_is_not_changed(store: Store) -> None:
    async def changed(old: str, new: str) -> bool:
        return await store.accounts.change_draft(SITE, 1, "R1:_files", old=old, new=new, at=5)

    assert await changed("", "a")
    assert not await changed("", "b")
    assert not await changed("b", "c")
    assert await changed("a", "c")
    assert await store.accounts.drafts(SITE, 1) == {"R1:_files": "c"}
    assert not await changed("a", "")
    assert await changed("c", "")
    assert await store.accounts.drafts(SITE, 1) == {}
    assert await changed("", "")
