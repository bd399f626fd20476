"""The contact book is read as it is written, and what cannot be is said with its place and what to write instead."""

from __future__ import annotations

import pytest

from channels.contract import Capabilities, Settings
from router.core.bundle import HOUR_MS, Contact, decode_bundle, encode_bundle
from router.settings.loading import Loaded, load_files
from router.settings.problems import SettingsError
from tests.settings.conftest import NOW_MS, SCHEMAS, files_with

ABLE = {
    **SCHEMAS,
    "letter": (SCHEMAS["letter"][0], Capabilities(delivery="call", live=False, load=10, writes_to="email")),
    "talk": (Settings, Capabilities(delivery="call", live=True, load=30, effects=("Connect",))),
}
BOTH = """contacts:
  acme:
    label: {en: Acme repairs}
    phone: "+420222333444"
    email: Help@Acme.example
    languages: [en]
    queues: [general]
    due: 2h
    refused: queue
    story: messages
  taxi: {phone: "+420222333445", then: leaves, confirm: false}
"""


def loaded(contacts: str, schemas: dict[str, tuple[type, Capabilities]] = ABLE) -> Loaded:
    return load_files(files_with(contacts, "contacts.yaml"), schemas, now_ms=NOW_MS)


def said(contacts: str, schemas: dict[str, tuple[type, Capabilities]] = ABLE) -> str:
    with pytest.raises(SettingsError) as fault:
        loaded(contacts, schemas)
    (problem,) = fault.value.problems
    assert (problem.file, problem.line > 0) == ("contacts.yaml", True)
    return str(problem)


def test_the_book_reaches_the_bundle_and_comes_back_from_its_bytes() -> None:
    bundle = loaded(BOTH).bundle
    assert bundle.contacts["acme"] == Contact(
        name="acme",
        label={"en": "Acme repairs"},
        phone="+420222333444",
        email="help@acme.example",
        mail_by="letter",
        languages=("en",),
        queues=("general",),
        due_ms=2 * HOUR_MS,
        refused="queue",
        story="messages",
    )
    taxi = bundle.contacts["taxi"]
    assert (taxi.then, taxi.mail_by, taxi.confirm, taxi.refused) == ("leaves", "", False, "sender")
    assert decode_bundle(encode_bundle(bundle)) == bundle


def test_routing_knows_whose_lines_connect_others_and_a_site_without_contacts_has_none() -> None:
    bundle = loaded("").bundle
    assert {name: spec.connects for name, spec in bundle.channels.items()} == {"letter": False, "talk": True}
    assert bundle.contacts == {}


@pytest.mark.parametrize(
    ("contact", "words"),
    [
        ("{phone: '0222'}", "is no telephone number; write it in quotes, with its country"),
        ("{email: acme}", "is no mail address; write it like name@example.org"),
        ("{email: 'hélp@acme.example'}", "is no mail address"),
        ("{label: {en: Acme}}", "nobody can reach this contact"),
        ("{phone: '+420222333444', queues: [nowhere]}", "no queue named 'nowhere'"),
        ("{phone: '+420222333444', hours: lunch}", "no calendar named 'lunch'"),
        ("{phone: '+420222333444', languages: [xx]}", "no language named 'xx'"),
        ("{phone: '+420222333444', then: lives}", "leaves"),
        ("{phone: '+420222333444', then: leaves, due: 2h}", "what leaves us is never due"),
        ("{phone: '+420222333444', due: 1s}", "1m"),
        ("{phone: '+420222333444', notice: nothing}", "no text named 'nothing'"),
        ("{phone: '+420222333444', fax: 1}", "no key 'fax' here"),
    ],
)
def test_what_cannot_be_is_said_with_what_to_write_instead(contact: str, words: str) -> None:
    assert words in said(f"contacts:\n  acme: {contact}\n")


def test_an_address_without_a_channel_that_writes_mail_is_refused() -> None:
    assert "no enabled channel writes mail" in said("contacts:\n  acme: {email: help@acme.example}\n", SCHEMAS)
