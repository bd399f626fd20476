"""The socket: who may open it, what it tells, and what becomes of one that was away, is slow, or may no longer."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from dashboard import live, sockets
from dashboard.app import HUB
from dashboard.hub import QUEUES_EVERY_S
from dashboard.sessions import SESSION_MS
from router.core import commands as cmd
from tests.dashboard.office import NOW_MS, Desk, Office, Socket, bundle, eventually

HELLO = {"type": "hello", "last_seq": 0}


async def opened(desk: Desk, **headers: str) -> aiohttp.ClientWebSocketResponse:
    return await desk.http.ws_connect(desk.base + "/ws", headers=headers)


async def close_code(ws: aiohttp.ClientWebSocketResponse) -> int | None:
    async with asyncio.timeout(60):
        while (await ws.receive()).type is aiohttp.WSMsgType.TEXT:
            continue
    return ws.close_code


# --- who may open it -------------------------------------------------------------------------------


async def test_a_stranger_is_shut_out_with_4401(office: Office) -> None:
    assert await close_code(await opened(office.visitor())) == 4401


async def test_a_page_of_another_site_is_shut_out_with_4403(office: Office) -> None:
    ana = await office.desk("ana")
    assert await close_code(await opened(ana, Origin="https://evil.example")) == 4403
    assert await close_code(await opened(ana, **{"Sec-Fetch-Site": "cross-site"})) == 4403


async def test_who_does_not_say_hello_is_shut_out(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    ana = await office.desk("ana")
    monkeypatch.setattr(live, "HELLO_S_MAX", 0.05)
    assert await close_code(await opened(ana)) == 4403


@pytest.mark.parametrize("said", ['{"type":"ping"}', "{", '{"type":"hello","last_seq":-1}', "[]", '{"type":"hi"}'])
async def test_the_first_word_must_be_hello(office: Office, said: str) -> None:
    ws = await opened(await office.desk("ana"))
    await ws.send_str(said)
    assert await close_code(ws) == 4403


@pytest.mark.parametrize("said", ["{", '{"type":"fly"}', '{"type":"look","ref":7}', '{"type":"typing","ref":"x"}'])
async def test_a_malformed_frame_ends_the_socket(office: Office, said: str) -> None:
    socket = await (await office.desk("ana")).socket()
    await socket.ws.send_str(said)
    assert await socket.closed() == live.MALFORMED


async def test_who_says_too_much_is_shut_out(office: Office) -> None:
    socket = await (await office.desk("ana")).socket()
    for _ in range(sockets.SAID_PER_WINDOW + 1):
        await socket.say(type="ping")
    assert await socket.closed() == live.MALFORMED


async def test_one_person_holds_a_bounded_number_of_sockets(office: Office) -> None:
    ana = await office.desk("ana")
    for _ in range(live.SOCKETS_PER_PERSON_MAX):
        await ana.socket()
    assert await close_code(await opened(ana)) == sockets.SLOW


async def test_a_ping_is_answered_with_the_servers_time(office: Office) -> None:
    socket = await (await office.desk("ana")).socket()
    await socket.say(type="ping")
    pong = await socket.next("pong")
    assert (pong["now_ms"], pong["seq"]) == (NOW_MS, office.floor.position)


async def test_a_pong_says_how_far_desks_have_been_told(office: Office) -> None:
    socket = await (await office.desk("ana")).socket()
    conv = await office.arrives("hello")
    position, seq = office.floor.position, 0
    for _ in range(1_000):
        await socket.say(type="ping")
        seq = (await socket.next("pong"))["seq"]
        if seq == position:
            break
        await asyncio.sleep(0.02)
    assert seq == position
    assert conv in office.floor.state.convs


# --- what it tells -----------------------------------------------------------------------------------


async def test_a_new_desk_is_told_to_fetch_itself(office: Office) -> None:
    socket = await (await office.desk("ana")).socket()
    assert socket.welcome["resync"] is True
    assert socket.welcome["seq"] == office.floor.position
    assert socket.welcome["version"].startswith("0.1.0-")


async def test_signing_in_attaches_every_tab_and_shows_oneself(office: Office) -> None:
    ana = await office.desk("ana")
    first, second = await ana.socket(), await ana.socket()
    await ana.post("/shift")
    for socket in (first, second):
        assert (await socket.next("desk", me=None))["me"]["presence"] == "available"
    assert ana.account is not None
    agent = office.floor.state.agents[ana.account.id]
    await eventually(lambda: len(agent.desks) == 2)
    await first.ws.close()
    await eventually(lambda: len(agent.desks) == 1)
    assert agent.available


async def test_after_signing_out_of_the_floor_there_is_no_me(office: Office) -> None:
    ana = await office.desk("ana")
    socket = await ana.begin()
    await ana.call("DELETE", "/shift", {})
    while True:
        frame = await socket.next("desk", me=None)
        if frame["me"] is None:
            break


async def test_an_offer_that_lapses_is_withdrawn_on_the_desk(office: Office) -> None:
    ana = await office.desk("ana")
    socket = await ana.begin()
    conv = await office.arrives("hello")
    offered = (await socket.next("desk", offers=None))["offers"][0]
    office.clock.at = offered["until_ms"] + 1
    withdrawn = (await socket.next("desk", withdrawn=None))["withdrawn"]
    assert withdrawn == [{"offer": offered["offer"], "ref": office.ref(conv), "why": "lapsed"}]
    assert (await socket.next("desk", me=None))["me"]["presence"] == "not_responding"


async def test_only_the_asked_agent_hears_of_an_offer(office: Office) -> None:
    ana, ben = await office.desk("ana"), await office.desk("ben")
    await ana.begin()
    socket = await ben.begin()
    await ben.post("/presence", {"presence": "lunch"})
    conv = await office.arrives("for ana alone")
    await ana.accept(conv)
    await ben.post("/presence", {"presence": "available"})
    while (await socket.next("desk", me=None))["me"]["presence"] != "available":
        continue
    assert office.ref(conv) not in json.dumps(socket.frames)
    assert "for ana alone" not in json.dumps(socket.frames)


async def test_queue_lines_come_at_most_four_times_a_second(office: Office) -> None:
    socket = await (await office.desk("ana")).socket()
    started = asyncio.get_running_loop().time()
    for number in range(40):
        await office.arrives("hello", key=f"k{number}")
    while True:
        frame = await socket.next("desk", queues=None)
        if frame["queues"][0]["waiting"] == 40:
            break
    spent_s = asyncio.get_running_loop().time() - started
    told = [each for each in socket.frames if "queues" in each]
    assert len(told) <= spent_s / QUEUES_EVERY_S + 1
    assert [line["name"] for line in told[-1]["queues"]] == ["general"]


async def test_the_looked_at_story_goes_on_and_shows_what_became_of_a_reply(office: Office) -> None:
    ana = await office.desk("ana")
    socket = await ana.begin()
    conv = await office.arrives("first", channel="email")
    ref = office.ref(conv)
    await ana.accept(conv)
    await socket.say(type="look", ref=ref)
    assert await next_items(socket, "in", text="first")
    await office.arrives("second", channel="email")
    assert len(await next_items(socket, "in", text="second")) == 1
    said = await ana.post(f"/conversations/{ref}/reply", {"text": "answer", "client_id": "c9"})
    (out,) = await next_items(socket, "out")
    assert (out["client"], out["status"], out["author"]) == ("c9", "queued", "Ana")
    report = cmd.ReportDelivery(id="r1", conv=conv, message=said.body["message"], status="failed", reason="5.1.1")
    await office.made(report)
    (failed,) = await next_items(socket, "out", status="failed")
    assert (failed["seq"], failed["detail"]) == (out["seq"], "5.1.1")


async def next_items(socket: Socket, kind: str, **has: Any) -> list[dict[str, Any]]:
    """Return the next items like this. A known one may come again, as it is now."""
    while True:
        frame = await socket.next("story")
        found = [each for each in frame["items"] if {"kind": kind, **has}.items() <= each.items()]
        if found:
            return found


async def test_what_its_owner_looks_at_is_read(office: Office) -> None:
    ana = await office.desk("ana")
    socket = await ana.begin()
    conv = await office.arrives("hello")
    await ana.accept(conv)
    assert (await ana.get("/desk")).body["work"][0]["unread"] == 1
    await socket.say(type="look", ref=office.ref(conv))
    while (await socket.next("desk", work=None))["work"][0]["unread"] != 0:
        continue
    assert (await ana.get("/desk")).body["work"][0]["unread"] == 0


async def test_a_supervisor_may_watch_a_story_that_is_nobodys(office: Office) -> None:
    sue = await office.desk("sue", role="supervisor")
    socket = await sue.socket()
    conv = await office.arrives("anybody?")
    await socket.say(type="look", ref=office.ref(conv))
    await socket.next("story")
    await office.arrives("hello??")
    assert await next_items(socket, "in", text="hello??")
    await socket.say(type="look", ref=None)
    await socket.say(type="ping")
    await socket.next("pong")
    await office.arrives("unseen")
    await socket.say(type="ping")
    await socket.next("pong")
    assert "unseen" not in json.dumps(socket.frames)


async def test_a_story_one_may_not_see_stays_closed(office: Office) -> None:
    socket = await (await office.desk("ana")).socket()
    conv = await office.arrives("secret bill", topics=("bill",))
    await socket.say(type="look", ref=office.ref(conv))
    await socket.say(type="ping")
    await socket.next("pong")
    assert "secret" not in json.dumps(socket.frames)


async def test_a_long_text_is_cut_in_the_frame_and_whole_in_the_story(office: Office) -> None:
    ana = await office.desk("ana")
    socket = await ana.begin()
    conv = await office.arrives("x" * 90_000)
    await ana.accept(conv)
    await socket.say(type="look", ref=office.ref(conv))
    (item,) = await next_items(socket, "in")
    assert item["cut"] is True
    assert len(item["text"]) < 10_000
    whole = (await ana.get(f"/conversations/{office.ref(conv)}/story")).body["items"]
    assert len(next(each for each in whole if each["kind"] == "in")["text"]) == 90_000


async def test_no_frame_is_larger_than_promised(office: Office) -> None:
    ana = await office.desk("ana", capacity=1_000)
    socket = await ana.begin()
    for _ in range(25):
        conv = await office.arrives("ไทย" * 1_900, key="same")
    await ana.accept(conv)
    await socket.say(type="look", ref=office.ref(conv))
    seen = set[int]()
    while len(seen) < 25:
        frame = await socket.next("story")
        assert len(json.dumps(frame, ensure_ascii=False).encode()) <= 64 * 1024
        seen |= {each["seq"] for each in frame["items"] if each["kind"] == "in"}


async def test_typing_is_passed_on_both_ways(office: Office) -> None:
    ana, ben = await office.desk("ana"), await office.desk("ben", skills={"billing": 5})
    socket = await ana.begin()
    conv = await office.arrives("hello")
    await ana.accept(conv)
    line = office.floor.state.convs[conv].line
    office.signs.typed(line, True)
    assert (await socket.next("typing"))["ref"] == office.ref(conv)
    told: list[bool] = []
    office.signs.hold(line, told.append)
    other = await ben.socket()
    await other.say(type="typing", ref=office.ref(conv), on=True)
    await other.say(type="ping")
    await other.next("pong")
    assert told == []
    await socket.say(type="typing", ref=office.ref(conv), on=True)
    await eventually(lambda: told == [True])


async def test_a_broken_configuration_is_shown_to_those_who_can_mend_it(office: Office) -> None:
    ana, sue = await office.desk("ana"), await office.desk("sue", role="supervisor")
    agents, supervisors = await ana.socket(), await sue.socket()
    office.problems.append("site.yaml:8:3: write `phone`")
    assert (await supervisors.next("banner"))["text"] == "site.yaml:8:3: write `phone`"
    late = await sue.socket()
    assert (await late.next("banner"))["kind"] == "settings"
    office.problems.clear()
    while "text" in await supervisors.next("banner"):
        continue
    await agents.say(type="ping")
    await agents.next("pong")
    assert "banner" not in {frame["type"] for frame in agents.frames}


# --- away, slow, over --------------------------------------------------------------------------------------


async def test_a_desk_that_was_away_gets_what_it_missed_and_nothing_else(office: Office) -> None:
    ana = await office.desk("ana")
    staying = await ana.begin()
    tab = await ana.socket()
    first = await office.arrives("first", key="k1")
    seq = (await ana.accept(first)).body["position"]
    while (await tab.next("desk"))["seq"] < seq:
        continue
    await tab.ws.close()
    second = await office.arrives("second", key="k2")
    await staying.next("desk", offers=None)
    again = await ana.socket(last_seq=seq)
    assert again.welcome["resync"] is False
    offers = (await again.next("desk", offers=None))["offers"]
    assert [each["ref"] for each in offers] == [office.ref(second)]
    assert office.ref(first) not in [each["ref"] for frame in again.frames for each in frame.get("work", [])]


async def test_a_desk_that_lost_the_end_of_a_telling_gets_all_of_it_again(office: Office) -> None:
    ana = await office.desk("ana")
    await ana.begin()
    tab = await ana.socket()
    conv = await office.arrives("hello")
    position = (await ana.accept(conv)).body["position"]
    work = await tab.next("desk", work=None)
    assert work["seq"] < position
    await tab.ws.close()
    again = await ana.socket(last_seq=work["seq"])
    assert (await again.next("desk", work=None))["work"][0]["ref"] == office.ref(conv)
    assert (await again.next("desk", me=None))["seq"] >= position


async def test_what_ended_while_away_is_gone_after_resuming(office: Office) -> None:
    ana = await office.desk("ana")
    await ana.begin()
    tab = await ana.socket()
    conv = await office.arrives("hello")
    await tab.next("desk", offers=None)
    await ana.accept(conv)
    await tab.next("desk", work=None)
    seq = tab.frames[-1]["seq"]
    await tab.ws.close()
    await ana.post(f"/conversations/{office.ref(conv)}/close", {"disposition": "solved"})
    again = await ana.socket(last_seq=seq)
    assert (await again.next("desk", gone=None))["gone"] == [office.ref(conv)]


@pytest.mark.parametrize("last_seq", [1, 10**9])
async def test_what_is_not_remembered_is_fetched_anew(office: Office, last_seq: int) -> None:
    assert (await (await office.desk("ana")).socket(last_seq=last_seq)).welcome["resync"] is True


async def test_a_new_configuration_makes_every_desk_fetch_itself(office: Office) -> None:
    socket = await (await office.desk("ana")).socket()
    await office.configure(bundle(dispositions=("new",)))
    assert (await socket.next("welcome"))["resync"] is True


async def test_a_floor_made_anew_makes_every_desk_fetch_itself_and_attach_again(office: Office) -> None:
    ana = await office.desk("ana")
    socket = await ana.begin()
    await office.stop_leading()
    await office.lead("n2")
    assert (await socket.next("welcome"))["resync"] is True
    assert ana.account is not None
    number = ana.account.id
    await eventually(lambda: bool(office.floor.state.agents[number].desks))
    conv = await office.arrives("after the break")
    assert office.ref(conv) in [each["ref"] for each in (await socket.next("desk", offers=None))["offers"]]


async def test_a_slow_desk_is_closed_and_the_others_are_served(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "PILE_BYTES_MAX", 20_000)
    ana, ben = await office.desk("ana"), await office.desk("ben")
    slow, quick = await ana.socket(), await ben.socket()
    assert office.server is not None
    hub = office.server.app[HUB]
    (piling,) = hub._sockets[ana.account.id]  # type: ignore[union-attr]
    piling.give(["x" * 1_000] * 30)
    assert await slow.closed() == sockets.SLOW
    await quick.say(type="ping")
    await quick.next("pong")


async def test_a_desk_that_reads_nothing_is_let_go(office: Office) -> None:
    ana = await office.desk("ana")
    await ana.socket()
    assert office.server is not None
    assert ana.account is not None
    hub = office.server.app[HUB]
    (piling,) = hub._sockets[ana.account.id]
    for _ in range(2_000):
        piling.give(["x" * 50_000])
        await asyncio.sleep(0)
        if piling.closing:
            break
    assert piling.closing
    await eventually(lambda: ana.account is not None and hub.count(ana.account.id) == 0)


async def test_a_session_that_ends_closes_its_socket(office: Office) -> None:
    ana = await office.desk("ana")
    socket = await ana.socket()
    office.clock.at += SESSION_MS
    assert office.server is not None
    hub = office.server.app[HUB]
    for second in range(30):
        await hub._check_sessions(second)
    assert await socket.closed() == 4401


async def test_a_restart_closes_every_socket_with_1012(office: Office) -> None:
    socket = await (await office.desk("ana")).socket()
    assert office.server is not None
    stopping = asyncio.create_task(office.server.close())
    assert await socket.closed() == 1012
    await stopping


async def test_a_desk_that_leaves_while_nobody_leads_is_detached_later(office: Office) -> None:
    ana = await office.desk("ana")
    socket = await ana.begin()
    submit = office.floor.submit
    away = True

    async def sometimes(command: cmd.Command, **more: Any) -> Any:
        from router.floor.floor import FloorDown

        if away:
            raise FloorDown("nobody leads")
        return await submit(command, **more)

    office.floor.submit = sometimes  # type: ignore[method-assign]
    await socket.ws.close()
    await asyncio.sleep(0)
    away = False
    assert ana.account is not None
    agent = office.floor.state.agents[ana.account.id]
    await eventually(lambda: not agent.desks and agent.grace_until_ms > 0)


async def test_the_hub_outlives_a_store_that_cannot_be_read(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    ana = await office.desk("ana")
    socket = await ana.begin()
    words = office.store.archive.last_words

    async def fails(*_: Any) -> Any:
        raise ValueError("cannot read")

    monkeypatch.setattr(office.store.archive, "last_words", fails)
    await office.arrives("hello", key="k1")
    assert (await socket.next("welcome"))["resync"] is True
    monkeypatch.setattr(office.store.archive, "last_words", words)
    await ana.post("/presence", {"presence": "lunch"})
    while True:
        frame = await socket.next("desk", me=None)
        if frame["me"] and frame["me"]["presence"] == "lunch":
            break
    assert {line["action"] for line in office.logged} == {"request_failed"}
