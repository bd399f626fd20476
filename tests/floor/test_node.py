"""A whole node: configuration that is watched, wakes, snapshots by a child, leadership, a graceful stop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from router.core import commands as cmd
from router.core.answers import Made
from router.core.snapshot import encode_state
from router.floor.inbox import FloorAway
from router.floor.recovery import recover_state
from router.node.lead import LEAD
from tests.channels.scripted import Exchange, ScriptedModule
from tests.floor.house import wrote
from tests.floor.nodehouse import CONFIG, NodeHouse

ENTRY = "  scripted: {enabled: true}\n"


def made(folder: Path) -> NodeHouse:
    return NodeHouse(folder, {"scripted": ScriptedModule(Exchange())}, ENTRY)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[NodeHouse]:
    node = made(tmp_path)
    await node.start()
    await node.ready()
    yield node
    await node.stop()


async def opened(house: NodeHouse, key: str = "C1") -> int:
    door = house.served._build_door("scripted")
    letter = (await door.accept([wrote("hello", channel="scripted", key=key)]))[0].letter
    assert await door.decided(letter, wait_ms=5_000) is not None
    return len(house.served.floor.state.convs)


async def test_a_ready_node_says_so_and_shows_its_figures(house: NodeHouse) -> None:
    async with house.client.get("/readyz") as answer:
        assert (answer.status, await answer.json()) == (200, {"ready": True, "floors": {"main": True}})
    async with house.client.get("/healthz") as answer:
        assert answer.status == 200
    async with house.client.get("/metrics") as answer:
        assert 'patchbay_floor_leading{site="main"} 1.0' in await answer.text()


async def test_a_changed_file_is_applied_while_running(house: NodeHouse) -> None:
    house.write(CONFIG.replace("General", "Everything"), ENTRY)
    await house.until(lambda: house.served.floor.bundle.queues["general"].label == {"en": "Everything"}, "applied")


async def test_a_bad_file_is_refused_shown_and_changes_nothing(house: NodeHouse) -> None:
    before = house.served.floor.state.bundle_hash
    house.write(CONFIG.replace("hours: always,", "hours: alway,"), ENTRY)
    await house.until(lambda: bool(house.served.problems()), "refused")
    assert "always" in house.served.problems()[0]
    assert house.served.floor.state.bundle_hash == before
    house.write(CONFIG, ENTRY)
    await house.until(lambda: not house.served.problems(), "mended")


async def test_a_restart_with_a_broken_file_runs_what_the_journal_names(tmp_path: Path) -> None:
    first = made(tmp_path)
    await first.start()
    await first.ready()
    running = first.served.floor.state.bundle_hash
    await first.stop()
    second = made(tmp_path)
    second.write("site: [", ENTRY)
    await second.start("n2")
    await second.ready()
    assert second.served.floor.state.bundle_hash == running
    assert "scripted" in second.served.board.channels
    assert second.served.problems()
    await second.stop()


async def test_a_node_proposes_its_directory_once_and_never_because_it_started(tmp_path: Path) -> None:
    for name in ("n1", "n2", "n3"):
        node = made(tmp_path)
        await node.start(name)
        await node.ready()
        await asyncio.sleep(0.2)
        applied = [event for event in await events(node) if type(event).__name__ == "ConfigApplied"]
        assert len(applied) == 1
        await node.stop()


async def events(house: NodeHouse) -> list[object]:
    from router.core.events import decode_entries

    rows = [row async for row in house.store.journal.read("main", 0)]
    return [event for row in rows for entry in decode_entries(row.entries) for event in entry.events]


async def test_a_channel_whose_settings_change_is_built_anew_while_running(house: NodeHouse) -> None:
    before = house.served.board.channels["scripted"]
    house.write(CONFIG, "  scripted: {enabled: true, token_env: TOKEN}\n")
    await house.until(lambda: any("TOKEN" in each for each in house.served.problems()), "said, for want of its secret")
    assert "scripted" not in house.served.board.channels
    assert (await house.post("/channels/scripted/ring", call="x"))[0] == 404
    house.write(CONFIG, ENTRY)
    await house.until(lambda: "scripted" in house.served.board.channels, "on again")
    assert house.served.board.channels["scripted"] is not before
    assert not house.served.problems()


async def test_a_parked_conversation_wakes_when_it_is_due(house: NodeHouse) -> None:
    await house.agent(1, "scripted")
    await opened(house)
    offer = house.served.floor.state.convs[1].offer
    assert offer is not None
    await house.made(cmd.Accept(id="a", agent=1, conv=1, offer=offer.id))
    until_ms = house.served._parts.clock.now_ms() + 300
    await house.made(cmd.Park(id="p", agent=1, conv=1, until_ms=until_ms))
    assert house.served.floor.state.convs == {}
    await house.until(lambda: 1 in house.served.floor.state.convs, "awake")
    assert house.served._parts.clock.now_ms() >= until_ms


async def test_what_was_due_while_nobody_led_is_woken_at_the_start(tmp_path: Path) -> None:
    first = made(tmp_path)
    await first.start()
    await first.ready()
    await first.agent(1, "scripted")
    await opened(first)
    offer = first.served.floor.state.convs[1].offer
    assert offer is not None
    await first.made(cmd.Accept(id="a", agent=1, conv=1, offer=offer.id))
    await first.made(cmd.Park(id="p", agent=1, conv=1, until_ms=first.served._parts.clock.now_ms() + 50))
    await first.stop()
    await asyncio.sleep(0.05)
    second = made(tmp_path)
    await second.start("n2")
    await second.ready()
    await second.until(lambda: 1 in second.served.floor.state.convs, "awake")
    await second.stop()


async def test_a_child_makes_a_snapshot_from_which_the_floor_recovers(house: NodeHouse) -> None:
    await opened(house)
    assert await house.served.snapshots.make()
    latest = await house.store.journal.latest_snapshot("main")
    assert latest is not None
    assert latest.position == house.served.floor.position
    await opened(house, "C2")
    recovered = await recover_state(house.store.journal, "main", {})
    assert encode_state(recovered) == encode_state(house.served.floor.state)
    assert not list(house.data.glob("*.part"))


async def test_a_snapshot_that_fails_is_said_and_the_floor_goes_on(house: NodeHouse) -> None:
    house.served.snapshots._command = ["/bin/false"]
    assert not await house.served.snapshots.make()
    assert '"action":"snapshot_failed"' in house.log.getvalue()
    assert await opened(house) == 1


async def test_a_node_that_lost_its_lease_takes_the_lead_again_when_it_is_free(house: NodeHouse) -> None:
    floor, leases = house.served.floor, house.store.leases
    epoch = floor.state.epoch
    await leases.release("main", LEAD, "n1")
    await leases.acquire("main", LEAD, "other", now_ms=house.served._parts.clock.now_ms(), ttl_ms=60_000)
    with pytest.raises(FloorAway):
        await floor.submit(cmd.SetAside(id="s", message=0, reason="spam"))
    await leases.release("main", LEAD, "other")
    await house.until(lambda: floor.leading and floor.state.epoch > epoch + 1, "leads again")


async def test_the_desks_of_a_node_that_died_are_lost_by_name(house: NodeHouse) -> None:
    await house.agent(1, "scripted")
    await house.made(cmd.AttachDesk(id="x", agent=1, node="dead", desk="d"))
    now_ms = house.served._parts.clock.now_ms()
    await house.store.leases.acquire("main", "node:dead", "dead", now_ms=now_ms - 10_000, ttl_ms=1_000)
    await house.until(lambda: house.served.floor.state.agents[1].desks == {("n1", "d1")}, "lost")


async def test_a_stopping_node_refuses_what_is_new_and_decides_what_it_has(tmp_path: Path) -> None:
    node = made(tmp_path)
    await node.start()
    await node.ready()
    door = node.served._build_door("scripted")
    await door.accept([wrote(f"message {n}", channel="scripted", key=f"C{n}") for n in range(50)])
    node.served.board.shut()
    assert (await node.post("/channels/scripted/ring", call="x"))[0] == 503
    await node.stop()
    later = made(tmp_path)
    await later.start("n2")
    waiting, _, _ = await later.store.letterbox.depth("main")
    assert waiting == 0
    await later.ready()
    assert len(later.served.floor.state.convs) == 50
    await later.stop()


async def test_a_letter_that_was_accepted_before_a_crash_is_decided_after_it(tmp_path: Path) -> None:
    first = made(tmp_path)
    await first.start()
    await first.ready()
    await first.served._tasks.stop("intake", "sweep")
    await first.served._build_door("scripted").accept([wrote("hello", channel="scripted")])
    await first.stop()
    second = made(tmp_path)
    await second.start("n2")
    await second.until(lambda: len(second.served.floor.state.convs) == 1, "decided")
    await second.stop()


async def test_a_task_that_fails_by_our_bug_is_started_again(house: NodeHouse) -> None:
    runs = []

    async def fails_once() -> None:
        runs.append(1)
        if len(runs) == 1:
            raise RuntimeError("our bug")

    house.served._tasks.start("test", fails_once)
    await house.until(lambda: len(runs) == 2, "again")
    assert '"task":"test"' in house.log.getvalue()


async def test_nobody_leads_on_when_the_renewal_breaks_by_our_bug(
    house: NodeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    floor, leases = house.served.floor, house.store.leases
    acquire, broken = leases.acquire, list[str]()

    async def breaks_once(site: str, name: str, owner: str, **how: int) -> int:
        if name == LEAD and not broken:
            broken.append(name)
            raise RuntimeError("our bug")
        return await acquire(site, name, owner, **how)

    monkeypatch.setattr(leases, "acquire", breaks_once)
    await house.until(lambda: '"task":"renewal"' in house.log.getvalue(), "said")
    await house.until(lambda: floor._takes, "leads again")
    assert isinstance(await floor.submit(cmd.SetAside(id="s", message=0, reason="spam")), Made)


async def test_a_stop_does_not_wait_for_ever_for_a_store_that_cannot_be_read(
    house: NodeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("router.node.lead.STOP_S", 0.05)
    house.served.lead._idle.clear()
    async with asyncio.timeout(60):
        await house.served.lead.stop()
    assert house.served.lead._stopping
