"""A desk that was away, is slow, or may no longer: what it missed, what it fetches anew, and how it is closed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from dashboard import sockets
from dashboard.app import HUB
from dashboard.sessions import SESSION_MS
from router.core import commands as cmd
from tests.dashboard.office import Office, bundle, eventually


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
