"""What speaks for two customers being one person: each piece of evidence by its name, and how much together."""

from __future__ import annotations

import pytest

from router.care.likeness import SCORE_MAX, SUGGEST_SCORE_MIN, WEIGHTS, likeness
from router.store.port import CustomerRow, Identity


def who(name: str = "", *identities: Identity, language: str = "", **attributes: str) -> CustomerRow:
    return CustomerRow(
        id=1,
        name=name,
        language=language,
        segment="",
        created_ms=1,
        identities=identities,
        attributes=attributes,
    )


def email(value: str, proof: str = "") -> Identity:
    return Identity(kind="email", value=value, verified=proof)


def phone(value: str, proof: str = "") -> Identity:
    return Identity(kind="phone", value=value, verified=proof)


PAIRS = {
    "the address somebody proved was typed": (who("", email("a@x", "dkim")), who("", email("A@x")), ("email_proved",)),
    "both typed one address": (who("", email("a@x")), who("", email("a@x")), ("email_typed",)),
    "a number that one proved": (
        who("", phone("+66812345678", "carrier")),
        who("", phone("0066812345678")),
        ("phone_proved",),
    ),
    "a number without its country": (
        who("", phone("+66812345678", "carrier")),
        who("", phone("081 234 5678")),
        ("phone_national",),
    ),
    "another country's number with the same end": (
        who("", phone("+66812345678")),
        who("", phone("+4812345678")),
        ("phone_end",),
    ),
    "the same account of an app": (
        who("", Identity(kind="app", value="u1", verified="app")),
        who("", Identity(kind="app", value="u1")),
        ("account_proved",),
    ),
    "namesakes": (who("Marta Kowalska"), who("kowalska MARTA"), ("name",)),
    "namesakes of one language": (
        who("Marta Kowalska", language="pl"),
        who("Marta Kowalska", language="pl"),
        ("name", "language"),
    ),
    "namesakes who say the same of themselves": (
        who("Marta Kowalska", contract="A-1009"),
        who("Marta Kowalska", contract="A-1009"),
        ("name", "attribute"),
    ),
    "one mailbox at two providers": (who("", email("marta.k@x")), who("", email("marta.k@y")), ("mailbox",)),
    "strangers": (who("Marta", email("a@x"), language="pl"), who("Ben", email("b@x"), language="pl"), ()),
    "who is cared for by one team": (
        who("", team="gold", named_agent="1234"),
        who("", team="gold", named_agent="1234"),
        (),
    ),
}


@pytest.mark.parametrize(("one", "other", "evidence"), PAIRS.values(), ids=PAIRS.keys())
def test_what_speaks_for_two_being_one_has_names(
    one: CustomerRow, other: CustomerRow, evidence: tuple[str, ...]
) -> None:
    found = likeness(one, other)
    assert found.evidence == evidence
    assert found == likeness(other, one)
    assert found.score == sum(WEIGHTS[code] for code in evidence)


@pytest.mark.parametrize(
    ("pair", "suggested"),
    [
        ("namesakes", False),
        ("namesakes of one language", False),
        ("namesakes who say the same of themselves", True),
        ("another country's number with the same end", False),
        ("a number without its country", True),
        ("both typed one address", True),
        ("one mailbox at two providers", False),
    ],
)
def test_a_name_alone_suggests_nobody_and_a_shared_address_does(pair: str, suggested: bool) -> None:
    one, other, _ = PAIRS[pair]
    assert (likeness(one, other).score >= SUGGEST_SCORE_MIN) is suggested


def test_everything_together_is_no_more_than_certain() -> None:
    rows = [
        who("Marta K", email("marta.k@x", proof), phone("+66812345678"), language="pl", contract="A-1009")
        for proof in ("dkim", "")
    ]
    assert likeness(*rows).score == SCORE_MAX
