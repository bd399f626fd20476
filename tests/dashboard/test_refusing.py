"""What every route says to bad input and to what cannot be, and that nothing is changed by it."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.requests import TEXT_CHARS_MAX
from router.core import commands as cmd
from tests.dashboard.office import Office, bundle
from tests.dashboard.witness import Witness, active, messages, person

WRONG = [
    ("POST", "/presence", {}, "presence", "missing"),
    ("POST", "/presence", {"presence": 7}, "presence", "configured name"),
    ("POST", "/presence", {"presence": "x", "colour": "red"}, "colour", "no such field"),
    ("POST", "/presence", [], "", "JSON object"),
    ("POST", "/conversations/{ref}/accept", {"offer": 0}, "offer", "from 1 up"),
    ("POST", "/conversations/{ref}/accept", {"offer": "1"}, "offer", "whole number"),
    ("POST", "/conversations/{ref}/accept", {"offer": True}, "offer", "whole number"),
    ("POST", "/conversations/{ref}/accept", {"offer": 2**60}, "offer", "whole number"),
    ("POST", "/conversations/{ref}/reply", {"text": "", "client_id": "a"}, "text", "1 to 100,000"),
    ("POST", "/conversations/{ref}/reply", {"text": "a" * (TEXT_CHARS_MAX + 1), "client_id": "a"}, "text", "100,000"),
    ("POST", "/conversations/{ref}/reply", {"text": "a", "client_id": "a b"}, "client_id", "1 to 64"),
    ("POST", "/conversations/{ref}/reply", {"text": "a", "client_id": "a" * 65}, "client_id", "1 to 64"),
    ("POST", "/conversations/{ref}/reply", {"text": "a", "client_id": "a", "then": "hide"}, "then", "`park`"),
    ("POST", "/conversations/{ref}/hold", {"on": 1}, "on", "`true` or `false`"),
    ("POST", "/conversations/{ref}/park", {"until_ms": -1}, "until_ms", "from 0 up"),
    ("PUT", "/drafts/odd", {"text": "x"}, "key", "reference"),
    ("GET", "/waiting?limit=1000", None, "limit", "1 to 200"),
    ("GET", "/waiting?lines=1", None, "lines", "no such field"),
    ("GET", "/conversations/{ref}/story?before=x", None, "before", "whole number"),
]


@pytest.mark.parametrize(("method", "path", "body", "field", "sentence"), WRONG)
async def test_a_wrong_field_is_named_with_what_to_write_instead(
    office: Office, witness: Witness, method: str, path: str, body: Any, field: str, sentence: str
) -> None:
    ana = await person(office, witness, "ana")
    ref = office.ref(await office.arrives("hello"))
    answer = await ana.call(method, path.replace("{ref}", ref), body)
    assert (answer.status, answer.code) == (400, "bad_request"), answer.text
    assert answer.body["error"].get("field", "") == field
    assert sentence in answer.body["error"]["message"]


@pytest.mark.parametrize("raw", [b"{", b"\xff", b'{"presence": "\xed\xa0\x80"}', b"[" * 10_000, b'{"presence":NaN}'])
async def test_what_is_no_json_is_refused_and_never_breaks_anything(
    office: Office, witness: Witness, raw: bytes
) -> None:
    ana = await person(office, witness, "ana")
    answer = await ana.call("POST", "/presence", raw=raw)
    assert answer.status == 400
    assert office.logged == []


async def test_a_closure_takes_a_code_and_no_sentence(office: Office, witness: Witness) -> None:
    sue = await person(office, witness, "sue", role="supervisor")
    answer = await sue.post("/queues/general/closure", {"until_ms": 0, "reason": "Mr. Novak is ill"})
    assert (answer.status, answer.body["error"]["field"]) == (400, "reason")


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ({}, "target_missing"),
        ({"queue": "general", "to_agent": 2}, "target_missing"),
        ({"queue": "nowhere"}, "queue_unknown"),
        ({"queue": "night"}, "queue_closed"),
        ({"to_agent": 99}, "target_away"),
        ({"to_agent": 1}, "target_self"),
    ],
)
async def test_a_transfer_that_cannot_be_leaves_everything_as_it_was(
    office: Office, witness: Witness, target: dict[str, Any], code: str
) -> None:
    ana = await person(office, witness, "ana")
    await ana.begin()
    ref = await active(office, ana)
    before = await messages(office)
    answer = await ana.post(f"/conversations/{ref}/transfer", {**target, "note": "please"})
    assert (answer.status, answer.code) == (409, code)
    assert (await ana.get(f"/conversations/{ref}")).body["owner"]["name"] == "Ana"
    assert await messages(office) == before + 1


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/presence", {"presence": "available"}, "agent_unknown"),
        ("/shift", {"presence": "asleep"}, "presence_unknown"),
        ("/conversations/{ref}/accept", {"offer": 99}, "offer_gone"),
        ("/conversations/{ref}/reply", {"text": "hi", "client_id": "c"}, "not_yours"),
        ("/conversations/{ref}/transfer", {"queue": "general"}, "not_yours"),
        ("/conversations/{ref}/close", {}, "not_yours"),
    ],
)
async def test_what_the_core_refuses_carries_its_name_and_sentence(
    office: Office, witness: Witness, path: str, body: Any, code: str
) -> None:
    ana = await person(office, witness, "ana")
    ref = office.ref(await office.arrives("hello"))
    answer = await ana.post(path.replace("{ref}", ref), body)
    assert (answer.status, answer.code) == (409, code)
    assert len(answer.body["error"]["message"]) > 10


async def test_there_is_no_way_out_of_the_table_of_routes(office: Office, witness: Witness) -> None:
    ana = await person(office, witness, "ana")
    assert (await ana.get("/nowhere")).code == "not_found"
    refused = await ana.call("PATCH", "/shift", {})
    assert (refused.status, refused.headers["Allow"]) == (405, "DELETE, POST")
    for ref in ("nobody", "x" * 300, "%00", "..%2f..%2fetc"):
        assert (await ana.get(f"/conversations/{ref}")).status == 404
    for number in ("0", "-1", "x", "9" * 40, "1e3", "٣"):
        assert (await ana.get(f"/customers/{number}")).code == "not_visible"
    sue = await person(office, witness, "sue", role="supervisor")
    for number in ("0", "x", "9" * 40):
        assert (await sue.post(f"/outbox/dead/{number}/retry")).code == "not_found"


async def test_no_line_of_somebody_else_can_be_answered_on(office: Office, witness: Witness) -> None:
    ana = await person(office, witness, "ana")
    await ana.begin()
    mine, other = await active(office, ana, key="k1"), await office.arrives("hi", key="k2")
    line = office.floor.state.convs[other].line
    answer = await ana.post(f"/conversations/{mine}/reply", {"text": "x", "client_id": "c", "line": line})
    assert (answer.status, answer.code) == (409, "line_unknown")


async def test_without_a_leader_the_answer_is_come_again(office: Office, witness: Witness) -> None:
    ana = await person(office, witness, "ana")
    await office.stop_leading()
    answer = await ana.post("/shift")
    assert (answer.status, answer.code, answer.headers["Retry-After"]) == (503, "unavailable", "2")


async def test_without_a_configuration_screens_are_told_so(office: Office, witness: Witness) -> None:
    ana = await person(office, witness, "ana")
    office.floor.state.bundle = None
    assert (await ana.get("/config")).code == "not_configured"
    office.floor.state.bundle = bundle()


async def test_a_fault_of_ours_tells_the_client_nothing_and_the_log_its_place(
    office: Office, witness: Witness, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = await person(office, witness, "ana")

    async def breaks(command: cmd.Command) -> None:
        raise ValueError(f"secret text of {command}")

    monkeypatch.setattr(office.floor, "submit", breaks)
    answer = await ana.post("/shift")
    assert (answer.status, answer.code) == (500, "broken")
    assert "secret" not in answer.text
    (line,) = office.logged
    assert (line["action"], line["kind"], line["error"]) == ("request_failed", "/shift", "ValueError")
    assert "secret" not in str(line)
