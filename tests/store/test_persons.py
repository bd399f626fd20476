"""Rows of one person shown as one, and the forms in which names and addresses are compared."""

from __future__ import annotations

import pytest

from router.store.hints import folded_name, hints_of, hints_of_identity
from router.store.persons import as_one, attributes_of, changed_attributes
from router.store.port import CustomerRow, Identity


def row(number: int, name: str = "", **fields: object) -> CustomerRow:
    known: dict[str, object] = {"language": "", "segment": "", "created_ms": number * 100, **fields}
    return CustomerRow(id=number, name=name, **known)  # type: ignore[arg-type]


def test_a_person_is_shown_under_the_number_that_was_asked_for_with_what_the_oldest_row_says() -> None:
    person = as_one(5, [row(5, "Marta", language="pl"), row(2, language="th", segment="vip")])
    assert (person.id, person.person, person.name) == (5, 2, "Marta")
    assert (person.language, person.segment, person.created_ms) == ("th", "vip", 200)


def test_an_identity_of_two_rows_is_shown_once_and_keeps_its_proof() -> None:
    typed, proved = Identity(kind="email", value="a@b.c"), Identity(kind="email", value="a@b.c", verified="dkim")
    person = as_one(1, [row(1, identities=[typed]), row(2, identities=[proved])])
    assert person.identities == [proved]


def test_an_empty_attribute_of_the_oldest_row_hides_those_of_others() -> None:
    assert attributes_of([{"team": "", "tier": "1"}, {"team": "gold", "tier": "2"}]) == {"tier": "1"}
    assert changed_attributes({"team": None, "tier": None}, [{"team": "gold"}]) == {"team": "", "tier": None}


@pytest.mark.parametrize("typed", ["+66 81 234 5678", "0066812345678", "6681-234-5678", "＋66812345678"])
def test_a_number_is_one_number_however_it_is_typed(typed: str) -> None:
    assert hints_of_identity("phone", typed) == [("phone", "66812345678"), ("phone_end", "12345678")]


def test_a_number_without_its_country_shares_the_end() -> None:
    here, there = hints_of_identity("phone", "081-234-5678"), hints_of_identity("phone", "+66812345678")
    assert set(here) & set(there) == {("phone_end", "12345678")}
    assert hints_of_identity("phone", "anonymous") == []


@pytest.mark.parametrize("name", ["Marta Kowalska", "KOWALSKA, marta", " marta  kowalska "])
def test_a_name_is_compared_without_case_and_order(name: str) -> None:
    assert folded_name(name) == "kowalska marta"


def test_who_is_hardly_named_gives_no_hint_and_an_address_has_no_case() -> None:
    assert hints_of("Al", [Identity(kind="email", value=" A@B.c ")]) == [("email", "a@b.c")]
    assert hints_of("", [Identity(kind="openid", value="oX"), Identity(kind="email", value="nobody")]) == [
        ("openid", "oX")
    ]
