"""What is asked twice happens once: a repeated message or command gets the first answer."""

from __future__ import annotations

from typing import Any

import pytest

from router.core import commands as cmd
from router.floor.inbox import FloorDown
from tests.dashboard.office import Office
from tests.dashboard.witness import Witness, active, messages, person

HOUR_MS = 3_600_000


async def test_a_repeated_client_id_writes_no_second_message(office: Office, witness: Witness) -> None:
    ana = await person(office, witness, "ana")
    await ana.begin()
    ref = await active(office, ana)
    body = {"text": "once", "client_id": "c1"}
    first = await ana.post(f"/conversations/{ref}/reply", body)
    before = await messages(office)
    again = await ana.post(f"/conversations/{ref}/reply", body)
    assert (again.status, again.body["message"]) == (200, first.body["message"])
    assert await messages(office) == before + 1
    items = (await ana.get(f"/conversations/{ref}/story")).body["items"]
    assert [each["client"] for each in items if each["kind"] == "out"] == ["c1"]


async def test_repeats_at_the_same_moment_are_one(office: Office, witness: Witness) -> None:
    import asyncio

    ana = await person(office, witness, "ana")
    await ana.begin()
    ref = await active(office, ana)
    body = {"text": "once", "client_id": "c1", "then": "close"}
    answers = await asyncio.gather(*(ana.post(f"/conversations/{ref}/reply", body) for _ in range(8)))
    assert {each.status for each in answers} == {200}
    assert len({each.body["message"] for each in answers}) == 1
    items = (await ana.get(f"/conversations/{ref}/story")).body["items"]
    assert [each["kind"] for each in items].count("out") == 1


async def test_a_repeat_after_a_restart_is_still_the_same_message(office: Office, witness: Witness) -> None:
    ana = await person(office, witness, "ana")
    await ana.begin()
    ref = await active(office, ana)
    body = {"text": "once", "client_id": "c1", "then": "close", "disposition": "solved"}
    first = await ana.post(f"/conversations/{ref}/reply", body)
    assert ana.account is not None
    office.clock.at += 2 * HOUR_MS
    await office.stop_serving()
    await office.serve()
    ana = office.visitor(ana.account)
    await ana.sign_in()
    again = await ana.post(f"/conversations/{ref}/reply", body)
    assert (again.status, again.body["message"]) == (200, first.body["message"])


async def test_a_repeated_command_gets_the_first_answer_even_out_of_sight(office: Office, witness: Witness) -> None:
    ana = await person(office, witness, "ana", skills={"billing": 3})
    await ana.begin()
    ref = await active(office, ana)
    body = {"queue": "general", "command_id": "t1", "note": "please"}
    first = await ana.post(f"/conversations/{ref}/transfer", body)
    again = await ana.post(f"/conversations/{ref}/transfer", body)
    assert (first.status, again.status) == (200, 200)
    items = (await ana.get(f"/conversations/{ref}/story")).body["items"]
    assert [each["text"] for each in items if each["kind"] == "transferred"] == ["please"]


async def test_two_people_may_use_the_same_client_id(office: Office, witness: Witness) -> None:
    ana, ben = await person(office, witness, "ana"), await person(office, witness, "ben")
    ref = office.ref(await office.arrives("hello"))
    for desk in (ana, ben):
        assert (await desk.post(f"/conversations/{ref}/note", {"text": "n", "client_id": "c1"})).status == 200
    items = (await ana.get(f"/conversations/{ref}/story")).body["items"]
    assert [each["author"] for each in items if each["kind"] == "note"] == ["Ana", "Ben"]


async def test_nothing_is_written_that_is_sure_to_be_refused(office: Office, witness: Witness) -> None:
    ana = await person(office, witness, "ana")
    ref = office.ref(await office.arrives("hello"))
    before = await messages(office)
    refused = await ana.post(f"/conversations/{ref}/reply", {"text": "lost", "client_id": "c1"})
    assert refused.status == 409
    assert await messages(office) == before + 1


async def test_a_floor_that_is_away_can_be_asked_again_with_the_same_id(
    office: Office, witness: Witness, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = await person(office, witness, "ana")
    await ana.begin()
    ref = await active(office, ana)
    submit = office.floor.submit

    async def away(command: cmd.Command, **more: Any) -> Any:
        raise FloorDown("nobody leads")

    monkeypatch.setattr(office.floor, "submit", away)
    body = {"text": "once", "client_id": "c1"}
    assert (await ana.post(f"/conversations/{ref}/reply", body)).status == 503
    before = await messages(office)
    monkeypatch.setattr(office.floor, "submit", submit)
    assert (await ana.post(f"/conversations/{ref}/reply", body)).status == 200
    assert await messages(office) == before + 1
