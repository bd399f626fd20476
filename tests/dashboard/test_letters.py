"""Letters with a subject and copies, notes that take the place of the last one, drafts with when they were kept."""

from __future__ import annotations

from typing import Any

from dashboard.handing.extras import NOTE_CHANGE_MS_MAX
from dashboard.surroundings import Sendable
from router.outbox.outgoing import COPIES
from tests.dashboard.office import NOW_MS, SITE, Desk, Office


async def handled(office: Office, *, channel: str = "email", key: str = "k1") -> tuple[Desk, str]:
    """Somebody with one conversation in hand."""
    desk = await office.desk(f"ana-{key}", shift=True)
    conv = await office.arrives("hello", channel=channel, key=key)
    assert (await desk.accept(conv)).status == 200
    return desk, office.ref(conv)


async def items(desk: Desk, ref: str, kind: str) -> list[dict[str, Any]]:
    story = (await desk.get(f"/conversations/{ref}/story")).body["items"]
    return [each for each in story if each["kind"] == kind]


async def letters(office: Office) -> None:
    """Let mail carry letters, as the real channel says of itself."""
    await office.stop_serving()
    await office.serve(sendable=lambda channel: Sendable(letters=channel == "email"))


async def test_a_letter_has_a_subject_of_its_own_and_goes_to_others_in_copy(office: Office) -> None:
    await letters(office)
    desk, ref = await handled(office)
    (line,) = (await desk.get(f"/conversations/{ref}")).body["lines"]
    assert line["letters"] is True
    said = {
        "text": "Here it is.",
        "client_id": "c1",
        "subject": " Your\n invoice ",
        "cc": ["bo@example.org", "bo@example.org"],
    }
    made = await desk.post(f"/conversations/{ref}/reply", said)
    assert made.status == 200, made.text
    (out,) = await items(desk, ref, "out")
    assert (out["subject"], out["cc"]) == ("Your invoice", ["bo@example.org"])
    kept = await office.store.archive.message(SITE, made.body["message"])
    assert kept is not None
    assert (kept.body.subject, kept.body.extra[COPIES]) == ("Your invoice", "bo@example.org")
    assert (await desk.post(f"/conversations/{ref}/reply", said)).body["message"] == made.body["message"]


async def test_what_is_no_address_gets_no_copy(office: Office) -> None:
    await letters(office)
    desk, ref = await handled(office)
    for cc in (["no address"], ["a@b\r\nBcc: c@d"], ["a@b,c@d"], ["a@b"] * 11, ["a@" + "b" * 300], ["a\x00@b"]):
        answer = await desk.post(f"/conversations/{ref}/reply", {"text": "x", "client_id": "c1", "cc": cc})
        assert (answer.status, answer.body["error"]["field"]) == (400, "cc"), cc
    assert await items(desk, ref, "out") == []


async def test_a_chat_has_neither_subject_nor_copies(office: Office) -> None:
    await letters(office)
    desk, ref = await handled(office, channel="chat")
    for more in ({"subject": "Hello"}, {"cc": ["a@example.org"]}):
        answer = await desk.post(f"/conversations/{ref}/reply", {"text": "x", "client_id": "c1", **more})
        assert (answer.status, answer.code) == (400, "no_letters")
    assert await items(desk, ref, "out") == []


async def test_nothing_is_written_where_nothing_can_be_sent(office: Office) -> None:
    await office.stop_serving()
    await office.serve(sendable=lambda channel: Sendable(unwritable=channel == "chat"))
    desk, ref = await handled(office, channel="chat")
    answer = await desk.post(f"/conversations/{ref}/reply", {"text": "hello?", "client_id": "c1"})
    assert (answer.status, answer.code) == (400, "no_words")
    assert await items(desk, ref, "out") == []
    assert (await desk.post(f"/conversations/{ref}/note", {"text": "called back", "client_id": "c2"})).status == 200


async def test_my_last_note_is_changed_by_one_that_takes_its_place(office: Office) -> None:
    desk, ref = await handled(office)
    path = f"/conversations/{ref}/note"
    first = (await desk.post(path, {"text": "She is angry", "client_id": "n1"})).body["message"]
    change = {"text": "She was angry", "client_id": "n2", "replaces": first}
    second = (await desk.post(path, change)).body["message"]
    assert [(each["text"], each.get("replaces", 0)) for each in await items(desk, ref, "note")] == [
        ("She is angry", 0),
        ("She was angry", first),
    ]
    assert (await desk.post(path, change)).body["message"] == second, "a repeat is the same note"
    assert len(await items(desk, ref, "note")) == 2
    settled = await desk.post(path, {"text": "again", "client_id": "n3", "replaces": first})
    assert (settled.status, settled.code) == (409, "note_settled")
    assert (await desk.post(path, {"text": "again", "client_id": "n4", "replaces": second})).status == 200


async def test_no_note_of_somebody_elses_nor_an_old_one_is_changed(office: Office) -> None:
    desk, ref = await handled(office)
    sue = await office.desk("sue", role="supervisor")
    path = f"/conversations/{ref}/note"
    mine = (await desk.post(path, {"text": "mine", "client_id": "n1"})).body["message"]
    theirs = await sue.post(path, {"text": "not yours", "client_id": "n2", "replaces": mine})
    assert (theirs.status, theirs.code) == (409, "note_settled")
    office.clock.at += NOTE_CHANGE_MS_MAX + 1
    late = await desk.post(path, {"text": "late", "client_id": "n3", "replaces": mine})
    assert (late.status, late.code) == (409, "note_settled")
    assert [each["text"] for each in await items(desk, ref, "note")] == ["mine"]


async def test_a_draft_says_when_it_was_kept(office: Office) -> None:
    desk, ref = await handled(office)
    assert (await desk.call("PUT", f"/drafts/{ref}:reply", {"text": "half"})).status == 204
    assert (await desk.get("/drafts/dated")).body == {f"{ref}:reply": {"text": "half", "at": NOW_MS}}
