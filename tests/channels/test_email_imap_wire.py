"""IMAP's own language: what is read, what is quoted, and what is none of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email.imap_wire import (
    Unreadable,
    folder_name,
    literal_bytes,
    numbers,
    pairs,
    quoted,
    read_answer,
    uid_set,
)


def test_a_fetch_is_read_with_its_literal_wherever_it_stands() -> None:
    answer = read_answer([b"* 12 FETCH (UID 5 BODY[] {5}", b"a)\r\n(", b' RFC822.SIZE 5 FLAGS (\\Seen "x y") X NIL)'])
    said = pairs(answer.values)
    assert (answer.kind, answer.number) == ("FETCH", 12)
    assert said == {"UID": b"5", "BODY[]": b"a)\r\n(", "RFC822.SIZE": b"5", "FLAGS": (b"\\Seen", b"x y"), "X": None}


def test_states_have_a_code_and_lists_their_numbers() -> None:
    told = read_answer([b"* OK [UIDVALIDITY 3857529045] UIDs (are valid"])
    assert (told.kind, told.code, told.code_text) == ("OK", "UIDVALIDITY", "3857529045")
    assert read_answer(["P1 NO gar nichts geht, schöne Grüße".encode("latin-1")]).kind == "NO"
    assert numbers(read_answer([b"* SEARCH 2 84 882"]).values) == [2, 84, 882]
    assert read_answer([b"+ idling"]).tag == "+"
    assert read_answer([b"* 3 EXISTS"]).kind == "EXISTS"


@pytest.mark.parametrize(
    "line", [b"* 1 FETCH (UID 1", b"* 1 FETCH UID 1)", b"* LIST " + b"(" * 50, b"", b"\xff\xfe", b"* X ]"]
)
def test_what_is_no_imap_is_unreadable(line: bytes) -> None:
    with pytest.raises(Unreadable):
        pairs(read_answer([line]).values)


@given(st.lists(st.binary(max_size=60).filter(lambda each: b"\n" not in each), min_size=1, max_size=5))
def test_no_line_breaks_the_reader(pieces: list[bytes]) -> None:
    if len(pieces) % 2 == 0:
        pieces.pop()
    try:
        answer = read_answer(pieces)
        pairs(answer.values)
    except Unreadable:
        return
    assert answer.tag


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60))
def test_what_is_quoted_is_read_back(text: str) -> None:
    assert read_answer([b"* X " + quoted(text)]).values == (text.encode(),)


def test_folders_have_names_of_their_own_letters() -> None:
    assert folder_name("Entwürfe & 台北") == "Entw&APw-rfe &- &U,BTFw-"
    assert folder_name("INBOX/Done") == "INBOX/Done"


def test_uids_stand_in_runs() -> None:
    assert uid_set([9, 4, 5, 6, 11, 12]) == b"4:6,9,11:12"
    assert literal_bytes(b"* 1 FETCH (BODY[] {12}") == 12
    assert literal_bytes(b"* 1 FETCH (BODY[] {12+}") == 12
    assert literal_bytes(b"* OK {x}") is None
