"""Outside parties over HTTP: whom, by which way, what is written to them, and who may not; and a softphone's key."""

from __future__ import annotations

from typing import Any

import pytest

from router.core import commands as cmd
from router.core.bundle import ChannelSpec, Contact
from router.core.facts import Facts
from router.store.port import Body, Caller, NewLetter
from tests.dashboard.office import NOW_MS, SITE, Desk, Office, bundle

LIVE = {"chat": ChannelSpec(load=25, live=True, connects=True), "email": ChannelSpec(load=10, live=False)}
CONTACTS = {
    "acme": Contact(name="acme", label={"en": "Acme"}, phone="+420222333444", email="a@acme.test", mail_by="email"),
    "thai": Contact(name="thai", email="t@thai.test", mail_by="email", languages=("th", "en"), story="messages"),
    "shut": Contact(name="shut", phone="+420222333445", hours="never"),
    "bills": Contact(name="bills", phone="+420222333446", queues=("billing",)),
    "mute": Contact(name="mute", email="m@mute.test", mail_by="email", story="none", then="leaves"),
}


async def talking(office: Office, channel: str = "chat", login: str = "ann") -> tuple[Desk, int, str]:
    """A customer has written twice, and an agent has the conversation."""
    await office.configure(bundle(contacts=CONTACTS, channels=LIVE))
    ann = await office.desk(login, shift=True)
    conv = await office.arrives("My pump is broken", channel=channel, key="k1", subject="Pump")
    await office.arrives("It leaks", channel=channel, key="k1")
    ref = office.ref(conv)
    accepted = await ann.post(f"/conversations/{ref}/accept", {"offer": office.offer(conv)})
    assert accepted.status == 200, accepted.text
    return ann, conv, ref


async def forwarded(office: Office, conv: int) -> Body:
    """The mail that was written to a contact."""
    story = await office.store.archive.story(SITE, conv, before=1 << 60, limit=100)
    (asked,) = [each for each in story if each.row.kind == "OutsideAsked"]
    assert asked.message is not None
    return asked.message.body


async def answers(office: Office, conv: int, text: str) -> None:
    """The contact answers on their line, as the mail channel would bring it."""
    line = office.floor.state.convs[conv].outside_lines[-1]
    body = Body(direction="in", author="customer", text=text, created_ms=office.clock.at)
    letter = NewLetter(channel="email", dedupe=text, received_ms=office.clock.at, signal=b"x", body=body)
    (kept,) = await office.store.letterbox.put(SITE, [letter])
    await office.made(
        cmd.Receive(
            id=f"L{kept.id}",
            message=kept.message,
            line=line,
            customer=99,
            channel="email",
            facts=Facts(channel="email"),
            arrived_ms=office.clock.at,
            seen=office.floor.position,
        )
    )


async def test_the_book_shows_who_can_be_asked_by_which_way_and_no_address(office: Office) -> None:
    ann, _, ref = await talking(office)
    answer = await ann.get(f"/conversations/{ref}/contacts")
    shown = {each["name"]: each for each in answer.body["contacts"]}
    assert list(shown) == ["thai", "acme", "mute", "shut"], "who speaks the language first; of other queues nobody"
    assert shown["acme"]["ways"] == {"consult": "call", "transfer": "call"}
    assert shown["mute"]["ways"] == {"consult": "mail", "transfer": ""}, "a call is not given to somebody by mail"
    assert (shown["shut"]["open"], shown["acme"]["open"]) == (False, True)
    assert answer.body["party"] is None
    assert "+420" not in answer.text
    assert "@" not in answer.text


async def test_a_contact_is_called_shown_and_let_go(office: Office) -> None:
    ann, conv, ref = await talking(office)
    asked = {"contact": "acme", "role": "consult", "command_id": "c1"}
    first = await ann.post(f"/conversations/{ref}/outside", asked)
    assert (await ann.post(f"/conversations/{ref}/outside", asked)).body == first.body
    party = (await ann.get(f"/conversations/{ref}/contacts")).body["party"]
    assert party == {"contact": "acme", "joined": False, "handed": False, "until_ms": NOW_MS + 40_000}
    assert (await ann.post(f"/conversations/{ref}/outside/complete", {})).code == "no_outside"
    assert (await ann.post(f"/conversations/{ref}/outside/let-go", {})).status == 200
    assert office.floor.state.convs[conv].outside is None
    assert (await ann.post(f"/conversations/{ref}/outside/let-go", {})).code == "no_outside"


async def test_handing_over_keeps_a_note_and_frees_the_agent(office: Office) -> None:
    ann, conv, ref = await talking(office)
    await ann.post(f"/conversations/{ref}/outside", {"contact": "acme"})
    line = office.floor.state.convs[conv].line
    await office.made(cmd.ReportParty(id="j", line=line, party="outside:acme", joined=True))
    done = await ann.post(f"/conversations/{ref}/outside/complete", {"note": "They know the pump."})
    assert done.status == 200
    assert office.floor.state.convs[conv].owner == 0
    story = await office.store.archive.story(SITE, conv, before=1 << 60, limit=100)
    notes = [each.message.body.text for each in story if each.row.kind == "HandedOut" and each.message]
    assert notes == ["They know the pump."]


@pytest.mark.parametrize(
    ("contact", "holds", "lacks"),
    [
        ("acme", ["Please look at this.", "> It leaks"], ["My pump is broken", "secret"]),
        ("thai", ["> My pump is broken", "> It leaks"], ["secret"]),
        ("mute", ["Please look at this."], ["pump is", "It leaks", "secret"]),
    ],
)
async def test_a_mail_holds_what_the_contacts_rule_lets_go_and_never_a_note(
    office: Office, contact: str, holds: list[str], lacks: list[str]
) -> None:
    ann, conv, ref = await talking(office, "email")
    await ann.post(f"/conversations/{ref}/note", {"text": "secret", "client_id": "n1"})
    sent = await ann.post(f"/conversations/{ref}/outside", {"contact": contact, "text": "Please look at this."})
    assert sent.status == 200, sent.text
    body = await forwarded(office, conv)
    assert (body.direction, body.subject) == ("out", "" if contact == "mute" else body.subject)
    assert [part for part in holds if part not in body.text] == []
    assert [part for part in lacks if part in body.text] == []


async def test_an_answer_comes_into_the_story_under_the_contacts_name_and_wakes_the_agent(office: Office) -> None:
    ann, conv, ref = await talking(office, "email")
    await ann.post(f"/conversations/{ref}/outside", {"contact": "acme", "text": "Please look."})
    await ann.post(f"/conversations/{ref}/reply", {"text": "We have asked.", "client_id": "r1"})
    await answers(office, conv, "A new seal, ten euro.")
    items = (await ann.get(f"/conversations/{ref}/story")).body["items"]
    (said,) = [item for item in items if item.get("detail") == "outside"]
    assert (said["kind"], said["author"], said["text"]) == ("in", "acme", "A new seal, ten euro.")
    (written,) = [item for item in items if item["kind"] == "asked_out"]
    assert (written["status"], written["text"][:12]) == ("queued", "Please look.")
    assert (await ann.get(f"/conversations/{ref}")).body["actor"] == "agent"
    again = await ann.post(f"/conversations/{ref}/outside", {"contact": "acme", "text": "And when?"})
    assert again.status == 200
    assert len(office.floor.state.convs[conv].outside_lines) == 1, "one line to a contact of a conversation"


async def test_a_repeat_writes_one_mail(office: Office) -> None:
    ann, conv, ref = await talking(office, "email")
    asked = {"contact": "acme", "role": "transfer", "text": "Yours.", "command_id": "t1"}
    assert [(await ann.post(f"/conversations/{ref}/outside", asked)).status for _ in range(2)] == [200, 200]
    assert conv not in office.floor.state.convs
    assert (await forwarded(office, conv)).text.startswith("Yours.")
    row = await office.store.archive.conversation(SITE, conv)
    assert row is not None
    assert (row.state, row.due_ms) == ("parked", NOW_MS + 4 * 3_600_000)


async def test_a_line_of_a_contact_belongs_to_no_customer(office: Office) -> None:
    ann, conv, ref = await talking(office, "email")
    await ann.post(f"/conversations/{ref}/outside", {"contact": "acme"})
    shown = (await ann.get(f"/conversations/{ref}")).body
    assert [line["channel"] for line in shown["lines"]] == ["email"]
    line = office.floor.state.convs[conv].outside_lines[0]
    reply = {"text": "To you?", "client_id": "r1", "line": line}
    assert (await ann.post(f"/conversations/{ref}/reply", reply)).code == "line_unknown"


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"contact": "nobody"}, "contact_unknown"),
        ({"contact": "shut"}, "contact_closed"),
        ({"contact": "bills"}, "contact_not_allowed"),
        ({"contact": "mute", "role": "transfer"}, "contact_no_way"),
        ({"contact": "acme", "role": "listen"}, "bad_request"),
        ({"contact": "acme", "fax": 1}, "bad_request"),
    ],
)
async def test_what_cannot_be_is_refused_by_name_and_nothing_is_written(
    office: Office, asked: dict[str, Any], code: str
) -> None:
    ann, conv, ref = await talking(office)
    assert (await ann.post(f"/conversations/{ref}/outside", asked)).code == code
    story = await office.store.archive.story(SITE, conv, before=1 << 60, limit=100)
    assert not [each for each in story if each.row.kind == "OutsideAsked"]


async def test_only_the_owner_asks_and_who_may_not_see_it_learns_nothing(office: Office) -> None:
    _, _, ref = await talking(office)
    bob = await office.desk("bob", shift=True)
    answer = await bob.post(f"/conversations/{ref}/outside", {"contact": "acme"})
    assert answer.code in {"not_yours", "not_visible"}
    assert (await bob.get("/conversations/ZZZZ-ZZZZ/contacts")).status == 404
    stranger = office.visitor()
    assert (await stranger.get(f"/conversations/{ref}/contacts")).status == 401


async def test_files_go_with_a_mail_if_the_line_takes_them(office: Office) -> None:
    ann, _, ref = await talking(office, "email")
    asked = {"contact": "acme", "files": ["abc"]}
    assert (await ann.post(f"/conversations/{ref}/outside", asked)).code == "file_unknown"


async def test_a_softphones_key_is_served_to_the_agent_it_names_and_to_nobody_else(office: Office) -> None:
    bea = await office.desk("bea")
    assert bea.account is not None
    said = (await bea.post("/softphone", {})).body
    identity = f"agent_{bea.account.id}"
    assert said == {
        "channel": "phone",
        "identity": identity,
        "token": "t",
        "until_ms": 9,
        "sdk": "/channels/phone/s.js",
    }
    assert (await office.visitor().post("/softphone", {})).status in {401, 403}
    await office.stop_serving()
    await office.serve(softphone=lambda _: None)
    ann = await office.desk("ann")
    assert (await ann.post("/softphone", {})).code == "no_softphone"


async def test_a_customer_and_a_contact_with_one_address_are_two(office: Office) -> None:
    """A partner who is also a customer keeps both: the line to the partner knows nobody's identities."""
    ann, conv, ref = await talking(office, "email")
    caller = Caller(channel="email", key="kx", peer="a@acme.test", name="Acme as a customer")
    (met,) = await office.store.archive.meet(SITE, [caller], office.clock.at)
    await ann.post(f"/conversations/{ref}/outside", {"contact": "acme"})
    line = office.floor.state.convs[conv].outside_lines[0]
    row = await office.store.archive.line(SITE, line)
    assert row is not None
    assert row.customer not in {met.customer, office.floor.state.convs[conv].customer}
