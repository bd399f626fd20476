"""The newest rooms on two nodes: one writes and the other serves, of two at once one wins, a repeat does nothing."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio

from tests.cluster.two_nodes import Person, TwoNodes, told_of, two_nodes

pytestmark = [pytest.mark.crash, pytest.mark.asyncio(loop_scope="module")]
HOUR_MS = 3_600_000

Body = dict[str, Any]
# What changes a thing: the way there, the request without its id, and where its newest state is read.
Change = tuple[str, str, Body, str]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def made(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TwoNodes]:
    async with two_nodes(tmp_path_factory.mktemp("rooms")) as started:
        for person in (started.sue, started.ana):
            assert (await person.ask(0, "POST", "/shift", {})).status == 200
        yield started


def new() -> str:
    return secrets.token_hex(8)


async def taken(made: TwoNodes, person: Person, node: int = 0) -> str:
    """Somebody writes, and it is this person's."""
    ref = await made.writes()
    order = {"to_agent": person.id, "forced": True, "reason": "expertise", "command_id": new()}
    assert (await made.sue.ask(node, "POST", f"/conversations/{ref}/assign", order)).status == 200
    return ref


async def ended(made: TwoNodes) -> str:
    ref = await taken(made, made.ana)
    assert (await made.ana.ask(0, "POST", f"/conversations/{ref}/close", {"disposition": "resolved"})).status == 200
    return ref


async def complaint(made: TwoNodes) -> Change:
    asked = {"kind": "service", "severity": "minor", "happened": "Nobody called.", "ref": await taken(made, made.sue)}
    case = await made.sue.ask(1, "POST", "/complaints", {**asked, "command_id": new()})
    assert case.status == 200, case
    line = case.body["line"]
    path = f"/complaints/{line['number']}"
    return "POST", f"{path}/steps", {"deed": "acknowledge", "version": line["version"]}, path


async def article(made: TwoNodes) -> Change:
    asked = {"slug": f"send-{new()}", "texts": {"en": {"title": "Send it back", "text": "By *post*."}}}
    written = await made.sue.ask(1, "POST", "/articles", {**asked, "command_id": new()})
    assert written.status == 200, written
    line = written.body["line"]
    path = f"/articles/{line['number']}"
    return "PUT", path, {**asked, "version": line["version"], "deed": "publish"}, path


async def review(made: TwoNodes) -> Change:
    path = f"/conversations/{await ended(made)}/review"
    begun = await made.sue.ask(1, "POST", path, {"deed": "begin", "command_id": new()})
    assert begun.status == 200, begun
    return "POST", path, {"deed": "save", "version": begun.body["line"]["version"], "said": "Well done."}, path


async def segment(made: TwoNodes) -> Change:
    ref = await taken(made, made.sue)
    customer = (await made.sue.ask(1, "GET", f"/conversations/{ref}")).body["customer"]["id"]
    path = f"/customers/{customer}/segment"
    return "POST", path, {"segment": "vip", "was": ""}, path


CHANGES: dict[str, Callable[[TwoNodes], Awaitable[Change]]] = {
    "complaint": complaint,
    "article": article,
    "review": review,
    "segment": segment,
}


@pytest.mark.parametrize("room", CHANGES)
async def test_what_one_node_writes_the_other_serves_at_once(made: TwoNodes, room: str) -> None:
    method, path, body, read = await CHANGES[room](made)
    before = (await made.sue.ask(0, "GET", read)).body
    done = await made.sue.ask(0, method, path, {**body, "command_id": new()})
    assert done.status == 200, done
    after = [(await made.sue.ask(node, "GET", read)).body for node in range(2)]
    assert before != after[0] == after[1]


@pytest.mark.parametrize("room", CHANGES)
async def test_of_two_who_change_it_at_once_one_wins_and_the_other_is_told(made: TwoNodes, room: str) -> None:
    method, path, body, _ = await CHANGES[room](made)
    other = {**body, "segment": "press"} if room == "segment" else body
    answers = await made.sue.both(method, path, *({**each, "command_id": new()} for each in (body, other)))
    assert sorted(each.status for each in answers) == [200, 409], answers
    assert {each.code for each in answers} == {"", f"{room}_changed"}


@pytest.mark.parametrize("room", CHANGES)
async def test_the_same_request_at_both_nodes_is_done_once(made: TwoNodes, room: str) -> None:
    method, path, body, read = await CHANGES[room](made)
    once = {**body, "command_id": new()}
    answers = await made.sue.both(method, path, once, once)
    assert {each.status for each in answers} == {200}, answers
    found = (await made.sue.ask(0, "GET", read)).body
    again = await made.sue.ask(1, method, path, once)
    assert again.status == 200, again
    assert (await made.sue.ask(1, "GET", read)).body == found


async def test_one_complaint_is_recorded_though_it_is_asked_for_at_both_nodes(made: TwoNodes) -> None:
    ref = await taken(made, made.sue)
    asked = {"kind": "service", "severity": "minor", "happened": "Nobody called.", "ref": ref}
    answers = await made.sue.both("POST", "/complaints", *({**asked, "command_id": new()} for _ in range(2)))
    assert sorted(each.code for each in answers) == ["", "complaint_recorded"], answers
    linked = (await made.sue.ask(1, "GET", f"/conversations/{ref}/complaints")).body["complaints"]
    assert len(linked) == 1


async def test_two_people_are_made_one_once_and_parted_from_the_other_node(made: TwoNodes) -> None:
    refs = [await taken(made, made.sue) for _ in range(2)]
    one, two = [(await made.sue.ask(0, "GET", f"/conversations/{ref}")).body["customer"]["id"] for ref in refs]
    answers = await made.sue.both("POST", f"/customers/{one}/merges", {"other": two}, {"other": two})
    assert 200 in {each.status for each in answers}
    assert {each.status for each in answers} <= {200, 409}, answers
    standing = [
        each for each in (await made.sue.ask(1, "GET", f"/customers/{two}/merges")).body if not each["undone_ms"]
    ]
    assert len(standing) == 1
    assert (await made.sue.ask(1, "DELETE", f"/customers/{one}/merges/{standing[0]['id']}", {})).status == 204
    (merge,) = [
        each
        for each in (await made.sue.ask(0, "GET", f"/customers/{one}/merges")).body
        if each["id"] == standing[0]["id"]
    ]
    assert merge["undone_ms"] > 0


async def test_a_promise_of_one_node_is_listed_by_the_other_and_taken_up_there_once(made: TwoNodes) -> None:
    ref = await taken(made, made.sue)
    due_ms = int(time.time() * 1_000) + HOUR_MS
    parked = {"until_ms": due_ms, "command_id": new()}
    assert (await made.sue.ask(0, "POST", f"/conversations/{ref}/park", parked)).status == 200
    await made.sue.sees(
        1, "/followups?scope=mine&limit=50", lambda found: ref in [each["ref"] for each in found["items"]]
    )
    answers = await made.sue.both("POST", f"/followups/{ref}/take", *({"command_id": new()} for _ in range(2)))
    assert sorted(each.status for each in answers) in ([200, 200], [200, 409]), answers
    for node in range(2):
        await made.sue.sees(node, f"/conversations/{ref}", lambda found: found["state"] == "active")


async def test_tags_that_are_put_on_at_both_nodes_in_one_moment_are_all_there(made: TwoNodes) -> None:
    ref = await taken(made, made.sue)
    customer = (await made.sue.ask(0, "GET", f"/conversations/{ref}")).body["customer"]["id"]
    wanted: list[str] = []
    for number in range(4):
        pair = [f"left-{number}", f"right-{number}"]
        answers = await made.sue.both("POST", f"/customers/{customer}/tags", *({"add": [tag]} for tag in pair))
        assert {each.status for each in answers} == {200}, answers
        wanted += pair
    shown = (await made.sue.ask(1, "POST", f"/customers/{customer}/tags", {"add": []})).body["tags"]
    assert sorted(shown) == sorted(wanted)


async def test_who_was_erased_at_one_node_is_unknown_to_the_other(made: TwoNodes) -> None:
    ref = await ended(made)
    at = f"/conversations/{ref}"
    shown = (await made.sue.ask(1, "GET", at)).body
    customer = f"/customers/{shown['customer']['id']}"
    places = (at, f"{at}/story", customer, "/customers?order=last", f"{customer}/segment")
    before = [str((await made.sue.ask(1, "GET", path)).body) for path in places]
    (address,) = {word for text in before for word in re.findall(r"c\d+@example\.com", text) if word in before[2]}
    words = shown["last"]["text"]
    assert words in before[1]
    erased = await made.ada.ask(0, "POST", f"{customer}/erase", {})
    assert erased.status == 200, erased
    for path in places:
        await made.sue.sees(1, path, lambda found: words not in str(found) and address not in str(found))


async def test_a_review_that_two_begin_at_once_is_one(made: TwoNodes) -> None:
    path = f"/conversations/{await ended(made)}/review"
    answers = await made.sue.both("POST", path, *({"deed": "begin", "command_id": new()} for _ in range(2)))
    assert 200 in {each.status for each in answers}
    assert {each.status for each in answers} <= {200, 409}, answers
    assert (await made.sue.ask(1, "GET", path)).body["line"]["version"] == 1


async def test_two_articles_never_have_one_address(made: TwoNodes) -> None:
    asked = {"slug": f"same-{new()}", "texts": {"en": {"title": "Same", "text": "Same."}}}
    answers = await made.sue.both("POST", "/articles", *({**asked, "command_id": new()} for _ in range(2)))
    assert sorted(each.code for each in answers) == ["", "article_slug"], answers


async def test_a_desk_at_the_other_node_is_told_that_something_has_changed(made: TwoNodes) -> None:
    for room, change in {"complaint": complaint, "article": article, "review": review}.items():
        method, path, body, _ = await change(made)
        async with made.sue.at_the_desk(0) as told:
            assert (await made.sue.ask(1, method, path, {**body, "command_id": new()})).status == 200
            assert (await told_of(told, "changed", {"kind": room}))["kind"] == room
