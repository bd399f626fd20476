"""Small parts by themselves: buckets, passwords, the ring, frames, explanations."""

from __future__ import annotations

import asyncio
import json

import msgspec
import pytest

from dashboard.frames import FRAME_BYTES_MAX, Banner, DeskFrame, desk_frames, desk_parts, encode, slices
from dashboard.passwords import (
    NOBODY,
    PASSWORD_CHARS_MAX,
    WAITING_MAX,
    Passwords,
    TooManyChecks,
    hash_password,
    verify_password,
)
from dashboard.ring import Change, Ended, Ring
from dashboard.shapes import Item
from dashboard.stories import FRAME_TEXT_CHARS_MAX, cut
from dashboard.words import WORDS_CHARS_MAX, shortened
from router.intake.rates import Buckets


def test_a_bucket_refills_with_time_and_never_over_its_size() -> None:
    buckets = Buckets(2, 1_000)
    assert [buckets.take("a", 0) for _ in range(3)] == [True, True, False]
    assert buckets.wait_ms("a", 0) == 501
    assert buckets.take("a", 501)
    assert not buckets.take("a", 502)
    assert [buckets.take("a", 10**9) for _ in range(3)] == [True, True, False]


def test_buckets_hold_a_bounded_number_of_keys() -> None:
    buckets = Buckets(1, 1_000, keys_max=3)
    assert all(buckets.take(key, 0) for key in range(10))
    assert len(buckets) == 3
    assert not buckets.take(9, 0)
    assert buckets.take(0, 0)


def test_a_clock_that_stands_still_gives_nothing_back() -> None:
    buckets = Buckets(1, 1_000)
    assert buckets.take("a", 5_000)
    assert not buckets.take("a", 4_000)
    buckets.give_back("a", 4_000)
    assert buckets.take("a", 4_000)


def test_nothing_is_given_back_that_was_not_taken() -> None:
    buckets = Buckets(1, 1_000)
    buckets.give_back("a", 0)
    assert [buckets.take("a", 0), buckets.take("a", 0)] == [True, False]


@pytest.mark.parametrize("password", ["", "short", "x" * (PASSWORD_CHARS_MAX + 1)])
def test_a_password_that_cannot_be_kept_is_refused_with_a_sentence(password: str) -> None:
    with pytest.raises(ValueError, match="8 to 256 characters"):
        hash_password(password)


def test_a_password_is_known_again_and_no_other() -> None:
    stored = hash_password("correct horse")
    assert verify_password(stored, "correct horse")
    assert not verify_password(stored, "correct horse ")
    assert hash_password("correct horse") != stored


@pytest.mark.parametrize("stored", ["", NOBODY, "damaged", "$argon2id$v=19$m=1,t=1,p=1$"])
@pytest.mark.parametrize("password", ["", "patchbay", "nobody"])
def test_a_hash_that_is_none_is_nobodys(stored: str, password: str) -> None:
    assert not verify_password(stored, password)


async def test_a_storm_of_sign_ins_is_bounded() -> None:
    passwords = Passwords()
    checks = [asyncio.ensure_future(passwords.verify("", "x")) for _ in range(WAITING_MAX + 3)]
    found = await asyncio.gather(*checks, return_exceptions=True)
    assert sum(isinstance(each, TooManyChecks) for each in found) == 3
    assert await passwords.verify("", "x") is False
    passwords.close()


def changed(first: int, last: int, agent: int = 1, conv: int = 1, **more: bool) -> Change:
    change = Change(first, last, queues={f"q{last}"}, **more)
    change.share(agent).convs.add(conv)
    return change


def test_the_ring_tells_what_changed_since_and_for_whom() -> None:
    ring = Ring(10)
    ring.add(changed(11, 12, agent=1, conv=5))
    ring.add(changed(13, 13, agent=2, conv=6))
    ring.add(changed(14, 16, agent=1, conv=7))
    since = ring.since(12, 1)
    assert since is not None
    assert since.convs == {7}
    everything = ring.since(10, 1)
    assert everything is not None
    assert everything.convs == {5, 7}
    nothing = ring.since(16, 1)
    assert nothing is not None
    assert nothing.convs == set()


@pytest.mark.parametrize("position", [0, 9, 17, 10**9])
def test_the_ring_knows_what_it_does_not_know(position: int) -> None:
    ring = Ring(10)
    ring.add(changed(11, 16))
    assert ring.since(position, 1) is None


def test_the_ring_forgets_what_is_too_far_back() -> None:
    ring = Ring(0, positions_max=10)
    for position in range(1, 31):
        ring.add(changed(position, position, conv=position))
    assert ring.since(19, 1) is None
    kept = ring.since(20, 1)
    assert kept is not None
    assert kept.convs == set(range(21, 31))


def test_after_a_change_for_everyone_nobody_resumes() -> None:
    ring = Ring(0)
    ring.add(changed(1, 1))
    ring.add(changed(2, 2, everyone=True))
    ring.add(changed(3, 3))
    assert ring.since(1, 1) is None
    assert ring.since(2, 1) is not None


def test_ended_offers_keep_their_order_over_several_commits() -> None:
    ring = Ring(0)
    for position in (1, 2, 3):
        change = changed(position, position)
        change.share(1).ended.append(Ended(position, 1, "lapsed"))
        ring.add(change)
    since = ring.since(0, 1)
    assert since is not None
    assert [each.offer for each in since.ended] == [1, 2, 3]


def test_only_what_changed_is_in_a_frame() -> None:
    assert json.loads(encode(DeskFrame(seq=7, me=None))) == {"type": "desk", "seq": 7, "me": None}
    assert json.loads(encode(Banner(seq=7, kind="settings"))) == {"type": "banner", "seq": 7, "kind": "settings"}


def test_lists_that_are_too_long_become_several_frames() -> None:
    items = [Item(seq=number, at=0, kind="in", text="ค" * 5_000) for number in range(20)]
    parts = list(slices(items))
    assert [each.seq for part in parts for each in part] == list(range(20))  # type: ignore[attr-defined]
    assert all(len(msgspec.json.encode(part)) < FRAME_BYTES_MAX for part in parts)
    frames = desk_frames(desk_parts(work=items), before=1, seq=9)
    assert all(len(frame.encode()) <= FRAME_BYTES_MAX for frame in frames)
    assert sum(len(json.loads(frame)["work"]) for frame in frames) == 20
    assert desk_parts(work=[]) == []


def test_only_the_last_frame_of_a_telling_moves_a_desk_on() -> None:
    items = [Item(seq=number, at=0, kind="in", text="a" * 30_000) for number in range(4)]
    frames = desk_frames(desk_parts(work=items), before=5, seq=9)
    assert [json.loads(frame)["seq"] for frame in frames] == [5, 5, 5, 9]


def test_a_text_that_fits_is_not_cut() -> None:
    item = Item(seq=1, at=1, kind="in", text="a" * FRAME_TEXT_CHARS_MAX)
    assert cut(item) is item
    longer = Item(seq=1, at=1, kind="in", text="a", html="b" * FRAME_TEXT_CHARS_MAX)
    assert (cut(longer).text, cut(longer).html, cut(longer).cut) == ("a", "", True)


def test_last_words_are_one_bounded_line() -> None:
    assert shortened("  a\n\n b\t c ") == "a b c"
    assert len(shortened("word " * 1_000_000)) == WORDS_CHARS_MAX
